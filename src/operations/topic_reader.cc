#include "operations/topic_reader.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/text.h"
#include "operations/errors.h"

namespace ks::operations {

absl::StatusOr<std::unique_ptr<kafka::Consumer>> KafkaReader(const pipeline::PipelineSpec& spec,
                                                             const pipeline::SourceSpec& source,
                                                             std::string_view purpose,
                                                             identity::Services& identity) {
  kafka::ConsumerOptions options;
  options.brokers = source.brokers;
  options.group = StrCat(spec.name, ".", purpose);
  options.properties.assign(source.properties.begin(), source.properties.end());
  options.login = {source.security, &identity};
  return kafka::Consumer::Create(std::move(options));
}

absl::StatusOr<const pipeline::SourceSpec*> SourceOfTopic(const pipeline::PipelineSpec& spec,
                                                          std::string* topic) {
  std::vector<std::string> known;
  const pipeline::SourceSpec* found = nullptr;
  for (const auto& source : spec.sources) {
    known.insert(known.end(), source.topics.begin(), source.topics.end());
    if (topic->empty() || std::count(source.topics.begin(), source.topics.end(), *topic) > 0)
      found = &source;
  }
  if (topic->empty() && known.size() == 1) *topic = known.front();
  if (topic->empty() || found == nullptr) return WhichTopic(*topic, spec.name, known);
  return found;
}

absl::StatusOr<std::vector<kafka::TopicPartition>> ChoosePartitions(
    const kafka::TopicDescription& topic, int partition) {
  std::vector<kafka::TopicPartition> partitions;
  for (int i = 0; i < topic.partitions; ++i) {
    if (partition < 0 || partition == i) partitions.push_back({topic.topic, PartitionId(i)});
  }
  if (!partitions.empty()) return partitions;
  return NoSuchPartition(topic.topic, topic.partitions, partition);
}

absl::StatusOr<Ends> EndsOf(rd_kafka_s* kafka,
                            const std::vector<kafka::TopicPartition>& partitions) {
  Ends ends;
  KS_ASSIGN_OR_RETURN(ends.low, kafka::ListOffsets(kafka, partitions, kafka::kFirstOffset));
  KS_ASSIGN_OR_RETURN(ends.high, kafka::ListOffsets(kafka, partitions, kafka::kEndOffset));
  if (ends.low.size() < partitions.size() || ends.high.size() < partitions.size())
    return PartitionsDoNotAnswer(partitions.front().topic);
  return ends;
}

absl::StatusOr<std::map<kafka::TopicPartition, Offset>> ResolvePosition(
    rd_kafka_s* kafka, const Ends& ends, std::string_view option, const std::string& position) {
  if (position == "earliest") return ends.low;
  if (position == "latest") return ends.high;
  std::map<kafka::TopicPartition, Offset> chosen = ends.high;  // no record that young
  int64_t offset = 0;
  sql::TimestampValue time;
  if (absl::SimpleAtoi(position, &offset)) {
    for (auto& [partition, at] : chosen) at = Offset(offset);
  } else if (formats::ParseTimestampExact(position, &time) == formats::Parsed::kOk) {
    std::vector<kafka::TopicPartition> partitions;
    for (const auto& [partition, at] : chosen) partitions.push_back(partition);
    KS_ASSIGN_OR_RETURN(
        const auto found,
        kafka::ListOffsets(kafka, partitions, time.seconds * 1000 + time.nanos / 1'000'000));
    for (const auto& [partition, at] : found) chosen[partition] = at;
  } else {
    return NoPosition(option, position);
  }
  for (const auto& [partition, at] : chosen) {
    const Offset low = ends.low.at(partition);
    const Offset high = ends.high.at(partition);
    if (at >= low && at <= high) continue;
    return NotInPartition(partition.topic, partition.partition.value(), at.value(), low.value(),
                          high.value());
  }
  return chosen;
}

}  // namespace ks::operations
