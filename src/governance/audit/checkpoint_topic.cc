#include "governance/audit/checkpoint_topic.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "governance/audit/entry.h"
#include "governance/errors.h"
#include "governance/limits.h"
#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/partition_scan.h"
#include "kafka/producer.h"
#include "observe/log.h"

namespace ks::governance {
namespace {

using kafka::TopicPartition;
using Line = std::function<absl::Status(const kafka::MessageView&)>;

std::string Describe(const pipeline::KafkaTopic& topic) {
  return StrCat("topic ", topic.topic, " at ", topic.brokers);
}

kafka::Properties PropertiesOf(const pipeline::KafkaTopic& topic) {
  return {topic.properties.begin(), topic.properties.end()};
}

// Reads on from where it stopped.
class TopicReader {
 public:
  static absl::StatusOr<TopicReader> Open(const pipeline::KafkaTopic& topic,
                                          identity::Services& identity) {
    kafka::ConsumerOptions options;
    options.brokers = topic.brokers;
    options.group = "kafka-spanner.audit";  // never joined
    options.properties = PropertiesOf(topic);
    options.login = {topic.security, &identity};
    KS_ASSIGN_OR_RETURN(auto consumer, kafka::Consumer::Create(std::move(options)));
    return TopicReader(topic, std::move(consumer));
  }

  // The records of `key` up to now.
  absl::Status ReadOn(std::string_view key, const Line& consume) {
    const absl::Status read = Read(key, consume);
    if (read.ok() || absl::IsDataLoss(read)) return read;
    // Kafka's words for somebody that it does not let in are worth more than "timed out".
    const absl::Status refused = consumer_->last_refusal();
    return CannotReadCheckpoints(Describe(topic_),
                                 View(refused.ok() ? read.message() : refused.message()));
  }

  rd_kafka_s* handle() const { return consumer_->handle(); }

 private:
  TopicReader(pipeline::KafkaTopic topic, std::unique_ptr<kafka::Consumer> consumer)
      : topic_(std::move(topic)), consumer_(std::move(consumer)) {}

  absl::Status Read(std::string_view key, const Line& consume) {
    KS_ASSIGN_OR_RETURN(const auto description,
                        kafka::DescribeTopic(handle(), topic_.topic, /*with_id=*/false));
    std::vector<TopicPartition> partitions;
    for (int i = 0; i < description.partitions; ++i) {
      partitions.push_back({topic_.topic, PartitionId(i)});
    }
    KS_ASSIGN_OR_RETURN(const auto lows,
                        kafka::ListOffsets(handle(), partitions, kafka::kFirstOffset));
    KS_ASSIGN_OR_RETURN(const auto ends,
                        kafka::ListOffsets(handle(), partitions, kafka::kEndOffset));
    for (const TopicPartition& partition : partitions) {
      const auto low = lows.find(partition);
      const auto end = ends.find(partition);
      // What is not seen may be the newest.
      if (low == lows.end() || end == ends.end()) {
        return absl::UnavailableError(
            StrCat("partition ", partition.partition.value(), " has no leader now"));
      }
      KS_RETURN_IF_ERROR(ReadPartition(partition, low->second, end->second, key, consume));
    }
    return absl::OkStatus();
  }

  absl::Status ReadPartition(const TopicPartition& partition, Offset low, Offset end,
                             std::string_view key, const Line& consume) {
    Offset& next = next_.try_emplace(partition, low).first->second;
    absl::Status status;
    KS_RETURN_IF_ERROR(kafka::ScanPartition(*consumer_, partition, std::max(next, low), end,
                                            [&](const std::vector<kafka::MessageView>& messages) {
                                              for (const kafka::MessageView& message : messages) {
                                                if (status.ok() && message.key() == key)
                                                  status = consume(message);
                                              }
                                              return status.ok();
                                            }));
    KS_RETURN_IF_ERROR(status);
    next = std::max(next, end);
    return absl::OkStatus();
  }

  pipeline::KafkaTopic topic_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::map<TopicPartition, Offset> next_;
};

class CheckpointTopic : public CheckpointSink {
 public:
  CheckpointTopic(pipeline::KafkaTopic topic, std::string origin, TopicReader reader,
                  std::unique_ptr<kafka::Producer> producer)
      : topic_(std::move(topic)),
        origin_(std::move(origin)),
        reader_(std::move(reader)),
        producer_(std::move(producer)) {}

  absl::StatusOr<std::optional<std::string>> Newest() override {
    KS_RETURN_IF_ERROR(
        reader_.ReadOn(origin_, [this](const kafka::MessageView& message) -> absl::Status {
          const auto parsed = ParseExportedLine(message.value().value_or(""));
          if (!parsed || !parsed->is_checkpoint) {
            return NotAnEvent(StrCat(Describe(topic_), ", partition ", message.partition().value()),
                              static_cast<size_t>(message.offset().value()));
          }
          newest_ = parsed->raw;
          return absl::OkStatus();
        }));
    return newest_;
  }

  absl::Status Publish(std::string_view note, int64_t time_nanos) override {
    const std::string line = EventOfCheckpoint(note, time_nanos).dump();
    absl::Status sent =
        producer_->Send({.topic = topic_.topic, .key = origin_, .value = line}, kPublishTimeoutMs);
    if (sent.ok()) sent = producer_->Flush(kPublishTimeoutMs);
    return sent.ok() ? sent : CannotKeepCheckpoint(Describe(topic_), View(sent.message()));
  }

 private:
  const pipeline::KafkaTopic topic_;
  const std::string origin_;
  TopicReader reader_;
  const std::unique_ptr<kafka::Producer> producer_;
  std::optional<std::string> newest_;  // of what was read
};

// A topic that forgets is no record. Who may not ask is told nothing.
void WarnOfRetention(rd_kafka_s* handle, const pipeline::KafkaTopic& topic) {
  const auto policy = kafka::TopicSetting(handle, topic.topic, "cleanup.policy");
  const auto retention = kafka::TopicSetting(handle, topic.topic, "retention.ms");
  if (!policy.ok() || !retention.ok()) return;
  if (policy->find("delete") == std::string::npos || *retention == "-1") return;
  observe::LogWarning(StrCat("the audit log's checkpoints in ", Describe(topic), " are deleted ",
                             "after ", *retention, " ms: set `cleanup.policy=compact`, or ",
                             "`retention.ms=-1` to keep all"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CheckpointSink>> OpenCheckpointTopic(pipeline::KafkaTopic topic,
                                                                    std::string origin,
                                                                    identity::Services& identity) {
  KS_ASSIGN_OR_RETURN(TopicReader reader, TopicReader::Open(topic, identity));
  KS_ASSIGN_OR_RETURN(auto producer,
                      kafka::Producer::Create({.brokers = topic.brokers,
                                               .properties = PropertiesOf(topic),
                                               .login = {topic.security, &identity}}));
  WarnOfRetention(reader.handle(), topic);
  return std::make_unique<CheckpointTopic>(std::move(topic), std::move(origin), std::move(reader),
                                           std::move(producer));
}

absl::Status ReadCheckpointTopic(const pipeline::KafkaTopic& topic, std::string_view origin,
                                 identity::Services& identity,
                                 const std::function<void(std::string_view line)>& consume) {
  KS_ASSIGN_OR_RETURN(TopicReader reader, TopicReader::Open(topic, identity));
  return reader.ReadOn(origin, [&consume](const kafka::MessageView& message) {
    consume(message.value().value_or(""));
    return absl::OkStatus();
  });
}

}  // namespace ks::governance
