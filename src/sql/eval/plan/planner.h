// Planner: from resolved relations to operators. Private to eval/.
//
// Conditions travel down to where their columns come from; a scan takes from them the key ranges of
// its best access path; equalities between the sides of a join become its keys, and a side whose
// key they fill is looked up instead of read. Only columns that somebody reads are carried.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {

using Conditions = std::vector<const ResolvedExpr*>;
using ColumnSet = std::set<ColumnId>;

class Planner {
 public:
  // Resolved trees that are planned must outlive the operators.
  explicit Planner(Environment* environment) : environment_(environment) {}

  // Gives at least the `wanted` columns of the rows for which all `conditions` hold.
  absl::StatusOr<OperatorPtr> Plan(const ResolvedRel& rel, const ColumnSet& wanted,
                                   Conditions conditions = {});

 private:
  struct JoinSides;

  absl::StatusOr<OperatorPtr> PlanFilter(const FilterRel& rel, const ColumnSet& wanted,
                                         Conditions conditions);
  absl::StatusOr<OperatorPtr> PlanProject(const ProjectRel& rel, const ColumnSet& wanted,
                                          Conditions conditions);
  absl::StatusOr<OperatorPtr> PlanJoin(const JoinRel& rel, const ColumnSet& wanted,
                                       Conditions conditions);
  absl::StatusOr<OperatorPtr> PlanUnnest(const UnnestRel& rel, const ColumnSet& wanted,
                                         Conditions conditions);
  absl::StatusOr<OperatorPtr> PlanAggregate(const AggregateRel& rel, const ColumnSet& wanted,
                                            Conditions conditions);
  absl::StatusOr<OperatorPtr> PlanSort(const SortRel& rel, const ColumnSet& wanted,
                                       Conditions conditions);
  absl::StatusOr<OperatorPtr> PlanLimit(const LimitRel& rel, const ColumnSet& wanted);
  absl::StatusOr<OperatorPtr> PlanSetOperation(const SetOperationRel& rel);
  absl::StatusOr<OperatorPtr> PlanWith(const WithRel& rel, const ColumnSet& wanted,
                                       Conditions conditions);
  absl::StatusOr<OperatorPtr> PlanWithRef(const WithRefRel& rel);
  absl::StatusOr<OperatorPtr> PlanSample(const SampleRel& rel, const ColumnSet& wanted);

  // scans: plan/access_path.cc
  absl::StatusOr<OperatorPtr> PlanScan(const ScanRel& rel, const ColumnSet& wanted,
                                       const Conditions& conditions, const Conditions& lookup,
                                       ScanOperator** scan, std::vector<int>* lookup_keys);

  absl::StatusOr<OperatorPtr> PlanBackJoin(const ScanRel& rel, ScanPlan plan,
                                           std::vector<ResolvedColumn> columns,
                                           std::vector<int> table_columns, ScanOperator** scan);

  // joins: plan/join.cc
  static bool AddKey(const ResolvedExpr& condition, JoinSides* sides);
  static void Distribute(const JoinRel& rel, const Conditions& conditions, JoinSides* sides);
  absl::StatusOr<OperatorPtr> TryLookupJoin(JoinSides& sides, const ColumnSet& wanted, bool* done);
  absl::StatusOr<OperatorPtr> FinishJoin(JoinSides& sides, OperatorPtr left, OperatorPtr right);

  absl::StatusOr<OperatorPtr> Filter(OperatorPtr input, const Conditions& conditions);
  absl::StatusOr<ProgramPtr> Compile(const Operator& input, const Conditions& roots);
  absl::StatusOr<ProgramPtr> CompileConstant(const ResolvedExpr& expr);

  Environment* const environment_;
  ColumnId next_internal_ = -2;  // columns that only the plan knows
  const std::vector<ColumnId> no_columns_;
};

// The operands of nested ANDs.
void SplitConditions(const ResolvedExpr& condition, Conditions* conditions);
// Columns read by it.
ColumnSet ColumnsOf(const ResolvedExpr& expr);
ColumnSet ColumnsOf(const ResolvedRel& rel);  // that it gives
bool Subset(const ColumnSet& part, const ColumnSet& whole);
bool Intersects(const ColumnSet& a, const ColumnSet& b);
void AddColumns(const Conditions& conditions, ColumnSet* columns);
// Gives the same value each time it is asked in one statement.
bool Stable(const ResolvedExpr& expr);
bool HasSubquery(const ResolvedExpr& expr);
// The sides of `a = b`; null when it is none.
const ResolvedCall* AsEquality(const ResolvedExpr& expr);

}  // namespace ks::sql
