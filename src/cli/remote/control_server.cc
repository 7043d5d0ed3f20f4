#include "cli/remote/control_server.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/remote/errors.h"
#include "identity/json.h"
#include "identity/secret_reference.h"
#include "identity/url.h"

namespace ks::cli {
namespace {

using identity::Secret;
using nlohmann::json;

// Of an ID token's life: renewed that long before it ends, so that it does not end on the way.
constexpr int64_t kSpareSeconds = 30;
constexpr int64_t kAnswerMillis = 120'000;  // an action waits for Spanner

constexpr char kServerVariable[] = "KAFKA_SPANNER_SERVER";
constexpr char kTokenVariable[] = "KAFKA_SPANNER_TOKEN";

}  // namespace

absl::StatusOr<std::string> ServerAddress(const std::string& given,
                                          const env::Environment& environment,
                                          const std::string& otherwise) {
  std::string address = given;
  if (address.empty()) address = environment.Variable(kServerVariable).value_or(otherwise);
  if (address.empty()) return NoServerSaid();
  while (address.ends_with('/')) address.pop_back();
  KS_RETURN_IF_ERROR(identity::CheckCredentialUrl(address).status());
  return address;
}

absl::StatusOr<identity::HttpAnswer> SendTo(identity::HttpClient& http, const std::string& address,
                                            const std::string& ca, const Secret& token,
                                            const std::string& method, const std::string& path,
                                            const json& body) {
  identity::HttpRequest request{.method = method,
                                .url = StrCat(address, path),
                                .ca = ca,
                                .service = "control-plane",
                                .timeout_ms = kAnswerMillis};
  if (!token.empty())
    request.headers.emplace_back("Authorization", StrCat("Bearer ", token.Reveal()));
  if (!body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body.dump();
  }
  return http.Send(request);
}

absl::StatusOr<ControlServer> ControlServer::Open(const ServerOptions& options,
                                                  identity::Services& services) {
  const auto& environment = services.environment();
  KS_ASSIGN_OR_RETURN(const Logins logins, ReadLogins());
  KS_ASSIGN_OR_RETURN(const std::string address,
                      ServerAddress(options.address, environment, logins.newest));
  ControlServer server(address, options.ca, services);
  if (!options.token.empty()) {
    KS_ASSIGN_OR_RETURN(const auto reference, identity::ParseSecretReference(options.token));
    KS_ASSIGN_OR_RETURN(const auto found, services.secrets().Resolve(reference));
    server.token_ = found.value;
    return server;
  }
  if (const auto given = environment.Variable(kTokenVariable); given && !given->empty()) {
    server.token_ = Secret(*given);
    return server;
  }
  const auto found = logins.servers.find(address);
  if (found == logins.servers.end()) return NotSignedIn(address);
  server.login_ = found->second;
  server.token_ = found->second.tokens.id_token;
  if (server.ca_.empty()) server.ca_ = found->second.oidc.ca;
  return server;
}

// `stale`: is over, or is not taken any more. Another process may have renewed it since.
absl::Status ControlServer::Renew(const Secret& stale) {
  KS_ASSIGN_OR_RETURN(const LoginsLock lock, LoginsLock::Take());
  KS_ASSIGN_OR_RETURN(Logins logins, ReadLogins());
  const auto kept = logins.servers.find(address_);
  if (kept == logins.servers.end()) return SignInAgain();
  login_ = kept->second;
  token_ = login_->tokens.id_token;
  if (token_.Reveal() != stale.Reveal()) return absl::OkStatus();
  if (login_->tokens.refresh_token.empty()) return SignInAgain();
  KS_ASSIGN_OR_RETURN(OidcClient issuer,
                      OidcClient::Discover(login_->oidc, services_->http(), services_->clock()));
  KS_ASSIGN_OR_RETURN(login_->tokens, issuer.Refresh(login_->tokens.refresh_token));
  token_ = login_->tokens.id_token;
  kept->second = *login_;
  return WriteLogins(logins);
}

absl::StatusOr<json> ControlServer::Send(const std::string& method, const std::string& path,
                                         const json& body) {
  const int64_t now = services_->clock().NowNanos() / env::kNanosPerSecond;
  bool renewed = false;
  if (login_ && login_->tokens.expires_at_seconds < now + kSpareSeconds) {
    KS_RETURN_IF_ERROR(Renew(token_));
    renewed = true;
  }
  while (true) {
    KS_ASSIGN_OR_RETURN(const auto answer,
                        SendTo(services_->http(), address_, ca_, token_, method, path, body));
    if (answer.status == 401 && login_ && !renewed) {
      KS_RETURN_IF_ERROR(Renew(token_));
      renewed = true;
      continue;
    }
    json said = identity::ParseJson(answer.body);
    if (answer.status >= 200 && answer.status < 300 && !said.is_null()) return said;
    const std::string why = identity::TextOf(said, "error");
    return why.empty() ? NoControlPlane(address_, answer.status)
                       : ServerRefused(answer.status, why);
  }
}

}  // namespace ks::cli
