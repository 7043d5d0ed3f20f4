// kafka-spanner remote: what people and machines do and look at through a control plane
// (`kafka-spanner serve`), from a terminal.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/remote/answer_text.h"
#include "cli/remote/control_server.h"
#include "cli/remote/errors.h"
#include "control/governor.h"
#include "env/environment.h"
#include "governance/policy/verbs.h"
#include "identity/json.h"
#include "identity/services.h"

namespace ks::cli {
namespace {

using governance::Verb;
using identity::TextOf;
using nlohmann::json;

constexpr size_t kColumnsMax = 8;

// A command that only looks: what it asks for, and how the answer is shown.
struct Look {
  const char* name;
  const char* help;
  const char* path;                   // {pipeline}: the command's argument
  const char* list = nullptr;         // the member that is shown; null: all of it, as an outline
  AnswerColumn columns[kColumnsMax];  // those with a name
};

constexpr Look kLooks[] = {
    {"pipelines",
     "all that you may see, and how they stand",
     "/v1/pipelines",
     "pipelines",
     {{"name", "/name"},
      {"environment", "/environment"},
      {"status", "/status"},
      {"lag s", "/lag_seconds"},
      {"lag records", "/lag_records"},
      {"records/s", "/records_per_second"},
      {"dead letters", "/dead_letters_since_start"},
      {"revision", "/revision"}}},
    {"show", "one pipeline, its partitions and its file", "/v1/pipelines/{pipeline}"},
    {"versions",
     "its files, the newest first",
     "/v1/pipelines/{pipeline}/versions",
     "versions",
     {{"revision", "/revision"}, {"at", "/configured_at"}, {"by", "/editor/subject"}}},
    {"dead-letters",
     "where its newest dead letters are",
     "/v1/pipelines/{pipeline}/dead_letters",
     "dead_letters",
     {{"topic", "/topic"},
      {"partition", "/partition"},
      {"offset", "/offset"},
      {"stage", "/stage"},
      {"failed at", "/failed_at"},
      {"reason", "/reason"}}},
    {"jobs",
     "its replays, moves of offsets and the like, the newest first",
     "/v1/pipelines/{pipeline}/jobs",
     "jobs",
     {{"job", "/job"},
      {"verb", "/verb"},
      {"state", "/state"},
      {"by", "/by/subject"},
      {"begun at", "/begun_at"},
      {"records", "/progress/records"},
      {"error", "/result/error"}}},
    {"standing",
     "where it stands in its topics",
     "/v1/pipelines/{pipeline}/offsets",
     "partitions",
     {{"topic", "/topic"}, {"partition", "/partition"}, {"next offset", "/next_offset"}}},
    {"requests",
     "what needs or had approval, the newest first",
     "/v1/requests",
     "requests",
     {{"request", "/request"},
      {"pipeline", "/pipeline"},
      {"verb", "/verb"},
      {"state", "/state"},
      {"by", "/by/subject"},
      {"asked at", "/asked_at"},
      {"you may review", "/may_review"}}},
    {"glass",
     "who broke the glass, the newest first",
     "/v1/glass",
     "glass",
     {{"glass", "/glass"},
      {"pipeline", "/pipeline"},
      {"by", "/by/subject"},
      {"reason", "/reason"},
      {"over", "/over"},
      {"reviewer", "/reviewer"}}},
    {"audit",
     "the newest of the record",
     "/v1/audit",
     "entries",
     {{"seq", "/seq"},
      {"time", "/time"},
      {"action", "/action"},
      {"phase", "/phase"},
      {"pipeline", "/pipeline"},
      {"by", "/actor/subject"},
      {"outcome", "/outcome"}}},
    {"verify-audit", "is all of the record what was signed?", "/v1/audit/verification"},
    {"connections",
     "who connected to what from the replica that answers",
     "/v1/connections",
     "connections",
     {{"time", "/time_dt"},
      {"activity", "/activity_name"},
      {"to", "/dst_endpoint/hostname"},
      {"as", "/actor/user/name"},
      {"status", "/status"},
      {"why", "/status_detail"}}},
    {"whoami", "who you are there, and your roles", "/v1/me"},
};

struct RemoteOptions {
  ServerOptions server;
  std::string name;  // of a pipeline, or the id of a request or of broken glass
  // Of what changes something.
  std::string reason;
  std::string file;
  std::vector<std::string> set;
  int minutes = 30;
  std::string verdict;
  bool plan = false;
  bool yes = false;
};

class Remote {
 public:
  static absl::StatusOr<Remote> Open(const RemoteOptions& options, const GlobalOptions& global) {
    auto services = std::make_unique<identity::Services>(
        identity::ServicesOptions{.log = global.connection_log.get()});
    KS_ASSIGN_OR_RETURN(ControlServer server, ControlServer::Open(options.server, *services));
    return Remote(global, std::move(services), std::move(server));
  }

