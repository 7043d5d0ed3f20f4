// A Kafka client for what looks at topics without being a member of any group, and places in topics
// as people write them. Thread safety: pure functions; they block for the broker.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "identity/services.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "pipeline/spec.h"

namespace ks::operations {

// `purpose` ends the group's name, which is never joined. `identity` outlives it.
absl::StatusOr<std::unique_ptr<kafka::Consumer>> KafkaReader(const pipeline::PipelineSpec& spec,
                                                             const pipeline::SourceSpec& source,
                                                             std::string_view purpose,
                                                             identity::Services& identity);

// The source that reads `topic`; where `topic` is empty, the only topic there is becomes it.
absl::StatusOr<const pipeline::SourceSpec*> SourceOfTopic(const pipeline::PipelineSpec& spec,
                                                          std::string* topic);

// The partitions of `topic`; only number `partition`, unless it is negative.
absl::StatusOr<std::vector<kafka::TopicPartition>> ChoosePartitions(
    const kafka::TopicDescription& topic, int partition);

struct Ends {
  std::map<kafka::TopicPartition, Offset> low, high;  // the first record, and after the last
};
absl::StatusOr<Ends> EndsOf(rd_kafka_s* kafka,
                            const std::vector<kafka::TopicPartition>& partitions);

// What somebody writes for `option`: an offset, earliest, latest, or a time, as an offset of each
// partition. INVALID_ARGUMENT where a partition does not have it.
absl::StatusOr<std::map<kafka::TopicPartition, Offset>> ResolvePosition(
    rd_kafka_s* kafka, const Ends& ends, std::string_view option, const std::string& position);

}  // namespace ks::operations
