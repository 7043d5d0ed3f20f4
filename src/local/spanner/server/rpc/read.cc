#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/query/access_check.h"
#include "local/spanner/query/row_source.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/partition_token.h"
#include "local/spanner/server/read_answer.h"
#include "local/spanner/server/read_request.h"
#include "local/spanner/server/request_checks.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/spanner_rpcs.h"
#include "local/spanner/server/value_codec.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

absl::StatusOr<ScanSpec> Resolve(const Schema& schema, const pb::ReadRequest& request) {
  KS_ASSIGN_OR_RETURN(ScanSpec spec, ResolveRead(schema, request));
  if (request.partition_token().empty()) return spec;
  if (request.limit() != 0) return errors::LimitWithPartition();
  KS_ASSIGN_OR_RETURN(const PartitionToken token, TokenOf(request));
  spec.spans = token.spans;
  return spec;
}

// For SPANNER_SYS.
void CountRead(const pb::ReadRequest& request, const ScanSpec& spec, int64_t rows,
               ReadScope& scope) {
  Statistics::Sums sums;
  sums.count = 1;
  sums.rows = rows;
  sums.in_read_write = scope.source().read_write() ? 1 : 0;
  const std::string_view table = spec.index == nullptr ? spec.table->name : spec.index->name;
  scope.source().core()->statistics().Add(Statistics::Subject::kReads,
                                          request.request_options().request_tag(),
                                          QualifiedColumns(table, *spec.table, spec.columns), sums);
}

absl::Status SendRows(Call& call, const pb::ReadRequest& request, ReadScope& scope,
                      ResultSink& sink) {
  const std::shared_ptr<const Schema> schema = scope.source().schema();
  KS_ASSIGN_OR_RETURN(const ScanSpec spec, Resolve(*schema, request));
  KS_RETURN_IF_ERROR(CheckReadAccess(*schema, scope.session().spec().creator_role, spec));
  pb::ResultSetMetadata metadata;
  pb::StructType* row_type = metadata.mutable_row_type();
  std::vector<sql::TypeRef> types;
  for (const int index : spec.columns) {
    const Column& column = spec.table->columns[index];
    pb::StructType::Field* field = row_type->add_fields();
    field->set_name(column.name);
    ToProto(column.type, field->mutable_type());
    types.push_back(column.type);
  }
  pb::Transaction transaction;
  if (scope.FillTransaction(&transaction)) *metadata.mutable_transaction() = transaction;
  KS_RETURN_IF_ERROR(sink.Begin(metadata.SerializeAsString(), std::move(types)));
  KS_ASSIGN_OR_RETURN(std::unique_ptr<sql::RowCursor> cursor, scope.source().Scan(spec));
  sql::RowBatch batch;
  int64_t rows = 0;
  do {
    KS_RETURN_IF_ERROR(call.CheckAlive());
    KS_RETURN_IF_ERROR(cursor->Next(&batch));
    KS_RETURN_IF_ERROR(sink.Rows(batch));
    rows += batch.rows;
  } while (batch.rows > 0);
  cursor.reset();
  CountRead(request, spec, rows, scope);
  return sink.End({std::string(), scope.PrecommitToken()});
}

absl::StatusOr<std::unique_ptr<ReadScope>> OpenScope(Call& call, const pb::ReadRequest& request,
                                                     std::optional<CommitTimestamp> resume_at) {
  KS_RETURN_IF_ERROR(CheckRequestSize(request));
  KS_RETURN_IF_ERROR(CheckRequestOptions(request.request_options()));
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session()));
  KS_ASSIGN_OR_RETURN(auto scope,
                      ReadScope::Open(call, {session, request.transaction(), resume_at}));
  if (scope->partitioned()) return errors::PartitionedOnlyDml();
  KS_RETURN_IF_ERROR(scope->CheckDirected(request.has_directed_read_options()));
  return scope;
}

}  // namespace

absl::Status SpannerRpcs::Read(Call& call, const pb::ReadRequest& request, std::string* response) {
  KS_ASSIGN_OR_RETURN(auto scope, OpenScope(call, request, std::nullopt));
  UnarySink sink(response);
  return RunInScope(*scope, [&] { return SendRows(call, request, *scope, sink); });
}

absl::Status SpannerRpcs::StreamingRead(Call& call, const pb::ReadRequest& request,
                                        MessageWriter& writer) {
  return StreamAnswer(
      request.resume_token(), FingerprintStream(request), writer,
      [&](std::optional<CommitTimestamp> resume_at) { return OpenScope(call, request, resume_at); },
      [&](ReadScope& scope, StreamSink& sink, BufferingWriter*) {
        return SendRows(call, request, scope, sink);
      });
}

}  // namespace ks::local
