#include <functional>

#include "absl/hash/hash.h"
#include "base/status_macros.h"
#include "google/rpc/status.pb.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/change_stream_call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/partition_token.h"
#include "local/spanner/server/partitioned_dml.h"
#include "local/spanner/server/read_answer.h"
#include "local/spanner/server/request_checks.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/spanner_rpcs.h"
#include "local/spanner/server/statement.h"
#include "local/spanner/server/status_wire.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

StatementMode ModeOf(pb::ExecuteSqlRequest::QueryMode mode) {
  switch (mode) {
    case pb::ExecuteSqlRequest::PLAN:
      return StatementMode::kPlan;
    case pb::ExecuteSqlRequest::PROFILE:
      return StatementMode::kProfile;
    case pb::ExecuteSqlRequest::WITH_STATS:
      return StatementMode::kWithStats;
    case pb::ExecuteSqlRequest::WITH_PLAN_AND_STATS:
      return StatementMode::kWithPlanAndStats;
    default:
      return StatementMode::kNormal;
  }
}

// The client's deadline, not the statement's own fault: a repetition runs it.
bool GivenUp(absl::StatusCode code) {
  return code == absl::StatusCode::kDeadlineExceeded || code == absl::StatusCode::kCancelled;
}

template <typename Request>
uint64_t Fingerprint(const Request& request) {
  return absl::HashOf(request.sql(), request.params().SerializeAsString());
}

absl::StatusOr<std::optional<TablePart>> PartOf(const pb::ExecuteSqlRequest& request) {
  if (request.partition_token().empty()) return std::nullopt;
  KS_ASSIGN_OR_RETURN(PartitionToken token, TokenOf(request));
  return TablePart{std::move(token.table), std::move(token.spans)};
}

absl::Status Begin(const Statement& statement, const ReadScope& scope, ResultSink& sink) {
  pb::ResultSetMetadata metadata;
  statement.FillMetadata(&metadata);
  pb::Transaction transaction;
  if (scope.FillTransaction(&transaction)) *metadata.mutable_transaction() = transaction;
  return sink.Begin(metadata.SerializeAsString(), statement.ColumnTypes());
}

// Where an answer goes: one kind for each of the two RPCs.
struct Answer {
  ResultSink& sink;
  bool streaming = false;
  // What has been gathered, for a DML request that comes again; and giving it again.
  std::function<std::string()> gathered;
  std::function<void(std::string)> repeat;
};

class SqlCall {
 public:
  SqlCall(Call& call, const pb::ExecuteSqlRequest& request, ReadScope& scope, Answer& answer)
      : call_(call), request_(request), scope_(scope), answer_(answer) {}

  absl::Status Run() {
    KS_ASSIGN_OR_RETURN(std::optional<TablePart> part, PartOf(request_));
    if (scope_.partitioned()) return RunPartitionedDml(call_, scope_, request_, answer_.sink);
    KS_ASSIGN_OR_RETURN(const bool change_stream,
                        RunChangeStream(call_, scope_, request_, answer_.sink, answer_.streaming));
    if (change_stream) return absl::OkStatus();
    const Statement::Text text{request_.sql(),
                               request_.params(),
                               request_.param_types(),
                               ModeOf(request_.query_mode()),
                               std::move(part),
                               scope_.session().spec().creator_role,
                               request_.request_options().request_tag(),
                               request_.session()};
    KS_ASSIGN_OR_RETURN(auto statement, Statement::Prepare(call_, scope_.source(), text));
    if (text.mode == StatementMode::kPlan) return Plan(*statement);
    return statement->is_dml() ? Dml(*statement) : Query(*statement);
  }

 private:
  absl::Status Plan(Statement& statement) {
    KS_RETURN_IF_ERROR(Begin(statement, scope_, answer_.sink));
    KS_ASSIGN_OR_RETURN(std::string stats, statement.Explain());
    return answer_.sink.End({std::move(stats), scope_.PrecommitToken()});
  }

