// Login: who sends a request? A bearer token of one of the issuers that the server file names (RFC
// 6750), checked by the issuer's own keys, which it publishes (OpenID Connect Discovery 1.0).
//
// Keys are fetched when the first token comes, again after kKeysSeconds, and when a token names one
// that is not there, but no sooner than kKeysPauseSeconds after the last time: strangers cannot
// make us ask an issuer as often as they like. Only addresses that the server file names, and what
// those say, are ever asked, over TLS or on this machine. Thread safety: any thread may ask.
#pragma once

#include <map>
#include <memory>
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

namespace ks::control {

struct IssuerSettings {
  std::string issuer;  // its URL, as in `iss`
  std::string audience;
  std::string groups_claim = "groups";
  std::string ca;  // PEM file; empty: the system's
};

class Login {
 public:
  Login(std::vector<IssuerSettings> issuers, identity::HttpClient& http, env::Clock& clock);

  // `header` is the request's Authorization. UNAUTHENTICATED, or UNAVAILABLE where the issuer does
  // not answer.
  absl::StatusOr<governance::Actor> ActorOf(std::string_view header);

 private:
  struct Known {
    IssuerSettings settings;
    absl::Mutex mu;
    std::shared_ptr<const identity::KeySet> keys ABSL_GUARDED_BY(mu);
    int64_t fetched_nanos ABSL_GUARDED_BY(mu) = 0;  // monotonic; of the last try
  };
  // `stale`: the token's key is not among those at hand.
  absl::StatusOr<std::shared_ptr<const identity::KeySet>> KeysOf(Known& known, bool stale);
  absl::StatusOr<identity::KeySet> Fetch(const IssuerSettings& settings);
  absl::StatusOr<nlohmann::json> Get(const IssuerSettings& settings, const std::string& url);

  identity::HttpClient& http_;
  env::Clock& clock_;
  std::map<std::string, std::unique_ptr<Known>, std::less<>> issuers_;
};

}  // namespace ks::control
