// AggregatePlan: how the aggregates of one SELECT … GROUP BY are kept as partial rows, and how a
// view merges them.
//
// Each chain (topic, partition, lane) writes rows of its own into `<Table>Partials`, keyed by
//     the group key's columns, KafkaTopic, KafkaPartition, KafkaLane
// holding the state of each aggregate over the chain's records of that group; the view `<Table>`
// merges them. The state's columns by aggregate `X`:
//     COUNT(*), COUNT, COUNTIF    X: INT64, never NULL              merged by SUM
//     SUM                         X (NUMERIC of INT64: no overflow) SUM      (FLOAT64: the order of
//     additions shows) MIN, MAX                    X                                 MIN, MAX AVG
//     X_sum (NUMERIC of INT64: no overflow), X_count LOGICAL_AND/OR, BIT_AND/OR/XOR  X the same
//     ANY_VALUE(v HAVING MAX/MIN o)   X, X_order                    the same over both
//     ANY_VALUE(v)                X                                 ANY_VALUE
// Where rows are taken back (an aggregate over rows that change), states are sums of what was added
// and taken away, in any order; there are COUNT, COUNTIF, SUM and AVG only, SUM has X_count too, to
// be NULL again without values, and KafkaRows counts rows, so that a group without any is none.
// Thread safety: plain data, immutable once planned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/analyzer/analyzer.h"
#include "sql/types/type.h"

namespace ks::pipeline {

enum class AggregateKind : uint8_t {
  kCount,  // rows, or values that are not NULL
  kCountIf,
  kSum,
  kAvg,
  kMin,
  kMax,
  kLogicalAnd,
  kLogicalOr,
  kBitAnd,
  kBitOr,
  kBitXor,
  kAnyValue,
  kAnyValueMax,  // ANY_VALUE(v HAVING MAX o)
  kAnyValueMin,
};

struct PlannedAggregate {
  AggregateKind kind = AggregateKind::kCount;
  std::string name;                 // of the output
  sql::TypeRef argument = nullptr;  // null: COUNT(*)
  sql::TypeRef order = nullptr;     // of ANY_VALUE … HAVING
  int first_input = 0;  // index among RecordSelect's columns: the argument, then the order
  int first_state = 0;  // index among the state's columns
  int states = 1;
};

struct StateColumn {
  std::string name;
  sql::TypeRef type = nullptr;
  bool not_null = false;
};

struct AggregatePlan {
  bool takes_back = false;
  std::string table;  // of the partials
  std::string view;   // what the pipeline file calls it
  std::vector<std::string> key_names;
  std::vector<sql::TypeRef> key_types;
  std::vector<int> key_inputs;            // index among RecordSelect's columns
  size_t first_aggregate_input = 0;       // the columns before are those of GROUP BY
  std::vector<sql::TypeRef> input_types;  // of RecordSelect's columns
  uint32_t row_bytes = 0;  // a guess at what the states of a row add to its key's bytes
  std::vector<PlannedAggregate> aggregates;
  std::vector<StateColumn> states;
  std::vector<std::string> output_order;  // names of the view's columns, as the SELECT has them
};

inline constexpr std::string_view kPartialTopic = "KafkaTopic";
inline constexpr std::string_view kPartialPartition = "KafkaPartition";
inline constexpr std::string_view kPartialLane = "KafkaLane";
inline constexpr std::string_view kPartialRows = "KafkaRows";

// An error's text says which select item it is about: *item is its index in select.output.
absl::StatusOr<AggregatePlan> PlanAggregates(std::string_view table,
                                             const sql::AnalyzedSelect& select, bool takes_back,
                                             size_t* item);

// `CREATE VIEW …` over the partials.
std::string MergeViewSql(const AggregatePlan& plan);

// A query: the group key's columns, and each state merged over all chains.
std::string MergeStatesSql(const AggregatePlan& plan);

}  // namespace ks::pipeline
