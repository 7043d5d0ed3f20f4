#include "pipeline/aggregate_plan.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/errors.h"
#include "pipeline/target.h"
#include "sql/functions/function.h"
#include "sql/parser/lexer.h"

namespace ks::pipeline {
namespace {

using sql::Type;
using sql::TypeKind;
using sql::TypeRef;

struct KindOfName {
  std::string_view name;
  AggregateKind kind;
};
constexpr KindOfName kKinds[] = {
    {"COUNT", AggregateKind::kCount},
    {"COUNTIF", AggregateKind::kCountIf},
    {"SUM", AggregateKind::kSum},
    {"AVG", AggregateKind::kAvg},
    {"MIN", AggregateKind::kMin},
    {"MAX", AggregateKind::kMax},
    {"LOGICAL_AND", AggregateKind::kLogicalAnd},
    {"LOGICAL_OR", AggregateKind::kLogicalOr},
    {"BIT_AND", AggregateKind::kBitAnd},
    {"BIT_OR", AggregateKind::kBitOr},
    {"BIT_XOR", AggregateKind::kBitXor},
    {"ANY_VALUE", AggregateKind::kAnyValue},
};

absl::StatusOr<AggregateKind> KindOf(const sql::AggregateCall& call) {
  const std::string& name = call.function->name;
  if (call.distinct || call.limit != nullptr || !call.order_by.empty())
    return UnmergeableAggregate(name);
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const KindOfName& k) { return k.name == name; });
  if (found == std::end(kKinds)) return UnmergeableAggregate(name);
  if (call.having == sql::AggregateBound::kNone) return found->kind;
  if (found->kind != AggregateKind::kAnyValue)
    return UnmergeableAggregate(StrCat(name, " … HAVING"));
  return call.having == sql::AggregateBound::kMax ? AggregateKind::kAnyValueMax
                                                  : AggregateKind::kAnyValueMin;
}

// Whether adding can be undone, to the last digit.
absl::Status CheckTakenBack(const sql::AggregateCall& call, AggregateKind kind) {
  switch (kind) {
    case AggregateKind::kCount:
    case AggregateKind::kCountIf:
      return absl::OkStatus();
    case AggregateKind::kSum:
    case AggregateKind::kAvg:
      if (!call.arguments[0]->type->is_floating()) return absl::OkStatus();
      return NotTakenBack(StrCat(call.function->name, " of ", call.arguments[0]->type->ToString()),
                          "its sums are rounded, so what was added cannot be taken away exactly; "
                          "CAST(… AS NUMERIC) can");
    default:
      return NotTakenBack(call.function->name, "without its value, which one is next is not known");
  }
}

bool Storable(TypeRef type) {
  return !type->is_struct() && !type->Is(TypeKind::kInterval) &&
         !(type->is_array() && type->element()->is_struct());
}

// The columns that hold the state of `call`.
void AddStates(const sql::AggregateCall& call, bool takes_back, PlannedAggregate* aggregate,
               std::vector<StateColumn>* states) {
  const std::string& name = aggregate->name;
  aggregate->first_state = static_cast<int>(states->size());
  switch (aggregate->kind) {
    case AggregateKind::kCount:
    case AggregateKind::kCountIf:
      states->push_back({name, Type::Int64(), true});
      break;
    case AggregateKind::kAvg:
      states->push_back({StrCat(name, "_sum"),
                         call.column.type->is_floating() && aggregate->argument->is_floating()
                             ? Type::Float64()
                             : Type::Numeric(),
                         true});
      states->push_back({StrCat(name, "_count"), Type::Int64(), true});
      break;
    case AggregateKind::kSum:
      states->push_back(
          {name, call.column.type->Is(TypeKind::kInt64) ? Type::Numeric() : call.column.type,
           false});
      if (takes_back) states->push_back({StrCat(name, "_count"), Type::Int64(), true});
      break;
    case AggregateKind::kAnyValueMax:
    case AggregateKind::kAnyValueMin:
      states->push_back({name, aggregate->argument, false});
      states->push_back({StrCat(name, "_order"), aggregate->order, false});
      break;
    default:
      states->push_back({name, call.column.type, false});
  }
  aggregate->states = static_cast<int>(states->size()) - aggregate->first_state;
}

