// Questions and orders to the cluster: which topics there are, their ids and partitions; creating
// one. Each call waits at most kQueryTimeoutMillis. Thread safety: may be called from any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka/message.h"

struct rd_kafka_s;

namespace ks::kafka {

struct TopicDescription {
  std::string topic;
  std::string topic_id;  // Kafka's own text form; empty where the broker is too old to have one
  int partitions = 0;
};

// NOT_FOUND when the topic does not exist. `handle` is any client's.
// Without `with_id` the id is not asked for: the embedded broker has none and lets the question
// time out.
absl::StatusOr<TopicDescription> DescribeTopic(rd_kafka_s* handle, const std::string& topic,
                                               bool with_id = true);

// What the broker lets this identity do with the topic, by Kafka's names (READ, ALTER_CONFIGS), in
// order. Empty where the broker has no authorizer, or does not tell.
absl::StatusOr<std::vector<std::string>> AllowedOperations(rd_kafka_s* handle,
                                                           const std::string& topic);

// The same of a consumer group, which need not exist; and of the cluster itself.
absl::StatusOr<std::vector<std::string>> AllowedOnGroup(rd_kafka_s* handle,
                                                        const std::string& group);
absl::StatusOr<std::vector<std::string>> AllowedOnCluster(rd_kafka_s* handle);
// Those that the broker tells this identity of.
absl::StatusOr<std::vector<std::string>> VisibleTopics(rd_kafka_s* handle);

// One setting of the topic, such as cleanup.policy. Wants the right DESCRIBE_CONFIGS.
absl::StatusOr<std::string> TopicSetting(rd_kafka_s* handle, const std::string& topic,
                                         const std::string& name);

// Offsets to ask for; a time in milliseconds asks for the first record that is not older.
inline constexpr int64_t kFirstOffset = -2;  // the first record still there
inline constexpr int64_t kEndOffset = -1;    // after the last that a reader of committed ones sees
// One question for all partitions. Those whose leader has no answer are left out; so are those that
// have no record as young as the time asked for.
absl::StatusOr<std::map<TopicPartition, Offset>> ListOffsets(
    rd_kafka_s* handle, const std::vector<TopicPartition>& partitions, int64_t what);

// ALREADY_EXISTS when there is one.
absl::Status CreateTopic(rd_kafka_s* handle, const std::string& topic, int partitions,
                         int replication = 1);

}  // namespace ks::kafka
