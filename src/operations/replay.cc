#include "operations/replay.h"

#include <algorithm>

#include "base/status_macros.h"
#include "kafka/admin.h"
#include "operations/errors.h"
#include "operations/topic_reader.h"
#include "runtime/target_reader.h"

namespace ks::operations {
namespace {

size_t IndexOf(const pipeline::PipelineSpec& spec, const pipeline::SourceSpec* source) {
  return static_cast<size_t>(source - spec.sources.data());
}

runtime::ReplayOptions OptionsOf(const Target& target, const Steps& steps,
                                 const PartitionReplay& each, nlohmann::json* details) {
  runtime::ReplayOptions options{.partition = each.partition,
                                 .from = each.from,
                                 .to = each.to,
                                 .memory_bytes = target.spec->memory_bytes,
                                 .stop = steps.stop};
  options.with = [&steps, &each, details](spanner::Client::Transaction& transaction,
                                          const runtime::ReplayStep& done, std::string* wire) {
    *details = {{"topic", each.partition.topic},
                {"partition", each.partition.partition.value()},
                {"from", done.from},
                {"to", done.to},
                {"records", done.records}};
    return steps.With(transaction, *details, wire);
  };
  options.after = [&steps, details] { return steps.After(*details); };
  return options;
}

}  // namespace

absl::StatusOr<std::vector<PartitionReplay>> PlanReplay(const Target& target,
                                                        const ReplayOptions& options) {
  const pipeline::PipelineSpec& spec = *target.spec;
  std::string topic = options.topic;
  KS_ASSIGN_OR_RETURN(const auto* source, SourceOfTopic(spec, &topic));
  KS_ASSIGN_OR_RETURN(const auto plan, runtime::PlanAgainst(*target.client, spec));
  const auto refused = runtime::NotReplayable(plan.sources[IndexOf(spec, source)]);
  if (!refused.empty()) return ReplayRefused(refused);
  KS_ASSIGN_OR_RETURN(const auto reader, KafkaReader(spec, *source, "replay", *target.identity));
  rd_kafka_s* kafka = reader->handle();
  KS_ASSIGN_OR_RETURN(const auto description, kafka::DescribeTopic(kafka, topic));
  KS_ASSIGN_OR_RETURN(const auto partitions, ChoosePartitions(description, options.partition));
  KS_ASSIGN_OR_RETURN(const Ends ends, EndsOf(kafka, partitions));
  KS_ASSIGN_OR_RETURN(const auto from, ResolvePosition(kafka, ends, "--from", options.from));
  KS_ASSIGN_OR_RETURN(const auto to, ResolvePosition(kafka, ends, "--to", options.to));
  std::vector<PartitionReplay> replays;
  for (const auto& partition : partitions) {
    const int64_t begin = from.at(partition).value();
    replays.push_back({partition, begin, std::max(begin, to.at(partition).value())});
  }
  return replays;
}

absl::Status RunReplay(const Target& target, const Steps& steps, bool dry_run,
                       std::vector<PartitionReplay>* replays) {
  const pipeline::PipelineSpec& spec = *target.spec;
  KS_ASSIGN_OR_RETURN(const auto plan, runtime::PlanAgainst(*target.client, spec));
  for (PartitionReplay& each : *replays) {
    if (steps.stop.stop_requested()) return ToldToStop();
    std::string topic = each.partition.topic;
    KS_ASSIGN_OR_RETURN(const auto* source, SourceOfTopic(spec, &topic));
    KS_ASSIGN_OR_RETURN(const auto reader, KafkaReader(spec, *source, "replay", *target.identity));
    nlohmann::json details;
    runtime::ReplayOptions replay = OptionsOf(target, steps, each, &details);
    replay.plan = &plan;
    replay.source = IndexOf(spec, source);
    replay.dry_run = dry_run;
    const auto refused = runtime::NotReplayable(plan.sources[replay.source]);
    if (!refused.empty()) return ReplayRefused(refused);
    KS_ASSIGN_OR_RETURN(each.replayed, runtime::Replay(*target.client, *reader, replay));
  }
  return absl::OkStatus();
}

}  // namespace ks::operations
