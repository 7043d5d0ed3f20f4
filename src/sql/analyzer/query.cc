// Whole queries: WITH, set operations, ORDER BY over them, LIMIT.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/hints.h"
#include "sql/analyzer/resolver.h"

namespace ks::sql {

absl::StatusOr<QueryScope> Resolver::ResolveQuery(const Query& query, const NameScope* outer) {
  if (query.recursive)
    return Error(query.range.begin, "RECURSIVE is not supported in the WITH clause");
  std::vector<WithRel::Definition> definitions;
  const size_t known = withs_.size();
  for (const WithEntry& entry : query.with) {
    for (size_t i = known; i < withs_.size(); ++i) {
      if (SameName(withs_[i].name, entry.name.name)) {
        return Error(entry.name.range.begin,
                     absl::StrCat("Duplicate alias ", entry.name.name, " for WITH subquery"));
      }
    }
    KS_ASSIGN_OR_RETURN(QueryScope scope, ResolveQuery(*entry.query, nullptr));
    WithDefinition definition{entry.name.name, next_with_++, std::move(scope.columns),
                              scope.value_table};
    definitions.push_back({definition.number, definition.name, std::move(scope.rel)});
    withs_.push_back(std::move(definition));
  }
  KS_RETURN_IF_ERROR(CheckHints(query.order_by_hint.get(), HintPlace::kOrderBy));
  const std::vector<OrderItem>* order_by = query.order_by.empty() ? nullptr : &query.order_by;
  auto resolved = ResolveBody(*query.body, outer, order_by);
  withs_.erase(withs_.begin() + known, withs_.end());
  if (!resolved.ok()) return resolved.status();
  QueryScope scope = *std::move(resolved);
  KS_RETURN_IF_ERROR(ApplyLimit(query, &scope));
  if (definitions.empty()) return scope;
  auto with = std::make_unique<WithRel>();
  with->columns = scope.rel->columns;
  with->definitions = std::move(definitions);
  with->body = std::move(scope.rel);
  scope.rel = std::move(with);
  return scope;
}

absl::StatusOr<QueryScope> Resolver::ResolveBody(const QueryBody& body, const NameScope* outer,
                                                 const std::vector<OrderItem>* order_by) {
  if (body.kind == QueryBodyKind::kSelect) return ResolveSelect(As<Select>(body), outer, order_by);
  QueryScope query;
  if (body.kind == QueryBodyKind::kParenthesized) {
    KS_ASSIGN_OR_RETURN(query, ResolveQuery(*As<ParenthesizedQuery>(body).query, outer));
  } else {
    KS_ASSIGN_OR_RETURN(query, ResolveSetOperation(As<SetOperation>(body), outer));
  }
  if (order_by != nullptr) KS_RETURN_IF_ERROR(SortByColumns(*order_by, outer, &query));
  return query;
}

absl::Status Resolver::SortByColumns(const std::vector<OrderItem>& order_by, const NameScope* outer,
                                     QueryScope* query) {
  SelectParts parts;
  parts.scope.set_parent(outer);
  AddRange("", *query, &parts.scope);
  for (const SelectColumn& column : query->columns) {
    SelectColumn item;
    item.name = column.name;
    item.id = column.id;
    item.type = column.type;
    item.expr = MakeColumnRef(column.id, column.type);
    parts.items.push_back(std::move(item));
  }
  ExprContext context{&parts.scope, "ORDER BY clause"};
  for (const OrderItem& item : order_by) {
    KS_ASSIGN_OR_RETURN(auto order, ResolveOrderItem(item, context, parts));
    parts.order_by.push_back(std::move(order));
  }
  std::vector<ComputedColumn> computed;
  auto sort = std::make_unique<SortRel>();
  KS_RETURN_IF_ERROR(SortSelect(parts, &query->rel, &computed, &sort->keys));
  query->rel = MakeProject(std::move(query->rel), std::move(computed));
  sort->columns = query->rel->columns;
  sort->input = std::move(query->rel);
  query->rel = std::move(sort);
  query->ordered = true;
  return absl::OkStatus();
}

namespace {

std::string SetName(const SetOperation& operation) {
  const std::string_view name = operation.op == SetOp::kUnion       ? "UNION"
                                : operation.op == SetOp::kIntersect ? "INTERSECT"
                                                                    : "EXCEPT";
  return absl::StrCat(name, operation.distinct ? " DISTINCT" : " ALL");
}

std::string Columns(size_t count) {
  return absl::StrCat(count, count == 1 ? " column" : " columns");
}

// A column of a query as an expression: its type, and whether the type may still change.
ResolvedExprPtr AsExpr(const SelectColumn& column) {
  using Origin = ResolvedLiteral::Origin;
  if (column.null)
    return std::make_unique<ResolvedLiteral>(Value::Null(column.type), Origin::kUntyped);
  if (column.literal)
    return std::make_unique<ResolvedLiteral>(Value::Null(column.type), Origin::kWritten);
  return MakeColumnRef(column.id, column.type);
}

}  // namespace

absl::StatusOr<QueryScope> Resolver::ResolveSetOperation(const SetOperation& operation,
                                                         const NameScope* outer) {
  std::vector<QueryScope> inputs;
  for (const QueryBodyPtr& input : operation.inputs) {
    KS_ASSIGN_OR_RETURN(QueryScope query, ResolveBody(*input, outer, nullptr));
    const size_t expected = inputs.empty() ? query.columns.size() : inputs[0].columns.size();
    if (query.columns.size() != expected) {
      return Error(
          input->range.begin,
          absl::StrCat("Queries in ", SetName(operation),
                       " have mismatched column count; query 1 has ", Columns(expected), ", query ",
                       inputs.size() + 1, " has ", Columns(query.columns.size())));
    }
    inputs.push_back(std::move(query));
  }
  auto set = std::make_unique<SetOperationRel>();
  set->set = operation.op == SetOp::kUnion       ? SetKind::kUnion
             : operation.op == SetOp::kIntersect ? SetKind::kIntersect
                                                 : SetKind::kExcept;
  set->distinct = operation.distinct;
  std::vector<TypeRef> types;
  QueryScope result;
  for (size_t i = 0; i < inputs[0].columns.size(); ++i) {
    std::vector<ResolvedExprPtr> exprs;
    std::vector<const ResolvedExpr*> views;
    std::string found;
    for (const QueryScope& input : inputs) {
      exprs.push_back(AsExpr(input.columns[i]));
      views.push_back(exprs.back().get());
      absl::StrAppend(&found, found.empty() ? "" : ", ", exprs.back()->type->ToString());
    }
    TypeRef type = CommonSupertype(views);
    if (type == nullptr) {
      return Error(operation.inputs[1]->range.begin,
                   absl::StrCat("Column ", i + 1, " in ", SetName(operation),
                                " has incompatible types: ", found));
    }
    const bool grouping = operation.distinct || operation.op != SetOp::kUnion;
    if (grouping && !type->SupportsGrouping()) {
      return Error(operation.range.begin,
                   absl::StrCat("Column ", i + 1, " in ", SetName(operation),
                                " has type that does not support set operation "
                                "comparisons: ",
                                type->ToString()));
    }
    types.push_back(type);
    SelectColumn column;
    column.name = inputs[0].columns[i].name;
    column.type = type;
    ResolvedColumn made = NewColumn(column.name, type);
    column.id = made.id;
    set->columns.push_back(std::move(made));
    result.columns.push_back(std::move(column));
  }
  result.value_table = inputs[0].value_table;
  for (QueryScope& input : inputs) {
    set->input_columns.emplace_back();
    KS_RETURN_IF_ERROR(CastColumns(types, &input, &set->input_columns.back()));
    set->inputs.push_back(std::move(input.rel));
  }
  result.rel = std::move(set);
  return result;
}

absl::Status Resolver::CastColumns(const std::vector<TypeRef>& types, QueryScope* query,
                                   std::vector<ColumnId>* ids) {
  std::vector<ComputedColumn> computed;
  for (size_t i = 0; i < types.size(); ++i) {
    const SelectColumn& column = query->columns[i];
    if (column.type == types[i]) {
      ids->push_back(column.id);
      continue;
    }
    ResolvedExprPtr value;
    if (column.null) {
      value = std::make_unique<ResolvedLiteral>(Value::Null(types[i]));
    } else {
      value = std::make_unique<ResolvedCast>(MakeColumnRef(column.id, column.type), types[i], false,
                                             options_.protos);
    }
    ResolvedColumn made = NewColumn(column.name, types[i]);
    ids->push_back(made.id);
    computed.push_back({std::move(made), std::move(value)});
  }
  query->rel = MakeProject(std::move(query->rel), std::move(computed));
  return absl::OkStatus();
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveLimitValue(const Expr& expr,
                                                            std::string_view clause) {
  const uint32_t position = expr.range.begin;
  KS_ASSIGN_OR_RETURN(auto value, Resolve(expr, ExprContext{nullptr, clause}));
  const bool literal = value->kind == ResolvedKind::kLiteral;
  if (literal && To<ResolvedLiteral>(*value).value.null()) {
    return Error(position, absl::StrCat(clause, " must not be null"));
  }
  const bool simple =
      literal || value->kind == ResolvedKind::kParameter || value->kind == ResolvedKind::kCast;
  if (!simple || (!Untyped(*value) && !value->type->Is(TypeKind::kInt64))) {
    return Error(position, absl::StrCat(clause, " expects an integer literal or parameter"));
  }
  KS_RETURN_IF_ERROR(CoerceTo(value, Type::Int64(), position, "not an integer"));
  if (literal && To<ResolvedLiteral>(*value).value.datum().int64() < 0) {
    return Error(position,
                 absl::StrCat(clause, " expects a non-negative integer literal or parameter"));
  }
  return value;
}

absl::Status Resolver::ApplyLimit(const Query& query, QueryScope* scope) {
  if (query.limit == nullptr && query.offset == nullptr) return absl::OkStatus();
  auto limit = std::make_unique<LimitRel>();
  if (query.limit != nullptr) {
    KS_ASSIGN_OR_RETURN(limit->limit, ResolveLimitValue(*query.limit, "LIMIT"));
  }
  if (query.offset != nullptr) {
    KS_ASSIGN_OR_RETURN(limit->offset, ResolveLimitValue(*query.offset, "OFFSET"));
  }
  limit->columns = scope->rel->columns;
  limit->input = std::move(scope->rel);
  scope->rel = std::move(limit);
  return absl::OkStatus();
}

std::unique_ptr<ResolvedQuery> Resolver::Finish(QueryScope scope) {
  auto query = std::make_unique<ResolvedQuery>();
  for (const SelectColumn& column : scope.columns)
    query->output.push_back({column.name, column.id, column.type});
  query->rel = std::move(scope.rel);
  query->value_table = scope.value_table;
  query->ordered = scope.ordered;
  return query;
}

}  // namespace ks::sql