absl::Status AddAggregate(const sql::AnalyzedSelect& select,
                          const sql::AnalyzedSelect::Output& output, AggregatePlan* plan) {
  const sql::AggregateCall& call = select.aggregates[static_cast<size_t>(output.index)];
  PlannedAggregate aggregate{.name = output.name};
  KS_ASSIGN_OR_RETURN(aggregate.kind, KindOf(call));
  if (plan->takes_back) KS_RETURN_IF_ERROR(CheckTakenBack(call, aggregate.kind));
  if (!call.arguments.empty()) aggregate.argument = call.arguments[0]->type;
  if (call.having_expr != nullptr) aggregate.order = call.having_expr->type;
  aggregate.first_input = static_cast<int>(select.group_by.size());
  for (int i = 0; i < output.index; ++i) {
    const sql::AggregateCall& before = select.aggregates[static_cast<size_t>(i)];
    aggregate.first_input +=
        static_cast<int>(before.arguments.size()) + (before.having_expr != nullptr ? 1 : 0);
  }
  AddStates(call, plan->takes_back, &aggregate, &plan->states);
  for (size_t i = static_cast<size_t>(aggregate.first_state); i < plan->states.size(); ++i) {
    if (!Storable(plan->states[i].type)) return UnstorableType(output.name, plan->states[i].type);
  }
  plan->aggregates.push_back(aggregate);
  return absl::OkStatus();
}

absl::Status AddKey(const sql::AnalyzedSelect& select, const sql::AnalyzedSelect::Output& output,
                    AggregatePlan* plan) {
  const TypeRef type = select.group_by[static_cast<size_t>(output.index)].expr->type;
  if (type->is_array() || type->is_struct() || type->Is(TypeKind::kJson) ||
      type->Is(TypeKind::kInterval)) {
    return UnusableKeyType(output.name, type);
  }
  plan->key_names.push_back(output.name);
  plan->key_types.push_back(type);
  plan->key_inputs.push_back(output.index);
  return absl::OkStatus();
}

std::string Column(std::string_view name) { return StrCat("p.", sql::QuotedIdentifier(name)); }

// What the view computes for one aggregate.
std::string MergeOf(const PlannedAggregate& aggregate) {
  const std::string state = Column(aggregate.name);
  switch (aggregate.kind) {
    case AggregateKind::kCount:
    case AggregateKind::kCountIf:
      return StrCat("SUM(", state, ")");
    case AggregateKind::kSum: {
      std::string sum = StrCat("SUM(", state, ")");
      if (aggregate.argument->Is(TypeKind::kInt64)) sum = StrCat("CAST(", sum, " AS INT64)");
      if (aggregate.states == 1) return sum;
      return StrCat("IF(SUM(", Column(StrCat(aggregate.name, "_count")), ") = 0, NULL, ", sum, ")");
    }
    case AggregateKind::kAvg: {
      const std::string sum = StrCat("SUM(", Column(StrCat(aggregate.name, "_sum")), ")");
      const std::string count = StrCat("SUM(", Column(StrCat(aggregate.name, "_count")), ")");
      if (aggregate.argument->Is(TypeKind::kNumeric))
        return StrCat("SAFE_DIVIDE(", sum, ", CAST(", count, " AS NUMERIC))");
      return StrCat("SAFE_DIVIDE(CAST(", sum, " AS FLOAT64), CAST(", count, " AS FLOAT64))");
    }
    case AggregateKind::kMin:
      return StrCat("MIN(", state, ")");
    case AggregateKind::kMax:
      return StrCat("MAX(", state, ")");
    case AggregateKind::kLogicalAnd:
      return StrCat("LOGICAL_AND(", state, ")");
    case AggregateKind::kLogicalOr:
      return StrCat("LOGICAL_OR(", state, ")");
    case AggregateKind::kBitAnd:
      return StrCat("BIT_AND(", state, ")");
    case AggregateKind::kBitOr:
      return StrCat("BIT_OR(", state, ")");
    case AggregateKind::kBitXor:
      return StrCat("BIT_XOR(", state, ")");
    case AggregateKind::kAnyValue:
      return StrCat("ANY_VALUE(", state, ")");
    case AggregateKind::kAnyValueMax:
    case AggregateKind::kAnyValueMin:
      return StrCat("ANY_VALUE(", state,
                    aggregate.kind == AggregateKind::kAnyValueMax ? " HAVING MAX " : " HAVING MIN ",
                    Column(StrCat(aggregate.name, "_order")), ")");
  }
  return state;
}

}  // namespace

