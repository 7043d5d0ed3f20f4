// InstanceAdmin, DatabaseAdmin and Operations, one function per RPC.
//
// Thread safety: all may run on many threads at once.
// Source: https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.admin.database.v1
#pragma once

#include "absl/status/status.h"

namespace google::protobuf {
class Empty;
class Int32Value;
class StringValue;
class Struct;
}  // namespace google::protobuf
namespace google::iam::v1 {
class GetIamPolicyRequest;
class Policy;
class SetIamPolicyRequest;
class TestIamPermissionsRequest;
class TestIamPermissionsResponse;
}  // namespace google::iam::v1
namespace google::longrunning {
class CancelOperationRequest;
class DeleteOperationRequest;
class GetOperationRequest;
class ListOperationsRequest;
class ListOperationsResponse;
class Operation;
class WaitOperationRequest;
}  // namespace google::longrunning
namespace google::spanner::admin::instance::v1 {
class CreateInstanceRequest;
class DeleteInstanceRequest;
class GetInstanceConfigRequest;
class GetInstanceRequest;
class Instance;
class InstanceConfig;
class ListInstanceConfigsRequest;
class ListInstanceConfigsResponse;
class ListInstancesRequest;
class ListInstancesResponse;
class UpdateInstanceRequest;
}  // namespace google::spanner::admin::instance::v1
namespace google::spanner::admin::database::v1 {
class AddSplitPointsRequest;
class AddSplitPointsResponse;
class CreateDatabaseRequest;
class Database;
class DropDatabaseRequest;
class GetDatabaseDdlRequest;
class GetDatabaseDdlResponse;
class GetDatabaseRequest;
class ListDatabaseOperationsRequest;
class ListDatabaseOperationsResponse;
class ListDatabaseRolesRequest;
class ListDatabaseRolesResponse;
class ListDatabasesRequest;
class ListDatabasesResponse;
class UpdateDatabaseDdlRequest;
class UpdateDatabaseRequest;
}  // namespace google::spanner::admin::database::v1

