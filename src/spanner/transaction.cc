// Client's read-write transactions.
#include <google/spanner/v1/spanner.pb.h>

#include <future>

#include "base/status_macros.h"
#include "env/clock.h"
#include "spanner/client.h"
#include "spanner/errors.h"
#include "spanner/limits.h"
#include "spanner/retry_stub.h"
#include "spanner/unary_call.h"
#include "spanner/wire.h"

namespace ks::spanner {
namespace {

namespace v1 = google::spanner::v1;

// A read or query inside a transaction, gathered. It is not resumed after a break: the transaction
// starts over.
absl::StatusOr<ResultPtr> RowsNow(Stub& stub, Method method, CallOptions options,
                                  std::string request) {
  auto result = std::make_shared<v1::ResultSet>();
  auto promise = std::make_shared<std::promise<absl::Status>>();
  auto future = promise->get_future();
  auto assembler = std::make_shared<RowAssembler>();
  auto failure = std::make_shared<absl::Status>();
  const grpc::Slice slice = OwningSlice(std::move(request));
  options.route_to_leader = true;
  stub.Stream(
      method, std::move(options), grpc::ByteBuffer(&slice, 1),
      [=](const grpc::ByteBuffer& message) {
        v1::PartialResultSet part;
        if (!FromBuffer(message, &part)) {
          *failure = BadAnswer(InfoOf(method).path);
          return false;
        }
        if (part.has_metadata()) *result->mutable_metadata() = part.metadata();
        if (part.has_stats()) *result->mutable_stats() = part.stats();
        if (part.has_precommit_token()) *result->mutable_precommit_token() = part.precommit_token();
        std::vector<google::protobuf::ListValue> rows;
        *failure = assembler->Add(std::move(part), &rows);
        for (auto& row : rows) *result->add_rows() = std::move(row);
        return failure->ok();
      },
      [=](const absl::Status& status) { promise->set_value(failure->ok() ? status : *failure); });
  KS_RETURN_IF_ERROR(future.get());
  KS_RETURN_IF_ERROR(assembler->Finish());
  return ResultPtr(result);
}

}  // namespace

absl::StatusOr<ResultPtr> Client::Transaction::Rows(Method method, std::string request) {
  KS_ASSIGN_OR_RETURN(
      ResultPtr result,
      RowsNow(*client_->stub_, method, client_->RowOptionsFor(session_), std::move(request)));
  const auto& token = result->precommit_token();
  if (result->has_precommit_token() && token.seq_num() > precommit_number_) {
    precommit_number_ = token.seq_num();
    precommit_token_ = token.SerializeAsString();
  }
  return result;
}

absl::StatusOr<ResultPtr> Client::Transaction::Read(v1::ReadRequest request) {
  request.set_session(session_);
  request.mutable_transaction()->set_id(id_);
  return Rows(Method::kStreamingRead, request.SerializeAsString());
}

absl::StatusOr<ResultPtr> Client::Transaction::Query(v1::ExecuteSqlRequest request) {
  request.set_session(session_);
  request.mutable_transaction()->set_id(id_);
  request.set_seqno(++dml_number_);
  return Rows(Method::kExecuteStreamingSql, request.SerializeAsString());
}

absl::StatusOr<int64_t> Client::Transaction::Execute(v1::ExecuteSqlRequest request) {
  KS_ASSIGN_OR_RETURN(const ResultPtr result, Query(std::move(request)));
  return result->stats().row_count_exact();
}

absl::StatusOr<Client::Transaction> Client::Begin(const v1::TransactionOptions& options) {
  for (int attempt = 0;; ++attempt) {
    KS_ASSIGN_OR_RETURN(const std::string session, SessionNow());
    v1::BeginTransactionRequest request;
    request.set_session(session);
    *request.mutable_options() = options;
    const auto begun =
        CallNow<v1::Transaction>(*stub_, Method::kBeginTransaction, OptionsFor(session), request);
    if (begun.ok()) return Transaction(*this, session, begun->id());
    if (!IsSessionNotFound(begun.status())) return begun.status();
    sessions_.Forget(session);
    if (attempt > 0) return begun.status();
  }
}

CommitAnswer Client::CommitTransaction(Transaction& transaction, std::string mutations) {
  v1::CommitRequest request;
  if (!request.ParseFromString(mutations)) {
    return {absl::InternalError("the mutations are no wire bytes of CommitRequest"), 0,
            std::nullopt};
  }
  request.set_session(transaction.session_);
  request.set_transaction_id(transaction.id_);
  if (!transaction.precommit_token_.empty()) {
    request.mutable_precommit_token()->ParseFromString(transaction.precommit_token_);
  }
  // A Commit by transaction id may be repeated: Spanner answers with the same timestamp.
  for (int attempt = 0;; ++attempt) {
    auto response = CallNow<v1::CommitResponse>(*stub_, Method::kCommit,
                                                OptionsFor(transaction.session_), request);
    if (response.ok() && response->has_precommit_token()) {
      *request.mutable_precommit_token() = response->precommit_token();
      if (attempt < 10) continue;
    }
    if (!response.ok() && IsTransient(response.status()) && attempt < 5) {
      const int64_t wait =
          BackoffNanos(response.status(), attempt, kRetryFirstMillis, *options_.random);
      env::SleepFor(wait);
      continue;
    }
    if (!response.ok()) return {response.status(), 0, std::nullopt};
    const auto& at = response->commit_timestamp();
    return {absl::OkStatus(), at.seconds() * 1'000'000 + at.nanos() / 1'000, std::nullopt};
  }
}

void Client::Rollback(const Transaction& transaction) {
  v1::RollbackRequest request;
  request.set_session(transaction.session_);
  request.set_transaction_id(transaction.id_);
  // The transaction's locks go by themselves after ten idle seconds, so a lost rollback is no
  // error.
  (void)CallNow<google::protobuf::Empty>(*stub_, Method::kRollback,
                                         OptionsFor(transaction.session_), request);
}

CommitAnswer Client::RunTransaction(
    const std::function<absl::StatusOr<std::string>(Transaction&)>& body) {
  const int64_t give_up_at =
      options_.clock->MonotonicNanos() + kTransactionTotalMillis * env::kNanosPerMilli;
  v1::TransactionOptions options;
  options.mutable_read_write();
  for (int attempt = 0;; ++attempt) {
    CommitAnswer answer;
    auto transaction = Begin(options);
    answer.status = transaction.status();
    if (transaction.ok()) {
      absl::StatusOr<std::string> mutations = body(*transaction);
      if (mutations.ok()) {
        answer = CommitTransaction(*transaction, *std::move(mutations));
        // Keeps the age of the aborted attempt, so that one that is run again is not starved.
        options.mutable_read_write()->set_multiplexed_session_previous_transaction_id(
            transaction->id_);
      } else {
        answer.status = mutations.status();
        if (!absl::IsAborted(answer.status)) Rollback(*transaction);
      }
    }
    const int64_t wait =
        BackoffNanos(answer.status, attempt, kAbortedFirstMillis, *options_.random);
    const bool again =
        absl::IsAborted(answer.status) && options_.clock->MonotonicNanos() + wait < give_up_at;
    if (!again) return answer;
    env::SleepFor(wait);
  }
}

}  // namespace ks::spanner
