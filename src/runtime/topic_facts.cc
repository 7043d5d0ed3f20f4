#include "runtime/topic_facts.h"

#include <string>
#include <utility>

#include "base/status_macros.h"
#include "env/clock.h"
#include "kafka/admin.h"
#include "runtime/limits.h"

namespace ks::runtime {

absl::StatusOr<TopicFactsMap> AskTopicFacts(rd_kafka_s* handle, bool topic_ids,
                                            const std::vector<kafka::TopicPartition>& partitions) {
  std::map<std::string, std::string> ids;
  for (const kafka::TopicPartition& partition : partitions) {
    auto [id, added] = ids.try_emplace(partition.topic);
    if (!added) continue;
    KS_ASSIGN_OR_RETURN(const auto description,
                        kafka::DescribeTopic(handle, partition.topic, topic_ids));
    id->second = description.topic_id;
  }
  // The end is asked for last: it is never below a first offset that was asked for before.
  KS_ASSIGN_OR_RETURN(const auto first,
                      kafka::ListOffsets(handle, partitions, kafka::kFirstOffset));
  KS_ASSIGN_OR_RETURN(const auto end, kafka::ListOffsets(handle, partitions, kafka::kEndOffset));
  TopicFactsMap facts;
  for (const auto& [partition, low] : first) {
    const auto high = end.find(partition);
    if (high == end.end()) continue;
    facts[partition] = {.topic_id = ids[partition.topic],
                        .low = low.value(),
                        .high = high->second.value(),
                        .begin = low.value()};
  }
  return facts;
}

TopicWatch::TopicWatch(rd_kafka_s* handle, bool topic_ids)
    : handle_(handle), topic_ids_(topic_ids), inbox_(std::make_shared<Inbox>()), thread_([this] {
        while (!finished_) {
          if (!inbox_->RunAll()) inbox_->Wait(kIdleWaitMillis * env::kNanosPerMilli);
        }
      }) {}

TopicWatch::~TopicWatch() {
  finished_ = true;
  inbox_->Post([] {});  // wakes it
  thread_.join();
}

void TopicWatch::Ask(std::vector<kafka::TopicPartition> partitions, Answer answer) {
  inbox_->Post([this, partitions = std::move(partitions), answer = std::move(answer)] {
    if (!finished_) answer(AskTopicFacts(handle_, topic_ids_, partitions));
  });
}

}  // namespace ks::runtime
