#include "cli/remote/oidc_client.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/remote/errors.h"
#include "identity/json.h"
#include "identity/jwt.h"
#include "identity/oauth.h"
#include "identity/pkce.h"
#include "identity/url.h"

namespace ks::cli {
namespace {

using identity::HttpAnswer;
using identity::HttpHeaders;
using identity::Member;
using identity::Secret;
using identity::TextOf;
using nlohmann::json;

constexpr char kDiscovery[] = "/.well-known/openid-configuration";
constexpr char kDeviceGrant[] = "urn:ietf:params:oauth:grant-type:device_code";
// RFC 8628, 3.2 and 3.5.
constexpr int64_t kPauseSeconds = 5;
// Whatever the issuer says: nobody waits longer than that for a person.
constexpr int64_t kDeviceSecondsMax = 1800;

int64_t NumberOf(const json& object, const char* name, int64_t otherwise) {
  const json found = Member(object, name);
  return found.is_number() ? static_cast<int64_t>(found.get<double>()) : otherwise;
}

}  // namespace

absl::StatusOr<OidcClient> OidcClient::Discover(OidcSettings settings, identity::HttpClient& http,
                                                env::Clock& clock) {
  KS_RETURN_IF_ERROR(identity::CheckCredentialUrl(settings.issuer).status());
  identity::HttpRequest request;
  request.url = StrCat(settings.issuer, kDiscovery);
  request.ca = settings.ca;
  request.service = "oidc-issuer";
  KS_ASSIGN_OR_RETURN(const HttpAnswer answer, http.Send(request));
  json found = identity::ParseJson(answer.body);
  if (answer.status != 200 || TextOf(found, "issuer") != settings.issuer)
    return NoIssuerThere(settings.issuer, answer.status);
  return OidcClient(std::move(settings), http, clock, std::move(found));
}

absl::StatusOr<std::string> OidcClient::AddressOf(const char* name) const {
  std::string address = TextOf(discovery_, name);
  if (address.empty()) return IssuerHasNo(settings_.issuer, name);
  KS_RETURN_IF_ERROR(identity::CheckCredentialUrl(address).status());
  return address;
}

absl::StatusOr<HttpAnswer> OidcClient::Post(const char* endpoint, HttpHeaders form) {
  KS_ASSIGN_OR_RETURN(const std::string address, AddressOf(endpoint));
  form.emplace_back("client_id", settings_.client_id);
  identity::HttpRequest request = identity::OauthRequest(address, form);
  request.ca = settings_.ca;
  request.service = "oidc-issuer";
  request.who = settings_.client_id;
  return http_->Send(request);
}

// An empty `nonce` was not asked for.
absl::StatusOr<IdTokens> OidcClient::ReadTokens(const HttpAnswer& answer,
                                                std::string_view nonce) const {
  const json body = identity::ParseJson(answer.body);
  IdTokens tokens{.id_token = Secret(TextOf(body, "id_token")),
                  .refresh_token = Secret(TextOf(body, "refresh_token")),
                  .subject = ""};
  if (answer.status != 200) return IssuerRefused(settings_.issuer, answer.status, body);
  if (tokens.id_token.empty()) return NoIdToken(settings_.issuer);
  const json claims = identity::ClaimsOf(tokens.id_token);
  const json audience = Member(claims, "aud");
  const bool ours =
      audience == settings_.client_id ||
      (audience.is_array() && std::count(audience.begin(), audience.end(), settings_.client_id));
  tokens.subject = TextOf(claims, "sub");
  tokens.expires_at_seconds = NumberOf(claims, "exp", 0);
  if (!ours || tokens.subject.empty() || TextOf(claims, "iss") != settings_.issuer ||
      (!nonce.empty() && TextOf(claims, "nonce") != nonce))
    return NotOurIdToken(settings_.issuer);
  return tokens;
}

// ---- Devices

absl::StatusOr<OidcClient::DeviceCode> OidcClient::BeginDevice() {
  if (TextOf(discovery_, "device_authorization_endpoint").empty())
    return NoDeviceFlow(settings_.issuer);
  const std::string verifier = identity::RandomText();
  KS_ASSIGN_OR_RETURN(
      const HttpAnswer answer,
      Post("device_authorization_endpoint", {{"scope", settings_.scope},
                                             {"code_challenge", identity::PkceChallenge(verifier)},
                                             {"code_challenge_method", "S256"}}));
  const json body = identity::ParseJson(answer.body);
  DeviceCode device{
      .code = Secret(TextOf(body, "device_code")),
      .verifier = verifier,
      .user_code = TextOf(body, "user_code"),
      .address = TextOf(body, "verification_uri"),
      .with_code = TextOf(body, "verification_uri_complete"),
      .pause_seconds = std::max<int64_t>(1, NumberOf(body, "interval", kPauseSeconds)),
      .seconds = std::min(NumberOf(body, "expires_in", 0), kDeviceSecondsMax)};
  if (answer.status != 200 || device.code.empty() || device.user_code.empty() ||
      device.address.empty())
    return IssuerRefused(settings_.issuer, answer.status, body);
  return device;
}

absl::StatusOr<IdTokens> OidcClient::WaitForDevice(const DeviceCode& device) {
  const int64_t until = clock_->MonotonicNanos() + device.seconds * env::kNanosPerSecond;
  int64_t pause = device.pause_seconds;
  while (true) {
    env::SleepFor(pause * env::kNanosPerSecond);
    if (clock_->MonotonicNanos() > until) return TooLateToSignIn();
    const auto answer = Post("token_endpoint", {{"grant_type", kDeviceGrant},
                                                {"device_code", device.code.Reveal()},
                                                {"code_verifier", device.verifier}});
    const bool away = absl::IsUnavailable(answer.status()) ||
                      absl::IsDeadlineExceeded(answer.status()) ||
                      (answer.ok() && answer->status >= 500);
    if (away) {  // it may be back in a moment, and the person is on their way
      pause *= 2;
      continue;
    }
    KS_RETURN_IF_ERROR(answer.status());
    const std::string error = TextOf(identity::ParseJson(answer->body), "error");
    if (error == "slow_down") pause += kPauseSeconds;
    if (error == "slow_down" || error == "authorization_pending") continue;
    if (error == "expired_token") return TooLateToSignIn();
    return ReadTokens(*answer, "");
  }
}

// ---- Browsers

absl::StatusOr<std::string> OidcClient::AddressFor(const Attempt& attempt) const {
  KS_ASSIGN_OR_RETURN(const std::string address, AddressOf("authorization_endpoint"));
  HttpHeaders query = {{"response_type", "code"},
                       {"client_id", settings_.client_id},
                       {"redirect_uri", attempt.redirect},
                       {"scope", settings_.scope},
                       {"state", attempt.state},
                       {"nonce", attempt.nonce},
                       {"code_challenge", identity::PkceChallenge(attempt.verifier)},
                       {"code_challenge_method", "S256"}};
  // What OpenID Connect Core 1.0, 11, wants of whoever asks for it.
  if (settings_.scope.find("offline_access") != std::string::npos)
    query.emplace_back("prompt", "consent");
  return identity::WithQuery(address, query);
}

absl::StatusOr<IdTokens> OidcClient::Exchange(const Attempt& attempt, const std::string& code) {
  KS_ASSIGN_OR_RETURN(const HttpAnswer answer,
                      Post("token_endpoint", {{"grant_type", "authorization_code"},
                                              {"code", code},
                                              {"redirect_uri", attempt.redirect},
                                              {"code_verifier", attempt.verifier}}));
  return ReadTokens(answer, attempt.nonce);
}

// ---- Afterwards

absl::StatusOr<IdTokens> OidcClient::Refresh(const Secret& refresh_token) {
  KS_ASSIGN_OR_RETURN(const HttpAnswer answer,
                      Post("token_endpoint", {{"grant_type", "refresh_token"},
                                              {"refresh_token", refresh_token.Reveal()},
                                              {"scope", settings_.scope}}));
  if (answer.status >= 400 && answer.status < 500) return SignInAgain();
  KS_ASSIGN_OR_RETURN(IdTokens tokens, ReadTokens(answer, ""));
  // Where it gave no new one, the old one stays good.
  if (tokens.refresh_token.empty()) tokens.refresh_token = refresh_token;
  return tokens;
}

absl::Status OidcClient::Revoke(const Secret& refresh_token) {
  if (refresh_token.empty() || TextOf(discovery_, "revocation_endpoint").empty())
    return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const HttpAnswer answer,
                      Post("revocation_endpoint", {{"token", refresh_token.Reveal()},
                                                   {"token_type_hint", "refresh_token"}}));
  if (answer.status == 200) return absl::OkStatus();
  return IssuerRefused(settings_.issuer, answer.status, identity::ParseJson(answer.body));
}

}  // namespace ks::cli
