#include "cli/kafka_reader.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/text.h"

namespace ks::cli {

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
  if (topic->empty() || found == nullptr) {
    return absl::InvalidArgumentError(
        StrCat(topic->empty() ? "say which topic with --topic" : StrCat("no topic ", *topic),
               ": pipeline ", spec.name, " reads ", absl::StrJoin(known, ", ")));
  }
  return found;
}

absl::StatusOr<std::vector<kafka::TopicPartition>> ChoosePartitions(
    const kafka::TopicDescription& topic, int partition) {
  std::vector<kafka::TopicPartition> partitions;
  for (int i = 0; i < topic.partitions; ++i) {
    if (partition < 0 || partition == i) partitions.push_back({topic.topic, PartitionId(i)});
  }
  if (!partitions.empty()) return partitions;
  return absl::InvalidArgumentError(StrCat("topic ", topic.topic, " has partitions 0 to ",
                                           topic.partitions - 1, ", and no ", partition));
}

absl::StatusOr<Ends> EndsOf(rd_kafka_s* kafka,
                            const std::vector<kafka::TopicPartition>& partitions) {
  Ends ends;
  KS_ASSIGN_OR_RETURN(ends.low, kafka::ListOffsets(kafka, partitions, kafka::kFirstOffset));
  KS_ASSIGN_OR_RETURN(ends.high, kafka::ListOffsets(kafka, partitions, kafka::kEndOffset));
  if (ends.low.size() < partitions.size() || ends.high.size() < partitions.size())
    return absl::UnavailableError(
        StrCat("some partitions of ", partitions.front().topic, " do not answer"));
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
    return absl::InvalidArgumentError(
        StrCat(option, " ", position,
               ": write an offset, earliest, latest, or a time such as 2026-01-31T08:00:00Z"));
  }
  for (const auto& [partition, at] : chosen) {
    const Offset low = ends.low.at(partition);
    const Offset high = ends.high.at(partition);
    if (at >= low && at <= high) continue;
    const std::string has = low == high ? StrCat("has no record; its end is ", high.value())
                                        : StrCat("has ", low.value(), " to ", high.value() - 1);
    return absl::InvalidArgumentError(
        StrCat("offset ", at.value(), " is not in partition ", partition.partition.value(), " of ",
               partition.topic, ", which ", has, ": choose one of these, earliest or latest"));
  }
  return chosen;
}

}  // namespace ks::cli
