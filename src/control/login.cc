#include "control/login.h"

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"
#include "identity/json.h"
#include "identity/url.h"

namespace ks::control {
namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr char kDiscovery[] = "/.well-known/openid-configuration";

// Groups as a list of texts; what is anything else is no group.
std::vector<std::string> GroupsOf(const nlohmann::json& claims, const std::string& name) {
  std::vector<std::string> groups;
  const nlohmann::json list = identity::Member(claims, name.c_str());
  if (!list.is_array()) return groups;
  for (const nlohmann::json& group : list) {
    if (group.is_string()) groups.push_back(group);
  }
  return groups;
}

}  // namespace

Login::Login(std::vector<IssuerSettings> issuers, identity::HttpClient& http, env::Clock& clock)
    : http_(http), clock_(clock) {
  for (IssuerSettings& settings : issuers) {
    auto known = std::make_unique<Known>();
    known->settings = settings;
    issuers_[settings.issuer] = std::move(known);
  }
}

absl::StatusOr<governance::Actor> Login::ActorOf(std::string_view header) {
  if (header.size() <= kScheme.size() ||
      !absl::EqualsIgnoreCase(AbslView(header.substr(0, kScheme.size())), AbslView(kScheme)))
    return NoToken();
  const std::string_view token = header.substr(kScheme.size());
  KS_ASSIGN_OR_RETURN(const std::string issuer, identity::UncheckedIssuer(token));
  const auto known = issuers_.find(issuer);
  if (known == issuers_.end()) return UnknownIssuer();
  const IssuerSettings& settings = known->second->settings;
  const identity::JwtExpectations expected{settings.issuer, settings.audience,
                                           clock_.NowNanos() / env::kNanosPerSecond};
  KS_ASSIGN_OR_RETURN(auto keys, KeysOf(*known->second, false));
  auto claims = identity::CheckJwt(token, *keys, expected);
  if (absl::IsNotFound(claims.status())) {
    KS_ASSIGN_OR_RETURN(keys, KeysOf(*known->second, true));
    claims = identity::CheckJwt(token, *keys, expected);
  }
  if (absl::IsNotFound(claims.status()))
    return absl::UnauthenticatedError(claims.status().message());
  KS_RETURN_IF_ERROR(claims.status());
  return governance::Actor{settings.issuer, identity::TextOf(*claims, "sub"),
                           GroupsOf(*claims, settings.groups_claim)};
}

absl::StatusOr<std::shared_ptr<const identity::KeySet>> Login::KeysOf(Known& known, bool stale) {
  const absl::MutexLock lock(&known.mu);
  const int64_t age = known.fetched_nanos == 0
                          ? INT64_MAX
                          : (clock_.MonotonicNanos() - known.fetched_nanos) / env::kNanosPerSecond;
  const bool wanted = known.keys == nullptr || stale || age > kKeysSeconds;
  if (wanted && age >= kKeysPauseSeconds) {
    known.fetched_nanos = clock_.MonotonicNanos();
    auto keys = Fetch(known.settings);
    // An issuer that is down for a moment locks nobody out whose key is known.
    if (!keys.ok() && known.keys == nullptr) return keys.status();
    if (keys.ok()) known.keys = std::make_shared<const identity::KeySet>(*std::move(keys));
  }
  if (known.keys == nullptr) return IssuerDown(known.settings.issuer);
  return known.keys;
}

absl::StatusOr<identity::KeySet> Login::Fetch(const IssuerSettings& settings) {
  KS_ASSIGN_OR_RETURN(const nlohmann::json found,
                      Get(settings, StrCat(settings.issuer, kDiscovery)));
  if (identity::TextOf(found, "issuer") != settings.issuer) return ForeignIssuer(settings.issuer);
  KS_ASSIGN_OR_RETURN(const nlohmann::json keys,
                      Get(settings, identity::TextOf(found, "jwks_uri")));
  return identity::KeySet::Parse(keys.dump());
}

absl::StatusOr<nlohmann::json> Login::Get(const IssuerSettings& settings, const std::string& url) {
  KS_RETURN_IF_ERROR(identity::CheckCredentialUrl(url).status());
  identity::HttpRequest request;
  request.url = url;
  request.ca = settings.ca;
  request.service = "oidc-issuer";
  KS_ASSIGN_OR_RETURN(const identity::HttpAnswer answer, http_.Send(request));
  if (answer.status != 200) return IssuerDown(settings.issuer);
  return identity::ParseJson(answer.body);
}

}  // namespace ks::control
