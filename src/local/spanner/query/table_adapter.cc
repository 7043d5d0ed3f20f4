#include "local/spanner/query/table_adapter.h"

#include <algorithm>
#include <utility>

#include "local/spanner/txn/core.h"

namespace ks::local {

namespace {

// What a stored row takes beside its columns, and a column, on average.
constexpr int64_t kRowBytes = 40;
constexpr int64_t kColumnBytes = 8;

sql::KeyPart ToKeyPart(const KeyColumn& column) { return {column.column, column.descending}; }

std::vector<sql::Datum> ToDatums(const std::vector<sql::Value>& values) {
  std::vector<sql::Datum> datums;
  for (const sql::Value& value : values) datums.push_back(value.datum());
  return datums;
}

KeySpan ToSpan(const KeyShape& shape, const sql::KeyRange& range) {
  const std::vector<sql::Datum> start = ToDatums(range.start), limit = ToDatums(range.limit);
  KeyBounds bounds;
  bounds.start = start;
  bounds.limit = limit;
  bounds.start_closed = range.start_closed || start.empty();
  bounds.limit_closed = range.limit_closed || limit.empty();
  return EncodeBounds(shape, bounds);
}

}  // namespace

TableAdapter::TableAdapter(RowSource& source, const StoredTable& table,
                           std::optional<std::vector<KeySpan>> part)
    : source_(source), table_(table), part_(std::move(part)) {
  for (const Column& column : table.columns) {
    columns_.push_back({column.name, column.type, column.not_null, column.hidden});
  }
  sql::AccessPath primary;
  for (const KeyColumn& key : table.key) primary.key.push_back(ToKeyPart(key));
  for (int i = 0; i < static_cast<int>(table.columns.size()); ++i) primary.columns.push_back(i);
  primary.unique = true;
  paths_.push_back(std::move(primary));
  indexes_.push_back(nullptr);
  if (part_.has_value()) return;
  for (const Index* index : table.indexes) {
    if (index->backfilled) AddIndexPath(*index);
  }
}

void TableAdapter::AddIndexPath(const Index& index) {
  sql::AccessPath path;
  path.name = index.name;
  for (const KeyColumn& key : index.full_key) path.key.push_back(ToKeyPart(key));
  for (int i = 0; i < static_cast<int>(table_.columns.size()); ++i) {
    if (index.Covers(i)) path.columns.push_back(i);
  }
  path.unique = index.unique;
  // Also where only some columns are known to be NOT NULL, rows may be missing.
  path.null_filtered = index.null_filtered || !index.not_null_columns.empty();
  paths_.push_back(std::move(path));
  indexes_.push_back(&index);
}

absl::StatusOr<std::unique_ptr<sql::RowCursor>> TableAdapter::Scan(
    const sql::ScanRequest& request) const {
  ScanSpec spec;
  spec.table = &table_;
  spec.index = indexes_[request.path];
  spec.columns = request.columns;
  spec.exclusive = request.lock_exclusive;
  spec.reverse = request.reverse;
  spec.limit = request.limit;
  const KeyShape& shape = spec.index != nullptr ? spec.index->shape : table_.shape;
  for (const sql::KeyRange& range : request.ranges) {
    KeySpan span = ToSpan(shape, range);
    if (span.start < span.limit) spec.spans.push_back(std::move(span));
  }
  if (part_.has_value()) spec.spans = IntersectSpans(NormalizeSpans(std::move(spec.spans)), *part_);
  return source_.Scan(spec);
}

// From the bytes that the table takes: rows are not counted.
int64_t TableAdapter::EstimatedRows() const {
  if (estimated_rows_ < 0) {
    DatabaseCore* core = source_.core();
    if (core == nullptr) return sql::Table::EstimatedRows();
    const int64_t row_bytes = kRowBytes + kColumnBytes * static_cast<int64_t>(columns_.size());
    estimated_rows_ = core->store().ApproximateBytes(SpaceSpan(table_.space)) / row_bytes;
  }
  return estimated_rows_;
}

std::vector<KeySpan> IntersectSpans(const std::vector<KeySpan>& spans,
                                    const std::vector<KeySpan>& within) {
  std::vector<KeySpan> result;
  size_t i = 0, j = 0;
  while (i < spans.size() && j < within.size()) {
    KeySpan both{std::max(spans[i].start, within[j].start),
                 std::min(spans[i].limit, within[j].limit)};
    if (both.start < both.limit) result.push_back(std::move(both));
    (spans[i].limit < within[j].limit ? i : j)++;
  }
  return result;
}

}  // namespace ks::local
