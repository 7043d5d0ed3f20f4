// Shard: one data thread and the partitions it drives. Partitions never move between shards, so
// their state needs no lock.
//
// Thread safety: all methods may be called from any thread; they post to the shard's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "env/clock.h"
#include "kafka/message.h"
#include "pipeline/ports.h"
#include "runtime/inbox.h"
#include "runtime/partition_driver.h"

namespace ks::runtime {

class Shard {
 public:
  explicit Shard(env::Clock& clock);
  ~Shard();  // ends the thread; partitions still there are dropped without a word
  Shard(const Shard&) = delete;

  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }
  // `make` runs on the shard's thread.
  void Add(std::function<std::shared_ptr<PartitionDriver>()> make, pipeline::TopicFacts facts);
  void Facts(const kafka::TopicPartition& partition, const pipeline::TopicFacts& facts);
  // Asks the partition to finish; its end comes through DriverListener::on_end.
  void Stop(const kafka::TopicPartition& partition);
  // Drops the partition at once.
  void Remove(const kafka::TopicPartition& partition);

 private:
  void Run();
  PartitionDriver* Find(const kafka::TopicPartition& partition);

  env::Clock& clock_;
  const std::shared_ptr<Inbox> inbox_;
  std::vector<std::shared_ptr<PartitionDriver>> drivers_;  // the thread's own
  bool finished_ = false;                                  // the thread's own
  std::thread thread_;
};

}  // namespace ks::runtime
