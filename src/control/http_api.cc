#include "control/http_api.h"

#include <httplib.h>

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/host_port.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/login.h"
#include "governance/hash.h"
#include "identity/json.h"
#include "observe/log.h"

namespace ks::control {
namespace {

using governance::Actor;
using governance::Verb;
using nlohmann::json;

constexpr char kJson[] = "application/json";
constexpr size_t kSegmentBytesMax = 128;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// A name of ours: no slash, no control character, nothing that means something elsewhere.
bool IsName(std::string_view segment) {
  return !segment.empty() && segment.size() <= kSegmentBytesMax && segment[0] != '.' &&
         std::all_of(segment.begin(), segment.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                  c == '.';
         });
}

using Segments = std::vector<std::string_view>;

std::optional<HttpApi::Parameters> Match(const Segments& pattern, const Segments& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  HttpApi::Parameters parameters;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (!pattern[i].starts_with('{')) {
      if (pattern[i] != path[i]) return std::nullopt;
      continue;
    }
    if (!IsName(path[i])) return std::nullopt;
    parameters[std::string(pattern[i].substr(1, pattern[i].size() - 2))] = std::string(path[i]);
  }
  return parameters;
}

}  // namespace

int HttpApi::StatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
      return 409;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return 503;
    default:
      return 500;
  }
}

void HttpApi::Send(httplib::Response& response, int status, const json& body) {
  response.status = status;
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Content-Security-Policy", "default-src 'none'");
  if (status == 401) response.set_header("WWW-Authenticate", "Bearer");
  response.set_content(Dump(body), kJson);
}

void HttpApi::Tag(const httplib::Request& request, httplib::Response& response) {
  const std::string tag = StrCat("\"", governance::Sha256Hex(response.body), "\"");
  response.set_header("ETag", tag);
  if (request.get_header_value("If-None-Match") != tag) return;
  response.status = 304;
  response.body.clear();
}

HttpApi::HttpApi(const SessionServices& services, std::string page, const Supervisor& supervisor,
                 const RecentConnections& connections)
    : services_(services),
      governor_(*services.governor),
      supervisor_(supervisor),
      connections_(connections),
      page_(std::move(page)) {}

HttpApi::~HttpApi() = default;

absl::Status HttpApi::Start(identity::HttpServerOptions listen) {
  const auto at = ParseHostPort(listen.address);
  if (at && listen.tls.certificate.empty() && at->host != "127.0.0.1" && at->host != "localhost" &&
      at->host != "::1")
    return PlainHttp(listen.address);
  if (page_.empty())
    page_ = StrCat(listen.tls.certificate.empty() ? "http://" : "https://", listen.address);
  sessions_ = std::make_unique<Sessions>(services_, page_);
  KS_ASSIGN_OR_RETURN(server_, identity::HttpServer::Make(std::move(listen)));
  httplib::Server& http = server_->http();
  http.new_task_queue = [] { return new httplib::ThreadPool(kHttpThreads); };
  http.set_payload_max_length(kBodyBytesMax);
  http.set_read_timeout(kReadSeconds);
  http.set_write_timeout(kWriteSeconds);
  const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
    Serve(request, response);
  };
  http.Get(".*", serve).Post(".*", serve).Put(".*", serve).Delete(".*", serve).Patch(".*", serve);
  // What the server itself refuses: too large, no HTTP.
  http.set_error_handler([this](const httplib::Request& request, httplib::Response& response) {
    if (!response.body.empty()) return;
    const absl::Status why = absl::InvalidArgumentError(
        StrCat("the request was not understood, or is longer than ", kBodyBytesMax, " bytes"));
    if (response.status == 413) Refused(request, Actor(), why);
    Send(response, response.status, {{"error", View(why.message())}});
  });
  return server_->Listen();
}

