#include "local/spanner/server/transaction.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "google/spanner/v1/transaction.pb.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/status_wire.h"
#include "local/spanner/txn/commit.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

absl::StatusOr<CommitTimestamp> ToTimestamp(const google::protobuf::Timestamp& t) {
  if (t.seconds() < sql::kTimestampMinSeconds || t.seconds() > sql::kTimestampMaxSeconds ||
      t.nanos() < 0 || t.nanos() > 999'999'999) {
    return errors::ReadTimestampInvalid();
  }
  return CommitTimestamp(t.seconds() * kMicrosPerSecond + t.nanos() / 1'000);
}

absl::StatusOr<int64_t> ToStaleness(const google::protobuf::Duration& d) {
  if (d.seconds() < 0 || d.nanos() < 0) return errors::NegativeStaleness();
  if (d.seconds() > int64_t{366} * 86'400) return errors::ReadTimestampInvalid();
  return d.seconds() * kMicrosPerSecond + d.nanos() / 1'000;
}

absl::Status ParseBound(const pb::TransactionOptions::ReadOnly& options, bool single_use,
                        TimestampBound* bound) {
  using Case = pb::TransactionOptions::ReadOnly;
  switch (options.timestamp_bound_case()) {
    case Case::kStrong:
    case Case::TIMESTAMP_BOUND_NOT_SET:
      bound->kind = TimestampBound::Kind::kStrong;
      return absl::OkStatus();
    case Case::kMinReadTimestamp: {
      if (!single_use) return errors::BoundNeedsSingleUse("min_read_timestamp");
      bound->kind = TimestampBound::Kind::kMinRead;
      KS_ASSIGN_OR_RETURN(bound->timestamp, ToTimestamp(options.min_read_timestamp()));
      return absl::OkStatus();
    }
    case Case::kMaxStaleness: {
      if (!single_use) return errors::BoundNeedsSingleUse("max_staleness");
      bound->kind = TimestampBound::Kind::kMaxStaleness;
      KS_ASSIGN_OR_RETURN(bound->staleness_micros, ToStaleness(options.max_staleness()));
      return absl::OkStatus();
    }
    case Case::kReadTimestamp: {
      bound->kind = TimestampBound::Kind::kExact;
      KS_ASSIGN_OR_RETURN(bound->timestamp, ToTimestamp(options.read_timestamp()));
      return absl::OkStatus();
    }
    case Case::kExactStaleness: {
      bound->kind = TimestampBound::Kind::kExactStaleness;
      KS_ASSIGN_OR_RETURN(bound->staleness_micros, ToStaleness(options.exact_staleness()));
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TransactionSpec> ParseTransactionOptions(const pb::TransactionOptions& options,
                                                        bool single_use) {
  TransactionSpec spec;
  switch (options.mode_case()) {
    case pb::TransactionOptions::kReadOnly:
      spec.kind = TransactionKind::kReadOnly;
      spec.return_read_timestamp = options.read_only().return_read_timestamp();
      if (options.exclude_txn_from_change_streams()) return errors::ReadOnlyCannotExclude();
      KS_RETURN_IF_ERROR(ParseBound(options.read_only(), single_use, &spec.bound));
      return spec;
    case pb::TransactionOptions::kReadWrite:
      spec.kind = TransactionKind::kReadWrite;
      spec.previous_id = options.read_write().multiplexed_session_previous_transaction_id();
      spec.read_write.writer.exclude_from_change_streams =
          options.exclude_txn_from_change_streams();
      if (options.isolation_level() == pb::TransactionOptions::REPEATABLE_READ) {
        spec.read_write.isolation = Isolation::kRepeatableRead;
      }
      switch (options.read_write().read_lock_mode()) {
        case pb::TransactionOptions::ReadWrite::OPTIMISTIC:
          spec.read_write.read_lock_mode = ReadLockMode::kOptimistic;
          break;
        case pb::TransactionOptions::ReadWrite::PESSIMISTIC:
          spec.read_write.read_lock_mode = ReadLockMode::kPessimistic;
          break;
        default:
          break;
      }
      return spec;
    case pb::TransactionOptions::kPartitionedDml:
      spec.kind = TransactionKind::kPartitionedDml;
      return spec;
    case pb::TransactionOptions::MODE_NOT_SET:
      return errors::MissingField("TransactionOptions.mode");
  }
  return errors::MissingField("TransactionOptions.mode");
}

Transaction::Transaction(std::string id, TransactionSpec spec, bool needs_precommit_token)
    : id_(std::move(id)), spec_(std::move(spec)), needs_precommit_token_(needs_precommit_token) {}
Transaction::~Transaction() = default;

absl::Status Transaction::Begin(Database& database, const Patience& patience) {
  switch (spec_.kind) {
    case TransactionKind::kReadOnly: {
      KS_ASSIGN_OR_RETURN(read_only_, database.BeginReadOnly(spec_.bound, patience));
      return absl::OkStatus();
    }
    case TransactionKind::kReadWrite:
      read_write_ = database.BeginReadWrite(spec_.read_write);
      age_ = read_write_->age();
      return absl::OkStatus();
    case TransactionKind::kPartitionedDml:
      return absl::OkStatus();  // every statement makes its own
  }
  return absl::OkStatus();
}

absl::Status Transaction::CheckUsable() const {
  switch (phase_) {
    case TransactionPhase::kActive:
      return absl::OkStatus();
    case TransactionPhase::kFailed:
      return failure_;
    case TransactionPhase::kCommitted:
    case TransactionPhase::kRolledBack:
      return errors::UseAfterEnd();
  }
  return absl::OkStatus();
}

absl::Status Transaction::Observe(absl::Status status) {
  if (!absl::IsAborted(status)) return status;
  AttachRetry(limits::kRetryAfterAbortMillis, &status);
  if (phase_ == TransactionPhase::kActive) {
    phase_ = TransactionPhase::kFailed;
    failure_ = status;
    if (read_write_ != nullptr) read_write_->Rollback();
  }
  return status;
}

absl::StatusOr<std::unique_ptr<ReadyCommit>> Transaction::StartCommit(
    std::unique_ptr<MutationList> mutations) {
  if (spec_.kind != TransactionKind::kReadWrite) return errors::NotCommittable();
  if (phase_ == TransactionPhase::kCommitted) return nullptr;
  if (phase_ == TransactionPhase::kRolledBack) return errors::CommitAfterRollback();
  if (phase_ == TransactionPhase::kFailed) return failure_;
  if (mutations != nullptr && !mutations->empty()) {
    KS_RETURN_IF_ERROR(Observe(read_write_->Buffer(std::move(mutations))));
  }
  absl::StatusOr<std::unique_ptr<ReadyCommit>> commit = read_write_->StartCommit();
  if (!commit.ok()) return Fail(commit.status());
  return commit;
}

absl::StatusOr<CommitResult> Transaction::EndCommit(std::unique_ptr<ReadyCommit> commit) {
  const absl::StatusOr<CommitResult> result = commit->result();
  commit.reset();
  if (!result.ok()) return Fail(result.status());
  phase_ = TransactionPhase::kCommitted;
  committed_ = *result;
  read_write_.reset();
  return result;
}

absl::Status Transaction::Fail(absl::Status status) {
  status = Observe(std::move(status));
  if (phase_ == TransactionPhase::kActive) {  // a constraint: this transaction can never commit
    const bool given_up = absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
    phase_ = TransactionPhase::kFailed;
    failure_ = given_up ? errors::TransactionAborted() : status;
    read_write_->Rollback();
  }
  return status;
}

absl::Status Transaction::Rollback() {
  if (spec_.kind != TransactionKind::kReadWrite) return errors::NotCommittable();
  if (phase_ == TransactionPhase::kCommitted) return errors::RollbackAfterCommit();
  if (read_write_ != nullptr) read_write_->Rollback();
  read_write_.reset();
  phase_ = TransactionPhase::kRolledBack;
  return absl::OkStatus();
}

void Transaction::Abandon(absl::Status why) {
  if (phase_ != TransactionPhase::kActive) return;
  phase_ = TransactionPhase::kFailed;
  failure_ = std::move(why);
  if (read_write_ != nullptr) read_write_->Rollback();
  read_write_.reset();
}

void Transaction::FillPrecommitToken(pb::MultiplexedSessionPrecommitToken* token) {
  ++precommit_sequence_;
  token->set_precommit_token(absl::StrCat(id_, ".", precommit_sequence_));
  token->set_seq_num(precommit_sequence_);
}

absl::StatusOr<const Transaction::DmlReplay*> Transaction::StartDml(int64_t seqno,
                                                                    uint64_t fingerprint,
                                                                    std::string_view sql) {
  if (const auto found = dml_.find(seqno); found != dml_.end()) {
    if (found->second.fingerprint != fingerprint) return errors::SequenceReused(seqno, sql);
    return &found->second;
  }
  if (!dml_.empty() && seqno < dml_.rbegin()->first) {
    return errors::SequenceOutOfOrder(seqno, dml_.rbegin()->first, sql);
  }
  return nullptr;
}

void Transaction::FinishDml(int64_t seqno, DmlReplay replay) { dml_[seqno] = std::move(replay); }

}  // namespace ks::local
