// Every path of the API, and the document that describes them.
#include "control/http_api.h"
#include "governance/policy/verbs.h"

namespace ks::control {
namespace {

using nlohmann::json;

constexpr char kFileBody[] = R"({"file": "the pipeline file's text"})";
constexpr char kActBody[] = R"({"reason": "why", "minutes": 30})";

json ParametersOf(const std::string& path) {
  json parameters = json::array();
  for (size_t open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
    const std::string name = path.substr(open + 1, path.find('}', open) - open - 1);
    json parameter = {
        {"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}};
    if (name == "verb") parameter["schema"]["enum"] = governance::VerbNames();
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

const std::vector<HttpApi::Route>& HttpApi::Routes() {
  static const auto* const routes = [] {
    std::vector<Route> made = {
        {"GET", "/v1/me", &HttpApi::Me, "", "who you are here, and your roles"},
        {"GET", "/v1/pipelines", &HttpApi::Pipelines, "", "all that you may see"},
        {"GET", "/v1/pipelines/{pipeline}", &HttpApi::Pipeline, "", "one, with its file"},
        {"GET", "/v1/pipelines/{pipeline}/versions", &HttpApi::Versions, "",
         "its files, the newest first"},
        {"GET", "/v1/pipelines/{pipeline}/dead_letters", &HttpApi::DeadLetters, "",
         "how many, and where the newest are; why, for those who may `audit`"},
        {"PUT", "/v1/pipelines/{pipeline}", &HttpApi::Configure, kFileBody,
         "give it a pipeline file"},
        {"POST", "/v1/pipelines/{pipeline}/{verb}", &HttpApi::Act, kActBody,
         "start, stop, pause, resume, restart; break_glass: `minutes`, `reason`; change_lanes: "
         "`lanes`, and `source` of several; offsets: `topic`, `partition` and `to` or `records` to "
         "skip, or `moves`; replay: `topic`, `partition`, `from`, `to`; redrive and discard: "
         "`where` "
         "or `all`; apply_schema. The last five are jobs: 202 where they take longer"},
        {"POST", "/v1/pipelines/{pipeline}/plan/{verb}", &HttpApi::Plan, kFileBody,
         "what an action would do, and whether you may; changes nothing"},
        {"GET", "/v1/pipelines/{pipeline}/jobs", &HttpApi::Jobs, "",
         "what takes or took longer, newest first"},
        {"GET", "/v1/pipelines/{pipeline}/offsets", &HttpApi::Offsets, "",
         "where it stands in its topics, as its database says"},
        {"GET", "/v1/jobs/{job}", &HttpApi::Job, "", "how far one is, and what came of it"},
        {"POST", "/v1/jobs/{job}/cancel", &HttpApi::CancelJob, "",
         "end one after the step that it is at; needs `stop`"},
        {"GET", "/v1/requests", &HttpApi::Requests, "", "what needs or had approval, newest first"},
        {"POST", "/v1/requests/{request}/review", &HttpApi::ReviewRequest,
         R"({"plan_sha256": "of the plan that you looked at", "approve": true})",
         "approve or refuse"},
        {"POST", "/v1/requests/{request}/run", &HttpApi::RunRequest, "",
         "do what you asked for, when it is approved"},
        {"GET", "/v1/glass", &HttpApi::Glass, "", "who broke the glass, newest first"},
        {"POST", "/v1/glass/{glass}/review", &HttpApi::ReviewGlass,
         R"({"verdict": "what you make of it"})", "look at it afterwards"},
        {"GET", "/v1/audit", &HttpApi::Audit, "",
         "the record of what you may `audit`, newest first; `?before=` an entry's number"},
        {"GET", "/v1/audit/verification", &HttpApi::VerifyAudit, "",
         "whether the whole record is what was signed; `?whole=true` reads all of it again"},
        {"GET", "/v1/people", &HttpApi::People, "",
         "what people who signed in are called by their issuers; decides nothing"},
        {"GET", "/v1/connections", &HttpApi::Connections, "",
         "who connected to what from this replica, and who was not let in; newest first"},
    };
    const std::vector<Route> connect = ConnectRoutes();
    made.insert(made.end(), connect.begin(), connect.end());
    return new std::vector<Route>(std::move(made));
  }();
  return *routes;
}

// As Kafka Connect has them: connect_api.cc.
std::vector<HttpApi::Route> HttpApi::ConnectRoutes() {
  return {
      {"GET", "/", &HttpApi::ConnectRoot, "",
       "for those who accept application/json: that this is no Kafka Connect of itself"},
      {"GET", "/connectors", &HttpApi::Connectors, "",
       "names, as Kafka Connect lists them; `?expand=status&expand=info`"},
      {"POST", "/connectors", &HttpApi::ConnectorCreate,
       R"({"name": "p", "config": {"pipeline.file": "its text"}, "initial_state": "RUNNING"})",
       "make one and start it", 201},
      {"GET", "/connectors/{pipeline}", &HttpApi::Connector, "", "as Kafka Connect shows one"},
      {"GET", "/connectors/{pipeline}/config", &HttpApi::ConnectorConfig, "", "its configuration"},
      {"PUT", "/connectors/{pipeline}/config", &HttpApi::ConnectorConfigure,
       R"({"pipeline.file": "its text"})", "give it another"},
      {"GET", "/connectors/{pipeline}/status", &HttpApi::ConnectorStatus, "",
       "its state on this replica"},
      {"GET", "/connectors/{pipeline}/tasks", &HttpApi::ConnectorTasks, "", "its one task"},
      {"GET", "/connectors/{pipeline}/tasks/{task}/status", &HttpApi::ConnectorTaskStatus, "",
       "the task's state on this replica"},
      {"POST", "/connectors/{pipeline}/tasks/{task}/restart", &HttpApi::ConnectorTaskRestart, "",
       "restart", 204},
      {"GET", "/connectors/{pipeline}/offsets", &HttpApi::ConnectorOffsets, "",
       "where it stands (KIP-875)"},
      {"PATCH", "/connectors/{pipeline}/offsets", &HttpApi::ConnectorOffsetsAlter,
       R"({"offsets": [{"partition": {"kafka_topic": "t", "kafka_partition": 0}, )"
       R"("offset": {"kafka_offset": 5}}]})",
       "put it elsewhere, where it is stopped; `null` as offset: at the beginning"},
      {"DELETE", "/connectors/{pipeline}/offsets", &HttpApi::ConnectorOffsetsReset, "",
       "all of it at the beginning, where it is stopped"},
      {"PUT", "/connectors/{pipeline}/{verb}", &HttpApi::ConnectorAct, "", "pause, resume, stop",
       202},
      {"POST", "/connectors/{pipeline}/{verb}", &HttpApi::ConnectorAct, "", "restart", 204},
      {"GET", "/connector-plugins", &HttpApi::ConnectPlugins, "", "the one that there is"},
      {"PUT", "/connector-plugins/{plugin}/config/validate", &HttpApi::ConnectValidate,
       R"({"name": "p", "pipeline.file": "its text"})", "what is wrong with a file"},
  };
}

json OpenApi() {
  json paths = json::object();
  for (const HttpApi::Route& route : HttpApi::Routes()) {
    json operation = {{"summary", route.what},
                      {"parameters", ParametersOf(route.path)},
                      {"responses",
                       {{"200", {{"description", "done"}}},
                        {"202",
                         {{"description",
                           "not done yet: it needs approval (`request` is its id), or is a job "
                           "that runs (`job` is its id)"}}},
                        {"400", {{"description", "not understood"}}},
                        {"401", {{"description", "no token that is taken"}}},
                        {"403", {{"description", "denied; `error` has the reasons"}}},
                        {"404", {{"description", "not there"}}},
                        {"409", {{"description", "not now"}}},
                        {"503", {{"description", "Spanner or the issuer is out of reach"}}}}}};
    if (*route.body != '\0') {
      operation["requestBody"]["content"]["application/json"] = {
          {"schema", {{"type", "object"}}}, {"example", json::parse(route.body)}};
    }
    paths[route.path][Lower(route.method)] = std::move(operation);
  }
  for (const HttpApi::BrowserRoute& route : HttpApi::BrowserRoutes()) {
    paths[route.path][Lower(route.method)] = {
        {"summary", route.what},
        {"security", json::array()},
        {"responses",
         {{"200", {{"description", "done"}}},
          {"302", {{"description", "to the issuer, or back"}}},
          {"400", {{"description", "not understood"}}},
          {"401", {{"description", "refused"}}},
          {"403", {{"description", "not of the page"}}}}}};
  }
  return {
      {"openapi", "3.0.3"},
      {"info", {{"title", "kafka-spanner"}, {"version", "1"}}},
      {"security", {{{"bearer", json::array()}}, {{"session", json::array()}}}},
      {"components",
       {{"securitySchemes",
         {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
          {"session",
           {{"type", "apiKey"},
            {"in", "cookie"},
            {"name", "kafka_spanner_session"},
            {"description",
             "of the page; over TLS with `__Host-` before its name. What changes something needs "
             "the header X-Csrf-Token besides, which GET /auth/session gives"}}}}}}},
      {"paths", std::move(paths)}};
}

}  // namespace ks::control
