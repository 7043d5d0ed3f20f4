#include "local/spanner/query/expression_columns.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/schema/proto_types.h"
#include "sql/parser/ast.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser.h"

namespace ks::local {

absl::StatusOr<sql::AnalyzedExpression> AnalyzeOver(const Schema& schema, const Table& table,
                                                    std::string_view expression,
                                                    sql::TypeRef target) {
  SchemaCatalog catalog(schema);
  sql::ExpressionOptions options;
  options.allow_subqueries = false;
  options.target = target;
  options.catalog = &catalog.get();
  options.protos = schema.proto_types.get();
  for (const Column& column : table.columns) {
    options.columns.push_back({column.name, column.type, column.hidden});
  }
  return sql::AnalyzeExpression(expression, options);
}

std::vector<int> ColumnsNamedIn(const Table& table, std::string_view expression) {
  sql::ExpressionOptions options;
  options.allow_subqueries = false;
  for (const Column& column : table.columns) {
    options.columns.push_back({column.name, column.type, column.hidden});
  }
  const auto analyzed = sql::AnalyzeExpression(expression, options);
  return analyzed.ok() ? analyzed->columns : std::vector<int>();
}

std::vector<std::string> SequencesNamedIn(const Schema& schema, const Table& table,
                                          std::string_view expression) {
  if (expression.empty()) return {};
  const auto analyzed = AnalyzeOver(schema, table, expression);
  return analyzed.ok() ? analyzed->sequences : std::vector<std::string>();
}

absl::StatusOr<std::vector<View::Column>> AnalyzeView(const Schema& schema, const View& view) {
  SchemaCatalog catalog(schema);
  sql::AnalyzerOptions options;
  options.catalog = &catalog.get();
  options.strict_names = true;
  options.protos = schema.proto_types.get();
  const std::string before = StrCat("CREATE VIEW `", view.name, "` SQL SECURITY ",
                                    view.security_invoker ? "INVOKER" : "DEFINER", " AS ");
  auto analyzed = sql::AnalyzeStatement(view.query, options);
  if (!analyzed.ok()) {
    const auto offset = sql::ErrorOffset(analyzed.status());
    if (!offset) return analyzed.status();
    const absl::Status moved(analyzed.status().code(), analyzed.status().message());
    return sql::WithLocation(before + view.query,
                             sql::At(*offset + static_cast<uint32_t>(before.size()), moved));
  }
  if (analyzed->query == nullptr) return absl::InvalidArgumentError("A view is a query.");
  std::vector<View::Column> columns;
  const auto refuse = [&](std::string_view why) {
    const auto at = static_cast<uint32_t>(before.size());
    return sql::WithLocation(before + view.query, sql::ErrorAt(at, why));
  };
  for (const sql::OutputColumn& column : analyzed->query->output) {
    const size_t n = columns.size() + 1;
    if (column.name.empty()) {
      return refuse(StrCat("CREATE VIEW columns must be named, but column ", n, " has no name"));
    }
    for (const View::Column& other : columns) {
      if (other.name == column.name) {
        return refuse(StrCat("CREATE VIEW has columns with duplicate name ", column.name));
      }
    }
    columns.push_back({column.name, column.type});
  }
  return columns;
}

std::vector<View::Column> ColumnsOfView(const Schema& schema, const View& view) {
  if (!view.columns.empty()) return view.columns;
  auto columns = AnalyzeView(schema, view);
  return columns.ok() ? *columns : std::vector<View::Column>();
}

}  // namespace ks::local