  ControlServer& server() { return server_; }
  bool json_wanted() const { return global_->json; }
  int Print(const json& answer) const {
    std::cout << answer.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
    return kExitOk;
  }

 private:
  Remote(const GlobalOptions& global, std::unique_ptr<identity::Services> services,
         ControlServer server)
      : global_(&global), services_(std::move(services)), server_(std::move(server)) {}

  const GlobalOptions* global_;
  std::unique_ptr<identity::Services> services_;  // outlives the server
  ControlServer server_;
};

absl::StatusOr<int> RunLook(const Look& look, const RemoteOptions& options, Remote& remote) {
  const std::string path =
      absl::StrReplaceAll(look.path, {{"{pipeline}", identity::PercentEncode(options.name)}});
  KS_ASSIGN_OR_RETURN(const json answer, remote.server().Send("GET", path));
  const bool holds = answer.value("holds", true);
  if (remote.json_wanted()) {
    remote.Print(answer);
  } else if (look.list == nullptr) {
    PrintOutline(answer, std::cout);
  } else {
    PrintList(identity::Member(answer, look.list), look.columns, std::cout);
  }
  return holds ? kExitOk : kExitCheckFailed;
}

// ---- Actions

// NAME=VALUE; a value that is a number, true or false is one, everything else is text.
absl::Status AddSetting(const std::string& text, json* body) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return NoOption(text);
  const std::string value = text.substr(equals + 1);
  const json read = identity::ParseJson(value);
  (*body)[text.substr(0, equals)] = read.is_number() || read.is_boolean() ? read : json(value);
  return absl::OkStatus();
}

absl::StatusOr<json> BodyOf(Verb verb, const RemoteOptions& options) {
  json body = json::object();
  if (!options.reason.empty()) body["reason"] = options.reason;
  if (verb == Verb::kBreakGlass) body["minutes"] = options.minutes;
  if (verb == Verb::kConfigure) {
    KS_ASSIGN_OR_RETURN(body["file"], env::RealEnvironment().ReadFile(options.file));
  }
  for (const std::string& each : options.set) KS_RETURN_IF_ERROR(AddSetting(each, &body));
  return body;
}

void PrintReasons(const json& decision) {
  for (const json& reason : identity::Member(decision, "reasons")) {
    const std::string text = TextOf(reason, "text");
    std::cout << "  " << TextOf(reason, "kind") << ": " << TextOf(reason, "by")
              << (text.empty() ? "" : ": ") << text << "\n";
  }
}

// What came of an action. That it waits for others is no success for a script.
int ShowDone(const json& answer, const Remote& remote) {
  const bool waits = TextOf(answer, "state") == "needs_approval";
  const bool runs = TextOf(answer, "state") == "running";
  if (remote.json_wanted()) {
    remote.Print(answer);
  } else if (waits) {
    const std::string id = TextOf(answer, "request");
    std::cout << "needs approval: request " << id << "\n";
    PrintReasons(answer["decision"]);
    std::cout << "when it is approved: kafka-spanner remote run " << id << "\n";
  } else if (runs) {
    std::cout << "runs as job " << TextOf(answer, "job") << ": `kafka-spanner remote jobs "
              << "PIPELINE` says how far it is\n";
  } else {
    std::cout << "done\n";
    if (answer.contains("result")) PrintOutline(answer["result"], std::cout, 2);
  }
  return waits || runs ? kExitStoppedOnData : kExitOk;
}

absl::StatusOr<int> RunAct(Verb verb, const RemoteOptions& options, Remote& remote) {
  KS_ASSIGN_OR_RETURN(const json body, BodyOf(verb, options));
  const std::string pipeline = StrCat("/v1/pipelines/", identity::PercentEncode(options.name));
  if (options.plan) {
    KS_ASSIGN_OR_RETURN(
        const json answer,
        remote.server().Send("POST", StrCat(pipeline, "/plan/", governance::NameOf(verb)), body));
    if (remote.json_wanted()) return remote.Print(answer);
    PrintOutline(answer["plan"], std::cout);
    std::cout << TextOf(answer["decision"], "verdict") << "\n";
    PrintReasons(answer["decision"]);
    return kExitOk;
  }
  const bool configures = verb == Verb::kConfigure;
  KS_ASSIGN_OR_RETURN(
      const json answer,
      remote.server().Send(configures ? "PUT" : "POST",
                           configures ? pipeline : StrCat(pipeline, "/", governance::NameOf(verb)),
                           body));
  return ShowDone(answer, remote);
}

// ---- Requests

absl::StatusOr<json> FindRequest(const RemoteOptions& options, Remote& remote) {
  KS_ASSIGN_OR_RETURN(const json answer, remote.server().Send("GET", "/v1/requests"));
  for (const json& each : answer["requests"]) {
    if (TextOf(each, "request") == options.name) return each;
  }
  return NoRequestOpen(options.name);
}

absl::StatusOr<int> ShowRequest(const RemoteOptions& options, Remote& remote) {
  KS_ASSIGN_OR_RETURN(const json request, FindRequest(options, remote));
  if (remote.json_wanted()) return remote.Print(request);
  PrintOutline(request, std::cout);
  return kExitOk;
}

absl::Status Confirm(const RemoteOptions& options, const char* question) {
  if (options.yes) return absl::OkStatus();
  if (isatty(STDIN_FILENO) == 0) return NotConfirmed();
  std::cerr << question << " [yes/no] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes" ? absl::OkStatus() : NotConfirmed();
}

// What is approved is what was shown: its hash goes along.
absl::StatusOr<int> Review(const RemoteOptions& options, Remote& remote, bool approve) {
  KS_ASSIGN_OR_RETURN(const json request, FindRequest(options, remote));
  if (TextOf(request, "state") != "open") return NoRequestOpen(options.name);
  PrintOutline(request, remote.json_wanted() ? std::cerr : std::cout);
  KS_RETURN_IF_ERROR(Confirm(options, approve ? "Approve this?" : "Deny this?"));
  KS_ASSIGN_OR_RETURN(
      const json answer,
      remote.server().Send("POST", StrCat("/v1/requests/", options.name, "/review"),
                           {{"plan_sha256", request["plan_sha256"]}, {"approve", approve}}));
  return ShowDone(answer, remote);
}

absl::StatusOr<int> RunRequest(const RemoteOptions& options, Remote& remote) {
  const std::string id = identity::PercentEncode(options.name);
  KS_ASSIGN_OR_RETURN(const json answer,
                      remote.server().Send("POST", StrCat("/v1/requests/", id, "/run")));
  return ShowDone(answer, remote);
}

absl::StatusOr<int> ReviewGlass(const RemoteOptions& options, Remote& remote) {
  const std::string id = identity::PercentEncode(options.name);
  KS_ASSIGN_OR_RETURN(const json answer,
                      remote.server().Send("POST", StrCat("/v1/glass/", id, "/review"),
                                           {{"verdict", options.verdict}}));
  return ShowDone(answer, remote);
}

absl::StatusOr<int> CancelJob(const RemoteOptions& options, Remote& remote) {
  const std::string id = identity::PercentEncode(options.name);
  KS_ASSIGN_OR_RETURN(
      const json answer,
      remote.server().Send("POST", StrCat("/v1/jobs/", id, "/cancel"), json::object()));
  return ShowDone(answer, remote);
}

// ---- The command line

using Body = std::function<absl::StatusOr<int>(const RemoteOptions&, Remote&)>;

struct Made {
  CLI::App* command;
  RemoteOptions* options;
};

Made AddOne(CLI::App& parent, const std::string& name, const std::string& help,
            GlobalOptions& global, Body body) {
  auto options = std::make_shared<RemoteOptions>();
  CLI::App* command = parent.add_subcommand(name, help);
  command->add_option("--server", options->server.address,
                      "the control plane's address (default: KAFKA_SPANNER_SERVER, then where you "
                      "signed in at last)");
  command->add_option("--token", options->server.token,
                      "secret://…: a machine's token (default: KAFKA_SPANNER_TOKEN, then your "
                      "login)");
  command->add_option("--ca", options->server.ca, "PEM file of whose certificates to trust");
  OnChosen(*command, global, [options, &global, body = std::move(body)] {
    const auto code = [&]() -> absl::StatusOr<int> {
      KS_ASSIGN_OR_RETURN(Remote remote, Remote::Open(*options, global));
      return body(*options, remote);
    }();
    return code.ok() ? *code : Fail(global, code.status());
  });
  return {command, options.get()};
}

void AddAct(CLI::App& remote, const governance::VerbInfo& info, GlobalOptions& global) {
  const Made made = AddOne(
      remote, absl::StrReplaceAll(info.name, {{"_", "-"}}), info.what, global,
      [verb = info.verb](const auto& options, Remote& to) { return RunAct(verb, options, to); });
  RemoteOptions& options = *made.options;
  made.command->add_option("PIPELINE", options.name, "its name")->required();
  auto* reason = made.command->add_option("--reason", options.reason, "why; goes on record");
  if (info.verb == Verb::kConfigure)
    made.command->add_option("FILE", options.file, "pipeline file")->required();
  if (info.verb == Verb::kBreakGlass) {
    reason->required();
    made.command->add_option("--minutes", options.minutes, "for how long")->capture_default_str();
  }
  made.command->add_option("--set", options.set, "NAME=VALUE, an option of this action")
      ->allow_extra_args(false);
  made.command->add_flag("--plan", options.plan, "only say what it would do, and whether you may");
  made.command->footer(
      "Exit codes: 0 done, 2 not understood, 3 denied or out of reach, 4 needs approval, goes "
      "on, or not now");
}

void AddReviews(CLI::App& remote, GlobalOptions& global) {
  const auto with_id = [](const Made& made) {
    made.command->add_option("ID", made.options->name, "its id: `remote requests`")->required();
    return made;
  };
  with_id(
      AddOne(remote, "request", "one request: exactly what would be done", global, ShowRequest));
  for (const bool approve : {true, false}) {
    const Made made = with_id(AddOne(
        remote, approve ? "approve" : "deny",
        approve ? "let a request be done" : "say no to a request", global,
        [approve](const auto& options, Remote& to) { return Review(options, to, approve); }));
    made.command->add_flag("--yes", made.options->yes, "do not ask");
  }
  with_id(AddOne(remote, "run", "do what you asked for, when it is approved", global, RunRequest));
  const Made job = AddOne(remote, "cancel", "end a job after its present step", global, CancelJob);
  job.command->add_option("ID", job.options->name, "its id: `remote jobs`")->required();
  const Made glass =
      AddOne(remote, "review-glass", "look at broken glass afterwards", global, ReviewGlass);
  glass.command->add_option("ID", glass.options->name, "its id: `remote glass`")->required();
  glass.command->add_option("--verdict", glass.options->verdict, "what you make of it")->required();
}

}  // namespace

void AddRemoteCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* remote =
      app.add_subcommand("remote", "see and act on pipelines through a control plane");
  remote->require_subcommand(1);
  remote->footer(
      "Example:  kafka-spanner login --server https://control.example.com\n"
      "          kafka-spanner remote pipelines");
  for (const Look& look : kLooks) {
    const Made made =
        AddOne(*remote, look.name, look.help, global,
               [&look](const auto& options, Remote& to) { return RunLook(look, options, to); });
    if (std::string_view(look.path).find('{') != std::string_view::npos)
      made.command->add_option("PIPELINE", made.options->name, "its name")->required();
  }
  for (const governance::VerbInfo& info : governance::kVerbs) {
    if (control::Governor::Serves(info.verb)) AddAct(*remote, info, global);
  }
  AddReviews(*remote, global);
}

}  // namespace ks::cli