namespace ks::local {

class Call;
class MessageWriter;

// rpc/instances.cc
struct InstanceRpcs {
  static absl::Status ListInstanceConfigs(
      Call& call, const google::spanner::admin::instance::v1::ListInstanceConfigsRequest& request,
      google::spanner::admin::instance::v1::ListInstanceConfigsResponse* response);
  static absl::Status GetInstanceConfig(
      Call& call, const google::spanner::admin::instance::v1::GetInstanceConfigRequest& request,
      google::spanner::admin::instance::v1::InstanceConfig* response);
  static absl::Status ListInstances(
      Call& call, const google::spanner::admin::instance::v1::ListInstancesRequest& request,
      google::spanner::admin::instance::v1::ListInstancesResponse* response);
  static absl::Status GetInstance(
      Call& call, const google::spanner::admin::instance::v1::GetInstanceRequest& request,
      google::spanner::admin::instance::v1::Instance* response);
  static absl::Status CreateInstance(
      Call& call, const google::spanner::admin::instance::v1::CreateInstanceRequest& request,
      google::longrunning::Operation* response);
  static absl::Status UpdateInstance(
      Call& call, const google::spanner::admin::instance::v1::UpdateInstanceRequest& request,
      google::longrunning::Operation* response);
  static absl::Status DeleteInstance(
      Call& call, const google::spanner::admin::instance::v1::DeleteInstanceRequest& request,
      google::protobuf::Empty* response);
};

// rpc/databases.cc
struct DatabaseRpcs {
  static absl::Status ListDatabases(
      Call& call, const google::spanner::admin::database::v1::ListDatabasesRequest& request,
      google::spanner::admin::database::v1::ListDatabasesResponse* response);
  static absl::Status GetDatabase(
      Call& call, const google::spanner::admin::database::v1::GetDatabaseRequest& request,
      google::spanner::admin::database::v1::Database* response);
  static absl::Status CreateDatabase(
      Call& call, const google::spanner::admin::database::v1::CreateDatabaseRequest& request,
      google::longrunning::Operation* response);
  static absl::Status UpdateDatabase(
      Call& call, const google::spanner::admin::database::v1::UpdateDatabaseRequest& request,
      google::longrunning::Operation* response);
  static absl::Status DropDatabase(
      Call& call, const google::spanner::admin::database::v1::DropDatabaseRequest& request,
      google::protobuf::Empty* response);
  static absl::Status GetDatabaseDdl(
      Call& call, const google::spanner::admin::database::v1::GetDatabaseDdlRequest& request,
      google::spanner::admin::database::v1::GetDatabaseDdlResponse* response);
  static absl::Status UpdateDatabaseDdl(
      Call& call, const google::spanner::admin::database::v1::UpdateDatabaseDdlRequest& request,
      google::longrunning::Operation* response);
  static absl::Status ListDatabaseOperations(
      Call& call,
      const google::spanner::admin::database::v1::ListDatabaseOperationsRequest& request,
      google::spanner::admin::database::v1::ListDatabaseOperationsResponse* response);
  static absl::Status ListDatabaseRoles(
      Call& call, const google::spanner::admin::database::v1::ListDatabaseRolesRequest& request,
      google::spanner::admin::database::v1::ListDatabaseRolesResponse* response);
  // There is one split: this checks what it is given and answers.
  static absl::Status AddSplitPoints(
      Call& call, const google::spanner::admin::database::v1::AddSplitPointsRequest& request,
      google::spanner::admin::database::v1::AddSplitPointsResponse* response);
};

// rpc/iam.cc, of instances and databases
struct IamRpcs {
  static absl::Status SetIamPolicy(Call& call, const google::iam::v1::SetIamPolicyRequest& request,
                                   google::iam::v1::Policy* response);
  static absl::Status GetIamPolicy(Call& call, const google::iam::v1::GetIamPolicyRequest& request,
                                   google::iam::v1::Policy* response);
  static absl::Status TestIamPermissions(Call& call,
                                         const google::iam::v1::TestIamPermissionsRequest& request,
                                         google::iam::v1::TestIamPermissionsResponse* response);
};

// rpc/operations.cc
struct OperationRpcs {
  static absl::Status ListOperations(Call& call,
                                     const google::longrunning::ListOperationsRequest& request,
                                     google::longrunning::ListOperationsResponse* response);
  static absl::Status GetOperation(Call& call,
                                   const google::longrunning::GetOperationRequest& request,
                                   google::longrunning::Operation* response);
  static absl::Status DeleteOperation(Call& call,
                                      const google::longrunning::DeleteOperationRequest& request,
                                      google::protobuf::Empty* response);
  static absl::Status CancelOperation(Call& call,
                                      const google::longrunning::CancelOperationRequest& request,
                                      google::protobuf::Empty* response);
  static absl::Status WaitOperation(Call& call,
                                    const google::longrunning::WaitOperationRequest& request,
                                    google::longrunning::Operation* response);
};

// kafka_spanner.local.Faults: faults on demand while the server runs (faults.h). Its messages are
// google.protobuf.Struct, so that any gRPC client can call it without a proto of ours:
//   Set({"rules": ["Commit:aborted:0.1"], "seed": 7}) replaces all rules, [] ends them
//   Get() -> {"rules": [{"rule": "Commit:aborted:0.1", "calls": 210, "faults": 19}]}; so does Set
struct FaultRpcs {
  static absl::Status Set(Call& call, const google::protobuf::Struct& request,
                          google::protobuf::Struct* response);
  static absl::Status Get(Call& call, const google::protobuf::Empty& request,
                          google::protobuf::Struct* response);
};

// grpc.health.v1.Health; its messages are, on the wire, a string and a number. ---- rpc/health.cc
struct HealthRpcs {
  static absl::Status Check(Call& call, const google::protobuf::StringValue& service,
                            google::protobuf::Int32Value* serving);
  static absl::Status Watch(Call& call, const google::protobuf::StringValue& service,
                            MessageWriter& writer);
};

}  // namespace ks::local
