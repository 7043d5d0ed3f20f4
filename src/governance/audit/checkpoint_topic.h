// Checkpoints in a Kafka topic: each one a record whose key is the log's name (OriginOf) and whose
// value is its line (checkpoint_sink.h), so that logs of many databases may share a topic, and one
// that is compacted keeps the newest of each.
//
// A topic is a place outside of the database only where the database's owner may not write to it;
// what lies there is signed, so nobody makes one up, but who may delete records may take some away.
// Thread safety: none; one action at a time. Blocks, with a deadline. Tests:
// tests/e2e/test_audit_topic.py.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "governance/audit/checkpoint_sink.h"
#include "identity/services.h"
#include "pipeline/kafka_topic.h"

namespace ks::governance {

// For the log of that name. `identity` outlives it. The topic is there already.
absl::StatusOr<std::unique_ptr<CheckpointSink>> OpenCheckpointTopic(pipeline::KafkaTopic topic,
                                                                    std::string origin,
                                                                    identity::Services& identity);

// The lines of that log that are in the topic now, each partition's in order.
absl::Status ReadCheckpointTopic(const pipeline::KafkaTopic& topic, std::string_view origin,
                                 identity::Services& identity,
                                 const std::function<void(std::string_view line)>& consume);

}  // namespace ks::governance