void HttpApi::Serve(const httplib::Request& request, httplib::Response& response) {
  if (request.method == "GET") {
    if (request.path == "/healthz") return Send(response, 200, {{"status", "ok"}});
    if (request.path == "/readyz") {
      const bool ready = supervisor_.ready();
      return Send(response, ready ? 200 : 503, {{"status", ready ? "ok" : "starting"}});
    }
    if (request.path == "/v1/openapi.json") return Send(response, 200, OpenApi());
  }
  if (ServeBrowser(request, response)) return;
  Segments path = absl::StrSplit(request.path, '/');
  // Some clients of Kafka Connect write one more at the end.
  if (path.size() > 2 && path[1] == "connectors" && path.back().empty()) path.pop_back();
  for (const Route& route : Routes()) {
    if (request.method != route.method) continue;
    auto parameters = Match(absl::StrSplit(route.path, '/'), path);
    if (!parameters) continue;
    Actor actor;
    const Answer answer = Handle(request, route, *std::move(parameters), &actor);
    const int status = StatusOf(answer.status());
    if (answer.ok()) {
      const std::string state = identity::TextOf(*answer, "state");
      const bool waits =
          request.method != "GET" && (state == "needs_approval" || state == "running");
      Send(response, waits ? 202 : route.done, *answer);
      if (response.status == 204) response.body.clear();
      if (request.method == "GET") Tag(request, response);
      return;
    }
    if (status == 401 || status == 403) Refused(request, actor, answer.status());
    json error = {{"error", View(answer.status().message())}};
    if (path[1].starts_with("connector") ||
        request.path == "/")  // as Kafka Connect's clients read it
      error = {{"error_code", status}, {"message", View(answer.status().message())}};
    return Send(response, status, error);
  }
  Send(response, 404, {{"error", View(NoSuchPath().message())}});
}

HttpApi::Answer HttpApi::Handle(const httplib::Request& request, const Route& route,
                                Parameters parameters, Actor* actor) {
  KS_RETURN_IF_ERROR(Identify(request, actor));
  Asked asked{*actor,
              std::move(parameters),
              json::object(),
              {request.params.begin(), request.params.end()}};
  if (!request.body.empty()) {
    asked.body = identity::ParseJson(request.body);
    if (!asked.body.is_object()) return BadBody(*route.body == '\0' ? "{}" : route.body);
  }
  return (this->*route.handler)(asked);
}

absl::Status HttpApi::Identify(const httplib::Request& request, Actor* actor) {
  const std::string shown = request.get_header_value("Authorization");
  if (shown.empty() && !CookieOf(request, kSessionCookie).empty())
    return SessionOf(request, actor).status();
  // Nothing else of it: a header that is not understood may be a secret as a whole.
  const std::string mechanism = shown.empty()                                  ? "none"
                                : absl::StartsWithIgnoreCase(shown, "Bearer ") ? "Bearer"
                                : absl::StartsWithIgnoreCase(shown, "Basic ")
                                    ? "Basic"
                                    : "not a bearer token";
  identity::HttpServer::CallerIs("", mechanism);
  // Two of them: which one would a proxy before us have looked at?
  if (request.get_header_value_count("Authorization") > 1) return NoToken();
  KS_ASSIGN_OR_RETURN(*actor, ActorOfHeader(shown, *services_.issuers));
  identity::HttpServer::CallerIs(actor->subject, mechanism);
  return absl::OkStatus();
}

// ---- What was refused

void HttpApi::Refused(const httplib::Request& request, const Actor& actor,
                      const absl::Status& why) {
  json details = {{"method", request.method},
                  {"path", request.path.substr(0, kReasonBytesMax)},
                  {"peer", request.remote_addr},
                  {"status", StatusOf(why)}};
  Actor who = actor;
  if (who.subject.empty()) {
    int64_t others = 0;
    if (!StrangerGoesOnRecord(&others)) return;
    if (others > 0) details["others"] = others;
    who = {"nobody", request.remote_addr};
  }
  governor_.RecordRefusal(who, details, why);
}

// Strangers must not be able to fill Spanner.
bool HttpApi::StrangerGoesOnRecord(int64_t* others) {
  const absl::MutexLock lock(&mu_);
  const int64_t second = services_.clock->MonotonicNanos() / env::kNanosPerSecond;
  if (second != second_) {
    second_ = second;
    strangers_ = 0;
  }
  if (++strangers_ > kStrangersPerSecond) {
    ++others_;
    return false;
  }
  *others = others_;
  others_ = 0;
  return true;
}

// ---- Handlers

HttpApi::Answer HttpApi::Me(const Asked& asked) {
  return json{{"issuer", asked.actor.issuer},
              {"subject", asked.actor.subject},
              {"groups", asked.actor.groups},
              {"roles", governor_.RolesOf(asked.actor)}};
}

HttpApi::Answer HttpApi::Pipelines(const Asked& asked) {
  KS_ASSIGN_OR_RETURN(json answer, governor_.Pipelines(asked.actor));
  for (json& each : answer["pipelines"])
    each["here"] = supervisor_.StateOf(each["name"].get<std::string>()).running;
  return answer;
}

