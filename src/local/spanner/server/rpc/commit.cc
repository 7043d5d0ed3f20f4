#include <memory>

#include "base/status_macros.h"
#include "env/clock.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/query/row_source.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/commit_request.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/mutation_decode.h"
#include "local/spanner/server/request_checks.h"
#include "local/spanner/server/served_call.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/spanner_rpcs.h"
#include "local/spanner/server/status_wire.h"
#include "local/spanner/server/timestamps.h"
#include "local/spanner/txn/commit.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

absl::Status Decode(absl::Span<const std::string_view> mutations, MutationList& list) {
  MutationDecoder decoder(list);
  for (const std::string_view mutation : mutations) KS_RETURN_IF_ERROR(decoder.Add(mutation));
  return absl::OkStatus();
}

std::string ToWire(const CommitResult& result, bool stats) {
  pb::CommitResponse response;
  SetTimestamp(result.timestamp, response.mutable_commit_timestamp());
  if (result.snapshot) SetTimestamp(*result.snapshot, response.mutable_snapshot_timestamp());
  if (stats) response.mutable_commit_stats()->set_mutation_count(result.mutation_count);
  return response.SerializeAsString();
}

// Single-use commits are repeated here when the schema changed under them.
constexpr int kSchemaRetries = 3;

absl::StatusOr<CommitResult> CommitOnce(Database& database,
                                        absl::Span<const std::string_view> mutations,
                                        const CommitOptions& options) {
  absl::Status last;
  for (int attempt = 0; attempt < kSchemaRetries; ++attempt) {
    MutationList list(database.schema());
    KS_RETURN_IF_ERROR(Decode(mutations, list));
    absl::StatusOr<CommitResult> result = database.Commit(list, options);
    if (!absl::IsAborted(result.status())) return result;
    last = result.status();
  }
  AttachRetry(limits::kRetryAfterAbortMillis, &last);
  return last;
}

absl::Status ParseSingleUse(std::string_view wire, pb::TransactionOptions* options) {
  if (!options->ParseFromArray(wire.data(), static_cast<int>(wire.size()))) {
    return errors::MalformedRequest("google.spanner.v1.TransactionOptions");
  }
  KS_ASSIGN_OR_RETURN(const TransactionSpec spec, ParseTransactionOptions(*options, true));
  return spec.kind == TransactionKind::kReadWrite ? absl::OkStatus() : errors::NotCommittable();
}

std::string TagOf(const CommitRequestView& request) {
  if (request.request_options.empty()) return std::string();
  pb::RequestOptions options;
  options.ParseFromArray(request.request_options.data(),
                         static_cast<int>(request.request_options.size()));
  return options.transaction_tag();
}

// A commit's half before it is written, and the half after it.
class CommitCall : public CommitRest {
 public:
  CommitCall(Call& call, std::shared_ptr<Session> session, CommitRequestView request)
      : call_(call),
        session_(std::move(session)),
        request_(std::move(request)),
        tag_(TagOf(request_)),
        started_nanos_(call.server().clock.MonotonicNanos()) {}

  ReadyCommit* commit() override { return commit_.get(); }
  int64_t patient_until() const override {
    const int64_t delay_micros = request_.max_commit_delay_micros;
    if (delay_micros == 0) return 0;
    return call_.server().clock.MonotonicNanos() + delay_micros * env::kNanosPerMicro;
  }

 protected:
  // How it went, for SPANNER_SYS.
  void Count(const absl::StatusOr<CommitResult>& result) {
    Statistics::Sums sums;
    const int64_t elapsed = call_.server().clock.MonotonicNanos() - started_nanos_;
    sums.End(result.status(), static_cast<double>(elapsed) / env::kNanosPerSecond);
    if (result.ok()) sums.rows_written = result->mutation_count;
    sums.written = written_;
    sums.deleted = deleted_;
    session_->database().core().statistics().Add(Statistics::Subject::kCommits, tag_,
                                                 absl::StrCat(written_, ";", deleted_), sums);
  }
  // What the mutations write, each table and its columns once.
  void Note(const MutationList& list) {
    const Mutation* last = nullptr;
    for (const Mutation& mutation : list.mutations()) {
      // Rows of one shape come one after the other.
      const bool same = last != nullptr && last->table == mutation.table &&
                        last->columns == mutation.columns &&
                        (last->op == MutationOp::kDelete) == (mutation.op == MutationOp::kDelete);
      last = &mutation;
      if (same) continue;
      const bool deletes = mutation.op == MutationOp::kDelete;
      std::string& noted = deletes ? deleted_ : written_;
      if (noted.size() > kNotedBytes) continue;
      absl::StrAppend(
          &noted, noted.empty() ? "" : ",",
          deletes ? mutation.table->name
                  : QualifiedColumns(mutation.table->name, *mutation.table, mutation.columns));
    }
  }
  absl::StatusOr<std::string> Answer(const absl::StatusOr<CommitResult>& result) {
    Count(result);
    KS_RETURN_IF_ERROR(result.status());
    return ToWire(*result, request_.return_commit_stats);
  }

  Call& call_;
  const std::shared_ptr<Session> session_;
  const CommitRequestView request_;
  static constexpr size_t kNotedBytes = 2'000;
  const std::string tag_;
  std::string written_, deleted_;  // as in Statistics::Sums
  const int64_t started_nanos_;
  std::unique_ptr<ReadyCommit> commit_;
};

class SingleUseCommit final : public CommitCall {
 public:
  using CommitCall::CommitCall;

