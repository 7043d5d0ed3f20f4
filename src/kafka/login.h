// Login: how one librdkafka client proves to Kafka who it is, and has Kafka prove itself: TLS and
// SASL, from the settings of a pipeline file and the secrets behind them.
//
// Create() before rd_kafka_new, Start() behind it; a Login goes before its client does. Secrets go
// from the resolver straight into librdkafka: never through `Properties`, which errors may show.
// Thread safety: none needed. Names of the properties:
// https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "identity/kafka_security.h"
#include "identity/services.h"

struct rd_kafka_conf_s;

namespace ks::kafka {

// What a client needs to log in. `services` may be null where nothing is to be proved.
struct LoginOptions {
  identity::KafkaSecurity security;
  identity::Services* services = nullptr;
};

// Sets TLS and SASL on `conf`. Blocks while secrets are read.
absl::Status PrepareLogin(const LoginOptions& options, rd_kafka_conf_s* conf);

}  // namespace ks::kafka
