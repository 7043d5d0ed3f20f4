#include <memory>

#include "absl/cleanup/cleanup.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/commit_request.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/mutation_decode.h"
#include "local/spanner/server/request_checks.h"
#include "local/spanner/server/rpc.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/spanner_rpcs.h"
#include "local/spanner/server/status_wire.h"
#include "local/spanner/server/timestamps.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

absl::Status Decode(absl::Span<const std::string_view> mutations, MutationList& list) {
  MutationDecoder decoder(list);
  for (const std::string_view mutation : mutations) KS_RETURN_IF_ERROR(decoder.Add(mutation));
  return absl::OkStatus();
}

void Fill(const CommitResult& result, bool stats, pb::CommitResponse* response) {
  SetTimestamp(result.timestamp, response->mutable_commit_timestamp());
  if (result.snapshot) SetTimestamp(*result.snapshot, response->mutable_snapshot_timestamp());
  if (stats) response->mutable_commit_stats()->set_mutation_count(result.mutation_count);
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

absl::Status CheckSingleUse(std::string_view wire) {
  pb::TransactionOptions options;
  if (!options.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) {
    return errors::MalformedRequest("google.spanner.v1.TransactionOptions");
  }
  KS_ASSIGN_OR_RETURN(const TransactionSpec spec, ParseTransactionOptions(options, true));
  return spec.kind == TransactionKind::kReadWrite ? absl::OkStatus() : errors::NotCommittable();
}

std::string TagOf(const CommitRequestView& request) {
  pb::RequestOptions options;
  options.ParseFromArray(request.request_options.data(),
                         static_cast<int>(request.request_options.size()));
  return options.transaction_tag();
}

Writer WriterOf(const Session& session, const CommitRequestView& request) {
  pb::TransactionOptions options;
  options.ParseFromArray(request.single_use->data(), static_cast<int>(request.single_use->size()));
  return {session.spec().creator_role, TagOf(request), options.exclude_txn_from_change_streams()};
}

// How a commit went, for SPANNER_SYS.
void Count(Session& session, std::string_view tag, int64_t started_nanos, env::Clock& clock,
           const absl::StatusOr<CommitResult>& result) {
  Statistics::Sums sums;
  const int64_t elapsed = clock.MonotonicNanos() - started_nanos;
  sums.End(result.status(), static_cast<double>(elapsed) / env::kNanosPerSecond);
  if (result.ok()) sums.rows_written = result->mutation_count;
  session.database().core().statistics().Add(Statistics::Subject::kCommits, tag, {}, sums);
}

absl::Status CommitById(Call& call, Session& session, const CommitRequestView& request,
                        pb::CommitResponse* response) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  KS_ASSIGN_OR_RETURN(auto transaction,
                      session.Find(*request.transaction_id, call.server().clock.NowNanos()));
  KS_RETURN_IF_ERROR(transaction->mu().LockWithin(call));
  CallGateLock lock(&transaction->mu(), std::adopt_lock);
  if (transaction->WantsNewerToken(request.precommit_seq_num)) {
    transaction->FillPrecommitToken(response->mutable_precommit_token());
    return absl::OkStatus();
  }
  absl::Cleanup leave = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (transaction->read_write() != nullptr) transaction->read_write()->Attend(Endless());
  };
  std::unique_ptr<MutationList> list;
  if (transaction->phase() == TransactionPhase::kActive && transaction->read_write() != nullptr) {
    transaction->read_write()->Attend(call);
    transaction->read_write()->SetTag(TagOf(request));
    if (!request.mutations.empty()) {
      list = std::make_unique<MutationList>(transaction->read_write()->schema());
      KS_RETURN_IF_ERROR(Decode(request.mutations, *list));
    }
  }
  env::Clock& clock = call.server().clock;
  const int64_t started = clock.MonotonicNanos();
  absl::StatusOr<CommitResult> result = transaction->Commit(std::move(list));
  Count(session, TagOf(request), started, clock, result);
  if (absl::IsAborted(result.status())) session.RememberAge(transaction->age());
  KS_RETURN_IF_ERROR(result.status());
  Fill(*result, request.return_commit_stats, response);
  return absl::OkStatus();
}

}  // namespace

absl::Status SpannerRpcs::Commit(Call& call, std::string_view wire, pb::CommitResponse* response) {
  CommitRequestView request;
  KS_RETURN_IF_ERROR(ParseCommitRequest(wire, &request));
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session));
  KS_RETURN_IF_ERROR(call.CheckAlive());
  if (request.transaction_id.has_value()) return CommitById(call, *session, request, response);
  if (!request.single_use.has_value()) return errors::MissingField("CommitRequest.transaction");
  KS_RETURN_IF_ERROR(CheckSingleUse(*request.single_use));
  const CommitOptions options{request.max_commit_delay_micros, call, WriterOf(*session, request)};
  env::Clock& clock = call.server().clock;
  const int64_t started = clock.MonotonicNanos();
  const absl::StatusOr<CommitResult> result =
      CommitOnce(session->database(), request.mutations, options);
  Count(*session, options.writer.transaction_tag, started, clock, result);
  KS_RETURN_IF_ERROR(result.status());
  Fill(*result, request.return_commit_stats, response);
  return absl::OkStatus();
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
    const absl::StatusOr<CommitResult> result =
        CommitOnce(session->database(), views, {0, call, who});
    pb::BatchWriteResponse response;
    response.add_indexes(i);
    ToRpcStatus(result.status(), response.mutable_status());
    if (result.ok()) SetTimestamp(result->timestamp, response.mutable_commit_timestamp());
    KS_RETURN_IF_ERROR(writer.Write(response.SerializeAsString()));
  }
  return absl::OkStatus();
}

}  // namespace ks::local
