// DatabaseAdmin's backups and their schedules, one function per RPC.
//
// A backup is a copy of a database's files on this machine; restoring one, and copying one, are
// copies too, made by long-running operations. Schedules are kept and given back, but nobody makes
// backups by them. Thread safety: all may run on many threads at once. Source:
// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.admin.database.v1
#pragma once

#include "absl/status/status.h"

namespace google::protobuf {
class Empty;
}
namespace google::longrunning {
class Operation;
}
namespace google::spanner::admin::database::v1 {
class Backup;
class BackupSchedule;
class CopyBackupRequest;
class CreateBackupRequest;
class CreateBackupScheduleRequest;
class Database;
class DeleteBackupRequest;
class DeleteBackupScheduleRequest;
class GetBackupRequest;
class GetBackupScheduleRequest;
class ListBackupOperationsRequest;
class ListBackupOperationsResponse;
class ListBackupSchedulesRequest;
class ListBackupSchedulesResponse;
class ListBackupsRequest;
class ListBackupsResponse;
class RestoreDatabaseRequest;
class UpdateBackupRequest;
class UpdateBackupScheduleRequest;
}  // namespace google::spanner::admin::database::v1

namespace ks::local {

class Call;
struct DatabaseRecord;

// What DatabaseAdmin says of a database (rpc/databases.cc).
void FillDatabase(const DatabaseRecord& record,
                  google::spanner::admin::database::v1::Database* out);

// rpc/backups.cc
struct BackupRpcs {
  static absl::Status CreateBackup(
      Call& call, const google::spanner::admin::database::v1::CreateBackupRequest& request,
      google::longrunning::Operation* response);
  static absl::Status CopyBackup(
      Call& call, const google::spanner::admin::database::v1::CopyBackupRequest& request,
      google::longrunning::Operation* response);
  static absl::Status RestoreDatabase(
      Call& call, const google::spanner::admin::database::v1::RestoreDatabaseRequest& request,
      google::longrunning::Operation* response);
  static absl::Status GetBackup(
      Call& call, const google::spanner::admin::database::v1::GetBackupRequest& request,
      google::spanner::admin::database::v1::Backup* response);
  static absl::Status UpdateBackup(
      Call& call, const google::spanner::admin::database::v1::UpdateBackupRequest& request,
      google::spanner::admin::database::v1::Backup* response);
  static absl::Status DeleteBackup(
      Call& call, const google::spanner::admin::database::v1::DeleteBackupRequest& request,
      google::protobuf::Empty* response);
  static absl::Status ListBackups(
      Call& call, const google::spanner::admin::database::v1::ListBackupsRequest& request,
      google::spanner::admin::database::v1::ListBackupsResponse* response);
  static absl::Status ListBackupOperations(
      Call& call, const google::spanner::admin::database::v1::ListBackupOperationsRequest& request,
      google::spanner::admin::database::v1::ListBackupOperationsResponse* response);
};

// rpc/schedules.cc
struct ScheduleRpcs {
  static absl::Status CreateBackupSchedule(
      Call& call, const google::spanner::admin::database::v1::CreateBackupScheduleRequest& request,
      google::spanner::admin::database::v1::BackupSchedule* response);
  static absl::Status GetBackupSchedule(
      Call& call, const google::spanner::admin::database::v1::GetBackupScheduleRequest& request,
      google::spanner::admin::database::v1::BackupSchedule* response);
  static absl::Status UpdateBackupSchedule(
      Call& call, const google::spanner::admin::database::v1::UpdateBackupScheduleRequest& request,
      google::spanner::admin::database::v1::BackupSchedule* response);
  static absl::Status DeleteBackupSchedule(
      Call& call, const google::spanner::admin::database::v1::DeleteBackupScheduleRequest& request,
      google::protobuf::Empty* response);
  static absl::Status ListBackupSchedules(
      Call& call, const google::spanner::admin::database::v1::ListBackupSchedulesRequest& request,
      google::spanner::admin::database::v1::ListBackupSchedulesResponse* response);
};

}  // namespace ks::local
