// Transaction: one transaction as clients name it by id, over the engine's read-write or read-only
// transaction.
//
// One request works on it at a time (mu()); others wait. A finished one is kept for a while so that
// a repeated Commit gets the answer of the first
// (https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#commitrequest). Guarantees
// (tests/conformance): a second Commit never applies anything; after ABORTED everything answers
// ABORTED. Thread safety: as said at each member.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/server/call_gate.h"
#include "local/spanner/txn/database.h"

namespace google::spanner::v1 {
class MultiplexedSessionPrecommitToken;
class TransactionOptions;
}  // namespace google::spanner::v1

namespace ks::local {

enum class TransactionKind : uint8_t { kReadOnly, kReadWrite, kPartitionedDml };
enum class TransactionPhase : uint8_t { kActive, kCommitted, kRolledBack, kFailed };

// What the wire says about a new transaction, checked.
struct TransactionSpec {
  TransactionKind kind = TransactionKind::kReadOnly;
  TimestampBound bound;                // kReadOnly
  bool return_read_timestamp = false;  // kReadOnly
  ReadWriteOptions read_write;         // kReadWrite; `previous_age` is filled in by the session
  std::string previous_id;             // of the attempt before, on a multiplexed session
};

// INVALID_ARGUMENT when a mode is missing, a bound is for single use only and `single_use` is
// false, ….
absl::StatusOr<TransactionSpec> ParseTransactionOptions(
    const google::spanner::v1::TransactionOptions& options, bool single_use);

class Transaction {
 public:
  Transaction(std::string id, TransactionSpec spec, bool needs_precommit_token);
  ~Transaction();

  // ---- Constant after construction ----
  const std::string& id() const { return id_; }
  const TransactionSpec& spec() const { return spec_; }
  TransactionKind kind() const { return spec_.kind; }
  bool needs_precommit_token() const { return needs_precommit_token_; }

  // ---- Any thread ----
  // Wall clock of the last request, to find those whose client vanished.
  int64_t last_used_nanos() const { return last_used_nanos_; }
  void Touch(int64_t now_nanos) { last_used_nanos_ = now_nanos; }
  uint64_t age() const { return age_; }

  CallGate& mu() ABSL_LOCK_RETURNED(mu_) { return mu_; }

  // ---- Under mu() ----
  absl::Status Begin(Database& database, const Patience& patience)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  TransactionPhase phase() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return phase_; }
  // OK while it can read and write; else why not.
  absl::Status CheckUsable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Looks at what an operation answered: ABORTED ends the transaction. Gives the status back, with
  // RetryInfo.
  absl::Status Observe(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  ReadWriteTransaction* read_write() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return read_write_.get();
  }
  ReadOnlyTransaction* read_only() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return read_only_.get();
  }
  std::shared_ptr<ReadOnlyTransaction> shared_read_only() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return read_only_;
  }

  // Commits after buffering `mutations`, in two halves (txn/commit.h). Null: it was committed
  // before, see committed(). Where the call's patience ends before it is written, nothing is, and
  // the transaction is aborted.
  absl::StatusOr<std::unique_ptr<ReadyCommit>> StartCommit(std::unique_ptr<MutationList> mutations)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<CommitResult> EndCommit(std::unique_ptr<ReadyCommit> commit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<CommitResult> committed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return committed_;
  }
  absl::Status Rollback() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Ends it as if it had been aborted; `why` is ABORTED (idle, its session is gone).
  void Abandon(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // The next token of a read-write transaction on a multiplexed session.
  void FillPrecommitToken(google::spanner::v1::MultiplexedSessionPrecommitToken* token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Whether a Commit that carries the token numbered `seq_num` (0: none) must come again with the
  // next one: it has not heard the answer of every earlier call.
  bool WantsNewerToken(int32_t seq_num) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return needs_precommit_token_ && phase_ == TransactionPhase::kActive &&
           (seq_num == 0 || seq_num < precommit_sequence_);
  }

  // DML replay protection. `answer` set: this request was served before, with these bytes.
  // Otherwise, unless it is an error, the caller runs it and calls FinishDml.
  struct DmlReplay {
    uint64_t fingerprint = 0;
    absl::Status status;
    std::string answer;
  };
  absl::StatusOr<const DmlReplay*> StartDml(int64_t seqno, uint64_t fingerprint,
                                            std::string_view sql)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FinishDml(int64_t seqno, DmlReplay replay) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

 private:
  // A commit that failed ends the transaction.
  absl::Status Fail(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string id_;
  const TransactionSpec spec_;
  const bool needs_precommit_token_;
  std::atomic<int64_t> last_used_nanos_ = 0;
  std::atomic<uint64_t> age_ = 0;

  CallGate mu_;
  TransactionPhase phase_ ABSL_GUARDED_BY(mu_) = TransactionPhase::kActive;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  std::optional<CommitResult> committed_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<ReadWriteTransaction> read_write_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<ReadOnlyTransaction> read_only_ ABSL_GUARDED_BY(mu_);
  int32_t precommit_sequence_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<int64_t, DmlReplay> dml_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
