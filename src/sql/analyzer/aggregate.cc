// Calls of aggregate functions.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/analyzer/signature_match.h"

namespace ks::sql {

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveAggregate(const AggregateFunction& function,
                                                           const CallExpr& call,
                                                           const ExprContext& context) {
  const uint32_t position = call.range.begin;
  if (context.in_aggregate) return Error(position, "Aggregations of aggregations are not allowed");
  if (context.aggregates == nullptr) {
    return Error(position, absl::StrCat("Aggregate function ", function.name, " not allowed in ",
                                        context.clause));
  }
  if (call.star && call.distinct) return Error(position, "COUNT(*) cannot be used with DISTINCT");
  if (call.star && function.name != "COUNT") {
    return Error(position, "Argument * can only be used in COUNT(*)");
  }
  ExprContext inner = context;
  inner.in_aggregate = true;
  inner.aggregates = nullptr;
  AggregateCall made;
  made.function = &function;
  // The approximation is exact here.
  made.distinct = call.distinct || SameName(call.name.back().name, "APPROX_COUNT_DISTINCT");
  for (const CallArgument& argument : call.arguments) {
    KS_ASSIGN_OR_RETURN(auto resolved, Resolve(*argument.value, inner));
    made.arguments.push_back(std::move(resolved));
  }
  ChosenSignature chosen = ChooseSignature(function.signatures, made.arguments);
  if (chosen.index < 0 || (made.arguments.empty() && !call.star && function.name == "COUNT")) {
    return Error(position, NoMatchingSignature(function, made.arguments));
  }
  made.signature = &function.signatures[chosen.index];
  if (function.name == "STRING_AGG" && made.arguments.size() > 1 &&
      made.arguments[1]->kind != ResolvedKind::kLiteral &&
      made.arguments[1]->kind != ResolvedKind::kParameter) {
    return Error(position, "Argument 2 to STRING_AGG must be a literal or query parameter");
  }
  if (function.name == "STRING_AGG" && made.arguments.size() > 1 &&
      made.arguments[1]->kind == ResolvedKind::kLiteral &&
      To<ResolvedLiteral>(*made.arguments[1]).value.null()) {
    return Error(position, "Argument 2 to STRING_AGG must be non-NULL");
  }
  for (size_t i = 0; i < made.arguments.size(); ++i) {
    KS_RETURN_IF_ERROR(
        CoerceTo(made.arguments[i], chosen.arguments[i], position, "Argument does not fit"));
  }
  if (made.distinct && !made.arguments.empty() && !made.arguments[0]->type->SupportsGrouping()) {
    return Error(
        position,
        absl::StrCat("Aggregate functions with DISTINCT cannot be used with arguments of type ",
                     made.arguments[0]->type->ToString()));
  }
  KS_RETURN_IF_ERROR(ResolveAggregateModifiers(call, inner, &made));
  made.column = NewColumn("$" + function.name, chosen.result);
  // The same call twice is one column.
  auto result = MakeColumnRef(made.column);
  context.aggregates->push_back(std::move(made));
  return result;
}

absl::Status Resolver::ResolveAggregateModifiers(const CallExpr& call, const ExprContext& inner,
                                                 AggregateCall* made) {
  made->ignore_nulls = call.nulls == NullTreatment::kIgnore;
  if (call.having != HavingBound::kNone) {
    made->having = call.having == HavingBound::kMax ? AggregateBound::kMax : AggregateBound::kMin;
    KS_ASSIGN_OR_RETURN(made->having_expr, Resolve(*call.having_expr, inner));
    if (!made->having_expr->type->SupportsOrdering()) {
      return Error(call.having_expr->range.begin,
                   absl::StrCat("HAVING modifier does not support expressions of type ",
                                made->having_expr->type->ToString()));
    }
  }
  for (const OrderItem& item : call.order_by) {
    AggregateOrder order;
    KS_ASSIGN_OR_RETURN(order.expr, Resolve(*item.expr, inner));
    if (!order.expr->type->SupportsOrdering()) {
      return Error(item.range.begin, absl::StrCat("ORDER BY does not support expressions of type ",
                                                  order.expr->type->ToString()));
    }
    order.descending = item.descending;
    order.nulls_first =
        item.nulls == NullsOrder::kDefault ? !item.descending : item.nulls == NullsOrder::kFirst;
    made->order_by.push_back(std::move(order));
  }
  if (call.limit != nullptr) {
    KS_ASSIGN_OR_RETURN(made->limit, ResolveLimitValue(*call.limit, "LIMIT"));
  }
  return absl::OkStatus();
}

}  // namespace ks::sql
