#include "local/spanner/txn/read_write.h"

#include <algorithm>
#include <optional>

#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/txn/apply.h"
#include "local/spanner/txn/commit.h"
#include "local/spanner/txn/rules/rules.h"
#include "local/spanner/txn/scan.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local {
namespace {

// Marks the transaction as at work for the length of a call.
class Working {
 public:
  Working(LockOwner& owner, const Patience& patience) : owner_(owner) { owner_.Enter(patience); }
  ~Working() { owner_.Leave(); }

 private:
  LockOwner& owner_;
};

// Reads of a transaction that may lose its locks at any moment: what comes out, rows or an error,
// was read under them, or is ABORTED.
class LockedCursor final : public sql::RowCursor {
 public:
  LockedCursor(const LockOwner& owner, std::unique_ptr<sql::RowCursor> below)
      : owner_(owner), below_(std::move(below)) {}

  absl::Status Next(sql::RowBatch* batch) override {
    absl::Status read = below_->Next(batch);
    KS_RETURN_IF_ERROR(owner_.Standing());
    return read;
  }

 private:
  const LockOwner& owner_;
  const std::unique_ptr<sql::RowCursor> below_;
};

class Transaction final : public ReadWriteTransaction {
 public:
  Transaction(DatabaseCore& core, uint64_t age, const ReadWriteOptions& options)
      : state_(core, age),
        repeatable_(options.isolation == Isolation::kRepeatableRead),
        optimistic_(options.read_lock_mode.value_or(repeatable_ ? ReadLockMode::kOptimistic
                                                                : ReadLockMode::kPessimistic) ==
                    ReadLockMode::kOptimistic) {
    state_.writer = options.writer;
  }
  ~Transaction() override { Rollback(); }

  const std::shared_ptr<const Schema>& schema() const override { return state_.schema; }
  DatabaseCore& core() override { return state_.core; }
  void SetTag(std::string transaction_tag) override {
    state_.writer.transaction_tag = std::move(transaction_tag);
  }
  uint64_t age() const override { return state_.owner.age(); }
  bool aborted() const override { return state_.owner.wounded(); }
  void Attend(const Patience& patience) override {
    const bool was = patience_ != &Endless();
    patience_ = &patience;
    if (patience_ != &Endless()) state_.owner.Enter(patience);
    if (was) state_.owner.Leave();
  }

  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec& spec) override {
    if (closed_) return errors::TransactionClosed();
    Working working(state_.owner, *patience_);
    TakeSnapshot();
    if (!repeatable_ || spec.hold) KS_RETURN_IF_ERROR(UnlessWounded(LockSpans(spec)));
    KS_ASSIGN_OR_RETURN(
        auto cursor,
        OpenCursor({&state_.core.store(), state_.at(), &state_.writes, state_.schema.get()}, spec));
    return std::make_unique<LockedCursor>(state_.owner, std::move(cursor));
  }

  absl::Status Apply(const MutationList& mutations) override {
    if (closed_) return errors::TransactionClosed();
    Working working(state_.owner, *patience_);
    TakeSnapshot();
    return UnlessWounded(ApplyMutations(state_, mutations, ValueLife::kCopied));
  }

