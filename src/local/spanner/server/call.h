// Call: one RPC while it runs, as the functions that serve RPCs see it.
//
// Thread safety: belongs to the call's thread.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/server/call_loop.h"
#include "local/spanner/txn/patience.h"

namespace grpc {
class ServerContext;
}

namespace ks::local {

struct ServerState;
class Session;

// Its patience is the client's: CANCELLED when that went away or gave up, DEADLINE_EXCEEDED when
// its deadline is over.
class Call : public Patience {
 public:
  Call(ServerState& server, grpc::ServerContext& context) : server_(server), context_(context) {}

  ServerState& server() const { return server_; }
  // NOT_FOUND names the database when that is what is missing: clients then stop asking for
  // another session.
  absl::StatusOr<std::shared_ptr<Session>> FindSession(std::string_view name) const;
  absl::Status Check() const override;
  int64_t NanosLeft() const override;
  void BeforeWait() const override { CallLoop::HandOver(); }
  absl::Status CheckAlive() const { return Check(); }

 private:
  ServerState& server_;
  grpc::ServerContext& context_;
};

}  // namespace ks::local
