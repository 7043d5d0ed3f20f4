#include "identity/connection_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/url.h"
#include "observe/log.h"

namespace ks::identity {
namespace {

// Numbers of OCSF 1.3.
constexpr int kAuthentication = 3002;  // category 3, Identity & Access Management
constexpr int kApiActivity = 6003;     // category 6, Application Activity
constexpr int kLogon = 1;
constexpr int kRead = 2;
constexpr int kInformational = 1;
constexpr int kMedium = 3;
constexpr int kSuccess = 1;
constexpr int kFailure = 2;
constexpr int kOther = 99;
constexpr int kOauth = 6;  // of auth_protocol_id

using Json = nlohmann::ordered_json;

// What each class requires: the user who logs in; or who asks, from where, for what.
void AddWho(const ConnectionAttempt& attempt, Json* line) {
  const std::string name = attempt.principal.empty() ? "unknown" : attempt.principal;
  if (attempt.kind == ConnectionAttempt::Kind::kLogin) {
    const bool oauth = attempt.mechanism.find("OAUTHBEARER") != std::string::npos;
    (*line)["user"] = {{"name", name}};
    (*line)["auth_protocol_id"] = oauth ? kOauth : kOther;
    (*line)["auth_protocol"] = attempt.mechanism;
    return;
  }
  (*line)["actor"] = {{"user", {{"name", name}}}};
  if (attempt.kind == ConnectionAttempt::Kind::kRequest) {
    (*line)["actor"]["app_name"] = "kafka-spanner";
    (*line)["src_endpoint"] = {{"svc_name", "kafka-spanner"}};
  } else if (attempt.client_address.empty()) {
    (*line)["src_endpoint"] = {{"name", "unknown"}};
  } else {
    (*line)["src_endpoint"] = {{"ip", attempt.client_address}, {"port", attempt.client_port}};
  }
  (*line)["api"] = {{"operation", attempt.operation}};
}

// By what we ask for, or what is asked of us.
int ActivityOf(const ConnectionAttempt& attempt) {
  if (attempt.kind == ConnectionAttempt::Kind::kLogin) return kLogon;
  if (attempt.kind == ConnectionAttempt::Kind::kRequest) return kRead;  // whatever the method
  constexpr std::pair<std::string_view, int> kMethods[] = {
      {"GET ", kRead}, {"POST ", 1}, {"PUT ", 3}, {"PATCH ", 3}, {"DELETE ", 4}};
  for (const auto& [method, activity] : kMethods) {
    if (attempt.operation.starts_with(method)) return activity;
  }
  return kOther;
}

Json TlsOf(const TlsHandshake& tls) {
  Json json = {{"version", tls.version}, {"cipher", tls.cipher}, {"sni", tls.server_name}};
  if (tls.issuer.empty()) return json;  // we are the server, and nobody showed one
  json["certificate"] = {{"subject", tls.subject},
                         {"issuer", tls.issuer},
                         {"serial_number", tls.serial_number},
                         {"expiration_time", tls.certificate_expires_at * 1000}};
  if (!tls.names.empty()) json["certificate"]["sans"] = tls.names;
  return json;
}

void AddUnmapped(const ConnectionAttempt& attempt, Json* line) {
  Json unmapped = Json::object();
  const bool login = attempt.kind == ConnectionAttempt::Kind::kLogin;
  if (!login && !attempt.mechanism.empty()) unmapped["auth_protocol"] = attempt.mechanism;
  if (!attempt.credential_version.empty()) {
    unmapped["credential_version"] = attempt.credential_version;
  }
  if (!attempt.tls.version.empty()) unmapped["tls"] = TlsOf(attempt.tls);
  if (!unmapped.empty()) (*line)["unmapped"] = std::move(unmapped);
}

class FileLog : public ConnectionLog {
 public:
  explicit FileLog(int fd) : fd_(fd) {}
  ~FileLog() override { close(fd_); }

  // One write a line: O_APPEND keeps the lines of several processes whole.
  void Record(const ConnectionAttempt& attempt) override {
    const std::string line = ToOcsf(attempt) + "\n";
    const ssize_t written = write(fd_, line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size()) || dropped_.fetch_add(1) > 0) return;
    observe::LogError(StrCat("the connection log cannot be written: ", std::strerror(errno),
                             ". Attempts are missing from it from here on."));
  }
  int64_t dropped() const override { return dropped_; }

