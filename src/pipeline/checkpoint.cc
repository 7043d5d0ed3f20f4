#include "pipeline/checkpoint.h"

#include <google/protobuf/struct.pb.h>
#include <google/spanner/v1/keys.pb.h>
#include <google/spanner/v1/result_set.pb.h>

#include <algorithm>
#include <array>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/checkpoint_errors.h"
#include "pipeline/mutation_writer.h"
#include "pipeline/wire_buffer.h"

namespace ks::pipeline {
namespace {

using google::protobuf::ListValue;
using sql::Datum;
using sql::Type;

constexpr std::string_view kPartitionsTable = "kafka_spanner.Partitions";
constexpr std::string_view kCheckpointsTable = "kafka_spanner.Checkpoints";

Datum Milliseconds(std::optional<int64_t> ms) {
  if (!ms.has_value()) return Datum::Null();
  const int64_t seconds = *ms / 1000 - (*ms % 1000 < 0 ? 1 : 0);
  return Datum::Timestamp({seconds, static_cast<int32_t>((*ms - seconds * 1000) * 1'000'000)});
}

Datum OptionalString(std::string_view text) {
  return text.empty() ? Datum::Null() : Datum::Str(text);
}

// ---- Rows, encoded

const MutationShape& PartitionsShape(MutationKind kind) {
  static const auto* const shapes = [] {
    const std::vector<std::string> columns = {"Pipeline", "Topic",   "KafkaPartition", "Generation",
                                              "Lanes",    "TopicId", "ChangedAt"};
    const auto make = [&](MutationKind kind) {
      return MutationShape(kind, kPartitionsTable, columns,
                           {Type::String(), Type::String(), Type::Int64(), Type::Int64(),
                            Type::Int64(), Type::String(), Type::Timestamp()});
    };
    return new std::array<MutationShape, 3>{make(MutationKind::kInsert),
                                            make(MutationKind::kUpdate),
                                            make(MutationKind::kInsertOrUpdate)};
  }();
  return (*shapes)[static_cast<size_t>(kind) - 1];
}

const MutationShape& CheckpointInsert() {
  static const auto* const shape = new MutationShape(
      MutationKind::kInsert, kCheckpointsTable,
      std::vector<std::string>{"Pipeline", "Topic", "KafkaPartition", "Generation", "Lane",
                               "StartOffset", "EndOffset", "Writer", "Batch", "Records",
                               "LastTimestamp", "CommittedAt"},
      {Type::String(), Type::String(), Type::Int64(), Type::Int64(), Type::Int64(), Type::Int64(),
       Type::Int64(), Type::String(), Type::String(), Type::Int64(), Type::Timestamp(),
       Type::Timestamp()});
  return *shape;
}

// The key alone: for DELETE, and for an UPDATE that touches a row to require it.
const MutationShape& CheckpointKey(MutationKind kind) {
  static const auto* const shapes = [] {
    const std::vector<std::string> columns = {"Pipeline",   "Topic", "KafkaPartition",
                                              "Generation", "Lane",  "StartOffset"};
    const auto make = [&](MutationKind kind) {
      return MutationShape(kind, kCheckpointsTable, columns,
                           {Type::String(), Type::String(), Type::Int64(), Type::Int64(),
                            Type::Int64(), Type::Int64()});
    };
    return new std::array<MutationShape, 2>{make(MutationKind::kUpdate),
                                            make(MutationKind::kDelete)};
  }();
  return (*shapes)[kind == MutationKind::kUpdate ? 0 : 1];
}

struct CheckpointRow {
  int64_t generation = 0;
  int64_t lane = 0;
  int64_t start = kGenesis;
  int64_t end = 0;
  int64_t records = 0;
  std::optional<int64_t> last_timestamp_ms;
};

void AppendCheckpoint(const ChainKey& key, const CheckpointRow& row, const CommitLabel& label,
                      WireBuffer* out) {
  const std::array<Datum, 12> values = {Datum::Str(key.pipeline),
                                        Datum::Str(key.topic),
                                        Datum::Int64(key.partition),
                                        Datum::Int64(row.generation),
                                        Datum::Int64(row.lane),
                                        Datum::Int64(row.start),
                                        Datum::Int64(row.end),
                                        Datum::Str(label.writer),
                                        Datum::Str(label.batch),
                                        Datum::Int64(row.records),
                                        Milliseconds(row.last_timestamp_ms),
                                        PendingCommitTimestampDatum()};
  CheckpointInsert().AppendRow(values, out);
}

void AppendKey(const ChainKey& key, MutationKind kind, int64_t generation, int64_t lane,
               int64_t start, WireBuffer* out) {
  const std::array<Datum, 6> values = {Datum::Str(key.pipeline),    Datum::Str(key.topic),
                                       Datum::Int64(key.partition), Datum::Int64(generation),
                                       Datum::Int64(lane),          Datum::Int64(start)};
  CheckpointKey(kind).AppendRow(values, out);
}

void AppendPartition(const ChainKey& key, MutationKind kind, int64_t generation, int lanes,
                     std::string_view topic_id, WireBuffer* out) {
  const std::array<Datum, 7> values = {Datum::Str(key.pipeline),     Datum::Str(key.topic),
                                       Datum::Int64(key.partition),  Datum::Int64(generation),
                                       Datum::Int64(lanes),          OptionalString(topic_id),
                                       PendingCommitTimestampDatum()};
  WireBuffer rows;
  PartitionsShape(kind).AppendRow(values, &rows);
  PartitionsShape(kind).AppendMutation(rows.view(), out);
}

void AppendGenesisRows(const ChainKey& key, int64_t generation, absl::Span<const int64_t> begins,
                       const CommitLabel& label, WireBuffer* out) {
  WireBuffer rows;
  int64_t lane = 0;
  for (const int64_t begin : begins) {
    AppendCheckpoint(key,
                     {.generation = generation, .lane = lane++, .start = kGenesis, .end = begin},
                     label, &rows);
  }
  CheckpointInsert().AppendMutation(rows.view(), out);
}

std::vector<int64_t> Repeated(int64_t offset, int lanes) {
  return std::vector<int64_t>(static_cast<size_t>(lanes), offset);
}

void AppendDeletes(const ChainKey& key,
                   absl::Span<const std::tuple<int64_t, int64_t, int64_t>> checkpoints,
                   WireBuffer* out) {
  WireBuffer deletes;
  for (const auto& [generation, lane, start] : checkpoints) {
    AppendKey(key, MutationKind::kDelete, generation, lane, start, &deletes);
  }
  CheckpointKey(MutationKind::kDelete).AppendMutation(deletes.view(), out);
}

// ---- Rows, decoded

absl::StatusOr<int64_t> Int64At(const ListValue& row, int column) {
  int64_t value = 0;
  if (column >= row.values_size() || !absl::SimpleAtoi(row.values(column).string_value(), &value)) {
    return ChainsDamagedError(StrCat("a row has no number in column ", column));
  }
  return value;
}

std::string StringAt(const ListValue& row, int column) {
  return column < row.values_size() ? row.values(column).string_value() : std::string();
}

std::optional<int64_t> TimestampAt(const ListValue& row, int column) {
  absl::Time time;
  std::string error;
  if (column >= row.values_size() || !row.values(column).has_string_value() ||
      !absl::ParseTime(absl::RFC3339_full, row.values(column).string_value(), &time, &error)) {
    return std::nullopt;
  }
  return absl::ToUnixMillis(time);
}

// Puts one Checkpoints row (columns as in ChainReads) where it belongs.
absl::Status AddRow(const ListValue& row, Chains* chains, std::vector<bool>* seen) {
  std::array<int64_t, 4> numbers;  // Generation, Lane, StartOffset, EndOffset
  for (int i = 0; i < 4; ++i) {
    const absl::StatusOr<int64_t> number = Int64At(row, i);
    if (!number.ok()) return number.status();
    numbers[static_cast<size_t>(i)] = *number;
  }
  const auto [generation, lane, start, end] = numbers;
  chains->rows.emplace_back(generation, lane, start);
  if (generation != chains->generation) return absl::OkStatus();
  if (lane < 0 || lane >= static_cast<int64_t>(chains->lanes.size())) {
    return ChainsDamagedError(
        StrCat("a checkpoint of lane ", lane, ", of ", chains->lanes.size(), " lanes"));
  }
  ChainHead& chain = chains->lanes[static_cast<size_t>(lane)];
  if ((*seen)[static_cast<size_t>(lane)]) {  // rows come in key order
    if (chain.before.has_value() || chain.head != start) {
      return ChainsDamagedError(StrCat("the checkpoints of lane ", lane,
                                       " are no chain: the one at ", start,
                                       " does not follow the one before it"));
    }
    chain.before = chain.last;
  }
  (*seen)[static_cast<size_t>(lane)] = true;
  chain.last = start;
  chain.head = end;
  chain.batch = StringAt(row, 4);
  chain.last_timestamp_ms = TimestampAt(row, 5);
  return absl::OkStatus();
}

// A KeySet of all rows whose key begins so.
std::string AllWithPrefix(const ListValue& prefix) {
  google::spanner::v1::KeySet all;
  google::spanner::v1::KeyRange& range = *all.add_ranges();
  *range.mutable_start_closed() = prefix;
  *range.mutable_end_closed() = prefix;
  return all.SerializeAsString();
}

}  // namespace

ReadSpec TopicRead(const std::string& pipeline, const std::string& topic) {
  ListValue prefix;
  prefix.add_values()->set_string_value(pipeline);
  prefix.add_values()->set_string_value(topic);
  return {std::string(kPartitionsTable), {"KafkaPartition"}, AllWithPrefix(prefix)};
}

std::vector<ReadSpec> ChainReads(const ChainKey& key) {
  ListValue prefix;
  prefix.add_values()->set_string_value(key.pipeline);
  prefix.add_values()->set_string_value(key.topic);
  prefix.add_values()->set_string_value(StrCat(key.partition));
  google::spanner::v1::KeySet one;
  *one.add_keys() = prefix;
  return {
      {std::string(kPartitionsTable), {"Generation", "Lanes", "TopicId"}, one.SerializeAsString()},
      {std::string(kCheckpointsTable),
       {"Generation", "Lane", "StartOffset", "EndOffset", "Batch", "LastTimestamp"},
       AllWithPrefix(prefix)}};
}

absl::StatusOr<std::optional<Chains>> DecodeChains(absl::Span<const RowsPtr> rows) {
  if (rows.size() != 2 || rows[0] == nullptr || rows[1] == nullptr) {
    return absl::InternalError("ReadChains was answered with other than two results");
  }
  const absl::Status torn = absl::AbortedError("the shape changed while the chains were read");
  if (rows[0]->rows_size() == 0) {
    if (rows[1]->rows_size() != 0) return torn;
    return std::nullopt;
  }
  Chains chains;
  const absl::StatusOr<int64_t> generation = Int64At(rows[0]->rows(0), 0);
  if (!generation.ok()) return generation.status();
  const absl::StatusOr<int64_t> lanes = Int64At(rows[0]->rows(0), 1);
  if (!lanes.ok()) return lanes.status();
  if (*lanes < 1 || *lanes > kPipelineLanesMax) {
    return ChainsDamagedError(StrCat("a partition of ", *lanes, " lanes"));
  }
  chains.generation = *generation;
  chains.topic_id = StringAt(rows[0]->rows(0), 2);
  chains.lanes.resize(static_cast<size_t>(*lanes));
  std::vector<bool> seen(chains.lanes.size());
  for (const ListValue& row : rows[1]->rows()) {
    if (const absl::Status added = AddRow(row, &chains, &seen); !added.ok()) return added;
  }
  for (const bool lane_seen : seen) {
    if (!lane_seen) return torn;
  }
  return chains;
}

void AppendGenesis(const ChainKey& key, const Genesis& genesis, const CommitLabel& label,
                   const Rules& rules, std::string* wire) {
  WireBuffer out;
  AppendPartition(key, rules.anchor ? MutationKind::kInsert : MutationKind::kInsertOrUpdate, 0,
                  genesis.lanes, genesis.topic_id, &out);
  AppendGenesisRows(key, 0, Repeated(genesis.begin, genesis.lanes), label, &out);
  wire->append(out.view());
}

void AppendAdvances(const ChainKey& key, int64_t generation, absl::Span<const Advance> advances,
                    const CommitLabel& label, const Rules& rules, std::string* wire) {
  WireBuffer updates;
  WireBuffer inserts;
  WireBuffer deletes;
  for (const Advance& advance : advances) {
    const ChainHead& from = *advance.from;
    AppendKey(key, MutationKind::kUpdate, generation, advance.lane, from.last, &updates);
    AppendCheckpoint(key,
                     {.generation = generation,
                      .lane = advance.lane,
                      .start = from.head,
                      .end = advance.end,
                      .records = advance.records,
                      .last_timestamp_ms = advance.last_timestamp_ms},
                     label, &inserts);
    if (from.before.has_value()) {
      AppendKey(key, MutationKind::kDelete, generation, advance.lane, *from.before, &deletes);
    }
  }
  WireBuffer out;
  if (rules.update) {
    CheckpointKey(MutationKind::kUpdate).AppendMutation(updates.view(), &out);
  }
  CheckpointInsert().AppendMutation(inserts.view(), &out);
  CheckpointKey(MutationKind::kDelete).AppendMutation(deletes.view(), &out);
  wire->append(out.view());
}

absl::StatusOr<std::string> ShapeChangeMutations(const ChainKey& key, const ShapeChange& change,
                                                 const CommitLabel& label, const Rules& rules,
                                                 absl::Span<const RowsPtr> rows) {
  const absl::StatusOr<std::optional<Chains>> read = DecodeChains(rows);
  if (!read.ok()) return read.status();
  if (!read->has_value()) {
    return NoChainsError(key);
  }
  const Chains& chains = **read;
  int64_t begin = chains.lanes[0].head;
  for (const ChainHead& chain : chains.lanes) {
    if (chain.head != begin && !change.begin.has_value() && rules.drain) {
      return LanesNotDrainedError(key);
    }
    begin = std::max(begin, chain.head);
  }
  begin = change.begin.value_or(begin);
  const int64_t generation = chains.generation + (rules.generation ? 1 : 0);
  WireBuffer out;
  AppendDeletes(key, chains.rows, &out);
  AppendPartition(key, MutationKind::kUpdate, generation, change.lanes,
                  change.topic_id.value_or(chains.topic_id), &out);
  AppendGenesisRows(key, generation, Repeated(begin, change.lanes), label, &out);
  return std::string(out.view());
}

absl::StatusOr<ChainMove> PlanMove(const ChainKey& key, const Move& move,
                                   absl::Span<const RowsPtr> rows) {
  if (rows[0]->rows_size() == 0) return NoChainsError(key);
  ChainMove plan;
  KS_ASSIGN_OR_RETURN(plan.generation, Int64At(rows[0]->rows(0), 0));
  KS_ASSIGN_OR_RETURN(const int64_t lanes, Int64At(rows[0]->rows(0), 1));
  plan.topic_id = StringAt(rows[0]->rows(0), 2);
  plan.lanes.resize(static_cast<size_t>(std::clamp<int64_t>(lanes, 1, kPipelineLanesMax)));
  const int64_t standing = plan.generation;
  for (const ListValue& row : rows[1]->rows()) {
    KS_ASSIGN_OR_RETURN(const int64_t generation, Int64At(row, 0));
    KS_ASSIGN_OR_RETURN(const int64_t lane, Int64At(row, 1));
    KS_ASSIGN_OR_RETURN(const int64_t start, Int64At(row, 2));
    KS_ASSIGN_OR_RETURN(const int64_t end, Int64At(row, 3));
    plan.rows.emplace_back(generation, lane, start);
    plan.generation = std::max(plan.generation, generation);
    if (generation != standing || lane < 0 || lane >= static_cast<int64_t>(plan.lanes.size()))
      continue;
    LaneMove& found = plan.lanes[static_cast<size_t>(lane)];
    found.head = std::max(found.head.value_or(end), end);
  }
  ++plan.generation;
  for (LaneMove& lane : plan.lanes) {
    lane.begin = move.only_forward ? std::max(lane.head.value_or(move.to), move.to) : move.to;
  }
  return plan;
}

std::string MoveMutations(const ChainKey& key, const ChainMove& move, std::string_view topic_id,
                          const CommitLabel& label) {
  std::vector<int64_t> begins;
  for (const LaneMove& lane : move.lanes) begins.push_back(lane.begin);
  WireBuffer out;
  AppendDeletes(key, move.rows, &out);
  AppendPartition(key, MutationKind::kUpdate, move.generation, static_cast<int>(begins.size()),
                  topic_id.empty() ? move.topic_id : topic_id, &out);
  AppendGenesisRows(key, move.generation, begins, label, &out);
  return std::string(out.view());
}

}  // namespace ks::pipeline
