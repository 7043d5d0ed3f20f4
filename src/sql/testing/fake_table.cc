#include "sql/testing/fake_table.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"

namespace ks::sql {
namespace {

// Batches that grow from a few rows, as those of real tables do; counts what it has given.
class FakeCursor : public RowCursor {
 public:
  FakeCursor(std::vector<std::vector<Value>> rows, const std::vector<int>& columns,
             int64_t* rows_read)
      : rows_(std::move(rows)), data_(columns.size()), rows_read_(rows_read) {
    for (size_t i = 0; i < columns.size(); ++i) {
      for (const auto& row : rows_) data_[i].push_back(row[columns[i]].datum());
    }
  }
  absl::Status Next(RowBatch* batch) override {
    batch->rows = std::min(batch_rows_, static_cast<uint32_t>(rows_.size()) - given_);
    batch->columns.clear();
    for (const auto& column : data_) batch->columns.push_back(column.data() + given_);
    batch_rows_ *= 4;
    given_ += batch->rows;
    *rows_read_ += batch->rows;
    return absl::OkStatus();
  }

 private:
  const std::vector<std::vector<Value>> rows_;
  std::vector<std::vector<Datum>> data_;
  int64_t* const rows_read_;
  uint32_t batch_rows_ = 16;
  uint32_t given_ = 0;
};

int CompareBound(const AccessPath& path, const std::vector<Value>& row,
                 const std::vector<Value>& bound) {
  for (size_t i = 0; i < bound.size(); ++i) {
    const Value& value = row[path.key[i].column];
    const int order = Compare(value.type(), value.datum(), bound[i].datum());
    if (order != 0) return path.key[i].descending ? -order : order;
  }
  return 0;
}

}  // namespace

FakeTable::FakeTable(std::string name, std::vector<TableColumn> columns, std::vector<KeyPart> key)
    : name_(std::move(name)), columns_(std::move(columns)) {
  std::vector<int> all(columns_.size());
  std::iota(all.begin(), all.end(), 0);
  paths_.push_back({"", std::move(key), std::move(all), true, false});
}

void FakeTable::AddIndex(std::string name, std::vector<KeyPart> key, std::vector<int> storing,
                         bool unique, bool null_filtered) {
  AccessPath path{std::move(name), std::move(key), std::move(storing), unique, null_filtered};
  for (const KeyPart& part : paths_[0].key) {
    const bool has = std::any_of(path.key.begin(), path.key.end(),
                                 [&](const KeyPart& own) { return own.column == part.column; });
    if (!has && !unique) path.key.push_back(part);
    path.columns.push_back(part.column);
  }
  for (const KeyPart& part : path.key) path.columns.push_back(part.column);
  paths_.push_back(std::move(path));
}

int FakeTable::CompareRows(const AccessPath& path, const std::vector<Value>& a,
                           const std::vector<Value>& b) const {
  for (const KeyPart& part : path.key) {
    const Value& value = a[part.column];
    const int order = Compare(value.type(), value.datum(), b[part.column].datum());
    if (order != 0) return part.descending ? -order : order;
  }
  return 0;
}

void FakeTable::Put(std::vector<Value> row) {
  auto place = std::lower_bound(
      rows_.begin(), rows_.end(), row,
      [this](const auto& a, const auto& b) { return CompareRows(paths_[0], a, b) < 0; });
  rows_.insert(place, std::move(row));
}

absl::StatusOr<std::unique_ptr<RowCursor>> FakeTable::Scan(const ScanRequest& request) const {
  const AccessPath& path = paths_[request.path];
  std::vector<std::vector<Value>> sorted = rows_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return CompareRows(path, a, b) < 0; });
  std::vector<std::vector<Value>> chosen;
  for (const KeyRange& range : request.ranges) {
    for (const auto& row : sorted) {
      const int start = CompareBound(path, row, range.start);
      const int limit = CompareBound(path, row, range.limit);
      if (start < 0 || (start == 0 && !range.start_closed)) continue;
      if (limit > 0 || (limit == 0 && !range.limit_closed)) continue;
      chosen.push_back(row);
    }
  }
  if (request.reverse) std::reverse(chosen.begin(), chosen.end());
  if (request.limit > 0 && chosen.size() > static_cast<size_t>(request.limit)) {
    chosen.resize(static_cast<size_t>(request.limit));
  }
  ++scans;
  return std::unique_ptr<RowCursor>(
      std::make_unique<FakeCursor>(std::move(chosen), request.columns, &rows_read));
}

FakeTable& FakeCatalog::Add(std::unique_ptr<FakeTable> table) {
  tables_.push_back(std::move(table));
  return *tables_.back();
}

FakeTable* FakeCatalog::Get(std::string_view name) const {
  for (const auto& table : tables_) {
    if (absl::EqualsIgnoreCase(table->name(), name)) return table.get();
  }
  return nullptr;
}

absl::StatusOr<const Table*> FakeCatalog::FindTable(absl::Span<const std::string> path) const {
  return static_cast<const Table*>(Get(absl::StrJoin(path, ".")));
}

absl::StatusOr<std::optional<View>> FakeCatalog::FindView(
    absl::Span<const std::string> path) const {
  for (const View& view : views_) {
    if (absl::EqualsIgnoreCase(view.name, absl::StrJoin(path, "."))) return view;
  }
  return std::nullopt;
}

std::vector<std::string> FakeCatalog::TableNames() const {
  std::vector<std::string> names;
  for (const auto& table : tables_) names.push_back(table->name());
  return names;
}

}  // namespace ks::sql