 private:
  const int fd_;
  std::atomic<int64_t> dropped_{0};
};

// What a server says of itself in an error: OAuth's two fields, Vault's, Google's, AWS's.
std::string ReasonIn(const HttpAnswer& answer) {
  const Json body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return "";
  std::string reason;
  const auto add = [&](const Json& text) {
    if (!text.is_string()) return;
    reason += StrCat(reason.empty() ? "" : ": ", text.get<std::string>());
  };
  const Json error = body.value("error", Json());
  add(error);
  add(body.value("error_description", Json()));
  if (error.is_object()) add(error.value("message", Json()));
  if (const Json errors = body.value("errors", Json()); errors.is_array()) {
    for (const Json& each : errors) add(each);
  }
  add(body.value("__type", Json()));
  add(body.value("message", Json()));
  return reason;
}

// How a request proves who sends it, as far as its headers tell: Basic, Bearer, X-Vault-Token.
std::string MechanismOf(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, "Authorization")) return value.substr(0, value.find(' '));
    if (absl::EqualsIgnoreCase(name, "X-Vault-Token")) return name;
  }
  return request.certificate.chain.empty() ? "" : "TLS certificate";
}

absl::Status ResultOf(const HttpRequest& request, const std::string& operation,
                      const HttpAnswer& answer) {
  // Vault's 500 may be a refusal.
  if (request.service == "vault" && answer.status == 500) {
    return VaultRefused(operation, answer.status, ReasonIn(answer));
  }
  return HttpRefused(answer.status, ReasonIn(answer));
}

class LoggedHttp : public HttpClient {
 public:
  LoggedHttp(std::unique_ptr<HttpClient> inner, ConnectionLog& log, env::Clock& clock)
      : inner_(std::move(inner)), log_(log), clock_(clock) {}

  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request) override {
    ConnectionAttempt attempt{.kind = ConnectionAttempt::Kind::kRequest,
                              .started_at_nanos = clock_.NowNanos(),
                              .service = request.service,
                              .mechanism = MechanismOf(request),
                              .principal = request.who,
                              .credential_version = request.credential_version};
    if (const auto url = ParseUrl(request.url); url.ok()) {
      attempt.host = url->host;
      attempt.port = url->port;
      // Not the query: it may hold a signature.
      attempt.operation = StrCat(request.method, " ", url->scheme, " ", url->path);
    }
    const int64_t started = clock_.MonotonicNanos();
    auto answer = inner_->Send(request);
    attempt.duration_nanos = clock_.MonotonicNanos() - started;
    attempt.result = answer.status();
    if (answer.ok()) attempt.tls = answer->tls;
    if (answer.ok() && answer->status >= 400) {
      attempt.result = ResultOf(request, attempt.operation, *answer);
    }
    log_.Record(attempt);
    return answer;
  }

 private:
  const std::unique_ptr<HttpClient> inner_;
  ConnectionLog& log_;
  env::Clock& clock_;
};

}  // namespace

std::string ToOcsf(const ConnectionAttempt& attempt) {
  const bool login = attempt.kind == ConnectionAttempt::Kind::kLogin;
  const int class_uid = login ? kAuthentication : kApiActivity;
  const int activity = ActivityOf(attempt);
  const bool ok = attempt.result.ok();
  Json line = {
      {"time", attempt.started_at_nanos / env::kNanosPerMilli},
      {"class_uid", class_uid},
      {"category_uid", class_uid / 1000},
      {"activity_id", activity},
      {"type_uid", class_uid * 100 + activity},
      {"severity_id", ok ? kInformational : kMedium},
      {"status_id", ok                                  ? kSuccess
                    : absl::IsCancelled(attempt.result) ? kOther
                                                        : kFailure},
      {"duration", attempt.duration_nanos / env::kNanosPerMilli},
      {"dst_endpoint",
       {{"hostname", attempt.host}, {"port", attempt.port}, {"svc_name", attempt.service}}}};
  if (!ok) {
    line["status_code"] = absl::StatusCodeToString(attempt.result.code());
    line["status_detail"] = std::string(attempt.result.message());
  }
  AddWho(attempt, &line);
  AddUnmapped(attempt, &line);
  line["metadata"] = {{"version", "1.3.0"},
                      {"product", {{"name", "kafka-spanner"}, {"vendor_name", "kafka-spanner"}}}};
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<std::unique_ptr<ConnectionLog>> OpenConnectionLog(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::InvalidArgumentError(
        StrCat("cannot open the connection log ", path, ": ", std::strerror(errno)));
  }
  WatchTlsHandshakes();
  return std::make_unique<FileLog>(fd);
}

std::unique_ptr<HttpClient> WithConnectionLog(std::unique_ptr<HttpClient> inner, ConnectionLog& log,
                                              env::Clock& clock) {
  return std::make_unique<LoggedHttp>(std::move(inner), log, clock);
}

}  // namespace ks::identity
