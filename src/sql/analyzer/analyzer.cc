#include "sql/analyzer/analyzer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/hints.h"
#include "sql/analyzer/resolver.h"
#include "sql/errors.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser.h"

namespace ks::sql {
namespace {

void CollectHints(const Hint* hint, std::map<std::string, std::string>* hints) {
  if (hint == nullptr) return;
  for (const HintEntry& entry : hint->entries) {
    std::string value;
    if (entry.value != nullptr && entry.value->kind == ExprKind::kPath) {
      value = As<PathExpr>(*entry.value).path.back().name;
    } else if (entry.value != nullptr && entry.value->kind == ExprKind::kLiteral) {
      const auto& literal = As<LiteralExpr>(*entry.value);
      value = literal.literal == LiteralKind::kBool ? (literal.bool_value ? "true" : "false")
                                                    : literal.text;
    }
    const std::string qualifier = entry.qualifier.empty() ? "" : entry.qualifier.name + ".";
    (*hints)[absl::AsciiStrToLower(qualifier + entry.name.name)] = value;
  }
}

const Hint* StatementHint(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kQuery:
      return As<QueryStatement>(statement).query->hint.get();
    case StatementKind::kInsert:
      return As<InsertStatement>(statement).hint.get();
    case StatementKind::kUpdate:
      return As<UpdateStatement>(statement).hint.get();
    case StatementKind::kDelete:
      return As<DeleteStatement>(statement).hint.get();
    default:
      return nullptr;
  }
}

}  // namespace

absl::StatusOr<AnalyzedStatement> AnalyzeStatement(std::string_view text,
                                                   const Statement& statement,
                                                   const AnalyzerOptions& options) {
  AnalyzedStatement analyzed;
  KS_RETURN_IF_ERROR(CheckHints(StatementHint(statement), HintPlace::kStatement));
  CollectHints(StatementHint(statement), &analyzed.hints);
  Resolver resolver(text, options);
  switch (statement.kind) {
    case StatementKind::kQuery: {
      const Query& query = *As<QueryStatement>(statement).query;
      // FOR UPDATE says the same as the hint.
      if (query.for_update) analyzed.hints["lock_scanned_ranges"] = "exclusive";
      KS_ASSIGN_OR_RETURN(QueryScope scope, resolver.ResolveQuery(query, nullptr));
      analyzed.query = resolver.Finish(std::move(scope));
      break;
    }
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete: {
      analyzed.kind = AnalyzedKind::kDml;
      KS_ASSIGN_OR_RETURN(analyzed.dml, resolver.ResolveDml(statement));
      break;
    }
    default:
      return NotSupported("This kind of statement in a query");
  }
  analyzed.undeclared = resolver.undeclared();
  return analyzed;
}

absl::StatusOr<AnalyzedStatement> AnalyzeStatement(std::string_view text,
                                                   const AnalyzerOptions& options) {
  KS_ASSIGN_OR_RETURN(StatementPtr statement, ParseStatement(text));
  return AnalyzeStatement(text, *statement, options);
}

absl::StatusOr<AnalyzedExpression> AnalyzeExpression(std::string_view text, const Expr& expr,
                                                     const ExpressionOptions& options) {
  AnalyzerOptions names;
  names.catalog = options.catalog;
  names.protos = options.protos;
  Resolver resolver(text, names, static_cast<ColumnId>(options.columns.size()));
  resolver.set_allow_subqueries(options.allow_subqueries);
  NameScope scope;
  ColumnId id = 0;
  for (const NamedColumn& column : options.columns) {
    ScopeColumn visible{column.name, id++, column.type};
    visible.hidden = column.hidden;
    scope.columns.push_back(std::move(visible));
  }
  AnalyzedExpression analyzed;
  KS_ASSIGN_OR_RETURN(analyzed.expr, resolver.Resolve(expr, ExprContext{&scope, "expression"}));
  if (options.target != nullptr) {
    KS_RETURN_IF_ERROR(
        resolver.CoerceTo(analyzed.expr, options.target, expr.range.begin,
                          absl::StrCat("Expected type ", options.target->ToString(), "; found ",
                                       analyzed.expr->type->ToString())));
  }
  std::set<ColumnId> columns;
  ForEachColumn(*analyzed.expr, [&](ColumnId column) {
    if (column < id) columns.insert(column);
  });
  analyzed.columns.assign(columns.begin(), columns.end());
  analyzed.volatile_function = resolver.volatile_function();
  analyzed.sequences = resolver.sequences();
  return analyzed;
}

absl::StatusOr<AnalyzedExpression> AnalyzeExpression(std::string_view text,
                                                     const ExpressionOptions& options) {
  KS_ASSIGN_OR_RETURN(ExprPtr expr, ParseExpression(text));
  return AnalyzeExpression(text, *expr, options);
}

