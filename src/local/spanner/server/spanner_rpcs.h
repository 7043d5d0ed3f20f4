// google.spanner.v1.Spanner, one function per RPC. Each stands in rpc/, with its errors in
// errors.h.
//
// Thread safety: all may run on many threads at once.
// Source: https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace google::protobuf {
class Empty;
}
namespace google::spanner::v1 {
class BatchCreateSessionsRequest;
class BatchCreateSessionsResponse;
class BatchWriteRequest;
class BeginTransactionRequest;
class CreateSessionRequest;
class DeleteSessionRequest;
class ExecuteBatchDmlRequest;
class ExecuteBatchDmlResponse;
class ExecuteSqlRequest;
class GetSessionRequest;
class ListSessionsRequest;
class ListSessionsResponse;
class PartitionQueryRequest;
class PartitionReadRequest;
class PartitionResponse;
class ReadRequest;
class RollbackRequest;
class Session;
class Transaction;
}  // namespace google::spanner::v1

namespace ks::local {

class Call;
class CommitRest;
class MessageWriter;

struct SpannerRpcs {
  // ---- rpc/sessions.cc ----
  static absl::Status CreateSession(Call& call,
                                    const google::spanner::v1::CreateSessionRequest& request,
                                    google::spanner::v1::Session* response);
  static absl::Status BatchCreateSessions(
      Call& call, const google::spanner::v1::BatchCreateSessionsRequest& request,
      google::spanner::v1::BatchCreateSessionsResponse* response);
  static absl::Status GetSession(Call& call, const google::spanner::v1::GetSessionRequest& request,
                                 google::spanner::v1::Session* response);
  static absl::Status ListSessions(Call& call,
                                   const google::spanner::v1::ListSessionsRequest& request,
                                   google::spanner::v1::ListSessionsResponse* response);
  static absl::Status DeleteSession(Call& call,
                                    const google::spanner::v1::DeleteSessionRequest& request,
                                    google::protobuf::Empty* response);

  // ---- rpc/transactions.cc ----
  static absl::Status BeginTransaction(Call& call,
                                       const google::spanner::v1::BeginTransactionRequest& request,
                                       google::spanner::v1::Transaction* response);
  static absl::Status Rollback(Call& call, const google::spanner::v1::RollbackRequest& request,
                               google::protobuf::Empty* response);

  // ---- rpc/commit.cc; `request` is a CommitRequest in wire form ----
  // Up to the write; the rest writes nothing where the transaction was committed before.
  static absl::StatusOr<std::unique_ptr<CommitRest>> StartCommit(Call& call, std::string_view wire);
  static absl::Status BatchWrite(Call& call, const google::spanner::v1::BatchWriteRequest& request,
                                 MessageWriter& writer);

  // ---- rpc/read.cc; the answers are a ResultSet and PartialResultSets in wire form ----
  static absl::Status Read(Call& call, const google::spanner::v1::ReadRequest& request,
                           std::string* response);
  static absl::Status StreamingRead(Call& call, const google::spanner::v1::ReadRequest& request,
                                    MessageWriter& writer);

  // ---- rpc/execute_sql.cc ----
  static absl::Status ExecuteSql(Call& call, const google::spanner::v1::ExecuteSqlRequest& request,
                                 std::string* response);
  static absl::Status ExecuteStreamingSql(Call& call,
                                          const google::spanner::v1::ExecuteSqlRequest& request,
                                          MessageWriter& writer);
  static absl::Status ExecuteBatchDml(Call& call,
                                      const google::spanner::v1::ExecuteBatchDmlRequest& request,
                                      google::spanner::v1::ExecuteBatchDmlResponse* response);

  // ---- rpc/partition.cc ----
  static absl::Status PartitionQuery(Call& call,
                                     const google::spanner::v1::PartitionQueryRequest& request,
                                     google::spanner::v1::PartitionResponse* response);
  static absl::Status PartitionRead(Call& call,
                                    const google::spanner::v1::PartitionReadRequest& request,
                                    google::spanner::v1::PartitionResponse* response);
};

}  // namespace ks::local
