// Issuers: the identity providers that the server file names: their keys and addresses, which they
// publish (OpenID Connect Discovery 1.0), and whether a token is one of theirs.
//
// What they publish is fetched when it is first wanted, again after kKeysSeconds, and when a token
// names a key that is not there, but no sooner than kKeysPauseSeconds after the last time:
// strangers cannot make us ask an issuer as often as they like. Only addresses that the server file
// names, and what those say, are ever asked, over TLS or on this machine. Thread safety: any thread
// may ask.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "env/clock.h"
#include "governance/actor.h"
#include "identity/http.h"
#include "identity/jwt_check.h"
#include "identity/secret_reference.h"

namespace ks::control {

struct IssuerSettings {
  std::string issuer;  // its URL, as in `iss`
  std::string audience;
  std::string groups_claim = "groups";
  std::string ca = "";  // PEM file; empty: the system's
  // This server as a client of it, for people in browsers; without an id nobody logs in there.
  std::string client_id = "";
  identity::SecretReference client_secret = {};  // none: a public client, which PKCE protects
  std::string scope = "openid";
  // Another client of it, a public one, for people at a command line; without an id there is none.
  std::string cli_id = "";
  std::string cli_scope = "openid";
};

// What people call whom such a token is about, where the issuer says so; empty otherwise. It may be
// anything that a person chose, and decides nothing.
std::string NameOf(const nlohmann::json& claims);
// Who the claims of a checked token are about.
governance::Actor ActorOf(const nlohmann::json& claims, const IssuerSettings& settings);

class Issuers {
 public:
  Issuers(std::vector<IssuerSettings> issuers, identity::HttpClient& http, env::Clock& clock);

  // Null where there is none.
  const IssuerSettings* Find(std::string_view issuer) const;
  std::vector<const IssuerSettings*> All() const;

  // The claims of a token for `audience`, which has a subject unless it need not. UNAUTHENTICATED,
  // or UNAVAILABLE where the issuer does not answer.
  absl::StatusOr<nlohmann::json> Check(const IssuerSettings& settings, std::string_view token,
                                       const std::string& audience, bool has_subject = true);

  // An address of its discovery document, such as `token_endpoint`; empty where it has none.
  absl::StatusOr<std::string> AddressOf(const IssuerSettings& settings, const char* name);

 private:
  struct Published {
    nlohmann::json discovery;
    identity::KeySet keys;
  };
  using PublishedPtr = std::shared_ptr<const Published>;
  struct Known {
    IssuerSettings settings;
    absl::Mutex mu;
    PublishedPtr published ABSL_GUARDED_BY(mu);
    int64_t fetched_nanos ABSL_GUARDED_BY(mu) = 0;  // monotonic; of the last try
  };
  // `stale`: what is wanted is not in what is at hand.
  absl::StatusOr<PublishedPtr> PublishedBy(const IssuerSettings& settings, bool stale);
  absl::StatusOr<Published> Fetch(const IssuerSettings& settings);
  absl::StatusOr<nlohmann::json> Get(const IssuerSettings& settings, const std::string& url);

  identity::HttpClient& http_;
  env::Clock& clock_;
  std::map<std::string, std::unique_ptr<Known>, std::less<>> issuers_;
};

}  // namespace ks::control
