// FROM: tables, views, WITH names, subqueries, arrays and joins.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "sql/analyzer/hints.h"
#include "sql/analyzer/resolver.h"
#include "sql/errors.h"
#include "sql/limits.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser.h"

namespace ks::sql {
namespace {

std::string HintValue(const Hint* hint, std::string_view name) {
  if (hint == nullptr) return "";
  for (const HintEntry& entry : hint->entries) {
    if (!SameName(entry.name.name, name) || entry.value == nullptr) continue;
    if (entry.value->kind == ExprKind::kPath) return JoinPath(As<PathExpr>(*entry.value).path);
    if (entry.value->kind == ExprKind::kLiteral) return As<LiteralExpr>(*entry.value).text;
  }
  return "";
}

JoinMethod MethodOf(const JoinTable& join) {
  std::string method = absl::AsciiStrToUpper(join.method.name);
  for (const std::string_view hint : {"JOIN_METHOD", "JOIN_TYPE"}) {
    if (method.empty()) method = absl::AsciiStrToUpper(HintValue(join.hint.get(), hint));
  }
  if (method.find("HASH") != std::string::npos) return JoinMethod::kHash;
  if (method.find("APPLY") != std::string::npos || method == "LOOKUP") return JoinMethod::kApply;
  if (method.find("MERGE") != std::string::npos) return JoinMethod::kMerge;
  return JoinMethod::kAny;
}

}  // namespace

ResolvedRelPtr MakeFilter(ResolvedRelPtr rel, ResolvedExprPtr condition) {
  auto filter = std::make_unique<FilterRel>();
  filter->columns = rel->columns;
  filter->input = std::move(rel);
  filter->condition = std::move(condition);
  return filter;
}

ResolvedRelPtr MakeProject(ResolvedRelPtr rel, std::vector<ComputedColumn> computed) {
  if (computed.empty()) return rel;
  auto project = std::make_unique<ProjectRel>();
  project->columns = rel->columns;
  for (const ComputedColumn& c : computed) project->columns.push_back(c.column);
  project->input = std::move(rel);
  project->computed = std::move(computed);
  return project;
}

absl::StatusOr<ResolvedRelPtr> Resolver::ResolveTableExpr(const TableExpr& expr,
                                                          const NameScope* outer,
                                                          NameScope* scope) {
  ResolvedRelPtr rel;
  switch (expr.kind) {
    case TableExprKind::kPath: {
      KS_ASSIGN_OR_RETURN(rel, ResolvePathTable(As<PathTable>(expr), outer, scope));
      break;
    }
    case TableExprKind::kUnnest: {
      KS_ASSIGN_OR_RETURN(auto array, ArrayOf(expr, outer));
      KS_ASSIGN_OR_RETURN(rel, MakeUnnest(expr, std::move(array), nullptr, scope));
      break;
    }
    case TableExprKind::kSubquery: {
      KS_ASSIGN_OR_RETURN(rel, ResolveSubqueryTable(As<SubqueryTable>(expr), outer, scope));
      break;
    }
    case TableExprKind::kJoin: {
      KS_ASSIGN_OR_RETURN(rel, ResolveJoin(As<JoinTable>(expr), outer, scope));
      break;
    }
    case TableExprKind::kFunction:
      return Error(expr.range.begin, absl::StrCat("Table-valued function not found: ",
                                                  JoinPath(As<FunctionTable>(expr).name)));
  }
  if (expr.kind != TableExprKind::kJoin) {
    KS_RETURN_IF_ERROR(CheckHints(expr.hint.get(), HintPlace::kTable));
  }
  return expr.sample == nullptr ? std::move(rel) : ResolveSample(expr, std::move(rel), scope);
}

absl::StatusOr<ResolvedRelPtr> Resolver::ResolveSample(const TableExpr& expr, ResolvedRelPtr rel,
                                                       NameScope* scope) {
  const TableSample& written = *expr.sample;
  if (rel->kind == RelKind::kUnnest && expr.kind != TableExprKind::kSubquery) {
    return Error(written.range.begin, "TABLESAMPLE cannot be used with arrays");
  }
  auto sample = std::make_unique<SampleRel>();
  sample->columns = rel->columns;
  sample->input = std::move(rel);
  sample->reservoir = SameName(written.method.name, "RESERVOIR");
  if (!sample->reservoir && !SameName(written.method.name, "BERNOULLI")) {
    return Error(written.method.range.begin,
                 absl::StrCat(written.method.name, " sampling is not supported"));
  }
  const bool rows = written.unit == TableSample::Unit::kRows;
  if (sample->reservoir != rows) {
    return Error(written.range.begin,
                 absl::StrCat(sample->reservoir ? "RESERVOIR" : "BERNOULLI",
                              rows ? "/ROWS" : "/PERCENT", " is not supported"));
  }
  KS_ASSIGN_OR_RETURN(sample->size,
                      Resolve(*written.size, ExprContext{nullptr, "TABLESAMPLE clause"}));
  TypeRef wanted = rows ? Type::Int64() : Type::Float64();
  KS_RETURN_IF_ERROR(
      CoerceTo(sample->size, wanted, written.range.begin, "Sample size must be a number"));
  if (written.with_weight) {
    const Identifier& alias = written.weight_alias;
    sample->weight = NewColumn(alias.empty() ? "weight" : alias.name, Type::Float64());
    sample->columns.push_back(sample->weight);
    scope->columns.push_back({sample->weight.name, sample->weight.id, Type::Float64()});
  }
  if (sample->size->kind != ResolvedKind::kLiteral) return ResolvedRelPtr(std::move(sample));
  const Datum& size = To<ResolvedLiteral>(*sample->size).value.datum();
  if (!rows && !size.null() && !(size.float64() >= 0 && size.float64() <= 100)) {
    return Error(written.size->range.begin, "PERCENT value must be in the range [0, 100]");
  }
  if (rows && !size.null() && size.int64() < 0) {
    return Error(written.size->range.begin, "ROWS value must not be negative");
  }
  return ResolvedRelPtr(std::move(sample));
}

const Resolver::WithDefinition* Resolver::FindWith(std::string_view name) const {
  for (auto it = withs_.rbegin(); it != withs_.rend(); ++it) {
    if (SameName(it->name, name)) return &*it;
  }
  return nullptr;
}

ResolvedRelPtr Resolver::MakeWithRef(const WithDefinition& with, const std::string& alias,
                                     NameScope* scope) {
  auto ref = std::make_unique<WithRefRel>();
  ref->number = with.number;
  QueryScope query;
  query.value_table = with.value_table;
  for (const SelectColumn& column : with.columns) {
    ResolvedColumn made = NewColumn(column.name, column.type);
    ref->source.push_back(column.id);
    SelectColumn copy;
    copy.name = column.name;
    copy.id = made.id;
    copy.type = made.type;
    query.columns.push_back(std::move(copy));
    ref->columns.push_back(std::move(made));
  }
  AddRange(alias, query, scope);
  return ref;
}

void Resolver::AddRange(const std::string& alias, const QueryScope& query, NameScope* scope) {
  RangeVariable range;
  range.alias = alias;
  range.value = query.value_table;
  for (const SelectColumn& column : query.columns) {
    ScopeColumn made{query.value_table ? alias : column.name, column.id, column.type};
    made.value = query.value_table;
    scope->columns.push_back(made);
    range.columns.push_back(std::move(made));
  }
  scope->ranges.push_back(std::move(range));
}

absl::StatusOr<ResolvedRelPtr> Resolver::ResolvePathTable(const PathTable& table,
                                                          const NameScope* outer,
                                                          NameScope* scope) {
  KS_ASSIGN_OR_RETURN(auto array, ArrayOf(table, outer));
  if (array != nullptr) {
    KS_ASSIGN_OR_RETURN(auto unnest, MakeUnnest(table, std::move(array), nullptr, scope));
    return ResolvedRelPtr(std::move(unnest));
  }
  const std::string alias = table.alias.empty() ? table.path.back().name : table.alias.name;
  if (table.path.size() == 1) {
    if (const WithDefinition* with = FindWith(table.path[0].name))
      return MakeWithRef(*with, alias, scope);
    for (size_t i = 0; record_sources_ != nullptr && i < record_sources_->size(); ++i) {
      if (SameName((*record_sources_)[i].name, table.path[0].name)) {
        return ResolveRecord(static_cast<int>(i), alias, scope);
      }
    }
  }
  std::vector<std::string> path;
  for (const Identifier& part : table.path) path.push_back(part.name);
  if (options_.catalog != nullptr) {
    KS_ASSIGN_OR_RETURN(const Table* found, options_.catalog->FindTable(path));
    if (found != nullptr) return ResolveScan(*found, table, scope);
    KS_ASSIGN_OR_RETURN(auto view, options_.catalog->FindView(path));
    if (view.has_value()) return ResolveView(*view, table, scope);
  }
  return Error(table.range.begin, absl::StrCat("Table not found: ", JoinPath(table.path)));
}

absl::StatusOr<ResolvedRelPtr> Resolver::ResolveScan(const Table& table, const PathTable& expr,
                                                     NameScope* scope) {
  KS_RETURN_IF_ERROR(CheckHints(expr.hint.get(), HintPlace::kTable));
  auto scan = std::make_unique<ScanRel>();
  scan->table = &table;
  scan->force_index = HintValue(expr.hint.get(), "FORCE_INDEX");
  RangeVariable range;
  range.alias = expr.alias.empty() ? expr.path.back().name : expr.alias.name;
  for (size_t i = 0; i < table.columns().size(); ++i) {
    const TableColumn& column = table.columns()[i];
    ResolvedColumn made = NewColumn(column.name, column.type);
    ScopeColumn visible{column.name, made.id, column.type};
    visible.hidden = column.hidden;
    scope->columns.push_back(visible);
    range.columns.push_back(std::move(visible));
    scan->columns.push_back(std::move(made));
    scan->table_columns.push_back(static_cast<int>(i));
  }
  scope->ranges.push_back(std::move(range));
  if (scan->force_index.empty() || SameName(scan->force_index, "_BASE_TABLE"))
    return ResolvedRelPtr(std::move(scan));
  for (const AccessPath& path : table.access_paths()) {
    if (SameName(path.name, scan->force_index)) return ResolvedRelPtr(std::move(scan));
  }
  return Error(expr.range.begin,
               absl::StrCat("The table ", table.name(), " does not have a secondary index called ",
                            scan->force_index));
}

absl::StatusOr<ResolvedRelPtr> Resolver::ResolveView(const View& view, const PathTable& expr,
                                                     NameScope* scope) {
  if (view_depth_ >= kViewDepthMax) {
    return Error(expr.range.begin, absl::StrCat("View ", view.name, " nests too many views"));
  }
  auto parsed = ParseStatement(view.query);
  if (!parsed.ok()) return WithLocation(view.query, parsed.status());
  StatementPtr statement = *std::move(parsed);
  if (statement->kind != StatementKind::kQuery)
    return absl::InternalError("a view that is no query");
  AnalyzerOptions options;
  options.protos = options_.protos;
  options.catalog = options_.catalog;
  Resolver inner(view.query, options, next_column_);
  inner.view_depth_ = view_depth_ + 1;
  inner.next_with_ = next_with_;
  auto resolved = inner.ResolveQuery(*As<QueryStatement>(*statement).query, nullptr);
  if (!resolved.ok()) return WithLocation(view.query, resolved.status());
  QueryScope query = *std::move(resolved);
  next_column_ = inner.next_column_;
  next_with_ = inner.next_with_;
  AddRange(expr.alias.empty() ? expr.path.back().name : expr.alias.name, query, scope);
  return std::move(query.rel);
}

// ColumnIds of a record are the column's place in the source; the relation is one row of them.
ResolvedRelPtr Resolver::ResolveRecord(int source, const std::string& alias, NameScope* scope) {
  record_source_ = source;
  auto rel = std::make_unique<SingleRowRel>();
  RangeVariable range;
  range.alias = alias;
  ColumnId id = 0;
  for (const NamedColumn& column : (*record_sources_)[source].columns) {
    ScopeColumn visible{column.name, id, column.type};
    visible.hidden = column.hidden;
    scope->columns.push_back(visible);
    range.columns.push_back(std::move(visible));
    rel->columns.push_back({id++, column.name, column.type});
  }
  next_column_ = std::max(next_column_, id);
  scope->ranges.push_back(std::move(range));
  return rel;
}

absl::StatusOr<ResolvedRelPtr> Resolver::ResolveSubqueryTable(const SubqueryTable& table,
                                                              const NameScope* outer,
                                                              NameScope* scope) {
  KS_ASSIGN_OR_RETURN(QueryScope query, ResolveQuery(*table.query, outer));
  AddRange(table.alias.name, query, scope);
  return std::move(query.rel);
}

// ---- Arrays ----

absl::StatusOr<ResolvedExprPtr> Resolver::ArrayOf(const TableExpr& expr, const NameScope* visible) {
  ExprContext context{visible, "FROM clause"};
  if (expr.kind == TableExprKind::kUnnest) {
    const Expr& array = *As<UnnestTable>(expr).array;
    KS_ASSIGN_OR_RETURN(auto resolved, Resolve(array, context));
    if (resolved->type->is_array()) return resolved;
    if (resolved->kind != ResolvedKind::kLiteral && Untyped(*resolved)) {
      KS_RETURN_IF_ERROR(
          CoerceTo(resolved, Type::Array(Type::Int64()), array.range.begin, "not an array"));
      return resolved;
    }
    return Error(
        array.range.begin,
        absl::StrCat(
            "Values referenced in UNNEST must be arrays. UNNEST contains expression of type ",
            resolved->type->ToString()));
  }
  if (expr.kind != TableExprKind::kPath || visible == nullptr) return ResolvedExprPtr();
  const auto& table = As<PathTable>(expr);
  if (table.path.size() < 2 || visible->Find(table.path[0].name).kind == NameMatch::Kind::kNone) {
    return ResolvedExprPtr();
  }
  PathExpr path;
  path.path = table.path;
  path.range = table.range;
  KS_ASSIGN_OR_RETURN(auto resolved, ResolvePath(path, context));
  if (resolved->type->is_array()) return resolved;
  return Error(table.range.begin,
               absl::StrCat("Values referenced in FROM clause must be arrays. ",
                            JoinPath(table.path), " has type ", resolved->type->ToString()));
}

absl::StatusOr<std::unique_ptr<UnnestRel>> Resolver::MakeUnnest(const TableExpr& expr,
                                                                ResolvedExprPtr array,
                                                                ResolvedRelPtr input,
                                                                NameScope* scope) {
  bool with_offset = false;
  Identifier offset_alias;
  std::string alias = expr.alias.name;
  if (expr.kind == TableExprKind::kUnnest) {
    with_offset = As<UnnestTable>(expr).with_offset;
    offset_alias = As<UnnestTable>(expr).offset_alias;
  } else {
    with_offset = As<PathTable>(expr).with_offset;
    offset_alias = As<PathTable>(expr).offset_alias;
    if (alias.empty()) alias = As<PathTable>(expr).path.back().name;
  }
  auto unnest = std::make_unique<UnnestRel>();
  if (input != nullptr) unnest->columns = input->columns;
  unnest->input = std::move(input);
  unnest->element = NewColumn(alias, array->type->element());
  unnest->array = std::move(array);
  unnest->columns.push_back(unnest->element);
  QueryScope value;
  value.value_table = true;
  SelectColumn element;
  element.id = unnest->element.id;
  element.type = unnest->element.type;
  value.columns.push_back(std::move(element));
  AddRange(alias, value, scope);
  if (!with_offset) return unnest;
  const std::string offset_name = offset_alias.empty() ? "offset" : offset_alias.name;
  unnest->offset = NewColumn(offset_name, Type::Int64());
  unnest->columns.push_back(unnest->offset);
  scope->columns.push_back({offset_name, unnest->offset.id, Type::Int64()});
  return unnest;
}

// ---- Joins ----

absl::Status Resolver::CheckAliases(const JoinTable& join, const NameScope& left,
                                    const NameScope& right) {
  for (const RangeVariable& range : right.ranges) {
    if (range.alias.empty() || left.FindRange(range.alias) == nullptr) continue;
    const bool merged =
        std::any_of(join.using_.begin(), join.using_.end(),
                    [&](const Identifier& name) { return SameName(name.name, range.alias); });
    if (merged && range.value) continue;
    const TableExpr& table = *join.right;
    const uint32_t position = table.alias.empty() ? table.range.begin : table.alias.range.begin;
    return Error(position,
                 absl::StrCat("Duplicate table alias ", range.alias, " in the same FROM clause"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ResolvedRelPtr> Resolver::ResolveJoin(const JoinTable& join, const NameScope* outer,
                                                     NameScope* scope) {
  if (join.natural) return Error(join.join_range.begin, "Natural join not supported");
  KS_RETURN_IF_ERROR(CheckHints(join.hint.get(), HintPlace::kJoin));
  if (join.join == JoinKind::kCross && join.on != nullptr) {
    return Error(join.on->range.begin, "ON clause cannot be used with CROSS JOIN");
  }
  JoinType type = JoinType::kInner;
  if (join.join == JoinKind::kLeft) type = JoinType::kLeft;
  if (join.join == JoinKind::kRight) type = JoinType::kRight;
  if (join.join == JoinKind::kFull) type = JoinType::kFull;
  NameScope left(outer);
  KS_ASSIGN_OR_RETURN(auto left_rel, ResolveTableExpr(*join.left, outer, &left));
  const bool sees_left = type == JoinType::kInner || type == JoinType::kLeft;
  if (join.right->kind == TableExprKind::kUnnest || join.right->kind == TableExprKind::kPath) {
    KS_ASSIGN_OR_RETURN(auto array, ArrayOf(*join.right, sees_left ? &left : outer));
    if (array != nullptr && sees_left && join.right->sample == nullptr) {
      return JoinArray(join, type, std::move(array), std::move(left_rel), left, scope);
    }
  }
  NameScope right(outer);
  KS_ASSIGN_OR_RETURN(auto right_rel, ResolveTableExpr(*join.right, outer, &right));
  KS_RETURN_IF_ERROR(CheckAliases(join, left, right));
  auto made = std::make_unique<JoinRel>();
  made->join = type;
  made->method = MethodOf(join);
  std::vector<ComputedColumn> merged;
  KS_RETURN_IF_ERROR(JoinCondition(join, type, left, right, &made->condition, &merged, scope));
  const bool outer_join =
      join.join == JoinKind::kLeft || join.join == JoinKind::kRight || join.join == JoinKind::kFull;
  if (made->condition == nullptr && (outer_join || join.join == JoinKind::kInner)) {
    return Error(join.join_range.begin,
                 absl::StrCat(join.join == JoinKind::kInner ? "INNER"
                              : type == JoinType::kLeft     ? "LEFT"
                              : type == JoinType::kRight    ? "RIGHT"
                                                            : "FULL",
                              " JOIN must have an immediately following ON or USING clause"));
  }
  made->columns = left_rel->columns;
  made->columns.insert(made->columns.end(), right_rel->columns.begin(), right_rel->columns.end());
  made->left = std::move(left_rel);
  made->right = std::move(right_rel);
  return MakeProject(std::move(made), std::move(merged));
}

absl::StatusOr<ResolvedRelPtr> Resolver::JoinArray(const JoinTable& join, JoinType type,
                                                   ResolvedExprPtr array, ResolvedRelPtr left_rel,
                                                   NameScope& left, NameScope* scope) {
  NameScope right(left.parent());
  KS_ASSIGN_OR_RETURN(auto unnest,
                      MakeUnnest(*join.right, std::move(array), std::move(left_rel), &right));
  KS_RETURN_IF_ERROR(CheckAliases(join, left, right));
  unnest->outer = type == JoinType::kLeft;
  std::vector<ComputedColumn> merged;
  KS_RETURN_IF_ERROR(JoinCondition(join, type, left, right, &unnest->condition, &merged, scope));
  return MakeProject(std::move(unnest), std::move(merged));
}

absl::Status Resolver::JoinCondition(const JoinTable& join, JoinType type, NameScope& left,
                                     NameScope& right, ResolvedExprPtr* condition,
                                     std::vector<ComputedColumn>* merged, NameScope* scope) {
  if (!join.using_.empty()) return JoinUsing(join, type, left, right, condition, merged, scope);
  NameScope both(left.parent());
  both.ranges = std::move(left.ranges);
  both.columns = std::move(left.columns);
  both.ranges.insert(both.ranges.end(), right.ranges.begin(), right.ranges.end());
  both.columns.insert(both.columns.end(), right.columns.begin(), right.columns.end());
  if (join.on != nullptr) {
    ExprContext context{&both, "JOIN ON clause"};
    KS_ASSIGN_OR_RETURN(*condition, ResolveAs(*join.on, context, Type::Bool(), "JOIN ON clause"));
  }
  scope->ranges.insert(scope->ranges.end(), both.ranges.begin(), both.ranges.end());
  scope->columns.insert(scope->columns.end(), both.columns.begin(), both.columns.end());
  return absl::OkStatus();
}

absl::Status Resolver::JoinUsing(const JoinTable& join, JoinType type, NameScope& left,
                                 NameScope& right, ResolvedExprPtr* condition,
                                 std::vector<ComputedColumn>* merged, NameScope* scope) {
  std::vector<ResolvedExprPtr> conditions;
  const auto used = [&](const std::string& name) {
    return std::any_of(join.using_.begin(), join.using_.end(),
                       [&](const Identifier& id) { return SameName(id.name, name); });
  };
  for (const Identifier& name : join.using_) {
    const ScopeColumn* sides[2];
    int i = 0;
    for (NameScope* side : {&left, &right}) {
      bool ambiguous = false;
      sides[i] = side->FindColumn(name.name, &ambiguous);
      const std::string_view where = i == 0 ? "left" : "right";
      if (ambiguous) {
        return Error(name.range.begin,
                     absl::StrCat("Column ", name.name, " in USING clause is ambiguous on ", where,
                                  " side of join"));
      }
      if (sides[i] == nullptr) {
        return Error(name.range.begin,
                     absl::StrCat("Column ", name.name, " in USING clause not found on ", where,
                                  " side of join"));
      }
      ++i;
    }
    std::vector<ResolvedExprPtr> compared;
    compared.push_back(MakeColumnRef(sides[0]->id, sides[0]->type));
    compared.push_back(MakeColumnRef(sides[1]->id, sides[1]->type));
    KS_ASSIGN_OR_RETURN(auto equal, MakeCall("$equal", std::move(compared), name.range.begin));
    conditions.push_back(std::move(equal));
    ScopeColumn column = type == JoinType::kRight ? *sides[1] : *sides[0];
    column.name = name.name;
    column.value = false;
    if (type == JoinType::kFull) {
      std::vector<ResolvedExprPtr> values;
      values.push_back(MakeColumnRef(sides[0]->id, sides[0]->type));
      values.push_back(MakeColumnRef(sides[1]->id, sides[1]->type));
      TypeRef common = CommonSupertype(sides[0]->type, sides[1]->type);
      for (auto& value : values)
        KS_RETURN_IF_ERROR(CoerceTo(value, common, name.range.begin, "not of the type"));
      ResolvedColumn made = NewColumn(name.name, common);
      column = {name.name, made.id, common};
      merged->push_back(
          {made, std::make_unique<ResolvedLazy>(LazyKind::kCoalesce, common, std::move(values))});
    }
    scope->columns.push_back(std::move(column));
  }
  for (NameScope* side : {&left, &right}) {
    for (ScopeColumn& column : side->columns) {
      if (!used(column.name)) scope->columns.push_back(std::move(column));
    }
    for (RangeVariable& range : side->ranges) {
      if (!range.value || !used(range.alias)) scope->ranges.push_back(std::move(range));
    }
  }
  *condition = conditions.size() == 1 ? std::move(conditions[0])
                                      : std::make_unique<ResolvedLazy>(LazyKind::kAnd, Type::Bool(),
                                                                       std::move(conditions));
  return absl::OkStatus();
}

}  // namespace ks::sql
