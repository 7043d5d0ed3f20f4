// Planner: from resolved relations to operators. Private to eval/.
//
// Conditions travel down to where their columns come from; a scan takes from them the key ranges of
// its best access path; equalities between the sides of a join become its keys, and a side whose
// key they fill is looked up instead of read. A correlated subquery that equalities tie to the row
// around it and that no index serves keeps its rows by their values (a spool). ORDER BY and MIN/MAX
// tell the scan below which order would serve them. Only columns that somebody reads are carried.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {

using Conditions = std::vector<const ResolvedExpr*>;
using ColumnSet = std::set<ColumnId>;

// An order of rows that would spare a sort.
struct OrderHope {
  std::vector<SortKey> keys;
  bool limited = false;  // only the first rows will be read
};
// Whether rows that come in `given` order are in the order of `keys`, or, `reversed`, would be if
// they came the other way round.
bool InOrder(const std::vector<Ordering>& given, const std::vector<SortKey>& keys, bool reversed);

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
                                       Conditions conditions, bool limited = false);
  // Plans `rel`; its rows come in the order of `keys` where that is to be had for nothing.
  absl::StatusOr<OperatorPtr> PlanHoping(const ResolvedRel& rel, const ColumnSet& wanted,
                                         Conditions conditions, OrderHope hope, bool* in_order);
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

  absl::StatusOr<OperatorPtr> PlanSpool(const ScanRel& rel, const ColumnSet& wanted,
                                        const Conditions& conditions);

  absl::StatusOr<OperatorPtr> PlanBackJoin(const ScanRel& rel, ScanPlan plan,
                                           const std::vector<ResolvedColumn>& columns,
                                           const std::vector<int>& table_columns,
                                           ScanOperator** scan);

  // joins: plan/join.cc
  static bool AddKey(const ResolvedExpr& condition, JoinSides* sides);
  static void Distribute(const JoinRel& rel, const Conditions& conditions, JoinSides* sides);
  absl::StatusOr<OperatorPtr> TryLookupJoin(JoinSides& sides, OperatorPtr& left, bool* done);
  absl::Status FillCondition(const JoinSides& sides, const Operator& left, const Operator& right,
                             JoinPlan* plan);
  absl::StatusOr<OperatorPtr> FinishJoin(JoinSides& sides, OperatorPtr left, OperatorPtr right);

  absl::StatusOr<OperatorPtr> Filter(OperatorPtr input, const Conditions& conditions);
  absl::StatusOr<ProgramPtr> Compile(const Operator& input, const Conditions& roots);
  absl::StatusOr<ProgramPtr> CompileConstant(const ResolvedExpr& expr);

  Environment* const environment_;
  ColumnId next_internal_ = -2;  // columns that only the plan knows
  std::optional<OrderHope>
      hope_;  // for the scan that is planned next, through filters and projects
  const std::vector<ColumnId> no_columns_;
};

// The operands of nested ANDs.
void SplitConditions(const ResolvedExpr& condition, Conditions* conditions);
// Columns read by it.
ColumnSet ColumnsOf(const ResolvedExpr& expr);
ColumnSet ColumnsOf(const ResolvedRel& rel);  // that it gives
bool Subset(const ColumnSet& part, const ColumnSet& whole);
bool Intersects(const ColumnSet& a, const ColumnSet& b);
ColumnSet Intersection(const ColumnSet& a, const ColumnSet& b);
void AddColumns(const Conditions& conditions, ColumnSet* columns);
// Gives the same value each time it is asked in one statement.
bool Stable(const ResolvedExpr& expr);
bool HasSubquery(const ResolvedExpr& expr);
// Hashing and comparing as GROUP BY does agrees with `=` for it (NULL and NaN apart).
bool Hashable(TypeRef type);
// The sides of `a = b`; null when it is none.
const ResolvedCall* AsEquality(const ResolvedExpr& expr);

}  // namespace ks::sql
