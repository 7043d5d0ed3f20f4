#include "local/spanner/server/ddl_operation.h"

#include <atomic>
#include <utility>

#include "base/status_macros.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.pb.h"
#include "local/spanner/ddl/schema_change.h"
#include "local/spanner/server/backup_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/timestamps.h"
#include "local/spanner/txn/database.h"

namespace ks::local {

namespace pb = google::spanner::admin::database::v1;

namespace {

// What the work leaves behind besides the operation.
struct Outcome {
  absl::Mutex mu;
  absl::Status status ABSL_GUARDED_BY(mu);
  bool took_effect ABSL_GUARDED_BY(mu) = false;
};

absl::Status Answer(Call& call, OperationState& operation, Outcome& outcome,
                    google::longrunning::Operation* response) {
  operation.Wait(limits::kOperationPatienceNanos);
  *response = operation.Snapshot();
  if (!response->done()) return absl::OkStatus();
  absl::MutexLock lock(&outcome.mu);
  if (outcome.status.ok() || outcome.took_effect) return absl::OkStatus();
  (void)call.server().operations.Forget(response->name());
  return outcome.status;
}

void Finish(OperationState& operation, Outcome& outcome, const absl::Status& status,
            bool took_effect, const google::protobuf::Message& response) {
  {
    absl::MutexLock lock(&outcome.mu);
    outcome.status = status;
    outcome.took_effect = took_effect;
  }
  if (status.ok()) {
    operation.Succeed(response);
  } else {
    operation.Fail(status);
  }
}

void Create(ServerState& server, const std::string& uri, const DdlBatch& ddl,
            OperationState& operation, Outcome& outcome) {
  pb::CreateDatabaseMetadata metadata;
  metadata.set_database(uri);
  operation.SetMetadata(metadata);
  pb::Database response;
  const auto make = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(uri));
    KS_ASSIGN_OR_RETURN(auto open, server.registry->PrepareDatabase(name));
    if (!ddl.statements.empty()) {
      if (absl::Status applied = ApplyDdl(open->database(), ddl); !applied.ok()) {
        server.registry->AbandonDatabase(open);
        return applied;
      }
    }
    absl::StatusOr<DatabaseRecord> record = server.registry->PublishDatabase(open);
    if (!record.ok()) {
      server.registry->AbandonDatabase(open);
      return record.status();
    }
    FillDatabase(*record, &response);
    return absl::OkStatus();
  };
  Finish(operation, outcome, make(), false, response);
}

void FillProgress(const DdlProgress& progress, pb::UpdateDatabaseDdlMetadata* metadata) {
  while (metadata->progress_size() <= static_cast<int>(progress.statement))
    metadata->add_progress();
  pb::OperationProgress* entry = metadata->mutable_progress(static_cast<int>(progress.statement));
  entry->set_progress_percent(progress.percent);
  SetTimestamp(progress.started, entry->mutable_start_time());
  if (progress.committed.value() == 0) return;
  entry->set_progress_percent(100);
  SetTimestamp(progress.committed, entry->mutable_end_time());
  SetTimestamp(progress.committed, metadata->add_commit_timestamps());
}

}  // namespace

absl::Status CheckStatements(const std::vector<std::string>& statements) {
  int64_t bytes = 0;
  for (const std::string& text : statements) bytes += static_cast<int64_t>(text.size());
  if (bytes > limits::kDdlBytes) return errors::DdlTooLarge(bytes);
  return CheckDdlSyntax(statements);
}

absl::Status RunCreateDatabase(Call& call, const std::string& uri, DdlBatch ddl,
                               google::longrunning::Operation* response) {
  auto outcome = std::make_shared<Outcome>();
  ServerState& server = call.server();
  KS_ASSIGN_OR_RETURN(
      auto operation,
      server.operations.Start(uri, "",
                              [&server, uri, outcome, ddl = std::move(ddl)](OperationState& state) {
                                Create(server, uri, ddl, state, *outcome);
                              }));
  return Answer(call, *operation, *outcome, response);
}

absl::Status RunUpdateDdl(Call& call, std::shared_ptr<OpenDatabase> database,
                          std::string_view operation_id, DdlBatch ddl,
                          google::longrunning::Operation* response) {
  auto outcome = std::make_shared<Outcome>();
  const std::string name = database->name();
  const auto work = [database, outcome, ddl = std::move(ddl)](OperationState& state) {
    pb::UpdateDatabaseDdlMetadata metadata;
    metadata.set_database(database->name());
    for (const std::string& statement : ddl.statements) metadata.add_statements(statement);
    state.SetMetadata(metadata);
    bool took_effect = false;
    const absl::Status status =
        ApplyDdl(database->database(), ddl, [&](const DdlProgress& progress) {
          FillProgress(progress, &metadata);
          took_effect |= progress.committed.value() != 0;
          state.SetMetadata(metadata);
        });
    Finish(state, *outcome, status, took_effect, google::protobuf::Empty());
  };
  KS_ASSIGN_OR_RETURN(auto operation, call.server().operations.Start(name, operation_id, work));
  return Answer(call, *operation, *outcome, response);
}

}  // namespace ks::local
