#include "local/spanner/query/expression_columns.h"

#include "sql/analyzer/analyzer.h"

namespace ks::local {

std::vector<int> ColumnsNamedIn(const Table& table, std::string_view expression) {
  sql::ExpressionOptions options;
  options.allow_subqueries = false;
  for (const Column& column : table.columns) {
    options.columns.push_back({column.name, column.type, column.hidden});
  }
  const auto analyzed = sql::AnalyzeExpression(expression, options);
  return analyzed.ok() ? analyzed->columns : std::vector<int>();
}

}  // namespace ks::local
