// RpcService: a gRPC service as a table of functions, one per RPC.
//
// Why not the generated service classes: a function that takes wire bytes (Commit) or gives them
// (reads) fits nowhere in those, and everything that every RPC needs (statuses with details,
// liveness) would be written at each. Here it is wrapped round the functions in one place, Serve().
// Faults on demand (faults.h) are laid round them here, too. What is not in a table answers
// UNIMPLEMENTED. Thread safety: functions run on many threads at once. They may block if they wait
// with their Call's patience or say so to it before (Call::BeforeWait; see call_loop.h).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "google/protobuf/arena.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "grpcpp/impl/service_type.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/served_call.h"
#include "local/spanner/server/server_state.h"

namespace ks::local {

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

// How all RPCs of a service are served.
struct ServiceKind {
  bool faulty = true;    // faults on demand befall them
  bool lasting = false;  // they may last or wait, so none holds up others
  bool admin = false;    // they count against the quota of administration
};

class RpcService : public grpc::Service {
 public:
  // `prefix`: "/google.spanner.v1.Spanner/".
  RpcService(ServerState& state, std::string_view prefix, ServiceKind kind = {})
      : state_(state), prefix_(prefix), kind_(kind) {}

  // From now on `loop` serves calls of all methods; the gRPC server has started.
  void Await(CallLoop& loop);

 protected:
  template <typename Request, typename Response>
  using Unary = absl::Status (*)(Call&, const Request&, Response*);
  template <typename Request>
  using UnaryToBytes = absl::Status (*)(Call&, const Request&, std::string*);
  template <typename Request>
  using Streaming = absl::Status (*)(Call&, const Request&, MessageWriter&);
  using CommitStart = absl::StatusOr<std::unique_ptr<CommitRest>> (*)(Call&, std::string_view);

  template <typename Request, typename Response>
  void Add(const char* method, Unary<Request, Response> function);
  // The answer is written as wire bytes.
  template <typename Request>
  void AddToBytes(const char* method, UnaryToBytes<Request> function);
  template <typename Request>
  void AddStreaming(const char* method, Streaming<Request> function);
  // The request is read as wire bytes, which live until the rest has ended.
  void AddCommit(const char* method, CommitStart function);

 private:
  struct Entry {
    std::string path;  // gRPC keeps a pointer to it
    ServedCall::Method method;
  };

  void AddEntry(const char* method, bool streaming, ServedCall::Function serve);
  // Parses the request and runs `body` on it, with faults round it.
  template <typename Request, typename Body>
  absl::Status Serve(ServedCall& served, const char* method, Body&& body);
  // Waits, ends the transaction and loses the session as `faults` say.
  static absl::Status BeforeFaults(Call& call, const Faults& faults, const RequestNames& names);
  absl::Status CheckAdmin(size_t bytes);
  bool Faulty() const { return kind_.faulty && state_.faults.armed(); }
  absl::Status WithFaults(Call& call, const char* method, const RequestNames& names,
                          absl::FunctionRef<absl::Status()> body);

  ServerState& state_;
  const std::string prefix_;
  const ServiceKind kind_;
  std::deque<Entry> entries_;
};

template <typename Request, typename Body>
absl::Status RpcService::Serve(ServedCall& served, const char* method, Body&& body) {
  google::protobuf::Arena arena;
  Request& request = *google::protobuf::Arena::CreateMessage<Request>(&arena);
  const std::string_view bytes = served.request();
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return errors::MalformedRequest(request.GetTypeName());
  }
  if (kind_.admin) {
    // A schema has a limit of its own.
    constexpr bool kHasSchema = requires { request.proto_descriptors(); };
    KS_RETURN_IF_ERROR(CheckAdmin(kHasSchema ? 0 : bytes.size()));
  }
  if (!Faulty()) return body(request);
  return WithFaults(served.call(), method, NamesOf(request), [&] { return body(request); });
}

template <typename Request, typename Response>
void RpcService::Add(const char* method, Unary<Request, Response> function) {
  AddEntry(method, false, [this, method, function](ServedCall& served) {
    return Serve<Request>(served, method, [&](const Request& request) {
      Response response;
      KS_RETURN_IF_ERROR(function(served.call(), request, &response));
      return served.Write(response.SerializeAsString());
    });
  });
}

template <typename Request>
void RpcService::AddToBytes(const char* method, UnaryToBytes<Request> function) {
  AddEntry(method, false, [this, method, function](ServedCall& served) {
    return Serve<Request>(served, method, [&](const Request& request) {
      std::string response;
      KS_RETURN_IF_ERROR(function(served.call(), request, &response));
      return served.Write(std::move(response));
    });
  });
}

template <typename Request>
void RpcService::AddStreaming(const char* method, Streaming<Request> function) {
  AddEntry(method, true, [this, method, function](ServedCall& served) {
    return Serve<Request>(served, method, [&](const Request& request) {
      return function(served.call(), request, served);
    });
  });
}

}  // namespace ks::local
