// Call: one RPC while it runs, as the functions that serve RPCs see it.
//
// Thread safety: belongs to the call's thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace grpc {
class ServerContext;
}

namespace ks::local {

struct ServerState;

class Call {
 public:
  Call(ServerState& server, grpc::ServerContext& context) : server_(server), context_(context) {}

  ServerState& server() const { return server_; }
  // CANCELLED when the client went away or gave up, DEADLINE_EXCEEDED when its deadline is over.
  absl::Status CheckAlive() const;

 private:
  ServerState& server_;
  grpc::ServerContext& context_;
};

}  // namespace ks::local