absl::StatusOr<AggregatePlan> PlanAggregates(std::string_view table,
                                             const sql::AnalyzedSelect& select, bool takes_back,
                                             size_t* item) {
  AggregatePlan plan{.takes_back = takes_back,
                     .table = StrCat(table, "Partials"),
                     .view = std::string(table),
                     .first_aggregate_input = select.group_by.size()};
  std::vector<bool> keys(select.group_by.size(), false);
  for (*item = 0; *item < select.output.size(); ++*item) {
    const sql::AnalyzedSelect::Output& output = select.output[*item];
    switch (output.kind) {
      case sql::AnalyzedSelect::OutputKind::kGroupKey:
        if (keys[static_cast<size_t>(output.index)]) return RepeatedGroupKey(output.name);
        keys[static_cast<size_t>(output.index)] = true;
        KS_RETURN_IF_ERROR(AddKey(select, output, &plan));
        break;
      case sql::AnalyzedSelect::OutputKind::kAggregate:
        KS_RETURN_IF_ERROR(AddAggregate(select, output, &plan));
        break;
      case sql::AnalyzedSelect::OutputKind::kExpression:
        return ExpressionOverAggregates(output.name);
    }
    plan.output_order.push_back(output.name);
  }
  *item = 0;
  for (const sql::ComputedColumn& key : select.group_by) plan.input_types.push_back(key.expr->type);
  for (const sql::AggregateCall& call : select.aggregates) {
    for (const auto& argument : call.arguments) plan.input_types.push_back(argument->type);
    if (call.having_expr != nullptr) plan.input_types.push_back(call.having_expr->type);
  }
  if (takes_back) {
    plan.aggregates.push_back({.kind = AggregateKind::kCount,
                               .name = std::string(kPartialRows),
                               .first_input = static_cast<int>(plan.first_aggregate_input),
                               .first_state = static_cast<int>(plan.states.size())});
    plan.states.push_back({std::string(kPartialRows), Type::Int64(), true});
  }
  plan.row_bytes = static_cast<uint32_t>(40 + 16 * plan.states.size());
  if (select.having != nullptr) return HavingInPipeline();
  if (std::find(keys.begin(), keys.end(), false) != keys.end()) return GroupKeyNotSelected();
  for (const std::string_view own :
       {kPartialTopic, kPartialPartition, kPartialLane, kPartialRows}) {
    for (const std::string& name : plan.output_order) {
      if (SameName(own, name)) return PartialColumnTaken(name);
    }
  }
  return plan;
}

std::string MergeViewSql(const AggregatePlan& plan) {
  std::string sql = StrCat("CREATE VIEW ", plan.view, " SQL SECURITY INVOKER AS\nSELECT");
  std::string group;
  bool first = true;
  for (const std::string& name : plan.output_order) {
    const auto aggregate =
        std::find_if(plan.aggregates.begin(), plan.aggregates.end(),
                     [&](const PlannedAggregate& each) { return each.name == name; });
    StrAppend(&sql, first ? "\n  " : ",\n  ");
    first = false;
    if (aggregate != plan.aggregates.end()) {
      StrAppend(&sql, MergeOf(*aggregate));
    } else {
      StrAppend(&sql, Column(name));
      StrAppend(&group, group.empty() ? "\nGROUP BY " : ", ", Column(name));
    }
    StrAppend(&sql, " AS ", sql::QuotedIdentifier(name));
  }
  StrAppend(&sql, "\nFROM ", plan.table, " AS p", group);
  if (plan.takes_back && !group.empty())
    StrAppend(&sql, "\nHAVING SUM(", Column(kPartialRows), ") > 0");
  return sql;
}

std::string MergeStatesSql(const AggregatePlan& plan) {
  std::vector<std::string> keys;
  for (const std::string& name : plan.key_names) keys.push_back(Column(name));
  std::vector<std::string> outputs = keys;
  for (const PlannedAggregate& aggregate : plan.aggregates) {
    const auto state = [&](int i) {
      return Column(plan.states[static_cast<size_t>(aggregate.first_state + i)].name);
    };
    switch (aggregate.kind) {
      case AggregateKind::kSum:
        outputs.push_back(StrCat("SUM(", state(0), ")"));
        break;
      case AggregateKind::kAvg:
        outputs.push_back(StrCat("SUM(", state(0), "), SUM(", state(1), ")"));
        break;
      case AggregateKind::kAnyValueMax:
        outputs.push_back(StrCat(MergeOf(aggregate), ", MAX(", state(1), ")"));
        break;
      case AggregateKind::kAnyValueMin:
        outputs.push_back(StrCat(MergeOf(aggregate), ", MIN(", state(1), ")"));
        break;
      default:
        outputs.push_back(MergeOf(aggregate));
    }
  }
  return StrCat("SELECT ", absl::StrJoin(outputs, ", "), " FROM ", plan.table, " AS p GROUP BY ",
                absl::StrJoin(keys, ", "));
}

}  // namespace ks::pipeline
