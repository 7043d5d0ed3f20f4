#include "base/check.h"
#include "spanner/limits.h"
#include "spanner/stub.h"

namespace ks::spanner {
namespace {

#define KS_DATA "/google.spanner.v1.Spanner/"
#define KS_DATABASE "/google.spanner.admin.database.v1.DatabaseAdmin/"
#define KS_INSTANCE "/google.spanner.admin.instance.v1.InstanceAdmin/"

constexpr int64_t kUnary = kUnaryTimeoutMillis;
constexpr int64_t kStream = kStreamTimeoutMillis;

// Streams are not retried by the retry decorator: result_stream.cc resumes them where they broke. A
// Commit is not retried either: an unclear one is resolved by whoever sent it.
constexpr MethodInfo kMethods[] = {
    // method, path, routing field, leader, retry, timeout
    {Method::kCreateSession, KS_DATA "CreateSession", "database", true, true, kUnary},
    {Method::kDeleteSession, KS_DATA "DeleteSession", "name", false, true, kUnary},
    {Method::kCommit, KS_DATA "Commit", "session", true, false, kCommitTimeoutMillis},
    {Method::kBeginTransaction, KS_DATA "BeginTransaction", "session", true, true, kUnary},
    {Method::kRollback, KS_DATA "Rollback", "session", true, true, kUnary},
    {Method::kStreamingRead, KS_DATA "StreamingRead", "session", false, false, kStream},
    {Method::kExecuteStreamingSql, KS_DATA "ExecuteStreamingSql", "session", false, false, kStream},
    {Method::kExecuteBatchDml, KS_DATA "ExecuteBatchDml", "session", true, true, kUnary},
    {Method::kUpdateDatabaseDdl, KS_DATABASE "UpdateDatabaseDdl", "database", false, false, kUnary},
    {Method::kGetDatabaseDdl, KS_DATABASE "GetDatabaseDdl", "database", false, true, kUnary},
    {Method::kGetDatabase, KS_DATABASE "GetDatabase", "name", false, true, kUnary},
    {Method::kCreateDatabase, KS_DATABASE "CreateDatabase", "parent", false, false, kUnary},
    {Method::kCreateInstance, KS_INSTANCE "CreateInstance", "parent", false, false, kUnary},
    {Method::kGetInstance, KS_INSTANCE "GetInstance", "name", false, true, kUnary},
    {Method::kGetOperation, "/google.longrunning.Operations/GetOperation", "name", false, true,
     kUnary},
    {Method::kTestIamPermissions, KS_DATABASE "TestIamPermissions", "resource", false, true,
     kUnary},
};

}  // namespace

const MethodInfo& InfoOf(Method method) {
  const MethodInfo& info = kMethods[static_cast<size_t>(method)];
  KS_CHECK(info.method == method);  // the table is in the order of the enum
  return info;
}

}  // namespace ks::spanner
