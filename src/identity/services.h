// Services: what connections of one pipeline need to prove who they are: where secrets are read,
// where tokens are fetched, who is told of every attempt. Made once by the command, handed on by
// reference.
//
// Thread safety: all of it may be used from any thread.
#pragma once

#include <memory>

#include "env/clock.h"
#include "env/environment.h"
#include "identity/connection_log.h"
#include "identity/http.h"
#include "identity/kafka_security.h"
#include "identity/secret_resolver.h"
#include "identity/token.h"
#include "identity/token_cache.h"
#include "observe/metrics.h"

namespace ks::identity {

struct ServicesOptions {
  const env::Environment* environment = &env::RealEnvironment();
  env::Clock* clock = &env::RealClock();
  env::Random* random = &env::RealRandom();
  std::unique_ptr<HttpClient> http;  // null: the real one
  // Both outlive the services.
  ConnectionLog* log = nullptr;         // null: attempts are not recorded
  observe::Metrics* metrics = nullptr;  // null: nobody asks how old credentials are
};

class Services {
 public:
  explicit Services(ServicesOptions options = {});

  SecretResolver& secrets() { return secrets_; }
  HttpClient& http() { return *http_; }
  const env::Environment& environment() const { return *options_.environment; }
  env::Clock& clock() { return *options_.clock; }
  ConnectionLog* log() { return options_.log; }  // may be null
  // Who is told of a credential (credential_metrics.h); may be null.
  observe::Series* CredentialSeries(std::string_view name);

  // Where the tokens of a SASL mechanism come from; null for a mechanism without any.
  std::unique_ptr<TokenSource> TokensFor(const SaslSettings& sasl);
  // Access tokens for Google, from the application default credentials; `scope` as in
  // google_credentials.h. Blocks while the first is fetched.
  absl::StatusOr<std::unique_ptr<TokenCache>> GoogleTokens(std::string_view scope);

 private:
  const std::unique_ptr<HttpClient> http_;  // taken out of the options, so before them
  const ServicesOptions options_;
  SecretResolver secrets_;
};

}  // namespace ks::identity
