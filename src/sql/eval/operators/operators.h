// All operators, each made by a function. Private to eval/. Files: basic.cc, scan.cc, join.cc,
// spool.cc, aggregate.cc, sort.cc, set_operation.cc, unnest.cc.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sql/analyzer/resolved.h"
#include "sql/catalog.h"
#include "sql/eval/operator.h"

namespace ks::sql {

using ProgramPtr = std::unique_ptr<Program>;

// ---- basic.cc ----
OperatorPtr MakeSingleRow(Environment* environment);
// Rows for which every condition is true; the conditions are tried in order.
OperatorPtr MakeFilterOperator(Environment* environment, OperatorPtr input,
                               std::vector<ProgramPtr> conditions, PlanExprs exprs);
// Input columns by index, then the program's roots.
OperatorPtr MakeProjectOperator(Environment* environment, OperatorPtr input,
                                std::vector<ResolvedColumn> columns, std::vector<int> passed,
                                ProgramPtr computed, PlanExprs exprs);
OperatorPtr MakeLimitOperator(Environment* environment, OperatorPtr input, ProgramPtr limit,
                              ProgramPtr offset);
// Rows up to the first whose column at `place` is not NULL.
OperatorPtr MakeFirstValueOperator(Environment* environment, OperatorPtr input, int place);
OperatorPtr MakeWithRefOperator(Environment* environment, std::vector<ResolvedColumn> columns,
                                std::vector<int> source, std::shared_ptr<WithTable> table);

// ---- sample.cc ----

// `columns` are the input's, then the weight where there is one.
OperatorPtr MakeBernoulliSample(Environment* environment, OperatorPtr input,
                                std::vector<ResolvedColumn> columns, ProgramPtr percent);
OperatorPtr MakeReservoirSample(Environment* environment, OperatorPtr input,
                                std::vector<ResolvedColumn> columns, ProgramPtr rows);

// ---- scan.cc ----
// What is known of one key part: it equals one of several values (or the lookup's value), or lies
// between two.
struct KeyCondition {
  std::vector<ProgramPtr> values;  // = and IN (list)
  ProgramPtr array;                // IN UNNEST(array)
  int lookup = -1;                 // the place in a lookup's tuple
};
struct KeyBound {
  ProgramPtr value;  // null: open
  bool closed = true;
};
struct ScanPlan {
  const Table* table = nullptr;
  int path = 0;
  std::vector<int> table_columns;    // beside the operator's columns
  std::vector<KeyCondition> prefix;  // of the first key parts
  KeyBound low;                      // of the part after them, in the values' order
  KeyBound high;
  bool lock_exclusive = false;
  bool unique = false;   // the prefix is the whole of a unique key
  bool reverse = false;  // the last row first
  PlanExprs seeks;       // the conditions behind prefix, low and high
};
class ScanOperator : public Operator {
 public:
  using Operator::Operator;
  // The tuples that the next Open() looks up.
  virtual void SetLookup(std::vector<std::vector<Value>> tuples) = 0;
  virtual const ScanPlan& plan() const = 0;
};
std::unique_ptr<ScanOperator> MakeScan(Environment* environment,
                                       std::vector<ResolvedColumn> columns, ScanPlan plan);

// ---- join.cc ----
struct JoinPlan {
  bool left_outer = false;
  bool right_outer = false;
  ProgramPtr left_keys;  // roots beside right_keys, same types; null: none
  ProgramPtr right_keys;
  ProgramPtr condition;  // over left columns, then right columns; null: none
  // When set: for each batch of the left side the right side is read anew for its keys only: this
  // scan, which is part of the right operator, looks up the keys whose places are in `lookup_keys`.
  ScanOperator* lookup = nullptr;
  std::vector<int> lookup_keys;
  // Each left row has one partner: the row whose key it has, also where NULL or NaN is in the key.
  bool one_to_one = false;
  PlanExprs exprs;  // of the keys and of the condition
};
OperatorPtr MakeJoin(Environment* environment, OperatorPtr left, OperatorPtr right, JoinPlan plan);

// ---- spool.cc ----
// The rows of `input`, which reads nothing of the queries around it, for which `keys` equal
// `wanted` (columns of the queries around): what a correlated subquery without an index looks
// through. The input is read once and kept by its keys.
struct SpoolPlan {
  ProgramPtr keys;    // over the input's columns
  ProgramPtr wanted;  // beside `keys`, same types, without inputs
  PlanExprs exprs;
};
OperatorPtr MakeSpool(Environment* environment, OperatorPtr input, SpoolPlan plan);

// ---- unnest.cc ----
struct UnnestPlan {
  ProgramPtr array;      // over the input's columns
  ProgramPtr condition;  // over all columns of the result; null: none
  bool element = true;   // the element is wanted
  bool offset = false;
  bool outer = false;
};
// Columns: those of the input, the element, the offset (as wanted).
OperatorPtr MakeUnnestOperator(Environment* environment, OperatorPtr input,
                               std::vector<ResolvedColumn> columns, UnnestPlan plan);

// ---- aggregate.cc ----
// Columns: the keys, then the aggregates. `rel` outlives the operator.
absl::StatusOr<OperatorPtr> MakeAggregate(Environment* environment, OperatorPtr input,
                                          const AggregateRel& rel);

// ---- sort.cc ----
OperatorPtr MakeSort(Environment* environment, OperatorPtr input, std::vector<SortKey> keys);

// ---- set_operation.cc ----
// inputs[i] gives the columns of the result in order, by `sources[i]`.
OperatorPtr MakeSetOperation(Environment* environment, std::vector<ResolvedColumn> columns,
                             SetKind kind, bool distinct, std::vector<OperatorPtr> inputs,
                             std::vector<std::vector<int>> sources);

// The only value of a program without inputs.
absl::StatusOr<Value> EvaluateConstant(Environment* environment, Program& program);

}  // namespace ks::sql
