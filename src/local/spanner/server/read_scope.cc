#include "local/spanner/server/read_scope.h"

#include <utility>

#include "base/status_macros.h"
#include "env/clock.h"
#include "google/spanner/v1/transaction.pb.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/timestamps.h"

namespace ks::local {

namespace pb = google::spanner::v1;

ReadScope::~ReadScope() { Release(); }

void ReadScope::Release() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  source_.reset();
  if (lock_ == nullptr) return;
  if (ReadWriteTransaction* engine = transaction_->read_write()) engine->Attend(Endless());
  transaction_->Touch(call_.server().clock.NowNanos());  // idle from here on
  lock_.reset();
}

absl::StatusOr<std::unique_ptr<ReadScope>> ReadScope::Open(Call& call, const Request& request)
    ABSL_NO_THREAD_SAFETY_ANALYSIS {
  std::unique_ptr<ReadScope> scope(new ReadScope(call));
  scope->session_ = request.session;
  const pb::TransactionSelector& selector = request.selector;
  switch (selector.selector_case()) {
    case pb::TransactionSelector::kId: {
      KS_ASSIGN_OR_RETURN(scope->transaction_,
                          scope->session_->Find(selector.id(), call.server().clock.NowNanos()));
      KS_RETURN_IF_ERROR(scope->Attach());
      return scope;
    }
    case pb::TransactionSelector::kBegin: {
      KS_ASSIGN_OR_RETURN(TransactionSpec spec, ParseTransactionOptions(selector.begin(), false));
      KS_RETURN_IF_ERROR(scope->Begin(std::move(spec)));
      return scope;
    }
    case pb::TransactionSelector::kSingleUse:
    case pb::TransactionSelector::SELECTOR_NOT_SET:
      break;
  }
  TransactionSpec spec;
  if (selector.has_single_use()) {
    if (!selector.single_use().has_read_only()) return errors::SingleUseMustBeReadOnly();
    KS_ASSIGN_OR_RETURN(spec, ParseTransactionOptions(selector.single_use(), true));
  }
  if (request.resume_at.has_value()) {
    spec.bound = {TimestampBound::Kind::kExact, *request.resume_at, 0};
  }
  KS_ASSIGN_OR_RETURN(scope->snapshot_, scope->database().BeginReadOnly(spec.bound, call));
  scope->return_read_timestamp_ = spec.return_read_timestamp;
  scope->source_ = std::make_unique<SnapshotSource>(*scope->snapshot_);
  return scope;
}

absl::Status ReadScope::Begin(TransactionSpec spec) {
  KS_ASSIGN_OR_RETURN(transaction_,
                      session_->Begin(std::move(spec), call_.server().clock.NowNanos(), call_));
  begun_ = true;
  return_read_timestamp_ = transaction_->spec().return_read_timestamp;
  return Attach();
}

absl::Status ReadScope::Attach() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  KS_RETURN_IF_ERROR(transaction_->mu().LockWithin(call_));
  auto lock = std::make_unique<CallGateLock>(&transaction_->mu(), std::adopt_lock);
  KS_RETURN_IF_ERROR(transaction_->CheckUsable());
  if (transaction_->kind() == TransactionKind::kReadOnly) {
    snapshot_ = transaction_->shared_read_only();
    source_ = std::make_unique<SnapshotSource>(*snapshot_);
    return absl::OkStatus();
  }
  if (transaction_->kind() == TransactionKind::kReadWrite) {
    transaction_->read_write()->Attend(call_);
    source_ = std::make_unique<LockingSource>(*transaction_->read_write());
  }
  lock_ = std::move(lock);
  return absl::OkStatus();
}

bool ReadScope::partitioned() const {
  return transaction_ != nullptr && transaction_->kind() == TransactionKind::kPartitionedDml;
}

ReadWriteTransaction* ReadScope::read_write() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
  return lock_ == nullptr ? nullptr : transaction_->read_write();
}

std::optional<CommitTimestamp> ReadScope::resumable_at() const {
  if (snapshot_ == nullptr) return std::nullopt;
  return snapshot_->timestamp();
}

bool ReadScope::FillTransaction(pb::Transaction* out) const {
  if (begun_) out->set_id(transaction_->id());
  const bool timestamp = return_read_timestamp_ && snapshot_ != nullptr;
  if (timestamp) SetTimestamp(snapshot_->timestamp(), out->mutable_read_timestamp());
  return begun_ || timestamp;
}

std::string ReadScope::PrecommitToken() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (lock_ == nullptr || !transaction_->needs_precommit_token()) return std::string();
  pb::MultiplexedSessionPrecommitToken token;
  transaction_->FillPrecommitToken(&token);
  return token.SerializeAsString();
}

absl::Status ReadScope::Observe(absl::Status status) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (lock_ == nullptr) return status;
  if (absl::IsAborted(status)) session_->RememberAge(transaction_->age());
  return transaction_->Observe(std::move(status));
}

absl::Status ReadScope::CheckDirected(bool directed) {
  if (!directed || read_only()) return absl::OkStatus();
  ForgetIfBegun();
  return errors::DirectedReadNeedsReadOnly();
}

void ReadScope::ForgetIfBegun() {
  if (!begun_) return;
  Release();
  session_->Forget(transaction_->id());
}

}  // namespace ks::local
