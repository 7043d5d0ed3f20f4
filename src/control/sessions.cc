#include "control/sessions.h"

#include <openssl/crypto.h>

#include <atomic>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"
#include "governance/hash.h"
#include "identity/json.h"
#include "identity/oauth.h"
#include "identity/pkce.h"
#include "identity/url.h"

namespace ks::control {
namespace {

using governance::Sha256Hex;
using identity::Secret;
using identity::TextOf;

constexpr char kLogoutEvent[] = "http://schemas.openid.net/event/backchannel-logout";

// State, nonce and verifier of an attempt: none of them says anything about the others.
std::string Derived(const Secret& attempt, std::string_view purpose) {
  return Sha256Hex(StrCat(purpose, ":", attempt.Reveal()));
}

bool Same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

// Empty where it is not there, or more than once: which of them would another have read?
std::string OnlyOne(const Sessions::Query& query, const std::string& name) {
  return query.count(name) == 1 ? query.find(name)->second : "";
}

// An attempt's text: when, a random text, and at which issuer.
std::string AttemptText(int64_t now_seconds, const std::string& issuer) {
  return StrCat(now_seconds, ".", identity::RandomText(), ".",
                absl::WebSafeBase64Escape(AbslView(issuer)));
}

// One of the few that may wait for an issuer.
class Turn {
 public:
  explicit Turn(std::atomic<int>* waiting)
      : waiting_(waiting), mine_(waiting->fetch_add(1) < kRedeemedAtOnce) {}
  ~Turn() { waiting_->fetch_sub(1); }
  Turn(const Turn&) = delete;
  bool mine() const { return mine_; }

 private:
  std::atomic<int>* const waiting_;
  const bool mine_;
};

struct ReadAttempt {
  int64_t began_seconds = 0;
  std::string issuer;
};
std::optional<ReadAttempt> Read(const Secret& attempt) {
  const std::vector<std::string> parts = absl::StrSplit(attempt.Reveal(), '.');
  ReadAttempt read;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &read.began_seconds) ||
      !absl::WebSafeBase64Unescape(parts[2], &read.issuer))
    return std::nullopt;
  return read;
}

}  // namespace

std::string Sessions::CallbackUrl() const { return StrCat(page_, "/auth/callback"); }

absl::StatusOr<const IssuerSettings*> Sessions::IssuerOf(std::string_view issuer) const {
  const IssuerSettings* found = nullptr;
  for (const IssuerSettings* each : services_.issuers->All()) {
    if (each->client_id.empty() || (!issuer.empty() && each->issuer != issuer)) continue;
    if (found != nullptr) return WhichIssuer();
    found = each;
  }
  if (found == nullptr) return NoPeopleFrom();
  return found;
}

absl::StatusOr<Sessions::Attempt> Sessions::Begin(std::string_view issuer) {
  KS_ASSIGN_OR_RETURN(const IssuerSettings* settings, IssuerOf(issuer));
  KS_ASSIGN_OR_RETURN(const std::string endpoint,
                      services_.issuers->AddressOf(*settings, "authorization_endpoint"));
  if (endpoint.empty()) return IssuerLacks(settings->issuer, "authorization_endpoint");
  const Secret cookie(
      AttemptText(services_.clock->NowNanos() / env::kNanosPerSecond, settings->issuer));
  return Attempt{
      identity::WithQuery(endpoint,
                          {{"response_type", "code"},
                           {"client_id", settings->client_id},
                           {"redirect_uri", CallbackUrl()},
                           {"scope", settings->scope},
                           {"state", Derived(cookie, "state")},
                           {"nonce", Derived(cookie, "nonce")},
                           {"code_challenge", identity::PkceChallenge(Derived(cookie, "verifier"))},
                           {"code_challenge_method", "S256"}}),
      cookie};
}

absl::StatusOr<Secret> Sessions::Finish(const Query& answer, const Secret& attempt) {
  const auto read = Read(attempt);
  const int64_t now = services_.clock->NowNanos();
  if (!read || now / env::kNanosPerSecond - read->began_seconds > kLoginSeconds)
    return NoLoginBegun();
  if (!Same(OnlyOne(answer, "state"), Derived(attempt, "state"))) return NotYourLogin();
  KS_ASSIGN_OR_RETURN(const IssuerSettings* issuer, IssuerOf(read->issuer));
  // An answer of another issuer than the one that was asked (RFC 9207).
  if (answer.contains("iss") && OnlyOne(answer, "iss") != issuer->issuer) return NotYourLogin();
  if (answer.contains("error")) return LoginRefused(OnlyOne(answer, "error"));
  KS_ASSIGN_OR_RETURN(const std::string token,
                      IdTokenFor(*issuer, OnlyOne(answer, "code"), Derived(attempt, "verifier")));
  KS_ASSIGN_OR_RETURN(const auto claims,
                      services_.issuers->Check(*issuer, token, issuer->client_id));
  KS_RETURN_IF_ERROR(CheckIdToken(claims, *issuer, Derived(attempt, "nonce")));
  const Secret cookie(identity::RandomText());
  const SessionRow row{.id = Sha256Hex(cookie.Reveal()),
                       .actor = ActorOf(claims, *issuer),
                       .issuer_session = TextOf(claims, "sid"),
                       .created_nanos = now,
                       .expires_nanos = now + kSessionSeconds * env::kNanosPerSecond,
                       .name = NameOf(claims)};
  KS_RETURN_IF_ERROR(services_.governor->BeginSession(row));
  return cookie;
}

