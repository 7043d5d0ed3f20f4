// RpcService: a gRPC service as a table of functions, one per RPC.
//
// Why not the generated service classes: a function that takes wire bytes (Commit) or gives them
// (reads) fits nowhere in those, and everything that every RPC needs (statuses with details,
// liveness) would be written at each. Here it is wrapped round the functions in one place, Serve().
// Faults on demand (faults.h) are laid round them here, too. What is not in a table answers
// UNIMPLEMENTED. Thread safety: functions run on many threads at
// once, on gRPC's synchronous server: they may block.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/method_handler.h"
#include "grpcpp/support/sync_stream.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/status_wire.h"

namespace ks::local {

// Where a streaming RPC puts its messages, in wire form. Write blocks while the client is slow; an
// error means that it is gone.
class MessageWriter {
 public:
  virtual ~MessageWriter() = default;
  virtual absl::Status Write(std::string message) = 0;
};

// What a request works on, for faults; empty where it does not say.
struct RequestNames {
  std::string session;
  std::string transaction_id;
};
template <typename Request>
RequestNames NamesOf(const Request& request) {
  RequestNames names;
  if constexpr (requires {
                  request.session();
                  request.session().size();
                }) {
    names.session = request.session();
  }
  if constexpr (requires { request.transaction().id(); }) {
    names.transaction_id = request.transaction().id();
  } else if constexpr (requires { request.transaction_id(); }) {
    names.transaction_id = request.transaction_id();
  }
  return names;
}
// Of a request in wire form: the session is its field 1, the transaction's id its field 2.
RequestNames NamesOf(std::string_view wire);

class RpcService : public grpc::Service {
 public:
  // `prefix`: "/google.spanner.v1.Spanner/". `faulty`: faults on demand befall it.
  RpcService(ServerState& state, std::string_view prefix, bool faulty = true)
      : state_(state), prefix_(prefix), faulty_(faulty) {}

 protected:
  template <typename Request, typename Response>
  using Unary = absl::Status (*)(Call&, const Request&, Response*);
  template <typename Request>
  using UnaryToBytes = absl::Status (*)(Call&, const Request&, std::string*);
  template <typename Response>
  using UnaryFromBytes = absl::Status (*)(Call&, std::string_view, Response*);
  template <typename Request>
  using Streaming = absl::Status (*)(Call&, const Request&, MessageWriter&);

  template <typename Request, typename Response>
  void Add(const char* method, Unary<Request, Response> function);
  // The answer is written as wire bytes.
  template <typename Request>
  void AddToBytes(const char* method, UnaryToBytes<Request> function);
  // The request is read as wire bytes, which live until the function returns.
  template <typename Response>
  void AddFromBytes(const char* method, UnaryFromBytes<Response> function);
  template <typename Request>
  void AddStreaming(const char* method, Streaming<Request> function);

 private:
  template <typename Request>
  static RequestNames NamesFor(RpcService* service, const Request& request) {
    return service->state_.faults.armed() ? NamesOf(request) : RequestNames();
  }
  template <typename Body>
  grpc::Status Serve(grpc::ServerContext* context, const char* method, const RequestNames& names,
                     Body&& body) {
    Call call(state_, *context);
    if (!state_.faults.armed() || !faulty_) return Answer(*context, body(call));
    const Faults faults = state_.faults.Next(method);
    absl::Status status = BeforeFaults(call, faults, names);
    if (status.ok()) status = body(call);
    return Answer(*context, faults.after.ok() ? status : faults.after);
  }
  // With RetryInfo in a trailer of its own too, where Google's Python client looks for it.
  static grpc::Status Answer(grpc::ServerContext& context, const absl::Status& status);
  // Waits, ends the transaction and loses the session as `faults` say.
  static absl::Status BeforeFaults(Call& call, const Faults& faults, const RequestNames& names);
  void AddHandler(const char* method, grpc::internal::RpcMethod::RpcType type,
                  grpc::internal::MethodHandler* handler);

