#include "local/spanner/txn/write_set.h"

#include <new>

namespace ks::local {

RowWrite* WriteSet::Find(std::string_view key) {
  auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : found->second;
}

const RowWrite* WriteSet::Find(std::string_view key) const {
  auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : found->second;
}

RowWrite& WriteSet::FindOrAdd(const Table& table, std::string_view key) {
  auto place = rows_.lower_bound(key);
  if (place != rows_.end() && place->first == key) return *place->second;
  RowWrite* row = new (arena_.Allocate(sizeof(RowWrite))) RowWrite;
  row->table = &table;
  row->key = arena_.Copy(key);
  rows_.insert(place, {row->key, row});
  return *row;
}

void WriteSet::Touch(RowWrite& row) {
  if (row.epoch == epoch_) return;
  undo_.emplace_back(&row, row);
  changed_.push_back(&row);
  row.epoch = epoch_;
}

void WriteSet::UndoEpoch() {
  for (auto& [row, before] : undo_) {
    // What was learnt about the base stays true.
    before.base = row->base;
    before.base_state = row->base_state;
    if (!before.written) before.now = row->base;
    *row = before;
  }
  undo_.clear();
  changed_.clear();
}

}  // namespace ks::local
