// Planning joins: what goes to which side, keys, and whether a side is looked up.
#include <algorithm>

#include "base/status_macros.h"
#include "sql/eval/plan/planner.h"

namespace ks::sql {

struct Planner::JoinSides {
  bool left_outer = false;
  bool right_outer = false;
  const ResolvedRel* rel[2];
  ColumnSet columns[2];
  Conditions pushed[2];
  Conditions keys[2];   // beside each other
  Conditions residual;  // decides whether a pair matches
  Conditions above;     // after the join
  ColumnSet needed;
  JoinMethod method = JoinMethod::kAny;

  void Swap() {
    std::swap(left_outer, right_outer);
    std::swap(rel[0], rel[1]);
    std::swap(columns[0], columns[1]);
    std::swap(pushed[0], pushed[1]);
    std::swap(keys[0], keys[1]);
  }
  bool inner() const { return !left_outer && !right_outer; }
};

namespace {

// The scan below filters, which are added to `conditions`; null: it is something else.
const ScanRel* AsScan(const ResolvedRel* rel, Conditions* conditions) {
  while (rel->kind == RelKind::kFilter) {
    SplitConditions(*To<FilterRel>(*rel).condition, conditions);
    rel = To<FilterRel>(*rel).input.get();
  }
  return rel->kind == RelKind::kScan ? &To<ScanRel>(*rel) : nullptr;
}

}  // namespace

absl::StatusOr<OperatorPtr> Planner::FinishJoin(JoinSides& sides, OperatorPtr left,
                                                OperatorPtr right) {
  JoinPlan plan;
  plan.left_outer = sides.left_outer;
  plan.right_outer = sides.right_outer;
  if (!sides.keys[0].empty()) {
    KS_ASSIGN_OR_RETURN(plan.left_keys, Compile(*left, sides.keys[0]));
    KS_ASSIGN_OR_RETURN(plan.right_keys, Compile(*right, sides.keys[1]));
  }
  KS_RETURN_IF_ERROR(FillCondition(sides, *left, *right, &plan));
  return MakeJoin(environment_, std::move(left), std::move(right), std::move(plan));
}

// What decides whether a pair matches, and the plan's texts.
absl::Status Planner::FillCondition(const JoinSides& sides, const Operator& left,
                                    const Operator& right, JoinPlan* plan) {
  for (size_t i = 0; i < sides.keys[0].size(); ++i) {
    plan->exprs.push_back({"Condition", sides.keys[0][i], sides.keys[1][i]});
  }
  if (sides.residual.empty()) return absl::OkStatus();
  // One condition: the rest of them as an AND of copies would need subqueries to be copied, so
  // they stay a list.
  plan->exprs.push_back({"Residual Condition", sides.residual[0]});
  std::vector<ColumnId> ids = left.ids();
  ids.insert(ids.end(), right.ids().begin(), right.ids().end());
  KS_ASSIGN_OR_RETURN(plan->condition, Program::Compile(*sides.residual[0], {&ids, environment_}));
  return absl::OkStatus();
}

// Takes `left`, the planned left side, when it comes to a join.
absl::StatusOr<OperatorPtr> Planner::TryLookupJoin(JoinSides& sides, OperatorPtr& left,
                                                   bool* done) {
  *done = false;
  Conditions conditions = sides.pushed[1];
  const ScanRel* scan_rel = AsScan(sides.rel[1], &conditions);
  if (scan_rel == nullptr || sides.right_outer) return OperatorPtr();
  ScanOperator* scan = nullptr;
  std::vector<int> lookup_keys;
  KS_ASSIGN_OR_RETURN(auto right, PlanScan(*scan_rel, Intersection(sides.needed, sides.columns[1]),
                                           conditions, sides.keys[1], &scan, &lookup_keys));
  if (right == nullptr) return OperatorPtr();
  JoinPlan plan;
  plan.left_outer = sides.left_outer;
  KS_ASSIGN_OR_RETURN(plan.left_keys, Compile(*left, sides.keys[0]));
  KS_ASSIGN_OR_RETURN(plan.right_keys, Compile(*right, sides.keys[1]));
  KS_RETURN_IF_ERROR(FillCondition(sides, *left, *right, &plan));
  plan.lookup = scan;
  plan.lookup_keys = std::move(lookup_keys);
  *done = true;
  return MakeJoin(environment_, std::move(left), std::move(right), std::move(plan));
}

// `left = right` becomes a key; false when the condition is something else.
bool Planner::AddKey(const ResolvedExpr& condition, JoinSides* sides) {
  const ResolvedCall* equality = AsEquality(condition);
  if (equality == nullptr || equality->arguments[0]->type != equality->arguments[1]->type ||
      !Hashable(equality->arguments[0]->type) || !Stable(condition) || HasSubquery(condition)) {
    return false;
  }
  for (int first = 0; first < 2; ++first) {
    const ColumnSet a = ColumnsOf(*equality->arguments[first]);
    const ColumnSet b = ColumnsOf(*equality->arguments[1 - first]);
    if (!Intersects(a, sides->columns[0]) || Intersects(a, sides->columns[1]) ||
        !Intersects(b, sides->columns[1]) || Intersects(b, sides->columns[0])) {
      continue;
    }
    sides->keys[0].push_back(equality->arguments[first].get());
    sides->keys[1].push_back(equality->arguments[1 - first].get());
    return true;
  }
  return false;
}

// Gives each condition its place: below one side, a key, at the pair, or above the join.
void Planner::Distribute(const JoinRel& rel, const Conditions& conditions, JoinSides* sides) {
  Conditions on;
  if (rel.condition != nullptr) SplitConditions(*rel.condition, &on);
  if (sides->inner()) {
    on.insert(on.end(), conditions.begin(), conditions.end());
  } else {
    for (const ResolvedExpr* condition : conditions) {
      const bool right = Intersects(ColumnsOf(*condition), sides->columns[1]);
      (right || sides->right_outer ? sides->above : sides->pushed[0]).push_back(condition);
    }
  }
  for (const ResolvedExpr* condition : on) {
    const ColumnSet columns = ColumnsOf(*condition);
    const bool left = Intersects(columns, sides->columns[0]);
    const bool right = Intersects(columns, sides->columns[1]);
    if (!right && sides->inner()) {
      sides->pushed[0].push_back(condition);
      continue;
    }
    if (!left && right && !sides->right_outer) {
      sides->pushed[1].push_back(condition);
      continue;
    }
    if (!AddKey(*condition, sides)) sides->residual.push_back(condition);
  }
  // An inner join may as well filter afterwards.
  if (sides->inner() && sides->residual.size() > 1) {
    sides->above.insert(sides->above.end(), sides->residual.begin() + 1, sides->residual.end());
    sides->residual.resize(1);
  } else if (sides->residual.size() > 1) {
    sides->residual = {rel.condition.get()};
  }
}

absl::StatusOr<OperatorPtr> Planner::PlanJoin(const JoinRel& rel, const ColumnSet& wanted,
                                              Conditions conditions) {
  JoinSides sides;
  sides.left_outer = rel.join == JoinType::kLeft || rel.join == JoinType::kFull;
  sides.right_outer = rel.join == JoinType::kRight || rel.join == JoinType::kFull;
  sides.rel[0] = rel.left.get();
  sides.rel[1] = rel.right.get();
  sides.columns[0] = ColumnsOf(*rel.left);
  sides.columns[1] = ColumnsOf(*rel.right);
  sides.method = rel.method;
  if (sides.right_outer && !sides.left_outer) sides.Swap();

  Distribute(rel, conditions, &sides);
  sides.needed = wanted;
  for (const Conditions* used : {&sides.keys[0], &sides.keys[1], &sides.residual, &sides.above}) {
    AddColumns(*used, &sides.needed);
  }

  KS_ASSIGN_OR_RETURN(auto left, Plan(*sides.rel[0], Intersection(sides.needed, sides.columns[0]),
                                      sides.pushed[0]));
  KS_ASSIGN_OR_RETURN(auto right, Plan(*sides.rel[1], Intersection(sides.needed, sides.columns[1]),
                                       sides.pushed[1]));
  const double rows[2] = {left->estimate(), right->estimate()};
  if (!sides.keys[0].empty() && sides.method != JoinMethod::kHash &&
      sides.method != JoinMethod::kMerge) {
    const bool apply = sides.method == JoinMethod::kApply;
    bool done = false;
    if (apply || rows[0] * 4 < rows[1]) {
      KS_ASSIGN_OR_RETURN(auto join, TryLookupJoin(sides, left, &done));
      if (done) return Filter(std::move(join), sides.above);
    }
    if (sides.inner() && rows[1] * 4 < rows[0]) {
      sides.Swap();
      KS_ASSIGN_OR_RETURN(auto join, TryLookupJoin(sides, right, &done));
      if (done) return Filter(std::move(join), sides.above);
      sides.Swap();
    }
  }
  // The smaller side is kept in memory.
  if (rows[0] < rows[1]) {
    sides.Swap();
    std::swap(left, right);
  }
  KS_ASSIGN_OR_RETURN(auto join, FinishJoin(sides, std::move(left), std::move(right)));
  return Filter(std::move(join), sides.above);
}

}  // namespace ks::sql