  absl::Status Query(Statement& statement) {
    KS_RETURN_IF_ERROR(Begin(statement, scope_, answer_.sink));
    KS_ASSIGN_OR_RETURN(std::string stats, statement.RunQuery(answer_.sink));
    return answer_.sink.End({std::move(stats), scope_.PrecommitToken()});
  }

  absl::Status Dml(Statement& statement) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (scope_.read_only()) return errors::DmlNeedsReadWrite("ReadOnly");
    Transaction& transaction = *scope_.transaction();
    const uint64_t fingerprint = Fingerprint(request_);
    KS_ASSIGN_OR_RETURN(const Transaction::DmlReplay* replay,
                        transaction.StartDml(request_.seqno(), fingerprint, request_.sql()));
    if (replay != nullptr) {
      answer_.repeat(replay->answer);
      return replay->status;
    }
    const absl::Status status = NewDml(statement);
    if (!absl::IsAborted(status) && !GivenUp(status.code())) {
      transaction.FinishDml(request_.seqno(),
                            {fingerprint, status, status.ok() ? answer_.gathered() : ""});
    }
    return status;
  }

  absl::Status NewDml(Statement& statement) {
    KS_RETURN_IF_ERROR(Begin(statement, scope_, answer_.sink));
    KS_ASSIGN_OR_RETURN(std::string stats,
                        statement.RunDml(*scope_.read_write(), false, &answer_.sink));
    return answer_.sink.End({std::move(stats), scope_.PrecommitToken()});
  }

  Call& call_;
  const pb::ExecuteSqlRequest& request_;
  ReadScope& scope_;
  Answer& answer_;
};

absl::StatusOr<std::unique_ptr<ReadScope>> OpenScope(Call& call,
                                                     const pb::ExecuteSqlRequest& request,
                                                     std::optional<CommitTimestamp> resume_at) {
  KS_RETURN_IF_ERROR(CheckRequestSize(request));
  KS_RETURN_IF_ERROR(CheckRequestOptions(request.request_options()));
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session()));
  KS_ASSIGN_OR_RETURN(auto scope,
                      ReadScope::Open(call, {session, request.transaction(), resume_at}));
  KS_RETURN_IF_ERROR(scope->CheckDirected(request.has_directed_read_options()));
  return scope;
}

// Messages as one string: each with its length before it.
std::string Pack(const std::vector<std::string>& messages) {
  std::string packed;
  for (const std::string& message : messages) {
    const uint64_t size = message.size();
    packed.append(reinterpret_cast<const char*>(&size), sizeof(size));
    packed += message;
  }
  return packed;
}
std::vector<std::string> Unpack(std::string_view packed) {
  std::vector<std::string> messages;
  while (!packed.empty()) {
    uint64_t size = 0;
    std::memcpy(&size, packed.data(), sizeof(size));
    messages.emplace_back(packed.substr(sizeof(size), size));
    packed.remove_prefix(sizeof(size) + size);
  }
  return messages;
}

}  // namespace

absl::Status SpannerRpcs::ExecuteSql(Call& call, const pb::ExecuteSqlRequest& request,
                                     std::string* response) {
  KS_ASSIGN_OR_RETURN(auto scope, OpenScope(call, request, std::nullopt));
  UnarySink sink(response);
  Answer answer{sink, false, [&] { return *response; },
                [&](std::string again) { *response = std::move(again); }};
  return RunInScope(*scope, [&] { return SqlCall(call, request, *scope, answer).Run(); });
}

absl::Status SpannerRpcs::ExecuteStreamingSql(Call& call, const pb::ExecuteSqlRequest& request,
                                              MessageWriter& writer) {
  return StreamAnswer(
      request.resume_token(), FingerprintStream(request), writer,
      [&](std::optional<CommitTimestamp> resume_at) { return OpenScope(call, request, resume_at); },
      [&](ReadScope& scope, StreamSink& sink, BufferingWriter* gathered) {
        Answer answer{sink, true, [&] { return Pack(gathered->messages()); },
                      [&](std::string again) { gathered->Replace(Unpack(again)); }};
        return SqlCall(call, request, scope, answer).Run();
      });
}

