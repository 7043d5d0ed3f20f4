// The verbs of Kafka Connect's REST API, for the tools that speak it. A pipeline is a connector
// with one task; its configuration is the pipeline file, as one text under `pipeline.file`.
// https://kafka.apache.org/documentation/#connect_rest
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/http_api.h"
#include "identity/json.h"

namespace ks::control {
namespace {

using governance::Verb;
using nlohmann::json;

constexpr char kFile[] = "pipeline.file";
constexpr char kClass[] = "kafka-spanner";
constexpr char kOffsetsBody[] =
    R"({"offsets": [{"partition": {"kafka_topic": "t", "kafka_partition": 0}, )"
    R"("offset": {"kafka_offset": 5}}]})";

json ConfigOf(const json& pipeline) {
  return {{"name", pipeline["name"]},
          {"connector.class", kClass},
          {"tasks.max", "1"},
          {kFile, pipeline["file"]}};
}

// What needs approval is not done: a tool must not take that for success.
absl::StatusOr<json> Done(absl::StatusOr<json> answer) {
  if (answer.ok() && identity::TextOf(*answer, "state") == "needs_approval")
    return NeedsApproval(identity::TextOf(*answer, "request"));
  return answer;
}

// What was asked for by moving offsets; it may take longer than anybody waits.
absl::StatusOr<json> Moved(const absl::StatusOr<json>& answer, const char* message) {
  KS_ASSIGN_OR_RETURN(json done, Done(answer));
  if (identity::TextOf(done, "state") == "running") return done;
  return json{{"message", message}};
}

// An entry of KIP-875 as a move; null where it is none.
json MoveOf(const json& entry) {
  const json partition = identity::Member(entry, "partition");
  const json offset = identity::Member(entry, "offset");
  const json to = identity::Member(offset, "kafka_offset");
  json move = {{"topic", identity::Member(partition, "kafka_topic")},
               {"partition", identity::Member(partition, "kafka_partition")},
               {"to", offset.is_null() ? json("earliest") : to}};
  const bool good = move["topic"].is_string() && move["partition"].is_number_unsigned() &&
                    (offset.is_null() || to.is_number_unsigned());
  return good ? move : json();
}

}  // namespace

// The API's own version: what is asked for here is no Kafka Connect.
HttpApi::Answer HttpApi::ConnectRoot(const Asked& /*asked*/) {
  return json{{"version", "1"}, {"commit", ""}, {"kafka_cluster_id", ""}};
}

HttpApi::Answer HttpApi::ConnectPlugins(const Asked& /*asked*/) {
  return json::array({{{"class", kClass}, {"type", "sink"}, {"version", "1"}}});
}

// As a plan would say it, without what else may keep it from being done.
HttpApi::Answer HttpApi::ConnectValidate(const Asked& asked) {
  if (asked.parameters.at("plugin") != kClass) return NoSuchPath();
  const std::string file = identity::TextOf(asked.body, kFile);
  const auto planned = governor_.Plan(
      asked.actor, {Verb::kConfigure, identity::TextOf(asked.body, "name"), {{"file", file}}});
  json errors = json::array();
  if (!planned.ok()) {
    if (!absl::IsInvalidArgument(planned.status())) return planned.status();
    errors.push_back(View(planned.status().message()));
  }
  const size_t count = errors.size();
  json value = {{"name", kFile},
                {"value", file},
                {"recommended_values", json::array()},
                {"errors", std::move(errors)},
                {"visible", true}};
  json definition = {{"name", kFile},
                     {"type", "STRING"},
                     {"required", true},
                     {"default_value", nullptr},
                     {"importance", "HIGH"},
                     {"documentation", "the pipeline file's text"},
                     {"group", ""},
                     {"width", "LONG"},
                     {"display_name", "Pipeline file"},
                     {"dependents", json::array()},
                     {"order", 1}};
  return json{{"name", kClass},
              {"error_count", count},
              {"groups", json::array()},
              {"configs", json::array({json{{"definition", definition}, {"value", value}}})}};
}

// ---- Connectors

HttpApi::Answer HttpApi::Connectors(const Asked& asked) {
  KS_ASSIGN_OR_RETURN(const json answer, governor_.Pipelines(asked.actor));
  const auto [first, last] = asked.query.equal_range("expand");
  json names = json::array();
  json expanded = json::object();
  for (const json& each : answer["pipelines"]) {
    const std::string name = each["name"];
    names.push_back(name);
    for (auto wanted = first; wanted != last; ++wanted) {
      if (wanted->second != "status" && wanted->second != "info") continue;
      const bool status = wanted->second == "status";
      KS_ASSIGN_OR_RETURN(expanded[name][wanted->second], status
                                                              ? ConnectorStatusOf(asked.actor, name)
                                                              : ConnectorInfoOf(asked.actor, name));
    }
  }
  return first == last ? names : expanded;
}

HttpApi::Answer HttpApi::ConnectorInfoOf(const governance::Actor& actor, const std::string& name) {
  KS_ASSIGN_OR_RETURN(const json pipeline, governor_.Pipeline(actor, name));
  return json{{"name", name},
              {"config", ConfigOf(pipeline)},
              {"tasks", {{{"connector", name}, {"task", 0}}}},
              {"type", "sink"}};
}

HttpApi::Answer HttpApi::Connector(const Asked& asked) {
  return ConnectorInfoOf(asked.actor, asked.parameters.at("pipeline"));
}

// As there: it runs then, unless it is to be in another state (KIP-980).
HttpApi::Answer HttpApi::ConnectorCreate(const Asked& asked) {
  const std::string name = identity::TextOf(asked.body, "name");
  const json config = identity::Member(asked.body, "config");
  const std::string state = identity::TextOf(asked.body, "initial_state", "RUNNING");
  if (name.empty() || !config.is_object())
    return BadBody(R"({"name": "p", "config": {"pipeline.file": "its text"}})");
  const auto there = governor_.Pipeline(asked.actor, name);
  if (there.ok()) return ConnectorIsThere(name);
  if (!absl::IsNotFound(there.status())) return there.status();
  const json options = {{"file", identity::TextOf(config, kFile)}};
  KS_RETURN_IF_ERROR(Done(governor_.Act(asked.actor, {Verb::kConfigure, name, options})).status());
  if (state == "RUNNING")
    KS_RETURN_IF_ERROR(Done(governor_.Act(asked.actor, {Verb::kStart, name})).status());
  return ConnectorInfoOf(asked.actor, name);
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
  return ConnectorInfoOf(asked.actor, name);
}

HttpApi::Answer HttpApi::ConnectorStatusOf(const governance::Actor& actor,
                                           const std::string& name) {
  KS_ASSIGN_OR_RETURN(const json pipeline, governor_.Pipeline(actor, name));
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

HttpApi::Answer HttpApi::ConnectorStatus(const Asked& asked) {
  return ConnectorStatusOf(asked.actor, asked.parameters.at("pipeline"));
}

// ---- Tasks: a pipeline has one, except where it is stopped

HttpApi::Answer HttpApi::ConnectorTasks(const Asked& asked) {
  const std::string& name = asked.parameters.at("pipeline");
  KS_ASSIGN_OR_RETURN(const json pipeline, governor_.Pipeline(asked.actor, name));
  json tasks = json::array();
  if (pipeline["state"] != "stopped")
    tasks.push_back({{"id", {{"connector", name}, {"task", 0}}}, {"config", ConfigOf(pipeline)}});
  return tasks;
}

HttpApi::Answer HttpApi::ConnectorTaskStatus(const Asked& asked) {
  KS_ASSIGN_OR_RETURN(const json status, ConnectorStatus(asked));
  if (asked.parameters.at("task") != "0" || status["tasks"].empty()) return NoSuchPath();
  return status["tasks"][0];
}

HttpApi::Answer HttpApi::ConnectorTaskRestart(const Asked& asked) {
  if (asked.parameters.at("task") != "0") return NoSuchPath();
  return Done(governor_.Act(asked.actor, {Verb::kRestart, asked.parameters.at("pipeline")}));
}

// ---- Offsets: https://cwiki.apache.org/confluence/display/KAFKA/KIP-875

HttpApi::Answer HttpApi::ConnectorOffsets(const Asked& asked) {
  KS_ASSIGN_OR_RETURN(const json standing,
                      governor_.Offsets(asked.actor, asked.parameters.at("pipeline")));
  json offsets = json::array();
  for (const json& each : standing["partitions"]) {
    offsets.push_back(
        {{"partition", {{"kafka_topic", each["topic"]}, {"kafka_partition", each["partition"]}}},
         {"offset", {{"kafka_offset", each["next_offset"]}}}});
  }
  return json{{"offsets", std::move(offsets)}};
}

HttpApi::Answer HttpApi::ConnectorOffsetsAlter(const Asked& asked) {
  const json offsets = identity::Member(asked.body, "offsets");
  if (!offsets.is_array() || offsets.empty()) return BadBody(kOffsetsBody);
  json moves = json::array();
  for (const json& entry : offsets) {
    moves.push_back(MoveOf(entry));
    if (moves.back().is_null()) return BadBody(kOffsetsBody);
  }
  return Moved(governor_.Act(asked.actor, {Verb::kOffsets,
                                           asked.parameters.at("pipeline"),
                                           {{"moves", std::move(moves)}}}),
               "The offsets for this connector have been altered successfully");
}

HttpApi::Answer HttpApi::ConnectorOffsetsReset(const Asked& asked) {
  const std::string& name = asked.parameters.at("pipeline");
  KS_ASSIGN_OR_RETURN(const json standing, governor_.Offsets(asked.actor, name));
  json moves = json::array();
  for (const json& each : standing["partitions"])
    moves.push_back(
        {{"topic", each["topic"]}, {"partition", each["partition"]}, {"to", "earliest"}});
  constexpr char kReset[] = "The offsets for this connector have been reset successfully";
  if (moves.empty()) return json{{"message", kReset}};  // it never ran
  return Moved(governor_.Act(asked.actor, {Verb::kOffsets, name, {{"moves", std::move(moves)}}}),
               kReset);
}

HttpApi::Answer HttpApi::ConnectorAct(const Asked& asked) {
  const auto verb = governance::VerbOf(asked.parameters.at("verb"));
  if (verb != Verb::kPause && verb != Verb::kResume && verb != Verb::kStop &&
      verb != Verb::kRestart)
    return NoSuchPath();
  return Done(governor_.Act(asked.actor, {*verb, asked.parameters.at("pipeline")}));
}

}  // namespace ks::control
