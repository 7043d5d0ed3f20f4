// What the broker says of a source's topics, asked on a thread of its own: a broker that is slow
// to answer holds up neither the group nor the pipeline's other sources.
//
// Thread safety: Ask may be called from any thread. Answers come on the watch's own thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka/message.h"
#include "pipeline/ports.h"
#include "runtime/inbox.h"

struct rd_kafka_s;

namespace ks::runtime {

using TopicFactsMap = std::map<kafka::TopicPartition, pipeline::TopicFacts>;

// Asks once, for all partitions together; waits for the answer. Partitions that have no leader now
// are left out. NOT_FOUND when a topic is gone. A partition without chains is to begin at its first
// record: those that were there when the pipeline first ran have chains (first_chains.h).
// `topic_ids`: false for the embedded broker, which has none.
absl::StatusOr<TopicFactsMap> AskTopicFacts(rd_kafka_s* handle, bool topic_ids,
                                            const std::vector<kafka::TopicPartition>& partitions);

class TopicWatch {
 public:
  using Answer = std::function<void(absl::StatusOr<TopicFactsMap>)>;

  // `handle` outlives it.
  TopicWatch(rd_kafka_s* handle, bool topic_ids);
  // Waits for the question under way; those that still wait are dropped.
  ~TopicWatch();
  TopicWatch(const TopicWatch&) = delete;

  void Ask(std::vector<kafka::TopicPartition> partitions, Answer answer);

 private:
  rd_kafka_s* const handle_;
  const bool topic_ids_;
  const std::shared_ptr<Inbox> inbox_;
  std::atomic<bool> finished_{false};
  std::thread thread_;
};

}  // namespace ks::runtime
