#include "sql/eval/plan/planner.h"

#include <algorithm>

#include "base/status_macros.h"

namespace ks::sql {

void SplitConditions(const ResolvedExpr& condition, Conditions* conditions) {
  if (condition.kind == ResolvedKind::kLazy && To<ResolvedLazy>(condition).lazy == LazyKind::kAnd) {
    for (const auto& operand : To<ResolvedLazy>(condition).operands)
      SplitConditions(*operand, conditions);
    return;
  }
  conditions->push_back(&condition);
}

ColumnSet ColumnsOf(const ResolvedExpr& expr) {
  ColumnSet columns;
  ForEachColumn(expr, [&](ColumnId id) { columns.insert(id); });
  return columns;
}

ColumnSet ColumnsOf(const ResolvedRel& rel) {
  ColumnSet columns;
  for (const ResolvedColumn& column : rel.columns) columns.insert(column.id);
  return columns;
}

bool Subset(const ColumnSet& part, const ColumnSet& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

bool Intersects(const ColumnSet& a, const ColumnSet& b) {
  return std::any_of(a.begin(), a.end(), [&](ColumnId id) { return b.contains(id); });
}

ColumnSet Intersection(const ColumnSet& a, const ColumnSet& b) {
  ColumnSet both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

void AddColumns(const Conditions& conditions, ColumnSet* columns) {
  for (const ResolvedExpr* condition : conditions) columns->merge(ColumnsOf(*condition));
}

bool Stable(const ResolvedExpr& expr) {
  if (expr.kind == ResolvedKind::kCall &&
      To<ResolvedCall>(expr).function->determinism == Determinism::kVolatile) {
    return false;
  }
  bool stable = true;
  ForEachOperand(expr, [&](const ResolvedExpr& operand) { stable &= Stable(operand); });
  return stable;
}

bool HasSubquery(const ResolvedExpr& expr) {
  if (expr.kind == ResolvedKind::kSubquery) return true;
  bool found = false;
  ForEachOperand(expr, [&](const ResolvedExpr& operand) { found |= HasSubquery(operand); });
  return found;
}

bool Hashable(TypeRef type) {
  return !type->is_struct() && !type->is_array() && type->SupportsEquality();
}

bool InOrder(const std::vector<Ordering>& given, const std::vector<SortKey>& keys, bool reversed) {
  size_t at = 0;
  for (const SortKey& key : keys) {
    const auto fixed = std::find_if(given.begin(), given.end(), [&](const Ordering& o) {
      return o.fixed && o.column == key.column.id;
    });
    if (fixed != given.end()) continue;
    while (at < given.size() && given[at].fixed) ++at;
    if (at == given.size()) return false;
    const Ordering& order = given[at++];
    if (order.column != key.column.id || (order.descending != reversed) != key.descending ||
        key.nulls_first == key.descending) {
      return false;
    }
  }
  return true;
}

const ResolvedCall* AsEquality(const ResolvedExpr& expr) {
  if (expr.kind != ResolvedKind::kCall) return nullptr;
  const auto& call = To<ResolvedCall>(expr);
  return call.function->name == "$equal" && !call.safe ? &call : nullptr;
}

namespace {

// Takes from `conditions` those for which `goes` is true.
template <typename Predicate>
Conditions TakeIf(Conditions* conditions, Predicate goes) {
  Conditions taken;
  Conditions rest;
  for (const ResolvedExpr* condition : *conditions)
    (goes(*condition) ? taken : rest).push_back(condition);
  *conditions = std::move(rest);
  return taken;
}

}  // namespace

absl::StatusOr<ProgramPtr> Planner::Compile(const Operator& input, const Conditions& roots) {
  return Program::Compile(roots, {&input.ids(), environment_});
}

absl::StatusOr<ProgramPtr> Planner::CompileConstant(const ResolvedExpr& expr) {
  return Program::Compile(expr, {&no_columns_, environment_});
}

absl::StatusOr<OperatorPtr> Planner::Filter(OperatorPtr input, const Conditions& conditions) {
  if (conditions.empty()) return input;
  std::vector<ProgramPtr> programs;
  for (const ResolvedExpr* condition : conditions) {
    KS_ASSIGN_OR_RETURN(auto program, Compile(*input, {condition}));
    programs.push_back(std::move(program));
  }
  PlanExprs exprs;
  for (const ResolvedExpr* condition : conditions) exprs.push_back({"Condition", condition});
  return MakeFilterOperator(environment_, std::move(input), std::move(programs), std::move(exprs));
}

absl::StatusOr<OperatorPtr> Planner::Plan(const ResolvedRel& rel, const ColumnSet& wanted,
                                          Conditions conditions) {
  OperatorPtr made;
  if (rel.kind != RelKind::kFilter && rel.kind != RelKind::kProject && rel.kind != RelKind::kScan) {
    hope_.reset();
  }
  switch (rel.kind) {
    case RelKind::kFilter:
      return PlanFilter(To<FilterRel>(rel), wanted, std::move(conditions));
    case RelKind::kProject:
      return PlanProject(To<ProjectRel>(rel), wanted, std::move(conditions));
    case RelKind::kJoin:
      return PlanJoin(To<JoinRel>(rel), wanted, std::move(conditions));
    case RelKind::kUnnest:
      return PlanUnnest(To<UnnestRel>(rel), wanted, std::move(conditions));
    case RelKind::kAggregate:
      return PlanAggregate(To<AggregateRel>(rel), wanted, std::move(conditions));
    case RelKind::kSort:
      return PlanSort(To<SortRel>(rel), wanted, std::move(conditions));
    case RelKind::kWith:
      return PlanWith(To<WithRel>(rel), wanted, std::move(conditions));
    case RelKind::kScan:
      return PlanScan(To<ScanRel>(rel), wanted, conditions, {}, nullptr, nullptr);
    case RelKind::kSingleRow:
      made = MakeSingleRow(environment_);
      break;
    case RelKind::kLimit: {
      ColumnSet needed = wanted;
      AddColumns(conditions, &needed);
      KS_ASSIGN_OR_RETURN(made, PlanLimit(To<LimitRel>(rel), needed));
      break;
    }
    case RelKind::kSetOperation: {
      KS_ASSIGN_OR_RETURN(made, PlanSetOperation(To<SetOperationRel>(rel)));
      break;
    }
    case RelKind::kWithRef: {
      KS_ASSIGN_OR_RETURN(made, PlanWithRef(To<WithRefRel>(rel)));
      break;
    }
    case RelKind::kSample: {
      ColumnSet needed = wanted;
      AddColumns(conditions, &needed);
      KS_ASSIGN_OR_RETURN(made, PlanSample(To<SampleRel>(rel), needed));
      break;
    }
    case RelKind::kAssertSingle:
      return absl::InternalError("unknown relation");
  }
  return Filter(std::move(made), conditions);
}

absl::StatusOr<OperatorPtr> Planner::PlanFilter(const FilterRel& rel, const ColumnSet& wanted,
                                                Conditions conditions) {
  Conditions all;
  SplitConditions(*rel.condition, &all);
  all.insert(all.end(), conditions.begin(), conditions.end());
  return Plan(*rel.input, wanted, std::move(all));
}

absl::StatusOr<OperatorPtr> Planner::PlanProject(const ProjectRel& rel, const ColumnSet& wanted,
                                                 Conditions conditions) {
  ColumnSet made;
  for (const ComputedColumn& computed : rel.computed) made.insert(computed.column.id);
  Conditions below =
      TakeIf(&conditions, [&](const ResolvedExpr& c) { return !Intersects(ColumnsOf(c), made); });
  ColumnSet needed = wanted;
  AddColumns(conditions, &needed);
  ColumnSet from_input;
  for (ColumnId id : needed) {
    if (!made.contains(id)) from_input.insert(id);
  }
  Conditions roots;
  std::vector<ResolvedColumn> computed_columns;
  for (const ComputedColumn& computed : rel.computed) {
    if (!needed.contains(computed.column.id)) continue;
    roots.push_back(computed.expr.get());
    computed_columns.push_back(computed.column);
  }
  ColumnSet input_wanted = from_input;
  AddColumns(roots, &input_wanted);
  KS_ASSIGN_OR_RETURN(auto input, Plan(*rel.input, input_wanted, std::move(below)));
  std::vector<ResolvedColumn> columns;
  std::vector<int> passed;
  for (size_t i = 0; i < input->columns().size(); ++i) {
    if (!from_input.contains(input->columns()[i].id)) continue;
    columns.push_back(input->columns()[i]);
    passed.push_back(static_cast<int>(i));
  }
  columns.insert(columns.end(), computed_columns.begin(), computed_columns.end());
  PlanExprs exprs;
  for (const ComputedColumn& computed : rel.computed) {
    if (!needed.contains(computed.column.id)) continue;
    exprs.push_back({"", computed.expr.get(), nullptr, computed.column.name});
  }
  ProgramPtr program;
  if (!roots.empty()) {
    KS_ASSIGN_OR_RETURN(program, Compile(*input, roots));
  }
  auto project = MakeProjectOperator(environment_, std::move(input), std::move(columns),
                                     std::move(passed), std::move(program), std::move(exprs));
  return Filter(std::move(project), conditions);
}

absl::StatusOr<OperatorPtr> Planner::PlanUnnest(const UnnestRel& rel, const ColumnSet& wanted,
                                                Conditions conditions) {
  const ColumnSet input_columns = rel.input == nullptr ? ColumnSet() : ColumnsOf(*rel.input);
  const ColumnSet own = {rel.element.id, rel.offset.id};
  Conditions below;
  if (rel.input != nullptr) {
    below =
        TakeIf(&conditions, [&](const ResolvedExpr& c) { return !Intersects(ColumnsOf(c), own); });
  }
  ColumnSet needed = wanted;
  AddColumns(conditions, &needed);
  if (rel.condition != nullptr) needed.merge(ColumnsOf(*rel.condition));
  ColumnSet from_input = needed;
  from_input.merge(ColumnsOf(*rel.array));
  OperatorPtr input;
  if (rel.input == nullptr) {
    input = MakeSingleRow(environment_);
  } else {
    KS_ASSIGN_OR_RETURN(
        input, Plan(*rel.input, Intersection(from_input, input_columns), std::move(below)));
  }
  UnnestPlan plan;
  KS_ASSIGN_OR_RETURN(plan.array, Compile(*input, {rel.array.get()}));
  std::vector<ResolvedColumn> columns = input->columns();
  plan.element = needed.contains(rel.element.id);
  plan.offset = rel.offset.id >= 0 && needed.contains(rel.offset.id);
  plan.outer = rel.outer;
  if (plan.element) columns.push_back(rel.element);
  if (plan.offset) columns.push_back(rel.offset);
  if (rel.condition != nullptr) {
    std::vector<ColumnId> ids;
    for (const ResolvedColumn& column : columns) ids.push_back(column.id);
    KS_ASSIGN_OR_RETURN(plan.condition, Program::Compile(*rel.condition, {&ids, environment_}));
  }
  auto unnest =
      MakeUnnestOperator(environment_, std::move(input), std::move(columns), std::move(plan));
  return Filter(std::move(unnest), conditions);
}

namespace {

// The column of `SELECT MIN(column)` or MAX, when the first value in its order is the answer. Null
// when it is not so: NaN is the MAX of all and comes first in their order.
const ResolvedColumnRef* OnlyExtreme(const AggregateRel& rel) {
  if (!rel.group_by.empty() || !rel.grouping_sets.empty() || rel.aggregates.size() != 1) {
    return nullptr;
  }
  const AggregateCall& call = rel.aggregates[0];
  const std::string& name = call.function->name;
  if ((name != "MIN" && name != "MAX") || call.having_expr != nullptr || call.limit != nullptr ||
      call.arguments[0]->kind != ResolvedKind::kColumn ||
      (name == "MAX" && call.arguments[0]->type->is_floating())) {
    return nullptr;
  }
  return &To<ResolvedColumnRef>(*call.arguments[0]);
}

}  // namespace

absl::StatusOr<OperatorPtr> Planner::PlanAggregate(const AggregateRel& rel, const ColumnSet&,
                                                   Conditions conditions) {
  ColumnSet plain;  // keys that are columns of the input under the same number
  ColumnSet made;
  for (const ComputedColumn& key : rel.group_by) {
    const bool same = key.expr->kind == ResolvedKind::kColumn &&
                      To<ResolvedColumnRef>(*key.expr).column == key.column.id;
    (same ? plain : made).insert(key.column.id);
  }
  for (const AggregateCall& call : rel.aggregates) made.insert(call.column.id);
  Conditions below;
  if (rel.grouping_sets.empty() && !rel.group_by.empty()) {
    below = TakeIf(&conditions, [&](const ResolvedExpr& c) {
      const ColumnSet columns = ColumnsOf(c);
      return Intersects(columns, plain) && !Intersects(columns, made);
    });
  }
  Conditions roots;
  for (const ComputedColumn& key : rel.group_by) roots.push_back(key.expr.get());
  for (const AggregateCall& call : rel.aggregates) {
    for (const auto& argument : call.arguments) roots.push_back(argument.get());
    if (call.having_expr != nullptr) roots.push_back(call.having_expr.get());
    for (const AggregateOrder& order : call.order_by) roots.push_back(order.expr.get());
  }
  ColumnSet needed;
  AddColumns(roots, &needed);
  OperatorPtr input;
  if (const ResolvedColumnRef* column = OnlyExtreme(rel)) {
    const bool descending = rel.aggregates[0].function->name == "MAX";
    const SortKey key{{column->column, "", column->type}, descending, !descending};
    bool in_order = false;
    KS_ASSIGN_OR_RETURN(input,
                        PlanHoping(*rel.input, needed, std::move(below), {{key}, true}, &in_order));
    if (in_order) {
      const int place = input->IndexOf(column->column);
      input = MakeFirstValueOperator(environment_, std::move(input), place);
    }
  } else {
    KS_ASSIGN_OR_RETURN(input, Plan(*rel.input, needed, std::move(below)));
  }
  KS_ASSIGN_OR_RETURN(auto aggregate, MakeAggregate(environment_, std::move(input), rel));
  return Filter(std::move(aggregate), conditions);
}

absl::StatusOr<OperatorPtr> Planner::PlanHoping(const ResolvedRel& rel, const ColumnSet& wanted,
                                                Conditions conditions, OrderHope hope,
                                                bool* in_order) {
  hope_ = hope;
  KS_ASSIGN_OR_RETURN(auto made, Plan(rel, wanted, std::move(conditions)));
  hope_.reset();
  *in_order = InOrder(made->ordering(), hope.keys, false) ||
              (InOrder(made->ordering(), hope.keys, true) && made->Reverse());
  return made;
}

absl::StatusOr<OperatorPtr> Planner::PlanSort(const SortRel& rel, const ColumnSet& wanted,
                                              Conditions conditions, bool limited) {
  ColumnSet needed = wanted;
  for (const SortKey& key : rel.keys) needed.insert(key.column.id);
  bool in_order = false;
  KS_ASSIGN_OR_RETURN(auto input, PlanHoping(*rel.input, needed, std::move(conditions),
                                             {rel.keys, limited}, &in_order));
  if (in_order) return input;
  return MakeSort(environment_, std::move(input), rel.keys);
}

absl::StatusOr<OperatorPtr> Planner::PlanLimit(const LimitRel& rel, const ColumnSet& wanted) {
  OperatorPtr input;
  if (rel.input->kind == RelKind::kSort) {
    KS_ASSIGN_OR_RETURN(input, PlanSort(To<SortRel>(*rel.input), wanted, {}, true));
  } else {
    KS_ASSIGN_OR_RETURN(input, Plan(*rel.input, wanted));
  }
  ProgramPtr limit;
  ProgramPtr offset;
  if (rel.limit != nullptr) {
    KS_ASSIGN_OR_RETURN(limit, CompileConstant(*rel.limit));
  }
  if (rel.offset != nullptr) {
    KS_ASSIGN_OR_RETURN(offset, CompileConstant(*rel.offset));
  }
  return MakeLimitOperator(environment_, std::move(input), std::move(limit), std::move(offset));
}

absl::StatusOr<OperatorPtr> Planner::PlanSetOperation(const SetOperationRel& rel) {
  std::vector<OperatorPtr> inputs;
  std::vector<std::vector<int>> sources;
  for (size_t i = 0; i < rel.inputs.size(); ++i) {
    const ColumnSet wanted(rel.input_columns[i].begin(), rel.input_columns[i].end());
    KS_ASSIGN_OR_RETURN(auto input, Plan(*rel.inputs[i], wanted));
    sources.emplace_back();
    for (ColumnId id : rel.input_columns[i]) sources.back().push_back(input->IndexOf(id));
    inputs.push_back(std::move(input));
  }
  return MakeSetOperation(environment_, rel.columns, rel.set, rel.distinct, std::move(inputs),
                          std::move(sources));
}

absl::StatusOr<OperatorPtr> Planner::PlanWith(const WithRel& rel, const ColumnSet& wanted,
                                              Conditions conditions) {
  for (const WithRel::Definition& definition : rel.definitions) {
    KS_ASSIGN_OR_RETURN(auto made, Plan(*definition.rel, ColumnsOf(*definition.rel)));
    environment_->with_table(definition.number) = std::make_shared<WithTable>(std::move(made));
  }
  return Plan(*rel.body, wanted, std::move(conditions));
}

absl::StatusOr<OperatorPtr> Planner::PlanWithRef(const WithRefRel& rel) {
  const auto& table = environment_->with_table(rel.number);
  std::vector<int> source;
  for (ColumnId id : rel.source) source.push_back(table->definition().IndexOf(id));
  return MakeWithRefOperator(environment_, rel.columns, std::move(source), table);
}

absl::StatusOr<OperatorPtr> Planner::PlanSample(const SampleRel& rel, const ColumnSet& wanted) {
  KS_ASSIGN_OR_RETURN(auto input, Plan(*rel.input, wanted));
  KS_ASSIGN_OR_RETURN(auto size, CompileConstant(*rel.size));
  std::vector<ResolvedColumn> columns = input->columns();
  if (rel.weight.id >= 0) columns.push_back(rel.weight);
  const auto make = rel.reservoir ? &MakeReservoirSample : &MakeBernoulliSample;
  return make(environment_, std::move(input), std::move(columns), std::move(size));
}

}  // namespace ks::sql
