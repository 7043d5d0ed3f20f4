// TableAdapter: a schema's table as sql::Table: the primary key and every readable index as access
// paths.
//
// Thread safety: as sql::Table.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "local/spanner/query/row_source.h"
#include "sql/catalog.h"

namespace ks::local {

using StoredTable = Table;  // inside the class below, Table is sql::Table

class TableAdapter : public sql::Table {
 public:
  // `part`: only rows in these spans of the primary key exist; indexes are not offered then.
  TableAdapter(RowSource& source, const StoredTable& table,
               std::optional<std::vector<KeySpan>> part);

  const std::string& name() const override { return table_.name; }
  absl::Span<const sql::TableColumn> columns() const override { return columns_; }
  absl::Span<const sql::AccessPath> access_paths() const override { return paths_; }
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(
      const sql::ScanRequest& request) const override;
  int64_t EstimatedRows() const override;

  const StoredTable& table() const { return table_; }

 private:
  void AddIndexPath(const Index& index);

  RowSource& source_;
  const StoredTable& table_;
  const std::optional<std::vector<KeySpan>> part_;
  std::vector<sql::TableColumn> columns_;
  std::vector<sql::AccessPath> paths_;
  std::vector<const Index*> indexes_;    // beside paths_; null for the primary key
  mutable int64_t estimated_rows_ = -1;  // not asked yet
};

// Those parts of `spans` that lie in `within`; both sorted and disjoint.
std::vector<KeySpan> IntersectSpans(const std::vector<KeySpan>& spans,
                                    const std::vector<KeySpan>& within);

}  // namespace ks::local