  absl::Status Start() {
    pb::TransactionOptions options;
    KS_RETURN_IF_ERROR(ParseSingleUse(*request_.single_use, &options));
    options_.emplace(CommitOptions{
        call_, {session_->spec().creator_role, tag_, options.exclude_txn_from_change_streams()}});
    list_ = std::make_unique<MutationList>(session_->database().schema());
    KS_RETURN_IF_ERROR(Decode(request_.mutations, *list_));
    Note(*list_);
    auto commit = session_->database().StartCommit(*list_, *options_);
    if (commit.ok()) {
      commit_ = *std::move(commit);
    } else if (!absl::IsAborted(commit.status())) {
      Count(commit.status());
      return commit.status();
    }
    return absl::OkStatus();
  }

  bool EndMayWait() const override {
    return commit_ == nullptr || absl::IsAborted(commit_->result().status());
  }
  absl::StatusOr<std::string> End() override {
    if (!EndMayWait()) return Answer(commit_->result());
    commit_.reset();
    return Answer(CommitOnce(session_->database(), request_.mutations, *options_));
  }

 private:
  std::optional<CommitOptions> options_;
  std::unique_ptr<MutationList> list_;
};

// Of a transaction that the client has begun; holds it until the end.
class CommitOfTransaction final : public CommitCall {
 public:
  using CommitCall::CommitCall;
  ~CommitOfTransaction() override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (lock_ == nullptr) return;
    commit_.reset();
    if (transaction_->read_write() != nullptr) transaction_->read_write()->Attend(Endless());
  }

  absl::Status Start() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    KS_ASSIGN_OR_RETURN(transaction_,
                        session_->Find(*request_.transaction_id, call_.server().clock.NowNanos()));
    KS_RETURN_IF_ERROR(transaction_->mu().LockWithin(call_));
    lock_ = std::make_unique<CallGateLock>(&transaction_->mu(), std::adopt_lock);
    if (transaction_->WantsNewerToken(request_.precommit_seq_num)) return absl::OkStatus();
    std::unique_ptr<MutationList> list;
    if (ReadWriteTransaction* const engine = transaction_->read_write();
        engine != nullptr && transaction_->phase() == TransactionPhase::kActive) {
      engine->Attend(call_);
      engine->SetTag(tag_);
      if (!request_.mutations.empty()) {
        list = std::make_unique<MutationList>(engine->schema());
        KS_RETURN_IF_ERROR(Decode(request_.mutations, *list));
        Note(*list);
      }
    }
    absl::StatusOr<std::unique_ptr<ReadyCommit>> commit =
        transaction_->StartCommit(std::move(list));
    if (!commit.ok()) return Ended(commit.status()).status();
    commit_ = *std::move(commit);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> End() override ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (commit_ != nullptr) return Ended(transaction_->EndCommit(std::move(commit_)));
    if (transaction_->committed().has_value()) return Ended(*transaction_->committed());
    pb::CommitResponse response;
    transaction_->FillPrecommitToken(response.mutable_precommit_token());
    return response.SerializeAsString();
  }

 private:
  absl::StatusOr<std::string> Ended(const absl::StatusOr<CommitResult>& result) {
    if (absl::IsAborted(result.status())) session_->RememberAge(transaction_->age());
    return Answer(result);
  }

  std::shared_ptr<Transaction> transaction_;
  std::unique_ptr<CallGateLock> lock_;
};

template <typename Kind>
absl::StatusOr<std::unique_ptr<CommitRest>> Start(std::unique_ptr<Kind> commit) {
  KS_RETURN_IF_ERROR(commit->Start());
  return commit;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CommitRest>> SpannerRpcs::StartCommit(Call& call,
                                                                     std::string_view wire) {
  if (wire.size() > limits::kShortCommitBytes) call.BeforeWait();
  CommitRequestView request;
  KS_RETURN_IF_ERROR(ParseCommitRequest(wire, &request));
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session));
  KS_RETURN_IF_ERROR(call.CheckAlive());
  if (request.transaction_id.has_value()) {
    return Start(std::make_unique<CommitOfTransaction>(call, session, std::move(request)));
  }
  if (!request.single_use.has_value()) return errors::MissingField("CommitRequest.transaction");
  return Start(std::make_unique<SingleUseCommit>(call, session, std::move(request)));
}

absl::Status SpannerRpcs::BatchWrite(Call& call, const pb::BatchWriteRequest& request,
                                     MessageWriter& writer) {
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session()));
  KS_RETURN_IF_ERROR(CheckRequestOptions(request.request_options()));
  if (request.mutation_groups().empty()) {
    return errors::MissingField("BatchWriteRequest.mutation_groups");
  }
  for (int i = 0; i < request.mutation_groups_size(); ++i) {
    KS_RETURN_IF_ERROR(call.CheckAlive());
    std::vector<std::string> bytes;
    for (const pb::Mutation& mutation : request.mutation_groups(i).mutations()) {
      bytes.push_back(mutation.SerializeAsString());
    }
    const std::vector<std::string_view> views(bytes.begin(), bytes.end());
    const Writer who{session->spec().creator_role, request.request_options().transaction_tag(),
                     request.exclude_txn_from_change_streams()};
    const absl::StatusOr<CommitResult> result = CommitOnce(session->database(), views, {call, who});
    pb::BatchWriteResponse response;
    response.add_indexes(i);
    ToRpcStatus(result.status(), response.mutable_status());
    if (result.ok()) SetTimestamp(result->timestamp, response.mutable_commit_timestamp());
    KS_RETURN_IF_ERROR(writer.Write(response.SerializeAsString()));
  }
  return absl::OkStatus();
}

}  // namespace ks::local
