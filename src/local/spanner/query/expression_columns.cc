#include "local/spanner/query/expression_columns.h"

#include <memory>

#include "local/spanner/query/database_catalog.h"
#include "sql/analyzer/analyzer.h"

namespace ks::local {

namespace {

// A schema without rows: enough for analysis.
class NoRows : public RowSource {
 public:
  explicit NoRows(const Schema& schema) : schema_(std::shared_ptr<const Schema>(), &schema) {}
  const std::shared_ptr<const Schema>& schema() const override { return schema_; }
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec&) override {
    return absl::InternalError("There are no rows to read during analysis.");
  }

 private:
  const std::shared_ptr<const Schema> schema_;  // owns nothing: the caller's lives longer
};

}  // namespace

std::vector<View::Column> ColumnsOfView(const Schema& schema, const View& view) {
  if (!view.columns.empty()) return view.columns;
  NoRows source(schema);
  DatabaseCatalog catalog(source);
  sql::AnalyzerOptions options;
  options.catalog = &catalog;
  const auto analyzed = sql::AnalyzeStatement(view.query, options);
  std::vector<View::Column> columns;
  if (!analyzed.ok() || analyzed->query == nullptr) return columns;
  for (const sql::OutputColumn& column : analyzed->query->output) {
    columns.push_back({column.name, column.type});
  }
  return columns;
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

}  // namespace ks::local
