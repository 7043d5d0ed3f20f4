#include "operations/moves.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "kafka/admin.h"
#include "operations/errors.h"
#include "operations/topic_reader.h"
#include "pipeline/plan.h"
#include "runtime/spanner_port.h"

namespace ks::operations {
namespace {

// Tables that would be wrong if records were written to them again.
std::vector<std::string> CountTwice(const pipeline::Plan& plan, const std::string& topic) {
  std::vector<std::string> tables;
  for (const auto& planned : plan.sources) {
    const auto& topics = planned.spec->topics;
    if (std::find(topics.begin(), topics.end(), topic) == topics.end()) continue;
    for (const auto& table : planned.tables) {
      if (table.mode != pipeline::TableMode::kSnapshot)
        tables.push_back(StrCat(table.spec->name, " (", pipeline::ModeName(table.mode), ")"));
    }
  }
  return tables;
}

// What is there now, and what the move makes of it.
absl::Status Look(spanner::Client::Transaction& transaction, const std::vector<std::string>& twice,
                  PartitionMove* move) {
  KS_ASSIGN_OR_RETURN(const auto rows,
                      runtime::ReadRows(pipeline::ChainReads(move->key), transaction));
  KS_ASSIGN_OR_RETURN(move->plan, pipeline::PlanMove(move->key, move->move, rows));
  if (move->Effect().again() && !twice.empty())
    return RewindRefused(move->key.topic, move->key.partition, twice);
  return absl::OkStatus();
}

// Nothing was moved or committed between the two.
bool SameStart(const pipeline::ChainMove& a, const pipeline::ChainMove& b) {
  return a.generation == b.generation && a.topic_id == b.topic_id &&
         std::equal(a.lanes.begin(), a.lanes.end(), b.lanes.begin(), b.lanes.end(),
                    [](const auto& x, const auto& y) { return x.head == y.head; });
}

absl::Status LookOnce(const Target& target, const std::vector<std::string>& twice,
                      PartitionMove* move) {
  const absl::Status only_planned = absl::CancelledError("not applied");
  const auto answer = target.client->RunTransaction(
      [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
        KS_RETURN_IF_ERROR(Look(transaction, twice, move));
        return only_planned;
      });
  return answer.status == only_planned ? absl::OkStatus() : answer.status;
}

absl::StatusOr<std::vector<std::string>> CountTwice(const Target& target,
                                                    const std::string& topic) {
  KS_ASSIGN_OR_RETURN(const pipeline::Plan plan, pipeline::MakePlan(*target.spec, nullptr));
  return CountTwice(plan, topic);
}

}  // namespace

MoveEffect PartitionMove::Effect() const {
  MoveEffect effect;
  for (const auto& lane : plan.lanes) {
    if (!lane.head) continue;
    effect.lowest_head = std::min(effect.lowest_head, *lane.head);
    if (recreated()) continue;  // its offsets mean other records
    if (lane.begin < *lane.head) {
      effect.again_from = std::min(effect.again_from, lane.begin);
      effect.again_to = std::max(effect.again_to, *lane.head);
    } else if (lane.begin > *lane.head) {
      effect.never_from = std::min(effect.never_from, *lane.head);
      effect.never_to = std::max(effect.never_to, lane.begin);
    }
  }
  return effect;
}

nlohmann::json OnRecord(const PartitionMove& move) {
  return {{"topic", move.key.topic}, {"partition", move.key.partition}, {"to", move.move.to}};
}

absl::StatusOr<std::vector<PartitionMove>> PlanMoves(const Target& target,
                                                     const MoveOptions& options) {
  const pipeline::PipelineSpec& spec = *target.spec;
  std::string name = options.topic;
  KS_ASSIGN_OR_RETURN(const auto* source, SourceOfTopic(spec, &name));
  KS_ASSIGN_OR_RETURN(const auto twice, CountTwice(target, name));
  KS_ASSIGN_OR_RETURN(const auto reader, KafkaReader(spec, *source, "offsets", *target.identity));
  KS_ASSIGN_OR_RETURN(const auto topic, kafka::DescribeTopic(reader->handle(), name));
  KS_ASSIGN_OR_RETURN(const auto partitions, ChoosePartitions(topic, options.partition));
  KS_ASSIGN_OR_RETURN(const Ends ends, EndsOf(reader->handle(), partitions));
  KS_ASSIGN_OR_RETURN(auto chosen, ResolvePosition(reader->handle(), ends, "--to",
                                                   options.skip ? "earliest" : options.to));
  std::vector<PartitionMove> moves;
  for (const auto& partition : partitions) {
    PartitionMove move{{spec.name, name, partition.partition.value()},
                       {chosen[partition].value(), options.skip},
                       topic.topic_id,
                       {}};
    KS_RETURN_IF_ERROR(LookOnce(target, twice, &move));
    if (options.skip) {
      const MoveEffect effect = move.Effect();
      if (move.recreated() || !effect.known()) return NothingToSkipFrom();
      move.move.to = std::min(std::max(effect.lowest_head, move.move.to) + options.records,
                              ends.high.at(partition).value());
      KS_RETURN_IF_ERROR(LookOnce(target, twice, &move));
    }
    moves.push_back(std::move(move));
  }
  return moves;
}

absl::Status MakeMove(const Target& target, const Steps& steps, bool only_as_planned,
                      PartitionMove* move) {
  if (steps.stop.stop_requested()) return ToldToStop();
  KS_ASSIGN_OR_RETURN(const auto twice, CountTwice(target, move->key.topic));
  const PartitionMove planned = *move;
  const std::string batch = env::NewUuid(env::RealRandom());
  nlohmann::json details = OnRecord(*move);
  KS_RETURN_IF_ERROR(
      target.client
          ->RunTransaction(
              [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
                KS_RETURN_IF_ERROR(Look(transaction, twice, move));
                if (only_as_planned && !SameStart(move->plan, planned.plan))
                  return MovedMeanwhile(move->key.topic, move->key.partition);
                details["generation"] = move->plan.generation;
                std::string wire = pipeline::MoveMutations(move->key, move->plan, move->topic_id,
                                                           {target.writer, batch});
                KS_RETURN_IF_ERROR(steps.With(transaction, details, &wire));
                return wire;
              })
          .status);
  return steps.After(details);
}

}  // namespace ks::operations