  absl::Status Buffer(std::unique_ptr<MutationList> mutations) override {
    if (closed_) return errors::TransactionClosed();
    buffered_.push_back(std::move(mutations));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<ReadyCommit>> StartCommit() override {
    if (closed_) return errors::TransactionClosed();
    Working working(state_.owner, *patience_);
    closed_ = true;
    absl::StatusOr<std::unique_ptr<ReadyCommit>> commit = ApplyBuffered();
    if (commit.ok()) return commit;
    state_.core.locks().Release(state_.owner);
    return UnlessWounded(commit.status());
  }

  void Rollback() override {
    closed_ = true;
    state_.core.locks().Release(state_.owner);
  }

 private:
  // Without its locks the transaction may have seen half of another's commit: an error that it
  // found then proves nothing.
  absl::Status UnlessWounded(absl::Status status) const {
    KS_RETURN_IF_ERROR(state_.owner.Standing());
    return status;
  }

  // The first read or write fixes what a transaction on a snapshot sees.
  void TakeSnapshot() {
    if ((!repeatable_ && !optimistic_) || state_.snapshot.has_value()) return;
    state_.snapshot = state_.core.oracle().ReadTimestamp();
    state_.locks_late = optimistic_;
  }

  absl::StatusOr<std::unique_ptr<ReadyCommit>> ApplyBuffered() {
    if (repeatable_) TakeSnapshot();
    const std::optional<CommitTimestamp> snapshot = state_.snapshot;
    KS_RETURN_IF_ERROR(state_.LockLate());
    // What was read is so now, too, and stays so: blind writes may go by what is latest.
    if (!repeatable_) state_.snapshot.reset();
    for (const auto& mutations : buffered_) {
      KS_RETURN_IF_ERROR(rules::ValidateAccess(*state_.schema, state_.writer.role, *mutations));
      KS_RETURN_IF_ERROR(ApplyMutations(state_, *mutations, ValueLife::kOutlives));
    }
    KS_ASSIGN_OR_RETURN(std::unique_ptr<ReadyCommit> commit, ReadyCommit::Make(state_));
    if (repeatable_) commit->set_snapshot(snapshot);
    return commit;
  }

  absl::Status LockSpans(const ScanSpec& spec) {
    LockMode mode = LockMode::Shared(kExistenceBit);
    for (int column : spec.columns) {
      if (!spec.table->IsKey(column)) mode.shared |= ColumnBit(column);
      if (!spec.table->columns[column].stored()) mode.shared = kAllColumns;
    }
    // An index entry is written as one: whoever changes any of it conflicts.
    if (spec.index != nullptr) mode = LockMode::Shared(kAllColumns);
    if (spec.exclusive) mode = LockMode::Exclusive(kAllColumns);
    std::vector<LockRequest> locks;
    locks.reserve(spec.spans.size());
    for (const KeySpan& span : spec.spans) {
      if (span.start >= span.limit) continue;
      bool point = spec.index == nullptr && IsPoint(span);
      locks.push_back(
          {span.start, point ? std::string_view() : std::string_view(span.limit), mode});
    }
    KS_RETURN_IF_ERROR(state_.Lock(locks));
    return LookupsNeedLocks(spec) ? LockLookups(spec) : absl::OkStatus();
  }

  // An index scan that fetches other columns from the table reads those rows too.
  static bool LookupsNeedLocks(const ScanSpec& spec) {
    if (spec.index == nullptr) return false;
    return std::any_of(spec.columns.begin(), spec.columns.end(),
                       [&](int column) { return !spec.index->Covers(column); });
  }

  absl::Status LockLookups(const ScanSpec& spec) {
    ScanSpec keys = spec;
    keys.columns.clear();
    LockMode mode = LockMode::Shared(kExistenceBit);
    for (const KeyColumn& part : spec.table->key) keys.columns.push_back(part.column);
    for (int column : spec.columns) {
      if (!spec.index->Covers(column)) mode.shared |= ColumnBit(column);
    }
    if (spec.exclusive) mode = LockMode::Exclusive(kAllColumns);
    KS_ASSIGN_OR_RETURN(auto cursor,
                        OpenCursor({&state_.core.store(), state_.at(), nullptr}, keys));
    std::vector<sql::Datum> key(keys.columns.size());
    sql::RowBatch batch;
    while (true) {
      KS_RETURN_IF_ERROR(cursor->Next(&batch));
      if (batch.rows == 0) return absl::OkStatus();
      for (uint32_t row = 0; row < batch.rows; ++row) {
        for (size_t i = 0; i < key.size(); ++i) key[i] = batch.columns[i][row];
        KS_RETURN_IF_ERROR(state_.LockKey(EncodeKey(spec.table->shape, key), mode));
      }
    }
  }

  TransactionState state_;
  const bool repeatable_;
  const bool optimistic_;
  const Patience* patience_ = &Endless();
  bool closed_ = false;
  std::vector<std::unique_ptr<MutationList>> buffered_;
};

}  // namespace

std::unique_ptr<ReadWriteTransaction> NewReadWriteTransaction(DatabaseCore& core,
                                                              const ReadWriteOptions& options) {
  uint64_t age = options.previous_age != 0 ? options.previous_age : core.locks().NewAge();
  return std::make_unique<Transaction>(core, age, options);
}

}  // namespace ks::local