namespace {

// One statement of a batch: its ResultSet, with metadata in the first.
absl::Status RunBatchStatement(Call& call, ReadScope& scope,
                               const pb::ExecuteBatchDmlRequest::Statement& request, bool first,
                               pb::ResultSet* result) {
  const Statement::Text text{request.sql(),         request.params(),
                             request.param_types(), StatementMode::kNormal,
                             std::nullopt,          scope.session().spec().creator_role};
  KS_ASSIGN_OR_RETURN(auto statement, Statement::Prepare(call, scope.source(), text));
  if (!statement->is_dml()) return errors::NotDml();
  KS_ASSIGN_OR_RETURN(const std::string stats,
                      statement->RunDml(*scope.read_write(), false, nullptr));
  result->mutable_stats()->ParseFromString(stats);
  result->mutable_metadata()->mutable_row_type();
  if (first) scope.FillTransaction(result->mutable_metadata()->mutable_transaction());
  if (first && result->metadata().transaction().id().empty()) {
    result->mutable_metadata()->clear_transaction();
  }
  return absl::OkStatus();
}

void RunBatch(Call& call, const pb::ExecuteBatchDmlRequest& request, ReadScope& scope,
              pb::ExecuteBatchDmlResponse* response) {
  absl::Status status;
  for (int i = 0; i < request.statements_size() && status.ok(); ++i) {
    pb::ResultSet result;
    status = scope.Observe(RunBatchStatement(call, scope, request.statements(i), i == 0, &result));
    if (status.ok()) *response->add_result_sets() = std::move(result);
  }
  ToRpcStatus(status, response->mutable_status());
  if (const std::string token = scope.PrecommitToken(); !token.empty()) {
    response->mutable_precommit_token()->ParseFromString(token);
  }
}

uint64_t Fingerprint(const pb::ExecuteBatchDmlRequest& request) {
  uint64_t hash = 0;
  for (const auto& statement : request.statements()) {
    hash = absl::HashOf(hash, Fingerprint(statement));
  }
  return hash;
}

}  // namespace

absl::Status SpannerRpcs::ExecuteBatchDml(Call& call, const pb::ExecuteBatchDmlRequest& request,
                                          pb::ExecuteBatchDmlResponse* response)
    ABSL_NO_THREAD_SAFETY_ANALYSIS {
  KS_RETURN_IF_ERROR(CheckRequestSize(request));
  KS_RETURN_IF_ERROR(CheckRequestOptions(request.request_options()));
  if (request.statements().empty()) return errors::EmptyBatchDml();
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session()));
  KS_ASSIGN_OR_RETURN(auto scope, ReadScope::Open(call, {session, request.transaction(), {}}));
  if (scope->read_write() == nullptr) {
    return errors::DmlNeedsReadWrite(scope->partitioned() ? "PartitionedDml" : "ReadOnly");
  }
  Transaction& transaction = *scope->transaction();
  const uint64_t fingerprint = Fingerprint(request);
  KS_ASSIGN_OR_RETURN(
      const Transaction::DmlReplay* replay,
      transaction.StartDml(request.seqno(), fingerprint, request.statements(0).sql()));
  if (replay != nullptr) {
    response->ParseFromString(replay->answer);
    return absl::OkStatus();
  }
  RunBatch(call, request, *scope, response);
  const auto code = static_cast<absl::StatusCode>(response->status().code());
  if (GivenUp(code)) {  // some statements are done, and their numbers are not told
    scope->Observe(errors::TransactionAborted()).IgnoreError();
    return call.Check();
  }
  if (code == absl::StatusCode::kAborted) {
    return scope->Observe(errors::TransactionAborted());
  }
  transaction.FinishDml(request.seqno(),
                        {fingerprint, absl::OkStatus(), response->SerializeAsString()});
  if (response->result_sets().empty() && code != absl::StatusCode::kOk) {
    scope->ForgetIfBegun();  // nothing told the client the transaction's id
  }
  return absl::OkStatus();
}

}  // namespace ks::local
