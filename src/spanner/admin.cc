#include "spanner/admin.h"

#include <google/iam/v1/iam_policy.pb.h>
#include <google/longrunning/operations.pb.h>
#include <google/spanner/admin/database/v1/spanner_database_admin.pb.h>
#include <google/spanner/admin/instance/v1/spanner_instance_admin.pb.h>

#include <algorithm>

#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "spanner/errors.h"
#include "spanner/limits.h"
#include "spanner/unary_call.h"

namespace ks::spanner {
namespace {

namespace database_admin = google::spanner::admin::database::v1;
namespace instance_admin = google::spanner::admin::instance::v1;
using google::longrunning::Operation;

CallOptions OptionsFor(const std::string& resource, const std::string& routing) {
  CallOptions options;
  options.resource_prefix = resource;
  options.routing_value = routing;
  return options;
}

DdlProgress ProgressOf(const Operation& operation) {
  DdlProgress progress;
  progress.operation = operation.name();
  database_admin::UpdateDatabaseDdlMetadata metadata;
  if (!operation.metadata().UnpackTo(&metadata)) return progress;
  progress.statements_done = metadata.commit_timestamps_size();
  if (progress.statements_done < metadata.progress_size()) {
    progress.percent = metadata.progress(progress.statements_done).progress_percent();
  }
  return progress;
}

bool ExistsAlready(const absl::Status& status) { return absl::IsAlreadyExists(status); }

}  // namespace

std::string DatabaseName::InstancePath() const {
  return StrCat("projects/", project, "/instances/", instance);
}
std::string DatabaseName::ToString() const {
  return StrCat(InstancePath(), "/databases/", database);
}

absl::StatusOr<DatabaseName> ParseDatabaseName(std::string_view name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  const bool shaped = parts.size() == 6 && parts[0] == "projects" && parts[2] == "instances" &&
                      parts[4] == "databases" && !parts[1].empty() && !parts[3].empty() &&
                      !parts[5].empty();
  if (!shaped) return BadDatabaseName(name);
  return DatabaseName{parts[1], parts[3], parts[5]};
}

absl::Status Admin::Wait(const std::string& operation_bytes, const std::string& resource,
                         const OnProgress& on_progress) {
  Operation operation;
  operation.ParseFromString(operation_bytes);
  const int64_t give_up_at =
      env::RealClock().MonotonicNanos() + kDdlTimeoutMillis * env::kNanosPerMilli;
  int64_t poll_ms = kDdlPollMillis;
  const auto watched = [&] { return on_progress == nullptr || on_progress(ProgressOf(operation)); };
  while (watched() && !operation.done()) {
    if (env::RealClock().MonotonicNanos() > give_up_at) {
      return StillRunning(operation.name());
    }
    env::SleepFor(poll_ms * env::kNanosPerMilli);
    poll_ms = std::min(poll_ms * 2, kDdlPollMaxMillis);
    google::longrunning::GetOperationRequest request;
    request.set_name(operation.name());
    KS_ASSIGN_OR_RETURN(operation,
                        CallNow<Operation>(*stub_, Method::kGetOperation,
                                           OptionsFor(resource, operation.name()), request));
  }
  if (!operation.done()) return NoLongerWaitedFor(operation.name());
  if (!operation.has_error()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(operation.error().code()),
                      operation.error().message());
}

absl::Status Admin::UpdateDdl(const std::string& database,
                              const std::vector<std::string>& statements,
                              const OnProgress& on_progress) {
  if (statements.empty()) return absl::OkStatus();
  database_admin::UpdateDatabaseDdlRequest request;
  request.set_database(database);
  for (const std::string& statement : statements) request.add_statements(statement);
  KS_ASSIGN_OR_RETURN(const Operation operation,
                      CallNow<Operation>(*stub_, Method::kUpdateDatabaseDdl,
                                         OptionsFor(database, database), request));
  return Wait(operation.SerializeAsString(), database, on_progress);
}

absl::StatusOr<std::vector<std::string>> Admin::TestPermissions(
    const std::string& database, const std::vector<std::string>& permissions) {
  google::iam::v1::TestIamPermissionsRequest request;
  request.set_resource(database);
  for (const std::string& permission : permissions) request.add_permissions(permission);
  KS_ASSIGN_OR_RETURN(const auto response, CallNow<google::iam::v1::TestIamPermissionsResponse>(
                                               *stub_, Method::kTestIamPermissions,
                                               OptionsFor(database, database), request));
  return std::vector<std::string>(response.permissions().begin(), response.permissions().end());
}

absl::StatusOr<std::vector<std::string>> Admin::GetDdl(const std::string& database) {
  database_admin::GetDatabaseDdlRequest request;
  request.set_database(database);
  KS_ASSIGN_OR_RETURN(const auto response, CallNow<database_admin::GetDatabaseDdlResponse>(
                                               *stub_, Method::kGetDatabaseDdl,
                                               OptionsFor(database, database), request));
  return std::vector<std::string>(response.statements().begin(), response.statements().end());
}

absl::StatusOr<bool> Admin::HasDatabase(const std::string& database) {
  database_admin::GetDatabaseRequest request;
  request.set_name(database);
  const auto response = CallNow<database_admin::Database>(*stub_, Method::kGetDatabase,
                                                          OptionsFor(database, database), request);
  if (response.ok()) return true;
  if (absl::IsNotFound(response.status())) return false;
  return response.status();
}

absl::Status Admin::CreateIfMissing(const std::string& database) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabaseName(database));
  KS_ASSIGN_OR_RETURN(const bool exists, HasDatabase(database));
  if (exists) return absl::OkStatus();

  instance_admin::CreateInstanceRequest instance;
  instance.set_parent(StrCat("projects/", name.project));
  instance.set_instance_id(name.instance);
  instance.mutable_instance()->set_config(
      StrCat("projects/", name.project, "/instanceConfigs/emulator-config"));
  instance.mutable_instance()->set_display_name(name.instance);
  instance.mutable_instance()->set_node_count(1);
  auto operation = CallNow<Operation>(*stub_, Method::kCreateInstance,
                                      OptionsFor(instance.parent(), instance.parent()), instance);
  if (operation.ok()) {
    KS_RETURN_IF_ERROR(Wait(operation->SerializeAsString(), instance.parent()));
  } else if (!ExistsAlready(operation.status())) {
    return operation.status();
  }

  database_admin::CreateDatabaseRequest request;
  request.set_parent(name.InstancePath());
  request.set_create_statement(StrCat("CREATE DATABASE `", name.database, "`"));
  operation = CallNow<Operation>(*stub_, Method::kCreateDatabase,
                                 OptionsFor(request.parent(), request.parent()), request);
  if (!operation.ok())
    return ExistsAlready(operation.status()) ? absl::OkStatus() : operation.status();
  return Wait(operation->SerializeAsString(), request.parent());
}

}  // namespace ks::spanner
