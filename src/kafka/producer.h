// Producer: puts records into topics, idempotently. For `dev`'s loader, tests and later the
// dead-letter topic. Thread safety: all methods may be called from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kafka/login.h"
#include "kafka/properties.h"

struct rd_kafka_s;

namespace ks::kafka {

struct ProducerOptions {
  std::string brokers;
  Properties properties;  // the user's, passed through
  LoginOptions login = {};
};

struct ProducerRecord {
  std::string_view topic;
  int32_t partition = -1;  // -1: by the key, as Kafka's Java clients choose (murmur2)
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // nothing: a tombstone
  int64_t timestamp_ms = 0;               // 0: now
};

class Producer {
 public:
  static absl::StatusOr<std::unique_ptr<Producer>> Create(const ProducerOptions& options);
  ~Producer();
  Producer(const Producer&) = delete;

  // Copies the record into librdkafka's queue; waits while the queue is full, at most `timeout_ms`.
  absl::Status Send(const ProducerRecord& record, int timeout_ms = 30'000);
  // Waits until all records are acknowledged. The first record that could not be delivered is the
  // error.
  absl::Status Flush(int timeout_ms = 60'000);

  // Waits until a broker has let us in and answered; UNAUTHENTICATED where it refused.
  absl::Status Connect(int timeout_ms = 10'000);

  // The partition that Send() chooses for this key, as Kafka's Java clients do.
  static int32_t PartitionOf(std::string_view key, int32_t partitions);

  rd_kafka_s* handle() const { return handle_; }

 private:
  struct State;
  Producer();
  const std::unique_ptr<State> state_;
  std::unique_ptr<Login> login_;  // outlives handle_
  rd_kafka_s* handle_ = nullptr;
};

}  // namespace ks::kafka