namespace {

// The chain of UNNEST and FILTER that a record goes through, from the source on.
absl::Status TakeApart(ResolvedRelPtr rel, AnalyzedSelect* select) {
  if (rel->kind == RelKind::kSingleRow) return absl::OkStatus();
  if (rel->kind != RelKind::kUnnest) {
    return absl::InvalidArgumentError(
        "FROM of a pipeline takes one source and UNNEST of its arrays; joins with other tables are "
        "not possible");
  }
  auto& unnest = To<UnnestRel>(*rel);
  if (unnest.input != nullptr) KS_RETURN_IF_ERROR(TakeApart(std::move(unnest.input), select));
  AnalyzedSelect::Unnest step;
  step.array = std::move(unnest.array);
  step.element = unnest.element;
  step.offset = unnest.offset;
  step.condition = std::move(unnest.condition);
  step.outer = unnest.outer;
  select->unnest.push_back(std::move(step));
  return absl::OkStatus();
}

AnalyzedSelect::Output MakeOutput(SelectColumn item, const AnalyzedSelect& select) {
  AnalyzedSelect::Output output;
  output.name = std::move(item.name);
  output.position = item.position;
  output.expr = std::move(item.expr);
  if (!select.grouped || output.expr->kind != ResolvedKind::kColumn) return output;
  const ColumnId id = To<ResolvedColumnRef>(*output.expr).column;
  for (size_t i = 0; i < select.group_by.size(); ++i) {
    if (select.group_by[i].column.id != id) continue;
    output.kind = AnalyzedSelect::OutputKind::kGroupKey;
    output.index = static_cast<int>(i);
  }
  for (size_t i = 0; i < select.aggregates.size(); ++i) {
    if (select.aggregates[i].column.id != id) continue;
    output.kind = AnalyzedSelect::OutputKind::kAggregate;
    output.index = static_cast<int>(i);
  }
  return output;
}

}  // namespace

absl::StatusOr<AnalyzedSelect> AnalyzeSelect(std::string_view text, const Select& select,
                                             const std::vector<RecordSource>& sources) {
  size_t columns = 0;
  for (const RecordSource& source : sources) columns = std::max(columns, source.columns.size());
  const AnalyzerOptions no_tables;
  Resolver resolver(text, no_tables, static_cast<ColumnId>(columns));
  resolver.set_record_sources(&sources);
  KS_ASSIGN_OR_RETURN(SelectParts parts, resolver.ResolveSelectParts(select, nullptr, nullptr));
  const uint32_t from = select.from == nullptr ? select.range.begin : select.from->range.begin;
  AnalyzedSelect analyzed;
  KS_RETURN_IF_ERROR(Resolver::Placed(from, TakeApart(std::move(parts.from), &analyzed)));
  if (resolver.record_source() < 0)
    return resolver.Error(from, "FROM names none of the pipeline's sources");
  if (select.as != SelectAs::kRow)
    return resolver.Error(select.range.begin, "A pipeline's SELECT gives columns");
  if (!parts.grouping_sets.empty()) {
    return resolver.Error(select.group_by->range.begin,
                          "GROUPING SETS, ROLLUP and CUBE are not possible in a pipeline");
  }
  analyzed.source = resolver.record_source();
  analyzed.source_columns = static_cast<int>(sources[analyzed.source].columns.size());
  analyzed.where = std::move(parts.where);
  analyzed.grouped = parts.grouped;
  analyzed.group_by = std::move(parts.group_by);
  analyzed.aggregates = std::move(parts.aggregates);
  analyzed.having = std::move(parts.having);
  if (parts.distinct)
    return resolver.Error(select.range.begin,
                          "SELECT DISTINCT is not possible in a pipeline; use GROUP BY");
  for (SelectColumn& item : parts.items)
    analyzed.output.push_back(MakeOutput(std::move(item), analyzed));
  analyzed.column_count = resolver.column_count();
  return analyzed;
}

absl::StatusOr<AnalyzedSelect> AnalyzeSelect(std::string_view text,
                                             const std::vector<RecordSource>& sources) {
  KS_ASSIGN_OR_RETURN(QueryPtr query, ParseQuery(text));
  if (!query->with.empty() || !query->order_by.empty() || query->limit != nullptr ||
      query->body->kind != QueryBodyKind::kSelect) {
    return ErrorAt(query->range.begin,
                   "A table of a pipeline is one SELECT without WITH, ORDER BY and LIMIT");
  }
  return AnalyzeSelect(text, As<Select>(*query->body), sources);
}

}  // namespace ks::sql
