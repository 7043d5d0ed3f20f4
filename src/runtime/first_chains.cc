#include "runtime/first_chains.h"

#include <google/spanner/v1/result_set.pb.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "kafka/admin.h"
#include "kafka/errors.h"
#include "pipeline/checkpoint.h"
#include "pipeline/limits.h"
#include "runtime/errors.h"

namespace ks::runtime {
namespace {

// Waits for the answer; Spanner's client gives every call a deadline.
absl::StatusOr<bool> HasChains(const FirstChains& chains, SpannerPort& spanner) {
  absl::Notification answered;
  absl::StatusOr<std::vector<pipeline::RowsPtr>> rows;
  spanner.Read({pipeline::TopicRead(chains.pipeline, chains.topic)}, [&](auto answer) {
    rows = std::move(answer);
    answered.Notify();
  });
  answered.WaitForNotification();
  KS_RETURN_IF_ERROR(rows.status());
  return rows->front()->rows_size() > 0;
}

absl::Status Commit(std::string mutations, SpannerPort& spanner) {
  absl::Notification answered;
  absl::Status status;
  spanner.Commit({.mutations = std::move(mutations), .tag = "kafka-spanner"},
                 [&](const pipeline::CommitDone& done) {
                   status = done.status;
                   answered.Notify();
                 });
  answered.WaitForNotification();
  return status;
}

// Where each partition begins, as `start:` says.
absl::StatusOr<std::vector<int64_t>> Begins(const FirstChains& chains,
                                            const pipeline::SourceSpec& source, rd_kafka_s* kafka) {
  std::vector<kafka::TopicPartition> partitions;
  for (int32_t i = 0; i < chains.partitions; ++i)
    partitions.push_back({chains.topic, PartitionId(i)});
  const bool earliest = source.start == pipeline::StartAt::kEarliest;
  KS_ASSIGN_OR_RETURN(
      auto begins,
      kafka::ListOffsets(kafka, partitions, earliest ? kafka::kFirstOffset : kafka::kEndOffset));
  if (source.start == pipeline::StartAt::kTimestamp) {
    // Partitions without a record that young begin at their end.
    KS_ASSIGN_OR_RETURN(const auto found,
                        kafka::ListOffsets(kafka, partitions, source.start_timestamp_ms));
    for (const auto& [partition, offset] : found) begins[partition] = offset;
  }
  std::vector<int64_t> offsets;
  for (const kafka::TopicPartition& partition : partitions) {
    const auto begin = begins.find(partition);
    if (begin == begins.end())
      return kafka::PartitionsWithoutLeader(chains.topic, partitions.size() - begins.size());
    offsets.push_back(begin->second.value());
  }
  return offsets;
}

}  // namespace

absl::Status MakeFirstChains(const FirstChains& chains, const pipeline::SourceSpec& source,
                             rd_kafka_s* kafka, SpannerPort& spanner) {
  const auto there = HasChains(chains, spanner);
  if (!there.ok()) return ChainsUnreachable(chains.topic, there.status());
  if (*there) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const std::vector<int64_t> begins, Begins(chains, source, kafka));
  const std::string batch = env::NewUuid(env::RealRandom());
  const int64_t mutations_each = pipeline::GenesisMutations(source.lanes);
  // More than one commit can hold are thousands of partitions. If the worker dies between two
  // commits, the rest begin at their first records, which is never too late.
  const auto per_commit =
      static_cast<size_t>(std::max<int64_t>(1, pipeline::kBatchMutationsMax / mutations_each));
  for (size_t begin = 0; begin < begins.size(); begin += per_commit) {
    std::string mutations;
    for (size_t i = begin; i < std::min(begins.size(), begin + per_commit); ++i) {
      pipeline::AppendGenesis(
          {chains.pipeline, chains.topic, static_cast<int64_t>(i)},
          {.lanes = source.lanes, .begin = begins[i], .topic_id = chains.topic_id},
          {chains.writer, batch}, pipeline::Rules(), &mutations);
    }
    const absl::Status status = Commit(std::move(mutations), spanner);
    if (absl::IsAlreadyExists(status)) return absl::OkStatus();  // another worker was first
    if (!status.ok()) return ChainsUnreachable(chains.topic, status);
  }
  return absl::OkStatus();
}

}  // namespace ks::runtime