HttpApi::Answer HttpApi::Pipeline(const Asked& asked) {
  const std::string& name = asked.parameters.at("pipeline");
  KS_ASSIGN_OR_RETURN(json answer, governor_.Pipeline(asked.actor, name));
  const Supervisor::State state = supervisor_.StateOf(name);
  answer["here"] = {{"running", state.running}, {"error", state.error}};
  return answer;
}

HttpApi::Answer HttpApi::Versions(const Asked& asked) {
  return governor_.Versions(asked.actor, asked.parameters.at("pipeline"));
}

HttpApi::Answer HttpApi::DeadLetters(const Asked& asked) {
  return governor_.DeadLetters(asked.actor, asked.parameters.at("pipeline"));
}

HttpApi::Answer HttpApi::Jobs(const Asked& asked) {
  return governor_.Jobs(asked.actor, asked.parameters.at("pipeline"));
}

HttpApi::Answer HttpApi::Offsets(const Asked& asked) {
  return governor_.Offsets(asked.actor, asked.parameters.at("pipeline"));
}

HttpApi::Answer HttpApi::Job(const Asked& asked) {
  return governor_.Job(asked.actor, asked.parameters.at("job"));
}

HttpApi::Answer HttpApi::CancelJob(const Asked& asked) {
  return governor_.CancelJob(asked.actor, asked.parameters.at("job"));
}

HttpApi::Answer HttpApi::Audit(const Asked& asked) {
  int64_t before = INT64_MAX;
  const auto given = asked.query.find("before");
  if (given != asked.query.end() && !absl::SimpleAtoi(given->second, &before))
    return BadBody("?before=NUMBER");
  return governor_.Audit(asked.actor, before);
}

HttpApi::Answer HttpApi::People(const Asked& asked) { return governor_.People(asked.actor); }

HttpApi::Answer HttpApi::VerifyAudit(const Asked& asked) {
  const auto whole = asked.query.find("whole");
  return governor_.VerifyAudit(asked.actor, whole != asked.query.end() && whole->second == "true");
}

HttpApi::Answer HttpApi::Connections(const Asked& asked) {
  KS_RETURN_IF_ERROR(governor_.AskForAll(Verb::kAudit, asked.actor));
  return json{{"connections", connections_.Newest()}};
}

HttpApi::Answer HttpApi::Configure(const Asked& asked) {
  return governor_.Act(asked.actor,
                       {Verb::kConfigure, asked.parameters.at("pipeline"), asked.body});
}

HttpApi::Answer HttpApi::Act(const Asked& asked) {
  const auto verb = governance::VerbOf(asked.parameters.at("verb"));
  if (!verb || !Governor::Serves(*verb)) return NoSuchPath();
  return governor_.Act(asked.actor, {*verb, asked.parameters.at("pipeline"), asked.body});
}

HttpApi::Answer HttpApi::Plan(const Asked& asked) {
  const auto verb = governance::VerbOf(asked.parameters.at("verb"));
  if (!verb || !Governor::Serves(*verb)) return NoSuchPath();
  return governor_.Plan(asked.actor, {*verb, asked.parameters.at("pipeline"), asked.body});
}

HttpApi::Answer HttpApi::Requests(const Asked& asked) { return governor_.Requests(asked.actor); }

HttpApi::Answer HttpApi::ReviewRequest(const Asked& asked) {
  const json approve = identity::Member(asked.body, "approve");
  const std::string hash = identity::TextOf(asked.body, "plan_sha256");
  if (!approve.is_boolean() || hash.empty())
    return BadBody(R"({"plan_sha256": "of the plan that you looked at", "approve": true})");
  return governor_.ReviewRequest(asked.actor, asked.parameters.at("request"), hash,
                                 approve.get<bool>());
}

HttpApi::Answer HttpApi::RunRequest(const Asked& asked) {
  return governor_.RunRequest(asked.actor, asked.parameters.at("request"));
}

HttpApi::Answer HttpApi::Glass(const Asked& asked) { return governor_.Glass(asked.actor); }

HttpApi::Answer HttpApi::ReviewGlass(const Asked& asked) {
  return governor_.ReviewGlass(asked.actor, asked.parameters.at("glass"),
                               identity::TextOf(asked.body, "verdict"));
}

}  // namespace ks::control
