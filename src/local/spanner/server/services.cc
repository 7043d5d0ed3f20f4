#include "local/spanner/server/services.h"

#include "google/iam/v1/iam_policy.pb.h"
#include "google/iam/v1/policy.pb.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.pb.h"
#include "google/spanner/admin/instance/v1/spanner_instance_admin.pb.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/backup_rpcs.h"
#include "local/spanner/server/spanner_rpcs.h"

namespace ks::local {

namespace {

constexpr ServiceKind kAdmin{.lasting = true, .admin = true};
constexpr ServiceKind kOperations{.lasting = true};

}  // namespace

SpannerService::SpannerService(ServerState& state)
    : RpcService(state, "/google.spanner.v1.Spanner/") {
  Add("CreateSession", &SpannerRpcs::CreateSession);
  Add("BatchCreateSessions", &SpannerRpcs::BatchCreateSessions);
  Add("GetSession", &SpannerRpcs::GetSession);
  Add("ListSessions", &SpannerRpcs::ListSessions);
  Add("DeleteSession", &SpannerRpcs::DeleteSession);
  AddToBytes("ExecuteSql", &SpannerRpcs::ExecuteSql);
  AddStreaming("ExecuteStreamingSql", &SpannerRpcs::ExecuteStreamingSql);
  Add("ExecuteBatchDml", &SpannerRpcs::ExecuteBatchDml);
  AddToBytes("Read", &SpannerRpcs::Read);
  AddStreaming("StreamingRead", &SpannerRpcs::StreamingRead);
  Add("BeginTransaction", &SpannerRpcs::BeginTransaction);
  AddCommit("Commit", &SpannerRpcs::StartCommit);
  Add("Rollback", &SpannerRpcs::Rollback);
  Add("PartitionQuery", &SpannerRpcs::PartitionQuery);
  Add("PartitionRead", &SpannerRpcs::PartitionRead);
  AddStreaming("BatchWrite", &SpannerRpcs::BatchWrite);
}

DatabaseAdminService::DatabaseAdminService(ServerState& state)
    : RpcService(state, "/google.spanner.admin.database.v1.DatabaseAdmin/", kAdmin) {
  Add("ListDatabases", &DatabaseRpcs::ListDatabases);
  Add("CreateDatabase", &DatabaseRpcs::CreateDatabase);
  Add("GetDatabase", &DatabaseRpcs::GetDatabase);
  Add("UpdateDatabase", &DatabaseRpcs::UpdateDatabase);
  Add("UpdateDatabaseDdl", &DatabaseRpcs::UpdateDatabaseDdl);
  Add("DropDatabase", &DatabaseRpcs::DropDatabase);
  Add("GetDatabaseDdl", &DatabaseRpcs::GetDatabaseDdl);
  Add("ListDatabaseOperations", &DatabaseRpcs::ListDatabaseOperations);
  Add("ListDatabaseRoles", &DatabaseRpcs::ListDatabaseRoles);
  Add("CreateBackup", &BackupRpcs::CreateBackup);
  Add("CopyBackup", &BackupRpcs::CopyBackup);
  Add("RestoreDatabase", &BackupRpcs::RestoreDatabase);
  Add("GetBackup", &BackupRpcs::GetBackup);
  Add("UpdateBackup", &BackupRpcs::UpdateBackup);
  Add("DeleteBackup", &BackupRpcs::DeleteBackup);
  Add("ListBackups", &BackupRpcs::ListBackups);
  Add("ListBackupOperations", &BackupRpcs::ListBackupOperations);
  Add("CreateBackupSchedule", &ScheduleRpcs::CreateBackupSchedule);
  Add("GetBackupSchedule", &ScheduleRpcs::GetBackupSchedule);
  Add("UpdateBackupSchedule", &ScheduleRpcs::UpdateBackupSchedule);
  Add("DeleteBackupSchedule", &ScheduleRpcs::DeleteBackupSchedule);
  Add("ListBackupSchedules", &ScheduleRpcs::ListBackupSchedules);
  Add("AddSplitPoints", &DatabaseRpcs::AddSplitPoints);
  Add("SetIamPolicy", &IamRpcs::SetIamPolicy);
  Add("GetIamPolicy", &IamRpcs::GetIamPolicy);
  Add("TestIamPermissions", &IamRpcs::TestIamPermissions);
}

InstanceAdminService::InstanceAdminService(ServerState& state)
    : RpcService(state, "/google.spanner.admin.instance.v1.InstanceAdmin/", kAdmin) {
  Add("ListInstanceConfigs", &InstanceRpcs::ListInstanceConfigs);
  Add("GetInstanceConfig", &InstanceRpcs::GetInstanceConfig);
  Add("ListInstances", &InstanceRpcs::ListInstances);
  Add("GetInstance", &InstanceRpcs::GetInstance);
  Add("CreateInstance", &InstanceRpcs::CreateInstance);
  Add("UpdateInstance", &InstanceRpcs::UpdateInstance);
  Add("DeleteInstance", &InstanceRpcs::DeleteInstance);
  Add("SetIamPolicy", &IamRpcs::SetIamPolicy);
  Add("GetIamPolicy", &IamRpcs::GetIamPolicy);
  Add("TestIamPermissions", &IamRpcs::TestIamPermissions);
}

OperationsService::OperationsService(ServerState& state)
    : RpcService(state, "/google.longrunning.Operations/", kOperations) {
  Add("ListOperations", &OperationRpcs::ListOperations);
  Add("GetOperation", &OperationRpcs::GetOperation);
  Add("DeleteOperation", &OperationRpcs::DeleteOperation);
  Add("CancelOperation", &OperationRpcs::CancelOperation);
  Add("WaitOperation", &OperationRpcs::WaitOperation);
}

HealthService::HealthService(ServerState& state)
    : RpcService(state, "/grpc.health.v1.Health/", {.faulty = false, .lasting = true}) {
  Add("Check", &HealthRpcs::Check);
  AddStreaming("Watch", &HealthRpcs::Watch);
}

FaultService::FaultService(ServerState& state)
    : RpcService(state, "/kafka_spanner.local.Faults/", {.faulty = false}) {
  Add("Set", &FaultRpcs::Set);
  Add("Get", &FaultRpcs::Get);
}

}  // namespace ks::local
