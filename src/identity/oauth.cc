#include "identity/oauth.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/json.h"
#include "identity/jwt.h"
#include "identity/limits.h"
#include "identity/proved_secret.h"
#include "identity/url.h"

namespace ks::identity {
namespace {

// Seconds as a number, or as the text of one, which some servers send; 0 where there are none.
int64_t SecondsOf(const nlohmann::json& object, const char* name) {
  const auto it = object.find(name);
  int64_t seconds = 0;
  if (it != object.end() && it->is_number()) seconds = static_cast<int64_t>(it->get<double>());
  if (it != object.end() && it->is_string()) {
    (void)absl::SimpleAtoi(it->get<std::string>(), &seconds);
  }
  return seconds;
}

std::string PrincipalOf(const nlohmann::json& claims, std::string_view otherwise) {
  const std::string subject = TextOf(claims, "sub");
  if (!subject.empty()) return subject;
  return otherwise.empty() ? "unknown" : std::string(otherwise);
}

class OauthSource : public TokenSource {
 public:
  OauthSource(OauthSettings settings, const OauthServices& services)
      : settings_(std::move(settings)), services_(services), proved_(ProofReference().text) {}

  absl::StatusOr<Token> Fetch() override {
    if (settings_.grant == OauthGrant::kTokenFile) return ReadToken();
    if (ProofReference().empty()) return Ask({});
    KS_ASSIGN_OR_RETURN(const SecretVersion proof, services_.secrets->Resolve(ProofReference()));
    return proved_.Try(
        proof, [&](const SecretVersion& version) { return Ask(version); },
        [](const absl::StatusOr<Token>& token) {
          return absl::IsUnauthenticated(token.status()) ||
                 absl::IsInvalidArgument(token.status());  // a key that cannot sign
        });
  }

 private:
  // private_key_jwt: the client proves itself with a signature.
  bool SignsForItself() const {
    return !settings_.private_key.empty() && settings_.grant != OauthGrant::kJwtBearer;
  }
  // What the client proves itself with; empty: with nothing.
  const SecretReference& ProofReference() const {
    return SignsForItself() ? settings_.private_key : settings_.client_secret;
  }

  absl::StatusOr<Token> Ask(const SecretVersion& proof) {
    KS_ASSIGN_OR_RETURN(const Url endpoint, CheckCredentialUrl(settings_.token_endpoint));
    HttpHeaders form;
    HttpHeaders headers;
    KS_RETURN_IF_ERROR(AddGrant(&form));
    KS_RETURN_IF_ERROR(AddClient(proof, &headers, &form));
    if (!settings_.scope.empty()) form.emplace_back("scope", settings_.scope);
    if (!settings_.audience.empty()) form.emplace_back("audience", settings_.audience);
    HttpRequest request = OauthRequest(settings_.token_endpoint, form);
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    request.ca = settings_.ca;
    request.service = "token-endpoint";
    request.who = settings_.client_id;
    request.credential_version = proof.version;
    const int64_t asked_at = services_.clock->NowNanos();
    KS_ASSIGN_OR_RETURN(const HttpAnswer answer, services_.http->Send(request));
    return ReadTokenAnswer(StrCat(endpoint.host, ":", endpoint.port), answer, asked_at,
                           settings_.client_id);
  }

  absl::StatusOr<Token> ReadToken() {
    KS_ASSIGN_OR_RETURN(SecretVersion file, services_.secrets->Resolve(settings_.token));
    const int64_t now = services_.clock->NowNanos();
    const nlohmann::json claims = ClaimsOf(file.value);
    const int64_t expires = SecondsOf(claims, "exp") * env::kNanosPerSecond;
    if (expires != 0 && expires <= now) return TokenExpired(settings_.token.text);
    const int64_t otherwise = now + kTokenSecondsDefault * env::kNanosPerSecond;
    return Token{std::move(file.value), expires == 0 ? otherwise : expires,
                 PrincipalOf(claims, "")};
  }

