#include "sql/eval/plan/planner.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

ColumnSet Intersection(const ColumnSet& a, const ColumnSet& b) {
  ColumnSet both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
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
  const std::string text =
      absl::StrJoin(conditions, " AND ",
                    [](std::string* out, const ResolvedExpr* c) { out->append(ToText(*c)); });
  return MakeFilterOperator(environment_, std::move(input), std::move(programs), text);
}

absl::StatusOr<OperatorPtr> Planner::Plan(const ResolvedRel& rel, const ColumnSet& wanted,
                                          Conditions conditions) {
  OperatorPtr made;
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
  ProgramPtr program;
  if (!roots.empty()) {
    KS_ASSIGN_OR_RETURN(program, Compile(*input, roots));
  }
  auto project = MakeProjectOperator(environment_, std::move(input), std::move(columns),
                                     std::move(passed), std::move(program));
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
  KS_ASSIGN_OR_RETURN(auto input, Plan(*rel.input, needed, std::move(below)));
  KS_ASSIGN_OR_RETURN(auto aggregate, MakeAggregate(environment_, std::move(input), rel));
  return Filter(std::move(aggregate), conditions);
}

absl::StatusOr<OperatorPtr> Planner::PlanSort(const SortRel& rel, const ColumnSet& wanted,
                                              Conditions conditions) {
  ColumnSet needed = wanted;
  for (const SortKey& key : rel.keys) needed.insert(key.column.id);
  KS_ASSIGN_OR_RETURN(auto input, Plan(*rel.input, needed, std::move(conditions)));
  const std::vector<Ordering> ordering = input->ordering();
  bool sorted = ordering.size() >= rel.keys.size();
  for (size_t i = 0; sorted && i < rel.keys.size(); ++i) {
    const SortKey& key = rel.keys[i];
    sorted = ordering[i].column == key.column.id && ordering[i].descending == key.descending &&
             key.nulls_first != key.descending;
  }
  if (sorted) return input;
  return MakeSort(environment_, std::move(input), rel.keys);
}

absl::StatusOr<OperatorPtr> Planner::PlanLimit(const LimitRel& rel, const ColumnSet& wanted) {
  KS_ASSIGN_OR_RETURN(auto input, Plan(*rel.input, wanted));
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
  return MakeSampleOperator(environment_, std::move(input), rel.reservoir, rel.percent,
                            std::move(size));
}

}  // namespace ks::sql