  ServerState& state_;
  const std::string prefix_;
  const bool faulty_;
  std::vector<std::unique_ptr<std::string>> names_;  // gRPC keeps pointers to them
};

// `bytes` become the buffer's only slice, without a copy.
grpc::ByteBuffer ToByteBuffer(std::string bytes);
// All of it in one piece; `slice` holds the memory.
absl::Status ToContiguous(const grpc::ByteBuffer& buffer, grpc::Slice* slice);

template <typename Request, typename Response>
void RpcService::Add(const char* method, Unary<Request, Response> function) {
  using Handler = grpc::internal::RpcMethodHandler<RpcService, Request, Response>;
  AddHandler(method, grpc::internal::RpcMethod::NORMAL_RPC,
             new Handler(
                 [method, function](RpcService* service, grpc::ServerContext* context,
                                    const Request* request, Response* response) {
                   return service->Serve(
                       context, method, NamesFor(service, *request),
                       [&](Call& call) { return function(call, *request, response); });
                 },
                 this));
}

template <typename Request>
void RpcService::AddToBytes(const char* method, UnaryToBytes<Request> function) {
  using Handler = grpc::internal::RpcMethodHandler<RpcService, Request, grpc::ByteBuffer>;
  AddHandler(method, grpc::internal::RpcMethod::NORMAL_RPC,
             new Handler(
                 [method, function](RpcService* service, grpc::ServerContext* context,
                                    const Request* request, grpc::ByteBuffer* response) {
                   return service->Serve(context, method, NamesFor(service, *request),
                                         [&](Call& call) {
                                           std::string bytes;
                                           absl::Status status = function(call, *request, &bytes);
                                           *response = ToByteBuffer(std::move(bytes));
                                           return status;
                                         });
                 },
                 this));
}

template <typename Response>
void RpcService::AddFromBytes(const char* method, UnaryFromBytes<Response> function) {
  using Handler = grpc::internal::RpcMethodHandler<RpcService, grpc::ByteBuffer, Response>;
  AddHandler(method, grpc::internal::RpcMethod::NORMAL_RPC,
             new Handler(
                 [method, function](RpcService* service, grpc::ServerContext* context,
                                    const grpc::ByteBuffer* request, Response* response) {
                   grpc::Slice slice;
                   absl::Status status = ToContiguous(*request, &slice);
                   if (!status.ok()) return ToGrpc(status);
                   const std::string_view bytes(reinterpret_cast<const char*>(slice.begin()),
                                                slice.size());
                   return service->Serve(
                       context, method, NamesFor(service, bytes),
                       [&](Call& call) { return function(call, bytes, response); });
                 },
                 this));
}

template <typename Request>
void RpcService::AddStreaming(const char* method, Streaming<Request> function) {
  class Writer : public MessageWriter {
   public:
    explicit Writer(grpc::ServerWriter<grpc::ByteBuffer>& writer) : writer_(writer) {}
    absl::Status Write(std::string message) override {
      if (writer_.Write(ToByteBuffer(std::move(message)))) return absl::OkStatus();
      return absl::CancelledError("The stream was closed by its client.");
    }

   private:
    grpc::ServerWriter<grpc::ByteBuffer>& writer_;
  };
  using Handler = grpc::internal::ServerStreamingHandler<RpcService, Request, grpc::ByteBuffer>;
  AddHandler(
      method, grpc::internal::RpcMethod::SERVER_STREAMING,
      new Handler(
          [method, function](RpcService* service, grpc::ServerContext* context,
                             const Request* request, grpc::ServerWriter<grpc::ByteBuffer>* writer) {
            Writer out(*writer);
            return service->Serve(context, method, NamesFor(service, *request),
                                  [&](Call& call) { return function(call, *request, out); });
          },
          this));
}

}  // namespace ks::local
