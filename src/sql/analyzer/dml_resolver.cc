// INSERT, UPDATE, DELETE: each becomes a query whose rows are the changes.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/errors.h"

namespace ks::sql {
namespace {

int FindTableColumn(const Table& table, std::string_view name) {
  for (size_t i = 0; i < table.columns().size(); ++i) {
    if (SameName(table.columns()[i].name, name)) return static_cast<int>(i);
  }
  return -1;
}

DmlKind KindOf(InsertMode mode) {
  switch (mode) {
    case InsertMode::kInsert:
      return DmlKind::kInsert;
    case InsertMode::kOrUpdate:
      return DmlKind::kInsertOrUpdate;
    case InsertMode::kOrIgnore:
      return DmlKind::kInsertOrIgnore;
  }
  return DmlKind::kInsert;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResolvedDml>> Resolver::ResolveDml(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kInsert:
      return ResolveInsert(As<InsertStatement>(statement));
    case StatementKind::kUpdate:
      return ResolveUpdate(As<UpdateStatement>(statement));
    default:
      return ResolveDelete(As<DeleteStatement>(statement));
  }
}

absl::StatusOr<const Table*> Resolver::FindDmlTable(const Path& path) {
  std::vector<std::string> names;
  for (const Identifier& part : path) names.push_back(part.name);
  const Table* table = nullptr;
  if (options_.catalog != nullptr) {
    KS_ASSIGN_OR_RETURN(table, options_.catalog->FindTable(names));
  }
  if (table == nullptr)
    return Error(path[0].range.begin, absl::StrCat("Table not found: ", JoinPath(path)));
  return table;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveAssigned(const Expr& expr,
                                                          const ExprContext& context,
                                                          const Table& table, int column) {
  assigned_ = &expr;
  auto value = Resolve(expr, context);
  assigned_ = nullptr;
  if (!value.ok()) return value.status();
  const bool insert = context.scope == nullptr;  // VALUES sees no columns
  KS_RETURN_IF_ERROR(CoerceAssigned(*value, table, column, insert, expr.range.begin));
  return value;
}

absl::Status Resolver::CoerceAssigned(ResolvedExprPtr& value, const Table& table, int column,
                                      bool insert, uint32_t position) {
  const TableColumn& target = table.columns()[column];
  const std::string type = value->type->ToString();
  const std::string what =
      insert ? absl::StrCat("Value has type ", type, " which cannot be inserted into column ")
             : absl::StrCat("Value of type ", type, " cannot be assigned to ");
  return CoerceTo(value, target.type, position,
                  absl::StrCat(what, target.name, ", which has type ", target.type->ToString()));
}

// ---- INSERT ----

absl::StatusOr<std::unique_ptr<ResolvedDml>> Resolver::ResolveInsert(
    const InsertStatement& insert) {
  auto dml = std::make_unique<ResolvedDml>();
  dml->kind = KindOf(insert.mode);
  if (insert.on_conflict != nullptr) {
    if (insert.on_conflict->update || !insert.on_conflict->columns.empty())
      return NotSupported("ON CONFLICT");
    dml->kind = DmlKind::kInsertOrIgnore;
  }
  KS_ASSIGN_OR_RETURN(dml->table, FindDmlTable(insert.table));
  const Table& table = *dml->table;
  for (const Identifier& name : insert.columns) {
    const int column = FindTableColumn(table, name.name);
    if (column < 0) {
      return Error(name.range.begin,
                   absl::StrCat("Column ", name.name, " is not present in table ", table.name()));
    }
    if (std::find(dml->columns.begin(), dml->columns.end(), column) != dml->columns.end()) {
      return Error(name.range.begin,
                   absl::StrCat("INSERT has columns with duplicate name: ", name.name));
    }
    dml->columns.push_back(column);
  }
  if (insert.columns.empty()) return Error(insert.range.begin, "INSERT must specify a column list");
  if (insert.query != nullptr) {
    KS_RETURN_IF_ERROR(ResolveInsertQuery(insert, dml.get()));
  } else {
    KS_RETURN_IF_ERROR(ResolveInsertRows(insert, dml.get()));
  }
  KS_RETURN_IF_ERROR(ResolveReturning(insert.returning.get(), insert.alias, dml.get()));
  return dml;
}

// VALUES: a UNION ALL of one-row projections; beside each column that has a DEFAULT somewhere, a
// BOOL that says where.
absl::Status Resolver::ResolveInsertRows(const InsertStatement& insert, ResolvedDml* dml) {
  const size_t width = dml->columns.size();
  std::vector<bool> defaults(width, false);
  for (const auto& row : insert.rows) {
    for (size_t i = 0; i < row.size() && i < width; ++i)
      defaults[i] = defaults[i] || row[i]->kind == ExprKind::kDefault;
  }
  auto rows = std::make_unique<SetOperationRel>();
  const ExprContext context{nullptr, "VALUES"};
  for (size_t r = 0; r < insert.rows.size(); ++r) {
    const auto& row = insert.rows[r];
    if (row.size() != width) {
      return Error(insert.row_ranges[r].begin,
                   absl::StrCat("Inserted row has wrong column count; Has ", row.size(),
                                ", expected ", width));
    }
    std::vector<ComputedColumn> computed;
    for (size_t i = 0; i < width; ++i) {
      const TableColumn& column = dml->table->columns()[dml->columns[i]];
      const bool is_default = row[i]->kind == ExprKind::kDefault;
      ResolvedExprPtr value = std::make_unique<ResolvedLiteral>(Value::Null(column.type));
      if (!is_default) {
        KS_ASSIGN_OR_RETURN(value, ResolveAssigned(*row[i], context, *dml->table, dml->columns[i]));
      }
      computed.push_back({NewColumn(column.name, column.type), std::move(value)});
      if (!defaults[i]) continue;
      computed.push_back({NewColumn("$default", Type::Bool()),
                          std::make_unique<ResolvedLiteral>(Value::Bool(is_default))});
    }
    rows->input_columns.emplace_back();
    for (const ComputedColumn& c : computed) rows->input_columns.back().push_back(c.column.id);
    rows->inputs.push_back(MakeProject(std::make_unique<SingleRowRel>(), std::move(computed)));
  }
  for (size_t i = 0; i < width; ++i) {
    const TableColumn& column = dml->table->columns()[dml->columns[i]];
    rows->columns.push_back(NewColumn(column.name, column.type));
    dml->values.push_back(rows->columns.back().id);
    if (defaults[i]) rows->columns.push_back(NewColumn("$default", Type::Bool()));
    dml->is_default.push_back(defaults[i] ? rows->columns.back().id : -1);
  }
  dml->rel = std::move(rows);
  return absl::OkStatus();
}

absl::Status Resolver::ResolveInsertQuery(const InsertStatement& insert, ResolvedDml* dml) {
  KS_ASSIGN_OR_RETURN(QueryScope query, ResolveQuery(*insert.query, nullptr));
  if (query.columns.size() != dml->columns.size()) {
    return Error(insert.query->range.begin,
                 absl::StrCat("Inserted row has wrong column count; Has ", query.columns.size(),
                              ", expected ", dml->columns.size()));
  }
  std::vector<TypeRef> types;
  for (size_t i = 0; i < dml->columns.size(); ++i) {
    const TableColumn& column = dml->table->columns()[dml->columns[i]];
    const SelectColumn& given = query.columns[i];
    ResolvedLiteral written(Value::Null(given.type), ResolvedLiteral::Origin::kWritten);
    ResolvedColumnRef typed(given.id, given.type);
    const ResolvedExpr& as_given =
        given.literal ? static_cast<const ResolvedExpr&>(written) : typed;
    if (!given.null && CoercionCost(as_given, column.type) < 0) {
      return Error(insert.query->range.begin,
                   absl::StrCat("Query column ", i + 1, " has type ", given.type->ToString(),
                                " which cannot be inserted into column ", column.name,
                                ", which has type ", column.type->ToString()));
    }
    types.push_back(column.type);
  }
  KS_RETURN_IF_ERROR(CastColumns(types, &query, &dml->values));
  dml->is_default.assign(dml->columns.size(), -1);
  dml->rel = std::move(query.rel);
  return absl::OkStatus();
}

// ---- UPDATE and DELETE ----

absl::StatusOr<ResolvedRelPtr> Resolver::ScanForDml(const Table& table, const Identifier& alias,
                                                    const Expr* where, uint32_t position,
                                                    NameScope* scope, ResolvedDml* dml) {
  if (where == nullptr) {
    return Error(position, absl::StrCat(dml->kind == DmlKind::kDelete ? "DELETE" : "UPDATE",
                                        " must have a WHERE clause"));
  }
  PathTable path;
  path.path.push_back({table.name().substr(table.name().rfind('.') + 1), {}, false});
  path.alias = alias;
  KS_ASSIGN_OR_RETURN(auto rel, ResolveScan(table, path, scope));
  To<ScanRel>(*rel).lock_exclusive = true;
  for (const ResolvedColumn& column : rel->columns) dml->old_row.push_back(column.id);
  KS_ASSIGN_OR_RETURN(auto condition, ResolveAs(*where, ExprContext{scope, "WHERE clause"},
                                                Type::Bool(), "WHERE clause"));
  return MakeFilter(std::move(rel), std::move(condition));
}

namespace {

// `path` in lower case, `m.part.n`. False when it, or what holds it, or a part of it is there.
bool AddAssigned(const Path& path, size_t from, std::set<std::string>* assigned) {
  std::string text;
  for (size_t i = from; i < path.size(); ++i) {
    absl::StrAppend(&text, absl::AsciiStrToLower(path[i].name), ".");
    if (i + 1 < path.size() && assigned->contains(text)) return false;
  }
  const auto next = assigned->lower_bound(text);
  if (next != assigned->end() && next->starts_with(text)) return false;
  assigned->insert(std::move(text));
  return true;
}

}  // namespace

absl::Status Resolver::ResolveUpdateItem(const UpdateItem& item, const NameScope& scope,
                                         std::set<std::string>* assigned,
                                         std::vector<ComputedColumn>* computed, ResolvedDml* dml) {
  if (item.target->kind != ExprKind::kPath) {
    return Error(item.range.begin, "UPDATE ... SET does not support array modification with []");
  }
  const RangeVariable& row = scope.ranges[0];
  const Path& path = As<PathExpr>(*item.target).path;
  const size_t at = path.size() > 1 && SameName(path[0].name, row.alias) ? 1 : 0;
  const Identifier& name = path[at];
  const int column = FindTableColumn(*dml->table, name.name);
  if (column < 0) return Error(name.range.begin, absl::StrCat("Unrecognized name: ", name.name));
  if (!AddAssigned(path, at, assigned)) {
    return Error(item.range.begin,
                 absl::StrCat("Update item ",
                              JoinPath(Path(path.begin() + static_cast<int>(at), path.end())),
                              " assigned more than once"));
  }
  for (const KeyPart& part : dml->table->access_paths()[0].key) {
    if (part.column != column) continue;
    return Error(name.range.begin, "Cannot modify a primary key column with UPDATE");
  }
  const ExprContext context{&scope, "UPDATE"};
  if (at + 1 < path.size()) {
    return ResolveUpdateField(item, at + 1, column, context, computed, dml);
  }
  dml->columns.push_back(column);
  if (item.value->kind == ExprKind::kDefault) {
    dml->values.push_back(-1);
    return absl::OkStatus();
  }
  KS_ASSIGN_OR_RETURN(auto value, ResolveAssigned(*item.value, context, *dml->table, column));
  ResolvedColumn made = NewColumn(name.name, value->type);
  dml->values.push_back(made.id);
  computed->push_back({std::move(made), std::move(value)});
  return absl::OkStatus();
}

// Of a message with several fields to change, each changes what the one before it made.
absl::Status Resolver::ResolveUpdateField(const UpdateItem& item, size_t from, int column,
                                          const ExprContext& context,
                                          std::vector<ComputedColumn>* computed, ResolvedDml* dml) {
  const Path& path = As<PathExpr>(*item.target).path;
  const auto known = std::find(dml->columns.begin(), dml->columns.end(), column);
  ComputedColumn* made = nullptr;
  for (ComputedColumn& one : *computed) {
    if (known != dml->columns.end() &&
        one.column.id == dml->values[static_cast<size_t>(known - dml->columns.begin())]) {
      made = &one;
    }
  }
  ResolvedExprPtr message;
  if (made != nullptr) {
    message = std::move(made->expr);
  } else {
    PathExpr whole;
    whole.path.push_back(path[from - 1]);
    KS_ASSIGN_OR_RETURN(message, ResolvePath(whole, context));
  }
  KS_ASSIGN_OR_RETURN(auto value,
                      ResolveFieldAssigned(std::move(message), path, from, *item.value, context));
  if (made != nullptr) {
    made->expr = std::move(value);
    return absl::OkStatus();
  }
  ResolvedColumn changed = NewColumn(path[from - 1].name, value->type);
  dml->columns.push_back(column);
  dml->values.push_back(changed.id);
  computed->push_back({std::move(changed), std::move(value)});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ResolvedDml>> Resolver::ResolveUpdate(
    const UpdateStatement& update) {
  auto dml = std::make_unique<ResolvedDml>();
  dml->kind = DmlKind::kUpdate;
  if (update.from != nullptr)
    return Error(update.from->range.begin, "UPDATE with FROM is not supported");
  KS_ASSIGN_OR_RETURN(dml->table, FindDmlTable(update.table));
  NameScope scope;
  KS_ASSIGN_OR_RETURN(auto rel, ScanForDml(*dml->table, update.alias, update.where.get(),
                                           update.range.begin, &scope, dml.get()));
  std::vector<ComputedColumn> computed;
  std::set<std::string> assigned;
  for (const UpdateItem& item : update.set) {
    KS_RETURN_IF_ERROR(ResolveUpdateItem(item, scope, &assigned, &computed, dml.get()));
  }
  dml->is_default.assign(dml->columns.size(), -1);
  dml->rel = MakeProject(std::move(rel), std::move(computed));
  KS_RETURN_IF_ERROR(ResolveReturning(update.returning.get(), update.alias, dml.get()));
  return dml;
}

absl::StatusOr<std::unique_ptr<ResolvedDml>> Resolver::ResolveDelete(
    const DeleteStatement& statement) {
  auto dml = std::make_unique<ResolvedDml>();
  dml->kind = DmlKind::kDelete;
  KS_ASSIGN_OR_RETURN(dml->table, FindDmlTable(statement.table));
  NameScope scope;
  KS_ASSIGN_OR_RETURN(dml->rel, ScanForDml(*dml->table, statement.alias, statement.where.get(),
                                           statement.range.begin, &scope, dml.get()));
  KS_RETURN_IF_ERROR(ResolveReturning(statement.returning.get(), statement.alias, dml.get()));
  return dml;
}

// THEN RETURN sees the table's columns under numbers of their own: their index, then the action's.
absl::Status Resolver::ResolveReturning(const Returning* returning, const Identifier& alias,
                                        ResolvedDml* dml) {
  if (returning == nullptr) return absl::OkStatus();
  dml->returning = true;
  dml->with_action = returning->with_action;
  const Table& table = *dml->table;
  SelectParts parts;
  RangeVariable range;
  range.alias = alias.empty() ? table.name().substr(table.name().rfind('.') + 1) : alias.name;
  const ColumnId count = static_cast<ColumnId>(table.columns().size());
  next_column_ = std::max(next_column_, count + 1);  // CASE and its like make columns of their own
  for (ColumnId i = 0; i < count; ++i) {
    ScopeColumn column{table.columns()[i].name, i, table.columns()[i].type};
    column.hidden = table.columns()[i].hidden;
    parts.scope.columns.push_back(column);
    range.columns.push_back(std::move(column));
  }
  parts.scope.ranges.push_back(std::move(range));
  Select select;
  ExprContext context{&parts.scope, "THEN RETURN clause"};
  for (const SelectItem& item : returning->items) {
    if (item.kind != SelectItem::Kind::kExpr) {
      std::vector<SelectColumn> columns;
      if (item.kind == SelectItem::Kind::kStar) {
        ColumnsOfScope(parts.scope.columns, &columns);
      } else {
        KS_RETURN_IF_ERROR(DotStarColumns(item, context, &columns));
      }
      KS_RETURN_IF_ERROR(AddStarColumns(item, std::move(columns), context, &parts));
      continue;
    }
    SelectColumn column;
    KS_ASSIGN_OR_RETURN(column.expr, Resolve(*item.expr, context));
    column.name = item.alias.empty() ? ImpliedName(*item.expr) : item.alias.name;
    column.type = column.expr->type;
    parts.items.push_back(std::move(column));
  }
  for (SelectColumn& item : parts.items) {
    dml->returning_columns.push_back({NewColumn(item.name, item.type), std::move(item.expr)});
  }
  if (!dml->with_action) return absl::OkStatus();
  const std::string name =
      returning->action_alias.empty() ? "ACTION" : returning->action_alias.name;
  dml->returning_columns.push_back(
      {NewColumn(name, Type::String()), MakeColumnRef(count, Type::String())});
  return absl::OkStatus();
}

}  // namespace ks::sql
