#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.pb.h"
#include "local/spanner/ddl/schema_change.h"
#include "local/spanner/schema/proto_types.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/backup_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/ddl_operation.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/list_filter.h"
#include "local/spanner/server/paging.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/timestamps.h"
#include "local/spanner/txn/database.h"

namespace ks::local {

namespace pb = google::spanner::admin::database::v1;

void FillDatabase(const DatabaseRecord& record, pb::Database* out) {
  out->set_name(record.name);
  out->set_state(pb::Database::READY);
  SetNanos(record.created_nanos, out->mutable_create_time());
  out->set_enable_drop_protection(record.drop_protection);
  out->set_database_dialect(pb::GOOGLE_STANDARD_SQL);
  if (!record.restore_info.empty()) {
    out->mutable_restore_info()->ParseFromString(record.restore_info);
  }
}

namespace {

// What DDL's options said, and how far back it can be read now.
void FillOptions(const DatabaseRecord& record, Database& database, pb::Database* out) {
  out->set_version_retention_period("1h");
  for (const OptionEntry& option : database.schema()->database_options) {
    const std::string value = option.value.substr(1, option.value.size() - 2);  // '7d'
    if (option.name == "version_retention_period") out->set_version_retention_period(value);
    if (option.name == "default_leader") out->set_default_leader(value);
  }
  const CommitTimestamp created(record.created_nanos / env::kNanosPerMicro);
  SetTimestamp(std::max(created, database.oldest_readable()), out->mutable_earliest_version_time());
}

}  // namespace

absl::Status DatabaseRpcs::ListDatabases(Call& call, const pb::ListDatabasesRequest& request,
                                         pb::ListDatabasesResponse* response) {
  KS_RETURN_IF_ERROR(ParseInstance(request.parent()).status());
  KS_RETURN_IF_ERROR(call.server().registry->GetInstance(request.parent()).status());
  const auto records = call.server().registry->ListDatabases(request.parent());
  KS_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      EmitPage(
          records, request.page_token(), request.page_size(), [](const auto& r) { return r.name; },
          [&](const auto& r) { FillDatabase(r, response->add_databases()); }));
  return absl::OkStatus();
}

absl::Status DatabaseRpcs::GetDatabase(Call& call, const pb::GetDatabaseRequest& request,
                                       pb::Database* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.name()));
  KS_ASSIGN_OR_RETURN(const DatabaseRecord record, call.server().registry->GetDatabase(name));
  FillDatabase(record, response);
  KS_ASSIGN_OR_RETURN(auto open, call.server().registry->UseDatabase(name));
  FillOptions(record, open->database(), response);
  return absl::OkStatus();
}

absl::Status DatabaseRpcs::CreateDatabase(Call& call, const pb::CreateDatabaseRequest& request,
                                          google::longrunning::Operation* response) {
  KS_ASSIGN_OR_RETURN(const InstanceName instance, ParseInstance(request.parent()));
  if (request.database_dialect() == pb::POSTGRESQL) {
    return absl::UnimplementedError("The local Spanner has no PostgreSQL dialect.");
  }
  KS_RETURN_IF_ERROR(call.server().registry->GetInstance(instance.uri).status());
  KS_ASSIGN_OR_RETURN(const std::string id, ParseCreateDatabase(request.create_statement()));
  const std::string uri = absl::StrCat(instance.uri, "/databases/", id);
  DdlBatch ddl{{request.extra_statements().begin(), request.extra_statements().end()},
               request.proto_descriptors()};
  KS_RETURN_IF_ERROR(CheckStatements(ddl.statements));
  return RunCreateDatabase(call, uri, std::move(ddl), response);
}

