// Call: one RPC while it runs, as the functions that serve RPCs see it.
//
// Thread safety: belongs to the call's thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "local/spanner/txn/patience.h"

namespace grpc {
class ServerContext;
}

namespace ks::local {

struct ServerState;

// Its patience is the client's: CANCELLED when that went away or gave up, DEADLINE_EXCEEDED when
// its deadline is over.
class Call : public Patience {
 public:
  Call(ServerState& server, grpc::ServerContext& context) : server_(server), context_(context) {}

  ServerState& server() const { return server_; }
  absl::Status Check() const override;
  int64_t NanosLeft() const override;
  absl::Status CheckAlive() const { return Check(); }

 private:
  ServerState& server_;
  grpc::ServerContext& context_;
};

}  // namespace ks::local