  absl::Status AddGrant(HttpHeaders* form) {
    switch (settings_.grant) {
      case OauthGrant::kClientCredentials:
        form->emplace_back("grant_type", "client_credentials");
        return absl::OkStatus();
      case OauthGrant::kJwtBearer: {
        form->emplace_back("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        KS_ASSIGN_OR_RETURN(const Secret assertion, Assertion());
        form->emplace_back("assertion", assertion.Reveal());
        return absl::OkStatus();
      }
      case OauthGrant::kTokenExchange: {
        form->emplace_back("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
        KS_ASSIGN_OR_RETURN(const SecretVersion subject,
                            services_.secrets->Resolve(settings_.subject_token));
        form->emplace_back("subject_token", subject.value.Reveal());
        form->emplace_back("subject_token_type", settings_.subject_token_type);
        return absl::OkStatus();
      }
      case OauthGrant::kTokenFile:
        break;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Secret> Assertion() {
    if (settings_.assertion.empty()) {
      KS_ASSIGN_OR_RETURN(const SecretVersion key,
                          services_.secrets->Resolve(settings_.private_key));
      return Sign(key, settings_.subject.empty() ? settings_.client_id : settings_.subject);
    }
    KS_ASSIGN_OR_RETURN(SecretVersion assertion, services_.secrets->Resolve(settings_.assertion));
    return std::move(assertion.value);
  }

  // RFC 7523, 3: who says it, about whom, to whom, until when, and once only.
  absl::StatusOr<Secret> Sign(const SecretVersion& key, const std::string& subject) {
    const int64_t now = services_.clock->NowNanos() / env::kNanosPerSecond;
    const nlohmann::json claims = {{"iss", settings_.client_id},
                                   {"sub", subject},
                                   {"aud", settings_.token_endpoint},
                                   {"iat", now},
                                   {"nbf", now},
                                   {"exp", now + kAssertionSeconds},
                                   {"jti", env::NewUuid(*services_.random)}};
    return SignJwt(claims, key.value, settings_.key_id);
  }

  absl::Status AddClient(const SecretVersion& proof, HttpHeaders* headers, HttpHeaders* form) {
    if (SignsForItself()) {
      KS_ASSIGN_OR_RETURN(const Secret assertion, Sign(proof, settings_.client_id));
      form->emplace_back("client_id", settings_.client_id);
      form->emplace_back("client_assertion_type",
                         "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      form->emplace_back("client_assertion", assertion.Reveal());
      return absl::OkStatus();
    }
    if (settings_.client_secret.empty()) {
      if (!settings_.client_id.empty()) form->emplace_back("client_id", settings_.client_id);
      return absl::OkStatus();
    }
    if (settings_.client_authentication == ClientAuthentication::kPost) {
      form->emplace_back("client_id", settings_.client_id);
      form->emplace_back("client_secret", proof.value.Reveal());
      return absl::OkStatus();
    }
    headers->push_back(BasicLogin(settings_.client_id, proof.value));
    return absl::OkStatus();
  }

  const OauthSettings settings_;
  const OauthServices services_;
  ProvedSecret<> proved_;
};

}  // namespace

absl::StatusOr<Token> ReadTokenAnswer(std::string_view endpoint, const HttpAnswer& answer,
                                      int64_t asked_at_nanos, std::string_view principal) {
  const nlohmann::json body = ParseJson(answer.body);
  const std::string value = TextOf(body, "access_token");
  if (answer.status != 200 || value.empty()) {
    return TokenRefused(endpoint, answer.status, TextOf(body, "error"),
                        TextOf(body, "error_description"));
  }
  Token token{.value = Secret(value)};
  const nlohmann::json claims = ClaimsOf(token.value);
  int64_t seconds = SecondsOf(body, "expires_in");
  if (seconds <= 0 && claims.contains("exp")) {
    seconds = SecondsOf(claims, "exp") - asked_at_nanos / env::kNanosPerSecond;
  }
  if (seconds <= 0) seconds = kTokenSecondsDefault;
  token.expires_at_nanos = asked_at_nanos + seconds * env::kNanosPerSecond;
  token.principal = PrincipalOf(claims, principal);
  return token;
}

HttpRequest OauthRequest(std::string endpoint, const HttpHeaders& form) {
  return {.method = "POST",
          .url = std::move(endpoint),
          .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                      {"Accept", "application/json"}},
          .body = FormEncode(form)};
}

std::pair<std::string, std::string> BasicLogin(std::string_view client_id, const Secret& secret) {
  // Both are form-encoded before they are joined.
  const std::string pair = StrCat(PercentEncode(client_id), ":", PercentEncode(secret.Reveal()));
  return {"Authorization", "Basic " + absl::Base64Escape(pair)};
}

std::unique_ptr<TokenSource> MakeOauthTokenSource(OauthSettings settings,
                                                  const OauthServices& services) {
  return std::make_unique<OauthSource>(std::move(settings), services);
}

}  // namespace ks::identity
