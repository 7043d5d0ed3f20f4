// TransactionState: a read-write transaction as its rules see it: locks, writes, reads of what is
// there now.
//
// It works in one of three ways (database.h, Isolation): pessimistic (locks first, then reads what
// is latest), on a snapshot with locks at once, or on a snapshot with all locks at the commit. On a
// snapshot every lock comes with the check that nothing under it has changed since
// (validation.h). Thread safety: one thread at a time (its LockOwner may be wounded by others).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "local/spanner/schema/schema.h"
#include "local/spanner/txn/core.h"
#include "local/spanner/txn/lock_manager.h"
#include "local/spanner/txn/row_reader.h"
#include "local/spanner/txn/write_set.h"

namespace ks::local {

class TransactionState {
 public:
  TransactionState(DatabaseCore& core, uint64_t age)
      : core(core), schema(core.schema()), owner(core.locks(), age) {}
  ~TransactionState();

  absl::Status Lock(absl::Span<const LockRequest> requests);
  // Before the commit is written: takes the locks that were put off. ABORTED when something under
  // them has changed.
  absl::Status LockLate();
  // What it reads: its snapshot, or the latest.
  CommitTimestamp at() const { return snapshot.value_or(kLatest); }
  absl::Status LockKey(std::string_view key, LockMode mode);

  // Reads the row before the transaction unless it is known; the caller holds its lock.
  absl::Status EnsureBase(RowWrite& row);
  // Whether the row is there now. Takes a shared lock on its existence.
  absl::StatusOr<bool> Exists(const Table& table, std::string_view key);
  // Keys of the rows of `span` that are there now, own writes included. The caller holds the span's
  // lock.
  absl::Status LiveKeys(const KeySpan& span, size_t at_most, std::vector<std::string>* keys);
  // Compiled DEFAULTs, CHECKs and generated columns; kept until the transaction ends.
  absl::StatusOr<TableExpressions*> Expressions(const Table& table);

  DatabaseCore& core;
  const std::shared_ptr<const Schema> schema;
  LockOwner owner;
  WriteSet writes;
  int64_t mutation_count = 0;
  std::optional<CommitTimestamp> snapshot;
  bool locks_late = false;  // only with a snapshot
  Writer writer;
  // Who has which value of a UNIQUE index (encoded, with its key space); entries may be stale.
  absl::flat_hash_map<std::string, const RowWrite*> unique_claims;

  const RowReader& ReaderOf(const Table& table);

 private:
  struct LateLock {
    std::string key;
    std::string limit;
    LockMode mode;
  };

  std::vector<LateLock> late_;
  absl::flat_hash_map<const Table*, std::unique_ptr<RowReader>> readers_;
  absl::flat_hash_map<const Table*, std::unique_ptr<TableExpressions>> expressions_;
  std::string buffer_;
};

}  // namespace ks::local
