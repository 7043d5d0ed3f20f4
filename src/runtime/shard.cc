#include "runtime/shard.h"

#include <algorithm>

#include "runtime/limits.h"

namespace ks::runtime {

Shard::Shard(env::Clock& clock)
    : clock_(clock), inbox_(std::make_shared<Inbox>()), thread_([this] { Run(); }) {}

Shard::~Shard() {
  inbox_->Post([this] { finished_ = true; });
  thread_.join();
}

PartitionDriver* Shard::Find(const kafka::TopicPartition& partition) {
  for (const auto& driver : drivers_) {
    if (driver->name() == partition) return driver.get();
  }
  return nullptr;
}

void Shard::Add(std::function<std::shared_ptr<PartitionDriver>()> make,
                pipeline::TopicFacts facts) {
  inbox_->Post([this, make = std::move(make), facts = std::move(facts)] {
    drivers_.push_back(make());
    drivers_.back()->OnFacts(facts);
  });
}

void Shard::Facts(const kafka::TopicPartition& partition, const pipeline::TopicFacts& facts) {
  inbox_->Post([this, partition, facts] {
    if (PartitionDriver* driver = Find(partition)) driver->OnFacts(facts);
  });
}

void Shard::Stop(const kafka::TopicPartition& partition) {
  inbox_->Post([this, partition] {
    if (PartitionDriver* driver = Find(partition)) driver->Stop();
  });
}

void Shard::Remove(const kafka::TopicPartition& partition) {
  inbox_->Post([this, partition] {
    std::erase_if(drivers_, [&](const auto& driver) { return driver->name() == partition; });
  });
}

void Shard::Run() {
  while (!finished_) {
    bool busy = inbox_->RunAll();
    int64_t wake_at = clock_.MonotonicNanos() + kIdleWaitMillis * env::kNanosPerMilli;
    for (const auto& driver : drivers_) {
      busy |= driver->Turn();
      wake_at = std::min(wake_at, driver->wake_at());
    }
    std::erase_if(drivers_, [](const auto& driver) { return driver->ended(); });
    if (!busy) inbox_->Wait(wake_at - clock_.MonotonicNanos());
  }
  drivers_.clear();
}

}  // namespace ks::runtime
