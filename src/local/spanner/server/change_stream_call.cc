#include "local/spanner/server/change_stream_call.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "google/spanner/v1/result_set.pb.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/query/change_stream_errors.h"
#include "local/spanner/query/change_stream_query.h"
#include "local/spanner/schema/access.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/read_scope.h"
#include "local/spanner/server/result_sink.h"
#include "local/spanner/server/value_codec.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

ParameterLookup LookupIn(const pb::ExecuteSqlRequest& request) {
  return [&request](std::string_view name, sql::TypeRef type) -> absl::StatusOr<sql::Value> {
    const auto found = request.params().fields().find(std::string(name));
    if (found == request.params().fields().end()) return errors::ParameterMissing(name);
    sql::Arena arena;
    sql::Datum datum;
    const std::string wire = found->second.SerializeAsString();  // what `datum` points into
    KS_RETURN_IF_ERROR(DecodeValue(type, wire, CommitTimestamps::kRefuse, arena, &datum));
    return sql::Value(type, datum);
  };
}

absl::Status CheckRole(const Schema& schema, std::string_view role, std::string_view stream) {
  if (role.empty()) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const Access access, Access::Of(schema, role));
  KS_RETURN_IF_ERROR(access.CheckObject(Action::kSelect, GranteeObject::kChangeStream, stream));
  return access.CheckObject(Action::kExecute, GranteeObject::kTableFunction,
                            StrCat("READ_", stream));
}

}  // namespace

absl::StatusOr<bool> RunChangeStream(Call& call, ReadScope& scope,
                                     const pb::ExecuteSqlRequest& request, ResultSink& sink,
                                     bool streaming) {
  const std::shared_ptr<const Schema> schema = scope.database().schema();
  if (schema->change_streams.empty()) return false;
  KS_ASSIGN_OR_RETURN(const auto query,
                      ParseChangeStreamQuery(*schema, request.sql(), LookupIn(request)));
  if (!query) return false;
  call.BeforeWait();  // its records go out one by one, when they are there
  if (!streaming) return errors::StreamStreaming();
  if (!scope.single_use() || !scope.read_only()) return errors::StreamSingleUse();
  KS_RETURN_IF_ERROR(CheckRole(*schema, scope.session().spec().creator_role, query->stream));
  pb::ResultSetMetadata metadata;
  pb::StructType::Field* field = metadata.mutable_row_type()->add_fields();
  field->set_name("ChangeRecord");
  ToProto(ChangeRecordType(), field->mutable_type());
  KS_RETURN_IF_ERROR(sink.Begin(metadata.SerializeAsString(), {ChangeRecordType()}));
  const ChangeStreamOutput output{[&sink](const sql::Value& record) -> absl::Status {
                                    sql::RowBatch batch;
                                    batch.rows = 1;
                                    batch.columns = {&record.datum()};
                                    KS_RETURN_IF_ERROR(sink.Rows(batch));
                                    return sink.SendNow();
                                  },
                                  [&call] { return call.CheckAlive(); }};
  KS_RETURN_IF_ERROR(RunChangeStreamQuery(scope.database().core(), *query, output));
  KS_RETURN_IF_ERROR(sink.End({}));
  return true;
}

}  // namespace ks::local
