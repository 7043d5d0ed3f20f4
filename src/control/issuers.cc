#include "control/issuers.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"
#include "identity/json.h"
#include "identity/url.h"

namespace ks::control {
namespace {

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

std::string NameOf(const nlohmann::json& claims) {
  for (const char* claim : {"name", "preferred_username", "email"}) {
    std::string name = identity::TextOf(claims, claim);
    if (!name.empty() && name.size() <= kNameBytesMax) return name;
  }
  return "";
}

governance::Actor ActorOf(const nlohmann::json& claims, const IssuerSettings& settings) {
  return {settings.issuer, identity::TextOf(claims, "sub"),
          GroupsOf(claims, settings.groups_claim)};
}

Issuers::Issuers(std::vector<IssuerSettings> issuers, identity::HttpClient& http, env::Clock& clock)
    : http_(http), clock_(clock) {
  for (IssuerSettings& settings : issuers) {
    auto known = std::make_unique<Known>();
    known->settings = settings;
    issuers_[settings.issuer] = std::move(known);
  }
}

const IssuerSettings* Issuers::Find(std::string_view issuer) const {
  const auto known = issuers_.find(issuer);
  return known == issuers_.end() ? nullptr : &known->second->settings;
}

std::vector<const IssuerSettings*> Issuers::All() const {
  std::vector<const IssuerSettings*> all;
  for (const auto& [name, known] : issuers_) all.push_back(&known->settings);
  return all;
}

absl::StatusOr<nlohmann::json> Issuers::Check(const IssuerSettings& settings,
                                              std::string_view token, const std::string& audience,
                                              bool has_subject) {
  const identity::JwtExpectations expected{settings.issuer, audience,
                                           clock_.NowNanos() / env::kNanosPerSecond, has_subject};
  KS_ASSIGN_OR_RETURN(auto published, PublishedBy(settings, false));
  auto claims = identity::CheckJwt(token, published->keys, expected);
  if (absl::IsNotFound(claims.status())) {
    KS_ASSIGN_OR_RETURN(published, PublishedBy(settings, true));
    claims = identity::CheckJwt(token, published->keys, expected);
  }
  if (absl::IsNotFound(claims.status()))
    return absl::UnauthenticatedError(claims.status().message());
  return claims;
}

absl::StatusOr<std::string> Issuers::AddressOf(const IssuerSettings& settings, const char* name) {
  KS_ASSIGN_OR_RETURN(const auto published, PublishedBy(settings, false));
  std::string address = identity::TextOf(published->discovery, name);
  if (!address.empty()) KS_RETURN_IF_ERROR(identity::CheckCredentialUrl(address).status());
  return address;
}

absl::StatusOr<Issuers::PublishedPtr> Issuers::PublishedBy(const IssuerSettings& settings,
                                                           bool stale) {
  Known& known = *issuers_.find(settings.issuer)->second;
  const absl::MutexLock lock(&known.mu);
  const int64_t age = known.fetched_nanos == 0
                          ? INT64_MAX
                          : (clock_.MonotonicNanos() - known.fetched_nanos) / env::kNanosPerSecond;
  const bool wanted = known.published == nullptr || stale || age > kKeysSeconds;
  if (wanted && age >= kKeysPauseSeconds) {
    known.fetched_nanos = clock_.MonotonicNanos();
    auto published = Fetch(known.settings);
    // An issuer that is down for a moment locks nobody out whose key is known.
    if (!published.ok() && known.published == nullptr) return published.status();
    if (published.ok()) known.published = std::make_shared<const Published>(*std::move(published));
  }
  if (known.published == nullptr) return IssuerDown(known.settings.issuer);
  return known.published;
}

absl::StatusOr<Issuers::Published> Issuers::Fetch(const IssuerSettings& settings) {
  KS_ASSIGN_OR_RETURN(nlohmann::json found, Get(settings, StrCat(settings.issuer, kDiscovery)));
  if (identity::TextOf(found, "issuer") != settings.issuer) return ForeignIssuer(settings.issuer);
  KS_ASSIGN_OR_RETURN(const nlohmann::json keys,
                      Get(settings, identity::TextOf(found, "jwks_uri")));
  return Published{std::move(found), identity::KeySet::Parse(keys.dump())};
}

absl::StatusOr<nlohmann::json> Issuers::Get(const IssuerSettings& settings,
                                            const std::string& url) {
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
