// A schema registry with Confluent's API, over HTTP: Confluent's own, Apicurio's at
// /apis/ccompat/v7, Karapace, Redpanda's.
//
// A schema of a number never changes, so it is asked for once per process; that there is none, or
// that it cannot be had, is believed for kNoSchemaMillis. A registry that does not answer is asked
// again, within a deadline; what is prepared is fetched on a thread of the registry's own.
// Credentials are read at each request, so a changed one needs no restart; one that is refused
// leaves the one before in use (identity/proved_secret.h). They are sent to the registry's own URL
// only, and not over plain http, but to this machine. Source: docs.confluent.io, "Schema Registry
// API Reference". Thread safety: as SchemaStore; one lock, not held while asking. Its end waits for
// a request under way.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "env/clock.h"
#include "formats/schema_store.h"
#include "identity/http.h"
#include "identity/kafka_security.h"
#include "identity/secret_reference.h"
#include "identity/secret_resolver.h"

namespace ks::formats {

struct RegistrySettings {
  std::string url;
  std::string subject;  // empty: TOPIC-key or TOPIC-value
  std::string username;
  identity::SecretReference password;
  identity::SecretReference token;               // instead of the two: a bearer token
  std::optional<identity::OauthSettings> oauth;  // instead of them: a token that we fetch
  std::map<std::string, std::string> headers;    // more of them, as Confluent Cloud wants
  std::string ca;           // path of a PEM file; empty: the system's authorities
  std::string certificate;  // mutual TLS, as identity/kafka_security.h has it
  identity::SecretReference private_key;
  identity::SecretReference private_key_password;
  bool empty() const { return url.empty(); }
  // Whether something is shown there that nobody else may see.
  bool has_credential() const { return !username.empty() || !token.empty() || oauth.has_value(); }
};

// What it needs outlives it.
struct RegistryServices {
  identity::HttpClient* http;
  identity::SecretResolver* secrets;
  env::Clock* clock;
  env::Random* random = &env::RealRandom();
};

std::shared_ptr<SchemaStore> MakeRegistry(RegistrySettings settings, RegistryServices services);

}  // namespace ks::formats
