// FakeTable and FakeCatalog: tables in memory for tests of SQL: rows in key order, secondary
// indexes, ranges exactly as catalog.h says. Counts what was read, so that tests can hold the
// planner to its promises. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "sql/catalog.h"

namespace ks::sql {

class FakeTable : public Table {
 public:
  // `key`: the primary key.
  FakeTable(std::string name, std::vector<TableColumn> columns, std::vector<KeyPart> key);

  // The parts of the primary key follow those of `key`, unless it is unique.
  void AddIndex(std::string name, std::vector<KeyPart> key, std::vector<int> storing,
                bool unique = false, bool null_filtered = false);
  // The row's key must be new.
  void Put(std::vector<Value> row);
  size_t size() const { return rows_.size(); }
  void set_estimated_rows(int64_t rows) { estimated_rows_ = rows; }

  const std::string& name() const override { return name_; }
  absl::Span<const TableColumn> columns() const override { return columns_; }
  absl::Span<const AccessPath> access_paths() const override { return paths_; }
  absl::StatusOr<std::unique_ptr<RowCursor>> Scan(const ScanRequest& request) const override;
  int64_t EstimatedRows() const override {
    return estimated_rows_ >= 0 ? estimated_rows_ : static_cast<int64_t>(rows_.size());
  }

  // Scans that were opened, and rows that they gave.
  mutable int64_t scans = 0;
  mutable int64_t rows_read = 0;

 private:
  int CompareRows(const AccessPath& path, const std::vector<Value>& a,
                  const std::vector<Value>& b) const;

  const std::string name_;
  const std::vector<TableColumn> columns_;
  std::vector<AccessPath> paths_;
  std::vector<std::vector<Value>> rows_;  // in the order of the primary key
  int64_t estimated_rows_ = -1;
};

class FakeCatalog : public Catalog {
 public:
  FakeTable& Add(std::unique_ptr<FakeTable> table);
  void AddView(View view) { views_.push_back(std::move(view)); }
  FakeTable* Get(std::string_view name) const;  // null when there is none

  absl::StatusOr<const Table*> FindTable(absl::Span<const std::string> path) const override;
  absl::StatusOr<std::optional<View>> FindView(absl::Span<const std::string> path) const override;
  std::vector<std::string> TableNames() const override;

 private:
  std::vector<std::unique_ptr<FakeTable>> tables_;
  std::vector<View> views_;
};

}  // namespace ks::sql
