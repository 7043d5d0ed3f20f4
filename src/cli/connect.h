// Connection: a database and what commands do with it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "spanner/admin.h"
#include "spanner/client.h"

namespace ks::cli {

struct Connection {
  std::shared_ptr<spanner::Stub> stub;
  std::unique_ptr<spanner::Client> client;
  std::unique_ptr<spanner::Admin> admin;
};

struct ConnectTo {
  std::string database;  // projects/…/instances/…/databases/…
  std::string endpoint;  // host:port of a local Spanner; empty: SPANNER_EMULATOR_HOST or Google's
  std::string role;
  int64_t retry_total_millis = 0;  // of calls that may be repeated; 0: the client's own
};

// Checks the name; the server is first asked when the client is first used.
absl::StatusOr<Connection> Connect(const ConnectTo& to);

}  // namespace ks::cli
