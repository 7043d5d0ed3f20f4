// What the texts in a schema mean: the columns and sequences that an expression names, the columns
// that a view gives.
//
// Thread safety: pure functions; a SchemaCatalog is used by one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "local/spanner/query/database_catalog.h"
#include "local/spanner/query/row_source.h"
#include "local/spanner/schema/schema.h"
#include "sql/analyzer/analyzer.h"

namespace ks::local {

// A schema without rows: enough for analysis. It must not outlive the schema.
class SchemaCatalog {
 public:
  explicit SchemaCatalog(const Schema& schema) : rows_(schema), catalog_(rows_) {}
  const sql::Catalog& get() const { return catalog_; }

 private:
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

  NoRows rows_;
  DatabaseCatalog catalog_;
};

// An expression over the table's columns, as a generated column or CHECK has it.
absl::StatusOr<sql::AnalyzedExpression> AnalyzeOver(const Schema& schema, const Table& table,
                                                    std::string_view expression,
                                                    sql::TypeRef target = nullptr);

// Indexes into table.columns, ascending; empty when the text does not analyze.
std::vector<int> ColumnsNamedIn(const Table& table, std::string_view expression);
std::vector<std::string> SequencesNamedIn(const Schema& schema, const Table& table,
                                          std::string_view expression);

// Analyzes the view's query as Spanner does when it is made. Errors say where in the statement
// `CREATE VIEW … AS` that stands for it.
absl::StatusOr<std::vector<View::Column>> AnalyzeView(const Schema& schema, const View& view);

// What the schema says, or else what analysis of the view's query finds; empty when that fails.
std::vector<View::Column> ColumnsOfView(const Schema& schema, const View& view);

}  // namespace ks::local
