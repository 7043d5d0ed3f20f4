// WriteSet: what a transaction has written so far, by key: each row as it was before and as it is
// now.
//
// Rows stand in key order over all tables (keys begin with their key space). Changes belong to an
// epoch (one call of Apply); UndoEpoch takes the current one back, so a failed statement leaves no
// trace. Thread safety: none; it belongs to one transaction.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "local/spanner/schema/schema.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"

namespace ks::local {

enum class BaseState : uint8_t { kUnknown, kMissing, kPresent };

struct RowWrite {
  const Table* table = nullptr;
  std::string_view
      key;  // encoded; a pending commit timestamp in it stands as PendingCommitTimestamp()
  // Before the transaction, all columns; null unless kPresent.
  sql::Datum* base = nullptr;
  BaseState base_state = BaseState::kUnknown;
  // Now, all columns; null: there is no row. Of an untouched row the same as `base`.
  sql::Datum* now = nullptr;
  bool written = false;      // `now` differs from what is stored, as far as is known
  bool deleted = false;      // was deleted at some point in this transaction
  bool pending_key = false;  // the key has a pending commit timestamp
  uint32_t epoch = 0;        // of the last change
  uint32_t created_epoch =
      0;  // of the insert that made `now`; 0: it did not come from an insert here
};

class WriteSet {
 public:
  using Rows = absl::btree_map<std::string_view, RowWrite*>;

  // Null when nothing is known of the key.
  RowWrite* Find(std::string_view key);
  const RowWrite* Find(std::string_view key) const;
  // The row, made (with an unknown base) when it was not there. `key` is copied.
  RowWrite& FindOrAdd(const Table& table, std::string_view key);

  void BeginEpoch() {
    ++epoch_;
    undo_.clear();
    changed_.clear();
  }
  uint32_t epoch() const { return epoch_; }
  // Call before changing anything of a row but its base.
  void Touch(RowWrite& row);
  void UndoEpoch();
  // Rows that changed in the current epoch.
  const std::vector<RowWrite*>& changed() const { return changed_; }

  const Rows& rows() const { return rows_; }
  bool empty() const { return rows_.empty(); }
  sql::Arena& arena() { return arena_; }
  // An array for one row of `table`, uninitialised.
  sql::Datum* NewImage(const Table& table) {
    return arena_.AllocateArray<sql::Datum>(table.columns.size());
  }

 private:
  sql::Arena arena_;
  Rows rows_;
  uint32_t epoch_ = 0;
  std::vector<std::pair<RowWrite*, RowWrite>> undo_;
  std::vector<RowWrite*> changed_;
};

}  // namespace ks::local
