// The end of a transaction: its writes become one atomic batch at one commit timestamp.
//
// It comes in two halves. A ReadyCommit has encoded its rows and waits for nobody any more; then
// WriteTogether puts any number of them on disk with one write and one sync. Until then its locks
// stay, so ready commits must be written soon, and by a thread that does not wait for a lock
// meanwhile. Thread safety: a ReadyCommit belongs to one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "local/spanner/storage/store.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local {

class ReadyCommit {
 public:
  // All locks of `txn` are held by now; they go with the commit, whatever happens. ABORTED when it
  // was wounded; from here on it cannot be.
  static absl::StatusOr<std::unique_ptr<ReadyCommit>> Make(TransactionState& txn);
  ~ReadyCommit();
  // Of a single use: its transaction goes with it.
  void Own(std::unique_ptr<TransactionState> txn) { own_ = std::move(txn); }

  DatabaseCore& core() const { return txn_.core; }
  size_t bytes() const { return batch_.bytes(); }
  // What reads of it saw, told in its result.
  void set_snapshot(std::optional<CommitTimestamp> snapshot) { snapshot_ = snapshot; }

  // After WriteTogether; ABORTED when the schema had changed.
  const absl::StatusOr<CommitResult>& result() const { return result_; }

 private:
  friend void WriteTogether(DatabaseCore& core, absl::Span<ReadyCommit* const> commits);

  explicit ReadyCommit(TransactionState& txn) : txn_(txn) {}
  absl::Status Encode();
  // Gives it its timestamp and encodes what depends on that.
  absl::Status Stamp();
  // It is in the store, or will never be.
  void End(const absl::Status& written);

  std::unique_ptr<TransactionState> own_;  // null: somebody else's
  TransactionState& txn_;
  Store::Batch batch_;
  std::vector<const RowWrite*> pending_;  // rows with spanner.commit_timestamp() in them
  std::optional<CommitTimestamp> timestamp_;
  std::optional<CommitTimestamp> snapshot_;
  absl::StatusOr<CommitResult> result_ = absl::UnknownError("not written");
};

// Commits of one database, at timestamps that rise in their order.
void WriteTogether(DatabaseCore& core, absl::Span<ReadyCommit* const> commits);

// Both halves at once.
absl::StatusOr<CommitResult> CommitWrites(TransactionState& txn);

}  // namespace ks::local
