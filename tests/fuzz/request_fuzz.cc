// Any bytes as a request of Spanner's data API, sent to a real server: it answers, and lives.
//
// The first byte chooses the RPC, the rest is the request's wire form behind a session that is
// there. Seeds: record_requests.py.

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "google/spanner/v1/spanner.grpc.pb.h"
#include "local/spanner/server/server.h"

namespace {

// In the order of record_requests.py.
constexpr const char* kMethods[] = {
    "ExecuteSql", "ExecuteStreamingSql", "ExecuteBatchDml", "Read",           "StreamingRead",
    "Commit",     "BeginTransaction",    "Rollback",        "PartitionQuery", "PartitionRead",
    "BatchWrite"};
constexpr const char* kDatabase = "projects/p/instances/i/databases/d";

class Server {
 public:
  Server() {
    auto started = ks::local::LocalSpannerServer::Start(
        {.listen_address = "127.0.0.1:0", .databases = {}, .limits = {}, .faults = {}});
    if (!started.ok()) std::abort();
    server_ = *std::move(started);
    const auto made = server_->EnsureDatabase(
        kDatabase, {"CREATE TABLE T (K INT64, S STRING(MAX), B BYTES(9), N NUMERIC, A "
                    "ARRAY<FLOAT64>, J JSON, D DATE, C TIMESTAMP OPTIONS "
                    "(allow_commit_timestamp = true)) PRIMARY KEY (K, S DESC)",
                    "CREATE UNIQUE INDEX ByN ON T(N) STORING (D)"});
    if (!made.ok()) std::abort();
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    stub_ = std::make_unique<grpc::GenericStub>(channel_);
    grpc::ClientContext context;
    google::spanner::v1::CreateSessionRequest request;
    google::spanner::v1::Session session;
    request.set_database(kDatabase);
    const auto spanner = google::spanner::v1::Spanner::NewStub(channel_);
    if (!spanner->CreateSession(&context, request, &session).ok()) std::abort();
    session_ = session.name();
  }

  void Ask(const char* method, std::string_view request) {
    std::string bytes = "\x0A";  // field 1: the session
    bytes.push_back(static_cast<char>(session_.size()));
    bytes.append(session_).append(request);
    grpc::ClientContext context;
    context.set_deadline(gpr_time_from_millis(200, GPR_TIMESPAN));
    grpc::CompletionQueue queue;
    auto call = stub_->PrepareCall(&context, std::string("/google.spanner.v1.Spanner/") + method,
                                   &queue);
    const auto wait = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    bool ok = wait();
    const grpc::Slice slice(bytes);
    if (ok) call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    ok = ok && wait();
    for (grpc::ByteBuffer answer; ok; ok = wait()) call->Read(&answer, nullptr);
    grpc::Status status;
    call->Finish(&status, nullptr);
    wait();
    // A server that is gone, or an error that nobody foresaw.
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
        status.error_code() == grpc::StatusCode::INTERNAL) {
      std::abort();
    }
  }

 private:
  std::unique_ptr<ks::local::LocalSpannerServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
  std::string session_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Server& server = *new Server;
  if (size == 0) return 0;
  server.Ask(kMethods[data[0] % std::size(kMethods)],
             {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
