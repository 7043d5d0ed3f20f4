// Consumer: a member of a consumer group, over librdkafka, with cooperative-sticky assignment.
//
// Positions are ours: nothing is ever read from Kafka's committed offsets. When the group gives us
// partitions, the listener hears of them, finds where each one begins, and completes the assignment
// with Assign(). Until then the group waits (librdkafka keeps the membership alive).
//
// Threads: one control thread calls Poll(), on which the listener is called. Each partition has a
// ConsumerQueue, which one data thread empties; a partition whose queue is left alone is paused
// (librdkafka fetches a little ahead, prefetch.h, and stops). Seek() drops what was fetched
// before it: once it returned, no older message leaves the queue (librdkafka's version barrier).
// All methods but Poll and Close may be called from any thread. Source:
// https://github.com/confluentinc/librdkafka/blob/master/INTRODUCTION.md
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong_id.h"
#include "kafka/login.h"
#include "kafka/message.h"
#include "kafka/prefetch.h"
#include "kafka/properties.h"

struct rd_kafka_s;
struct rd_kafka_queue_s;

namespace ks::kafka {

using LogFunction = std::function<void(int syslog_level, std::string_view text)>;

struct ConsumerOptions {
  std::string brokers;
  std::string group;
  std::string client_id = "kafka-spanner";
  Properties properties;  // the user's, passed through to librdkafka
  LogFunction log;        // librdkafka's own words
  LoginOptions login = {};
  Prefetch prefetch = {};
};

struct StartPosition {
  TopicPartition partition;
  Offset offset;
};

class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  // Complete with Consumer::Assign once every partition's start is known.
  virtual void OnAssigned(const std::vector<TopicPartition>& partitions) = 0;
  // Finish what is in flight and complete with Consumer::Unassign. `lost`: they belong to others
  // already.
  virtual void OnRevoked(const std::vector<TopicPartition>& partitions, bool lost) = 0;
  // Trouble that librdkafka goes on through by itself, or that it cannot (`fatal`).
  virtual void OnError(const absl::Status& status, bool fatal) = 0;
};

// The messages of one partition. For one thread.
class ConsumerQueue {
 public:
  ~ConsumerQueue();
  // Takes what is there, at most kPollMessagesMax, without waiting. The batch is cleared first.
  void Take(MessageBatch* batch);
  // Adds one to the eventfd `fd` when messages come to an empty queue.
  void NotifyOn(int fd);

 private:
  friend class Consumer;
  explicit ConsumerQueue(rd_kafka_queue_s* queue) : queue_(queue) {}
  rd_kafka_queue_s* const queue_;
};

class Consumer {
 public:
  static absl::StatusOr<std::unique_ptr<Consumer>> Create(ConsumerOptions options);
  ~Consumer();
  Consumer(const Consumer&) = delete;

  absl::Status Subscribe(const std::vector<std::string>& topics, RebalanceListener& listener);
  // Serves the group: rebalances, errors, logs. Waits at most `timeout_ms`. A listener must have
  // been subscribed.
  void Poll(int timeout_ms);

  // From here on the partition's messages come out of this queue only. Open it before Assign().
  absl::StatusOr<std::unique_ptr<ConsumerQueue>> OpenQueue(const TopicPartition& partition);

  absl::Status Assign(const std::vector<StartPosition>& positions);
  // Passes over partitions that were never assigned.
  absl::Status Unassign(const std::vector<TopicPartition>& partitions);
  absl::Status Seek(const TopicPartition& partition, Offset offset);

  // Tells the group how far we are, for lag tools. Does not wait; a loss does no harm.
  absl::Status CommitOffsets(const std::vector<StartPosition>& next_offsets);

  struct Watermarks {
    Offset low;   // the first record still there
    Offset high;  // one past the last
  };
  // As of the last fetch; negative where nothing was fetched yet. Costs nothing; admin.h has what
  // asks the broker.
  Watermarks CachedWatermarks(const TopicPartition& partition) const;

  // Leaves the group; waits at most kJoinTimeoutMillis where it is just joining it, and then
  // kCloseTimeoutMillis (DEADLINE_EXCEEDED). The listener hears OnRevoked first; an assignment that
  // comes while closing is refused, and it hears nothing of it.
  absl::Status Close();

  // UNAUTHENTICATED where Kafka has refused us at the last attempt.
  absl::Status last_refusal() const { return login_->last_refusal(); }

  rd_kafka_s* handle() const { return handle_; }  // for kafka/admin.h

 private:
  explicit Consumer(ConsumerOptions options) : options_(std::move(options)) {}
  static void RebalanceCallback(rd_kafka_s* handle, int code, void* partitions, void* self);
  bool HasAnsweredLast();
  bool IsJoining() const;
  void WaitUntilJoined();

  const ConsumerOptions options_;
  std::unique_ptr<Login> login_;  // outlives handle_
  rd_kafka_s* handle_ = nullptr;
  RebalanceListener* listener_ = nullptr;
  std::set<TopicPartition> assigned_;  // as librdkafka has them; asking it may wait for ever
  bool was_assigned_ = false;          // the group has given it partitions, if none
  bool leaving_ = false;               // refuses what the group gives
  bool closed_ = false;                // librdkafka is told to close
  bool answered_last_ = false;         // while closing
};

}  // namespace ks::kafka
