// AggregateLane: the partial rows of one aggregate that one chain owns, cached and kept up.
//
// A batch's rows are folded into the states of their groups. A group that the cache does not hold
// is folded from nothing and, before the commit, joined with what Spanner has for it (one strong
// read for all such groups). What is written are absolute values: the chain rule makes sure that
// nobody else wrote them meanwhile, and that a commit that applied twice would be the same.
//
//   Fold* -> MissingReads -> OnRead -> AppendRows (any number of times) -> OnCommitted
//                                                                       \-> Clear: the batch was
//                                                                       dropped
// Invariants, tested in aggregate_test.cc:
//   1. After OnCommitted the cache holds exactly what Spanner holds for every group in it.
//   2. A group of a batch that is not committed is never forgotten; others may be, beyond the
//   limit.
//   3. The order of records is the order of folding (FLOAT64 sums and ANY_VALUE show it).
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "pipeline/aggregate_plan.h"
#include "pipeline/mutation_writer.h"
#include "pipeline/ports.h"
#include "pipeline/wire_buffer.h"
#include "sql/types/datum.h"

namespace ks::pipeline {

// One state column of one group; owns its bytes.
struct PartialValue {
  bool null = true;
  sql::Datum scalar = sql::Datum::Null();  // BOOL, INT64, FLOAT, DATE, TIMESTAMP
  sql::Int128 wide = 0;                    // NUMERIC, UUID
  std::string bytes;                       // STRING, BYTES, JSON, PROTO
};

class AggregateLane {
 public:
  // `plan` and `shape` (of the table of partials) outlive this. `suffix` are the elements
  // KafkaTopic, KafkaPartition, KafkaLane.
  AggregateLane(const AggregatePlan& plan, const MutationShape& shape, std::string suffix,
                size_t cache_groups);
  ~AggregateLane();

  // Adds a row to its group, which its key's wire bytes name, or takes it back; `inputs` are the
  // aggregates' arguments and orders in turn.
  void Fold(std::string_view key, uint64_t hash, const sql::Datum* inputs, bool taken_back = false);

  // Of the groups folded since the last OnCommitted:
  size_t touched() const { return touched_.size(); }
  std::vector<ReadSpec> MissingReads() const;
  absl::Status OnRead(const RowsPtr& rows);
  void AppendRows(WireBuffer* rows) const;
  // The same apart, without the suffix: the wire bytes of the key and of the states.
  void VisitTouched(
      const std::function<void(std::string_view key, std::string_view states)>& visit) const;

  void OnCommitted();
  void Clear();
  size_t cached() const { return groups_.size(); }

 private:
  struct Group;
  void FoldOne(const PlannedAggregate& aggregate, const sql::Datum* inputs, int64_t weight,
               PartialValue* states);
  // Puts what Spanner has before what was folded since.
  void Join(const PlannedAggregate& aggregate, const PartialValue* base, PartialValue* states);
  void AppendStates(const Group& group, WireBuffer* to) const;
  void Evict();

  const AggregatePlan& plan_;
  const MutationShape& shape_;
  const std::string suffix_;
  const size_t cache_groups_;
  int first_aggregate_input_ = 0;
  absl::flat_hash_map<std::string_view, std::unique_ptr<Group>>
      groups_;  // keys point into the groups
  std::vector<Group*> touched_;
  uint64_t batch_ = 1;
};

}  // namespace ks::pipeline
