#include "sql/eval/row_store.h"

#include <algorithm>

namespace ks::sql {

RowStore::RowStore(Environment* environment, std::vector<TypeRef> types)
    : environment_(environment), types_(std::move(types)), columns_(types_.size()) {}

absl::Status RowStore::Append(Rows rows, const Column* columns) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    for (uint32_t row : rows)
      columns_[i].push_back(DeepCopy(types_[i], columns[i].at(row), arena_));
  }
  rows_ += static_cast<uint32_t>(rows.size());
  const int64_t used =
      static_cast<int64_t>(arena_.bytes_reserved()) +
      static_cast<int64_t>(rows_) * static_cast<int64_t>(columns_.size() * sizeof(Datum) + 16);
  const int64_t more = used - reserved_;
  reserved_ = used;
  return environment_->Reserve(more);
}

void RowStore::Clear() {
  for (auto& column : columns_) column.clear();
  arena_.Reset();
  rows_ = 0;
  environment_->Release(reserved_);
  reserved_ = 0;
}

void HashIndex::Add(uint64_t hash) {
  if (hashes_.size() >= heads_.size()) Grow();
  int32_t& head = heads_[hash & (heads_.size() - 1)];
  next_.push_back(head);
  head = static_cast<int32_t>(hashes_.size());
  hashes_.push_back(hash);
}

void HashIndex::Grow() {
  heads_.assign(std::max<size_t>(64, heads_.size() * 2), -1);
  for (size_t row = 0; row < hashes_.size(); ++row) {
    int32_t& head = heads_[hashes_[row] & (heads_.size() - 1)];
    next_[row] = head;
    head = static_cast<int32_t>(row);
  }
}

}  // namespace ks::sql
