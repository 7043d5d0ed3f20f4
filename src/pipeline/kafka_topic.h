// A topic that something else than a pipeline's records goes to, and how it is reached. Thread
// safety: plain data.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "identity/kafka_security.h"

namespace ks::pipeline {

struct KafkaTopic {
  std::string brokers;
  std::string topic;
  identity::KafkaSecurity security;
  std::map<std::string, std::string> properties;  // librdkafka's, passed through
};

// A file with nothing but `kafka:`, whose fields are those of a source's. Errors as
// ParsePipeline's.
absl::StatusOr<KafkaTopic> ParseKafkaTopic(std::string file_name, std::string text);

}  // namespace ks::pipeline
