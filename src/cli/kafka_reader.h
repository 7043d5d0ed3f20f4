// A Kafka client for commands that look at topics without being a member of any group.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "identity/services.h"
#include "kafka/consumer.h"
#include "pipeline/spec.h"

namespace ks::cli {

// `purpose` ends the group's name, which is never joined. `identity` outlives it.
absl::StatusOr<std::unique_ptr<kafka::Consumer>> KafkaReader(const pipeline::PipelineSpec& spec,
                                                             const pipeline::SourceSpec& source,
                                                             std::string_view purpose,
                                                             identity::Services& identity);

// The source that reads `topic`; where `topic` is empty, the only topic there is becomes it.
absl::StatusOr<const pipeline::SourceSpec*> SourceOfTopic(const pipeline::PipelineSpec& spec,
                                                          std::string* topic);

}  // namespace ks::cli
