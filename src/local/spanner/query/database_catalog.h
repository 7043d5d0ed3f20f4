// DatabaseCatalog: a transaction's tables, views and metadata, as SQL sees them.
//
// Made anew for each statement over the schema that its transaction reads, so a statement sees one
// schema and one state. Adapters of tables are made when a statement names them. Thread safety: as
// sql::Catalog: one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "local/spanner/query/row_source.h"
#include "sql/catalog.h"

namespace ks::local {

// A part of one table's rows, by primary key: what one partition of a partitioned query reads.
struct TablePart {
  std::string table;
  std::vector<KeySpan> spans;
};

class DatabaseCatalog : public sql::Catalog {
 public:
  // `role`: who reads the metadata; empty: somebody who may see all.
  explicit DatabaseCatalog(RowSource& source, std::optional<TablePart> part = std::nullopt,
                           std::string_view role = {});
  ~DatabaseCatalog() override;

  absl::StatusOr<const sql::Table*> FindTable(absl::Span<const std::string> path) const override;
  absl::StatusOr<std::optional<sql::View>> FindView(
      absl::Span<const std::string> path) const override;
  std::optional<std::string> FindSequence(absl::Span<const std::string> path) const override;
  std::vector<std::string> TableNames() const override;

 private:
  RowSource& source_;
  const std::optional<TablePart> part_;
  const std::string role_;
  mutable std::map<std::string, std::unique_ptr<sql::Table>> tables_;  // by full name in upper case
};

}  // namespace ks::local
