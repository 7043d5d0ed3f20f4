// The verbs of Kafka Connect's REST API, for the tools that speak it. A pipeline is a connector
// with one task; its configuration is the pipeline file, as one text under `pipeline.file`.
// https://kafka.apache.org/documentation/#connect_rest
#include "base/status_macros.h"
#include "control/errors.h"
#include "control/http_api.h"
#include "identity/json.h"

namespace ks::control {
namespace {

using governance::Verb;
using nlohmann::json;

constexpr char kFile[] = "pipeline.file";

json ConfigOf(const json& pipeline) {
  return {{"name", pipeline["name"]},
          {"connector.class", "kafka-spanner"},
          {"tasks.max", "1"},
          {kFile, pipeline["file"]}};
}

// What needs approval is not done: a tool must not take that for success.
absl::StatusOr<json> Done(absl::StatusOr<json> answer) {
  if (answer.ok() && identity::TextOf(*answer, "state") == "needs_approval")
    return NeedsApproval(identity::TextOf(*answer, "request"));
  return answer;
}

}  // namespace

HttpApi::Answer HttpApi::Connectors(const Asked& asked) {
  KS_ASSIGN_OR_RETURN(const json answer, governor_.Pipelines(asked.actor));
  json names = json::array();
  for (const json& each : answer["pipelines"]) names.push_back(each["name"]);
  return names;
}

HttpApi::Answer HttpApi::Connector(const Asked& asked) {
  KS_ASSIGN_OR_RETURN(const json pipeline,
                      governor_.Pipeline(asked.actor, asked.parameters.at("pipeline")));
  return json{{"name", pipeline["name"]},
              {"config", ConfigOf(pipeline)},
              {"tasks", {{{"connector", pipeline["name"]}, {"task", 0}}}},
              {"type", "sink"}};
}

HttpApi::Answer HttpApi::ConnectorConfig(const Asked& asked) {
  KS_ASSIGN_OR_RETURN(const json pipeline,
                      governor_.Pipeline(asked.actor, asked.parameters.at("pipeline")));
  return ConfigOf(pipeline);
}

HttpApi::Answer HttpApi::ConnectorConfigure(const Asked& asked) {
  const std::string& name = asked.parameters.at("pipeline");
  const json options = {{"file", identity::TextOf(asked.body, kFile)}};
  KS_RETURN_IF_ERROR(Done(governor_.Act(asked.actor, {Verb::kConfigure, name, options})).status());
  return Connector(asked);
}

HttpApi::Answer HttpApi::ConnectorStatus(const Asked& asked) {
  const std::string& name = asked.parameters.at("pipeline");
  KS_ASSIGN_OR_RETURN(const json pipeline, governor_.Pipeline(asked.actor, name));
  const Supervisor::State state = supervisor_.StateOf(name);
  const std::string wanted = pipeline["state"];
  const char* is = wanted == "paused"     ? "PAUSED"
                   : wanted == "stopped"  ? "STOPPED"
                   : state.running        ? "RUNNING"
                   : !state.error.empty() ? "FAILED"
                                          : "UNASSIGNED";
  json connector = {{"state", is}, {"worker_id", address()}};
  json tasks = json::array();
  if (wanted != "stopped") {
    json task = {{"id", 0}, {"state", is}, {"worker_id", address()}};
    if (!state.running && !state.error.empty()) task["trace"] = state.error;
    tasks.push_back(std::move(task));
  }
  return json{{"name", name}, {"connector", connector}, {"tasks", tasks}, {"type", "sink"}};
}

HttpApi::Answer HttpApi::ConnectorAct(const Asked& asked) {
  const auto verb = governance::VerbOf(asked.parameters.at("verb"));
  if (verb != Verb::kPause && verb != Verb::kResume && verb != Verb::kStop &&
      verb != Verb::kRestart)
    return NoSuchPath();
  return Done(governor_.Act(asked.actor, {*verb, asked.parameters.at("pipeline")}));
}

}  // namespace ks::control