absl::StatusOr<std::string> Sessions::IdTokenFor(const IssuerSettings& issuer,
                                                 const std::string& code,
                                                 const std::string& verifier) {
  if (code.empty()) return NotYourLogin();
  const Turn turn(&redeeming_);
  if (!turn.mine()) return TooManyLogins();
  KS_ASSIGN_OR_RETURN(const std::string endpoint,
                      services_.issuers->AddressOf(issuer, "token_endpoint"));
  if (endpoint.empty()) return IssuerLacks(issuer.issuer, "token_endpoint");
  identity::HttpHeaders form = {{"grant_type", "authorization_code"},
                                {"code", code},
                                {"redirect_uri", CallbackUrl()},
                                {"code_verifier", verifier}};
  if (issuer.client_secret.empty()) form.emplace_back("client_id", issuer.client_id);
  identity::HttpRequest request = identity::OauthRequest(endpoint, form);
  request.ca = issuer.ca;
  request.service = "oidc-issuer";
  request.who = issuer.client_id;
  if (!issuer.client_secret.empty()) {
    KS_ASSIGN_OR_RETURN(const auto secret, services_.secrets->Resolve(issuer.client_secret));
    request.headers.push_back(identity::BasicLogin(issuer.client_id, secret.value));
    request.credential_version = secret.version;
  }
  KS_ASSIGN_OR_RETURN(const auto answer, services_.http->Send(request));
  if (answer.status >= 500) return IssuerDown(issuer.issuer);
  const nlohmann::json body = identity::ParseJson(answer.body);
  std::string token = TextOf(body, "id_token");
  if (answer.status != 200 || token.empty()) return CodeRefused(TextOf(body, "error"));
  return token;
}

absl::Status Sessions::CheckIdToken(const nlohmann::json& claims, const IssuerSettings& issuer,
                                    const std::string& nonce) const {
  if (!Same(TextOf(claims, "nonce"), nonce)) return NotYourLogin();
  // Made for several: then it says who asked for it (OpenID Connect Core 1.0, 3.1.3.7).
  const auto audience = identity::Member(claims, "aud");
  const auto party = identity::Member(claims, "azp");
  const bool several = audience.is_array() && audience.size() > 1;
  if ((several || !party.is_null()) && party != issuer.client_id) return NotYourLogin();
  return absl::OkStatus();
}

absl::StatusOr<SessionRow> Sessions::Find(const Secret& cookie) {
  KS_ASSIGN_OR_RETURN(const auto row,
                      ReadSession(ReaderOf(*services_.client), Sha256Hex(cookie.Reveal())));
  if (!row || row->expires_nanos <= services_.clock->NowNanos()) return NoSession();
  // An issuer that the server file does not name any more.
  const IssuerSettings* issuer = services_.issuers->Find(row->actor.issuer);
  if (issuer == nullptr || issuer->client_id.empty()) return NoSession();
  return *row;
}

std::string Sessions::CsrfTokenOf(const Secret& cookie) { return Derived(cookie, "csrf"); }

absl::StatusOr<std::string> Sessions::End(const SessionRow& session) {
  KS_RETURN_IF_ERROR(services_.governor->EndSession(session, "logout"));
  const IssuerSettings* issuer = services_.issuers->Find(session.actor.issuer);
  if (issuer == nullptr) return "";
  const auto endpoint = services_.issuers->AddressOf(*issuer, "end_session_endpoint");
  if (!endpoint.ok() || endpoint->empty()) return "";
  return identity::WithQuery(*endpoint, {{"client_id", issuer->client_id},
                                         {"post_logout_redirect_uri", StrCat(page_, "/")}});
}

absl::Status Sessions::EndByToken(std::string_view logout_token) {
  KS_ASSIGN_OR_RETURN(const std::string name, identity::UncheckedIssuer(logout_token));
  const IssuerSettings* issuer = services_.issuers->Find(name);
  if (issuer == nullptr || issuer->client_id.empty()) return UnknownIssuer();
  KS_ASSIGN_OR_RETURN(const auto claims,
                      services_.issuers->Check(*issuer, logout_token, issuer->client_id,
                                               /*has_subject=*/false));
  // An ID token is no logout token: it has a nonce, and no event.
  const auto events = identity::Member(claims, "events");
  if (identity::Member(events, kLogoutEvent).is_null() || claims.contains("nonce"))
    return NoLogoutToken();
  // It names a person, a session, or both (section 2.4).
  const governance::Actor person{issuer->issuer, TextOf(claims, "sub")};
  const std::string session = TextOf(claims, "sid");
  if (person.subject.empty() && session.empty()) return NoLogoutToken();
  const Reader reader = ReaderOf(*services_.client);
  KS_ASSIGN_OR_RETURN(const auto rows, session.empty()
                                           ? ReadSessionsOf(reader, person)
                                           : ReadIssuerSession(reader, issuer->issuer, session));
  for (const SessionRow& row : rows) {
    if (!person.subject.empty() && !row.actor.SameAs(person)) continue;
    KS_RETURN_IF_ERROR(services_.governor->EndSession(row, "the issuer"));
  }
  return absl::OkStatus();
}

}  // namespace ks::control
