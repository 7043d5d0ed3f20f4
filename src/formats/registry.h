// A schema registry with Confluent's API, over HTTP: Confluent's own, Apicurio's at
// /apis/ccompat/v7, Karapace, Redpanda's.
//
// A schema of a number never changes, so it is asked for once per process; that there is none is
// believed for kNoSchemaMillis. A registry that does not answer is asked again, within a deadline.
// Credentials are read at each request, so a changed one needs no restart, and are sent to the
// registry's own URL only. Source: docs.confluent.io, "Schema Registry API Reference". Thread
// safety: as SchemaStore; one lock, not held while asking.
#pragma once

#include <memory>
#include <string>

#include "env/clock.h"
#include "formats/schema_store.h"
#include "identity/http.h"
#include "identity/secret_reference.h"
#include "identity/secret_resolver.h"

namespace ks::formats {

struct RegistrySettings {
  std::string url;
  std::string subject;  // empty: TOPIC-key or TOPIC-value
  std::string username;
  identity::SecretReference password;
  identity::SecretReference token;  // instead of the two: a bearer token
  std::string ca;                   // path of a PEM file; empty: the system's authorities
  bool empty() const { return url.empty(); }
};

// What it needs outlives it.
struct RegistryServices {
  identity::HttpClient* http;
  identity::SecretResolver* secrets;
  env::Clock* clock;
};

std::shared_ptr<SchemaStore> MakeRegistry(RegistrySettings settings, RegistryServices services);

}  // namespace ks::formats