absl::Status DatabaseRpcs::UpdateDatabase(Call& call, const pb::UpdateDatabaseRequest& request,
                                          google::longrunning::Operation* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database().name()));
  if (request.update_mask().paths().empty()) {
    return errors::MissingField("UpdateDatabaseRequest.update_mask");
  }
  for (const std::string& path : request.update_mask().paths()) {
    if (path != "enable_drop_protection") return errors::UnknownFieldInMask(path);
    KS_RETURN_IF_ERROR(call.server().registry->SetDropProtection(
        name, request.database().enable_drop_protection()));
  }
  KS_ASSIGN_OR_RETURN(const DatabaseRecord record, call.server().registry->GetDatabase(name));
  pb::Database database;
  FillDatabase(record, &database);
  pb::UpdateDatabaseMetadata metadata;
  *metadata.mutable_request() = request;
  metadata.mutable_progress()->set_progress_percent(100);
  KS_ASSIGN_OR_RETURN(auto operation,
                      call.server().operations.Start(record.name, "", [&](OperationState& state) {
                        state.SetMetadata(metadata);
                        state.Succeed(database);
                      }));
  operation->Wait(INT64_MAX / 2);
  *response = operation->Snapshot();
  return absl::OkStatus();
}

absl::Status DatabaseRpcs::DropDatabase(Call& call, const pb::DropDatabaseRequest& request,
                                        google::protobuf::Empty*) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database()));
  KS_RETURN_IF_ERROR(call.server().registry->DropDatabase(name));
  call.server().sessions.DeleteAll(request.database());
  return absl::OkStatus();
}

absl::Status DatabaseRpcs::GetDatabaseDdl(Call& call, const pb::GetDatabaseDdlRequest& request,
                                          pb::GetDatabaseDdlResponse* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database()));
  KS_ASSIGN_OR_RETURN(auto database, call.server().registry->UseDatabase(name));
  const std::shared_ptr<const Schema> schema = database->database().schema();
  for (std::string& statement : PrintDdl(*schema)) response->add_statements(std::move(statement));
  if (schema->proto_types != nullptr) {
    response->set_proto_descriptors(schema->proto_types->descriptors());
  }
  return absl::OkStatus();
}

absl::Status DatabaseRpcs::UpdateDatabaseDdl(Call& call,
                                             const pb::UpdateDatabaseDdlRequest& request,
                                             google::longrunning::Operation* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database()));
  KS_ASSIGN_OR_RETURN(auto database, call.server().registry->UseDatabase(name));
  if (request.statements().empty()) return errors::MissingStatements();
  if (!request.operation_id().empty()) KS_RETURN_IF_ERROR(CheckOperationId(request.operation_id()));
  DdlBatch ddl{{request.statements().begin(), request.statements().end()},
               request.proto_descriptors()};
  KS_RETURN_IF_ERROR(CheckStatements(ddl.statements));
  return RunUpdateDdl(call, std::move(database), request.operation_id(), std::move(ddl), response);
}

absl::Status DatabaseRpcs::ListDatabaseOperations(Call& call,
                                                  const pb::ListDatabaseOperationsRequest& request,
                                                  pb::ListDatabaseOperationsResponse* response) {
  KS_RETURN_IF_ERROR(ParseInstance(request.parent()).status());
  KS_RETURN_IF_ERROR(call.server().registry->GetInstance(request.parent()).status());
  auto operations = call.server().operations.List(absl::StrCat(request.parent(), "/databases"));
  KS_RETURN_IF_ERROR(KeepMatching(request.filter(), &operations));
  KS_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                      EmitPage(
                          operations, request.page_token(), request.page_size(),
                          [](const auto& o) { return o.name(); },
                          [&](const auto& o) { *response->add_operations() = o; }));
  return absl::OkStatus();
}

absl::Status DatabaseRpcs::ListDatabaseRoles(Call& call,
                                             const pb::ListDatabaseRolesRequest& request,
                                             pb::ListDatabaseRolesResponse* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.parent()));
  KS_ASSIGN_OR_RETURN(auto database, call.server().registry->UseDatabase(name));
  std::vector<std::string> roles = {"public", "spanner_info_reader", "spanner_sys_reader"};
  const std::shared_ptr<const Schema> schema = database->database().schema();
  for (const Role& role : schema->roles) roles.push_back(role.name);
  std::sort(roles.begin(), roles.end());
  KS_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      EmitPage(
          roles, request.page_token(), request.page_size(), [](const auto& r) { return r; },
          [&](const auto& r) {
            response->add_database_roles()->set_name(
                absl::StrCat(request.parent(), "/databaseRoles/", r));
          }));
  return absl::OkStatus();
}

}  // namespace ks::local
