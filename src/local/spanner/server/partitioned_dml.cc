#include "local/spanner/server/partitioned_dml.h"

#include <memory>

#include "base/status_macros.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/query/row_source.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/read_scope.h"
#include "local/spanner/server/statement.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

constexpr int kAttempts = 20;

absl::Status CheckKind(const Statement& statement) {
  if (!statement.is_dml()) return errors::PartitionedOnlyDml();
  const sql::DmlKind kind = statement.analyzed().dml->kind;
  const bool insert = kind != sql::DmlKind::kUpdate && kind != sql::DmlKind::kDelete;
  return insert ? errors::PartitionedInsert() : absl::OkStatus();
}

struct Done {
  std::string stats;
  std::string metadata;
  std::vector<sql::TypeRef> types;
};

absl::StatusOr<Done> Attempt(Call& call, ReadScope& scope, const pb::ExecuteSqlRequest& request) {
  std::unique_ptr<ReadWriteTransaction> transaction = scope.database().BeginReadWrite();
  transaction->Attend(call);
  LockingSource source(*transaction);
  const Statement::Text text{request.sql(),         request.params(),
                             request.param_types(), StatementMode::kNormal,
                             std::nullopt,          scope.session().spec().creator_role};
  KS_ASSIGN_OR_RETURN(auto statement, Statement::Prepare(call, source, text));
  KS_RETURN_IF_ERROR(CheckKind(*statement));
  Done done;
  KS_ASSIGN_OR_RETURN(done.stats, statement->RunDml(*transaction, true, nullptr));
  pb::ResultSetMetadata metadata;
  statement->FillMetadata(&metadata);
  pb::Transaction begun;
  if (scope.FillTransaction(&begun)) *metadata.mutable_transaction() = begun;
  done.metadata = metadata.SerializeAsString();
  done.types = statement->ColumnTypes();
  KS_RETURN_IF_ERROR(transaction->Commit().status());
  return done;
}

}  // namespace

absl::Status RunPartitionedDml(Call& call, ReadScope& scope, const pb::ExecuteSqlRequest& request,
                               ResultSink& sink) {
  absl::StatusOr<Done> done = absl::AbortedError("");
  for (int i = 0; i < kAttempts && absl::IsAborted(done.status()); ++i) {
    KS_RETURN_IF_ERROR(call.CheckAlive());
    done = Attempt(call, scope, request);
  }
  KS_RETURN_IF_ERROR(done.status());
  KS_RETURN_IF_ERROR(sink.Begin(std::move(done->metadata), std::move(done->types)));
  return sink.End({std::move(done->stats), std::string()});
}

}  // namespace ks::local
