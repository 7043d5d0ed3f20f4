// SELECT: the list, HAVING, ORDER BY, and the relations they become.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/hints.h"
#include "sql/analyzer/select_items.h"
#include "sql/errors.h"
#include "sql/parser/error_location.h"

namespace ks::sql {

std::string ImpliedName(const Expr& expr) {
  if (expr.kind == ExprKind::kPath) return As<PathExpr>(expr).path.back().name;
  if (expr.kind == ExprKind::kFieldAccess) return As<FieldAccessExpr>(expr).field.back().name;
  return "";
}

namespace {

// The column is one of the relation's, not one of a query around it.
bool Gives(const ResolvedRel& rel, ColumnId id) {
  return std::any_of(rel.columns.begin(), rel.columns.end(),
                     [&](const ResolvedColumn& column) { return column.id == id; });
}

}  // namespace

std::string Resolver::ColumnName(const SelectParts& parts, ColumnId id) const {
  for (const RangeVariable& range : parts.scope.ranges) {
    for (const ScopeColumn& column : range.columns) {
      if (column.id == id) return column.name;
    }
  }
  for (const ScopeColumn& column : parts.scope.columns) {
    if (column.id == id) return column.name;
  }
  return "";
}

// ---- The list ----

void Resolver::ColumnsOfScope(const std::vector<ScopeColumn>& from,
                              std::vector<SelectColumn>* columns) {
  const auto add = [&](std::string name, ResolvedExprPtr expr) {
    SelectColumn column;
    column.name = std::move(name);
    column.type = expr->type;
    column.expr = std::move(expr);
    columns->push_back(std::move(column));
  };
  for (const ScopeColumn& column : from) {
    if (column.hidden) continue;
    if (!column.value || !column.type->is_struct()) {
      add(column.name, MakeColumnRef(column.id, column.type));
      continue;
    }
    for (size_t i = 0; i < column.type->fields().size(); ++i) {
      const StructField& field = column.type->fields()[i];
      add(field.name, std::make_unique<ResolvedField>(MakeColumnRef(column.id, column.type),
                                                      static_cast<int>(i), field.type));
    }
  }
}

absl::Status Resolver::DotStarColumns(const SelectItem& item, const ExprContext& context,
                                      std::vector<SelectColumn>* columns) {
  if (options_.strict_names) {
    return Error(item.range.begin, "Dot-star is not allowed in strict name resolution mode");
  }
  if (item.expr->kind == ExprKind::kPath && As<PathExpr>(*item.expr).path.size() == 1) {
    const NameMatch match = context.scope->Find(As<PathExpr>(*item.expr).path[0].name);
    if (match.kind == NameMatch::Kind::kRange) {
      ColumnsOfScope(match.range->columns, columns);
      return absl::OkStatus();
    }
  }
  KS_ASSIGN_OR_RETURN(auto value, Resolve(*item.expr, context));
  if (!value->type->is_struct()) {
    return Error(item.expr->range.begin,
                 absl::StrCat("Dot-star is not supported for type ", value->type->ToString()));
  }
  for (size_t i = 0; i < value->type->fields().size(); ++i) {
    const StructField& field = value->type->fields()[i];
    SelectColumn column;
    column.name = field.name;
    column.type = field.type;
    ResolvedExprPtr copy = CloneExpr(*value);
    if (copy == nullptr) return Error(item.range.begin, "Dot-star of a subquery is not supported");
    column.expr = std::make_unique<ResolvedField>(std::move(copy), static_cast<int>(i), field.type);
    columns->push_back(std::move(column));
  }
  return absl::OkStatus();
}

absl::Status Resolver::AddStarColumns(const SelectItem& item, std::vector<SelectColumn> columns,
                                      const ExprContext& context, SelectParts* parts) {
  const std::string_view star = item.kind == SelectItem::Kind::kStar ? "SELECT *" : "SELECT .*";
  for (const Identifier& name : item.except) {
    const size_t before = columns.size();
    std::erase_if(columns, [&](const SelectColumn& c) { return SameName(c.name, name.name); });
    if (columns.size() == before) {
      return Error(name.range.begin,
                   absl::StrCat("Column ", name.name, " in ", star, " EXCEPT list does not exist"));
    }
  }
  for (const SelectItem::Replacement& replace : item.replace) {
    auto found = std::find_if(columns.begin(), columns.end(), [&](const SelectColumn& c) {
      return SameName(c.name, replace.name.name);
    });
    if (found == columns.end()) {
      return Error(replace.name.range.begin, absl::StrCat("Column ", replace.name.name, " in ",
                                                          star, " REPLACE list does not exist"));
    }
    KS_ASSIGN_OR_RETURN(found->expr, Resolve(*replace.value, context));
    found->type = found->expr->type;
  }
  if (columns.empty()) {
    return Error(item.range.begin,
                 absl::StrCat(star, " expands to zero columns after applying EXCEPT"));
  }
  for (SelectColumn& column : columns) {
    column.position = item.range.begin;
    parts->items.push_back(std::move(column));
  }
  return absl::OkStatus();
}

absl::Status Resolver::ResolveItems(const Select& select, SelectParts* parts) {
  ExprContext context{&parts->scope, "SELECT list", &parts->aggregates};
  for (const SelectItem& item : select.items) {
    if (item.kind != SelectItem::Kind::kExpr) {
      std::vector<SelectColumn> columns;
      if (item.kind == SelectItem::Kind::kDotStar) {
        KS_RETURN_IF_ERROR(DotStarColumns(item, context, &columns));
      } else {
        if (options_.strict_names) {
          return Error(item.range.begin, "SELECT * is not allowed in strict name resolution mode");
        }
        if (parts->scope.ranges.empty() && parts->scope.columns.empty()) {
          return Error(item.range.begin, "SELECT * must have a FROM clause");
        }
        ColumnsOfScope(parts->scope.columns, &columns);
      }
      KS_RETURN_IF_ERROR(AddStarColumns(item, std::move(columns), context, parts));
      continue;
    }
    const size_t aggregates = parts->aggregates.size();
    SelectColumn column;
    KS_ASSIGN_OR_RETURN(column.expr, Resolve(*item.expr, context));
    column.name = item.alias.empty() ? ImpliedName(*item.expr) : item.alias.name;
    column.type = column.expr->type;
    column.position = item.expr->range.begin;
    column.aggregated = parts->aggregates.size() > aggregates;
    column.null = column.expr->kind == ResolvedKind::kLiteral && Untyped(*column.expr);
    column.literal = WrittenLiteral(*column.expr);
    parts->items.push_back(std::move(column));
  }
  return absl::OkStatus();
}

// ---- HAVING and ORDER BY ----

namespace {

absl::Status OrdinalTooSmall(uint32_t position, std::string_view sign, const Expr& number) {
  return ErrorAt(position,
                 absl::StrCat("ORDER BY column number item is out of range. Column numbers must be "
                              "greater than or equal to one. Found : ",
                              sign, As<LiteralExpr>(number).text));
}

}  // namespace

absl::StatusOr<SelectParts::Order> Resolver::ResolveOrderItem(const OrderItem& item,
                                                              const ExprContext& context,
                                                              const SelectParts& parts) {
  SelectParts::Order order;
  order.descending = item.descending;
  order.nulls_first =
      item.nulls == NullsOrder::kDefault ? !item.descending : item.nulls == NullsOrder::kFirst;
  order.position = item.expr->range.begin;
  TypeRef type = nullptr;
  const bool negative = item.expr->kind == ExprKind::kUnary &&
                        As<UnaryExpr>(*item.expr).op == UnaryOp::kMinus &&
                        IsOrdinal(*As<UnaryExpr>(*item.expr).operand);
  if (negative) return OrdinalTooSmall(order.position, "-", *As<UnaryExpr>(*item.expr).operand);
  if ((item.expr->kind == ExprKind::kLiteral && !IsOrdinal(*item.expr))) {
    return Error(order.position, "Cannot ORDER BY literal values");
  }
  if (IsOrdinal(*item.expr)) {
    const int64_t ordinal = Ordinal(*item.expr);
    if (ordinal < 1) return OrdinalTooSmall(order.position, "", *item.expr);
    if (ordinal > static_cast<int64_t>(parts.items.size())) {
      return Error(order.position,
                   absl::StrCat("ORDER BY is out of SELECT column number range: ", ordinal));
    }
    order.item = static_cast<int>(ordinal - 1);
  } else {
    order.item = FindItem(parts, *item.expr);
    if (order.item == -2) {
      return Error(
          order.position,
          absl::StrCat("Column name ", As<PathExpr>(*item.expr).path[0].name, " is ambiguous"));
    }
  }
  if (item.collate != nullptr) {
    KS_RETURN_IF_ERROR(Collate(item, context, parts, &order));
    type = order.expr->type;
  } else if (order.item >= 0) {
    type = parts.items[order.item].type;
  } else {
    KS_ASSIGN_OR_RETURN(order.expr, Resolve(*item.expr, context));
    type = order.expr->type;
  }
  if (!type->SupportsOrdering()) {
    return Error(order.position,
                 absl::StrCat("ORDER BY does not support expressions of type ", type->ToString()));
  }
  return order;
}

// ORDER BY text COLLATE name: orders by the collation's key of the text.
absl::Status Resolver::Collate(const OrderItem& item, const ExprContext& context,
                               const SelectParts& parts, SelectParts::Order* order) {
  const uint32_t position = item.collate->range.begin;
  std::vector<ResolvedExprPtr> arguments(2);
  if (order->item >= 0) {
    arguments[0] = CloneExpr(*parts.items[order->item].expr);
    if (arguments[0] == nullptr) return NotSupported("COLLATE of a subquery");
  } else {
    KS_ASSIGN_OR_RETURN(arguments[0], Resolve(*item.expr, context));
  }
  order->item = -1;
  if (!arguments[0]->type->Is(TypeKind::kString)) {
    return Error(position, absl::StrCat("COLLATE can only be applied to expressions of type "
                                        "STRING, but was applied to ",
                                        arguments[0]->type->ToString()));
  }
  KS_ASSIGN_OR_RETURN(arguments[1], ResolveAs(*item.collate, ExprContext{nullptr, "COLLATE"},
                                              Type::String(), "COLLATE"));
  if (arguments[1]->kind != ResolvedKind::kLiteral &&
      arguments[1]->kind != ResolvedKind::kParameter) {
    return Error(position, "COLLATE must be followed by a string literal or a string parameter");
  }
  KS_ASSIGN_OR_RETURN(order->expr, MakeCall("$collation_key", std::move(arguments), position));
  return absl::OkStatus();
}

namespace {

// The expression that has this alias; null when none has.
const Expr* WrittenAs(const Select& select, std::string_view alias) {
  for (const SelectItem& item : select.items) {
    if (item.kind == SelectItem::Kind::kExpr && SameName(item.alias.name, alias)) {
      return item.expr.get();
    }
  }
  return nullptr;
}

}  // namespace

absl::Status Resolver::ResolveHavingAndOrder(const Select& select,
                                             const std::vector<OrderItem>* order_by,
                                             SelectParts* parts) {
  NameScope aliases(&parts->scope);
  for (const SelectColumn& item : parts->items) {
    if (item.name.empty()) continue;
    const Expr* const written = WrittenAs(select, item.name);
    aliases.aliases.push_back({item.name, item.expr.get(), written, &parts->scope});
  }
  if (select.having != nullptr) {
    const bool before = parts->grouped;
    ExprContext context{&aliases, "HAVING clause", &parts->aggregates};
    KS_ASSIGN_OR_RETURN(parts->having,
                        ResolveAs(*select.having, context, Type::Bool(), "HAVING clause"));
    if (!before && parts->aggregates.empty()) {
      return Error(select.having->range.begin,
                   "The HAVING clause requires GROUP BY or aggregation to be present");
    }
    parts->grouped = true;
  }
  if (order_by == nullptr) return absl::OkStatus();
  const size_t aggregates = parts->aggregates.size();
  ExprContext context{&aliases, "ORDER BY clause", &parts->aggregates};
  for (const OrderItem& item : *order_by) {
    KS_ASSIGN_OR_RETURN(auto order, ResolveOrderItem(item, context, *parts));
    parts->order_by.push_back(std::move(order));
  }
  if (!parts->grouped && parts->aggregates.size() > aggregates) {
    return Error((*order_by)[0].range.begin,
                 "The ORDER BY clause only allows aggregation if GROUP BY or SELECT list "
                 "aggregation is present");
  }
  return absl::OkStatus();
}

// ---- All of it ----

absl::StatusOr<SelectParts> Resolver::ResolveSelectParts(const Select& select,
                                                         const NameScope* outer,
                                                         const std::vector<OrderItem>* order_by) {
  KS_RETURN_IF_ERROR(CheckHints(select.hint.get(), HintPlace::kSelect));
  SelectParts parts;
  parts.scope.set_parent(outer);
  if (select.from != nullptr) {
    KS_ASSIGN_OR_RETURN(parts.from, ResolveTableExpr(*select.from, outer, &parts.scope));
  } else {
    KS_ASSIGN_OR_RETURN(parts.from, ImplicitRecord(select, &parts.scope));
  }
  if (select.where != nullptr) {
    ExprContext context{&parts.scope, "WHERE clause"};
    KS_ASSIGN_OR_RETURN(parts.where,
                        ResolveAs(*select.where, context, Type::Bool(), "WHERE clause"));
  }
  if (select.qualify != nullptr)
    return Error(select.qualify->range.begin, "QUALIFY is not supported");
  if (!select.windows.empty()) return Error(select.range.begin, "Analytic functions not supported");
  KS_RETURN_IF_ERROR(ResolveItems(select, &parts));
  KS_RETURN_IF_ERROR(ResolveGroupBy(select, &parts));
  KS_RETURN_IF_ERROR(ResolveHavingAndOrder(select, order_by, &parts));
  KS_RETURN_IF_ERROR(CheckGrouping(&parts));
  parts.distinct = select.distinct;
  return parts;
}

// Without FROM: a pipeline's only source, or one row of nothing.
absl::StatusOr<ResolvedRelPtr> Resolver::ImplicitRecord(const Select& select, NameScope* scope) {
  if (record_sources_ != nullptr && scope->parent() == nullptr) {
    if (record_sources_->size() == 1) return ResolveRecord(0, (*record_sources_)[0].name, scope);
    return Error(select.range.begin, "This pipeline has several sources: say which one with FROM");
  }
  if (select.where != nullptr) {
    return Error(select.where->range.begin, "Query without FROM clause cannot have a WHERE clause");
  }
  return ResolvedRelPtr(std::make_unique<SingleRowRel>());
}

absl::Status Resolver::AddDistinct(SelectParts& parts, ResolvedRelPtr* rel) {
  auto aggregate = std::make_unique<AggregateRel>();
  for (const SelectColumn& item : parts.items) {
    if (!item.type->SupportsGrouping()) {
      return Error(item.position,
                   absl::StrCat("Column ", item.name.empty() ? "" : item.name + " ", "of type ",
                                item.type->is_array() ? "ARRAY" : item.type->ToString(),
                                " cannot be used in SELECT DISTINCT"));
    }
    const ResolvedColumn column{item.id, item.name, item.type};
    const bool known = std::any_of(aggregate->columns.begin(), aggregate->columns.end(),
                                   [&](const ResolvedColumn& c) { return c.id == item.id; });
    if (known) continue;
    aggregate->columns.push_back(column);
    aggregate->group_by.push_back({column, MakeColumnRef(column)});
  }
  aggregate->input = std::move(*rel);
  *rel = std::move(aggregate);
  return absl::OkStatus();
}

// Gives each ORDER BY item its column; new ones are added to `computed`.
absl::Status Resolver::SortSelect(SelectParts& parts, ResolvedRelPtr* rel,
                                  std::vector<ComputedColumn>* computed,
                                  std::vector<SortKey>* keys) {
  for (SelectParts::Order& order : parts.order_by) {
    SortKey key;
    key.descending = order.descending;
    key.nulls_first = order.nulls_first;
    int item = order.item;
    for (size_t i = 0; item < 0 && i < parts.items.size(); ++i) {
      const SelectColumn& candidate = parts.items[i];
      const bool same_column =
          IsColumn(*order.expr) && To<ResolvedColumnRef>(*order.expr).column == candidate.id;
      const ComputedColumn* made = nullptr;
      for (const ComputedColumn& c : *computed) {
        if (c.column.id == candidate.id) made = &c;
      }
      const bool same = !parts.distinct && made != nullptr && SameExpr(*made->expr, *order.expr);
      if (same_column || same) item = static_cast<int>(i);
    }
    if (item >= 0) {
      key.column = {parts.items[item].id, parts.items[item].name, parts.items[item].type};
    } else if (parts.distinct) {
      ColumnId id = -1;
      ForEachColumn(*order.expr, [&](ColumnId c) { id = c; });
      return Error(order.position, absl::StrCat("ORDER BY clause expression references column ",
                                                ColumnName(parts, id),
                                                " which is not visible after SELECT DISTINCT"));
    } else if (IsColumn(*order.expr) && Gives(**rel, To<ResolvedColumnRef>(*order.expr).column)) {
      key.column = {To<ResolvedColumnRef>(*order.expr).column, "", order.expr->type};
    } else {
      key.column = NewColumn("$order", order.expr->type);
      computed->push_back({key.column, std::move(order.expr)});
    }
    keys->push_back(std::move(key));
  }
  return absl::OkStatus();
}

void Resolver::MakeStruct(QueryScope* query) {
  std::vector<StructField> fields;
  std::vector<ResolvedExprPtr> values;
  for (const SelectColumn& column : query->columns) {
    fields.push_back({column.name, column.type});
    values.push_back(MakeColumnRef(column.id, column.type));
  }
  const Function* make = FindFunction("$make_struct");
  TypeRef type = Type::Struct(std::move(fields));
  SelectColumn whole;
  ResolvedColumn made = NewColumn("", type);
  whole.id = made.id;
  whole.type = type;
  std::vector<ComputedColumn> computed;
  computed.push_back(
      {made, std::make_unique<ResolvedCall>(make, &make->signatures[0], type, std::move(values))});
  query->rel = MakeProject(std::move(query->rel), std::move(computed));
  query->columns.clear();
  query->columns.push_back(std::move(whole));
  query->value_table = true;
}

absl::StatusOr<QueryScope> Resolver::BuildSelect(const Select& select, SelectParts parts) {
  ResolvedRelPtr rel = std::move(parts.from);
  if (parts.where != nullptr) rel = MakeFilter(std::move(rel), std::move(parts.where));
  if (parts.grouped) {
    auto aggregate = std::make_unique<AggregateRel>();
    for (const ComputedColumn& key : parts.group_by) aggregate->columns.push_back(key.column);
    for (const AggregateCall& call : parts.aggregates) aggregate->columns.push_back(call.column);
    aggregate->group_by = std::move(parts.group_by);
    aggregate->aggregates = std::move(parts.aggregates);
    aggregate->grouping_sets = std::move(parts.grouping_sets);
    aggregate->input = std::move(rel);
    rel = std::move(aggregate);
  }
  if (parts.having != nullptr) rel = MakeFilter(std::move(rel), std::move(parts.having));
  std::vector<ComputedColumn> computed;
  for (SelectColumn& item : parts.items) {
    if (IsColumn(*item.expr) && Gives(*rel, To<ResolvedColumnRef>(*item.expr).column)) {
      item.id = To<ResolvedColumnRef>(*item.expr).column;
      continue;
    }
    ResolvedColumn column = NewColumn(item.name, item.type);
    item.id = column.id;
    computed.push_back({std::move(column), std::move(item.expr)});
  }
  std::vector<SortKey> keys;
  KS_RETURN_IF_ERROR(SortSelect(parts, &rel, &computed, &keys));
  rel = MakeProject(std::move(rel), std::move(computed));
  if (parts.distinct) KS_RETURN_IF_ERROR(AddDistinct(parts, &rel));
  QueryScope query;
  if (!keys.empty()) {
    auto sort = std::make_unique<SortRel>();
    sort->columns = rel->columns;
    sort->input = std::move(rel);
    sort->keys = std::move(keys);
    rel = std::move(sort);
    query.ordered = true;
  }
  query.rel = std::move(rel);
  query.columns = std::move(parts.items);
  if (select.as == SelectAs::kStruct) MakeStruct(&query);
  if (select.as == SelectAs::kValue) {
    if (query.columns.size() != 1) {
      return Error(select.range.begin, "SELECT AS VALUE query must have exactly one column");
    }
    query.columns[0].name.clear();
    query.value_table = true;
  }
  if (select.as == SelectAs::kType)
    return Error(select.range.begin, "SELECT AS of protocol buffers is not supported");
  return query;
}

absl::StatusOr<QueryScope> Resolver::ResolveSelect(const Select& select, const NameScope* outer,
                                                   const std::vector<OrderItem>* order_by) {
  KS_ASSIGN_OR_RETURN(SelectParts parts, ResolveSelectParts(select, outer, order_by));
  return BuildSelect(select, std::move(parts));
}

}  // namespace ks::sql
