// Connection: a database and what commands do with it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "identity/services.h"
#include "operations/target.h"
#include "pipeline/spec.h"
#include "spanner/admin.h"
#include "spanner/client.h"

namespace ks::cli {

struct Connection {
  std::unique_ptr<identity::Services> identity;  // outlives the others
  std::shared_ptr<spanner::Stub> stub;
  std::unique_ptr<spanner::Client> client;
  std::unique_ptr<spanner::Admin> admin;
};

struct ConnectTo {
  std::string database;  // projects/…/instances/…/databases/…
  std::string endpoint;  // as spanner::ConnectOptions::endpoint
  std::string role;
  int64_t retry_total_millis = 0;          // of calls that may be repeated; 0: the client's own
  identity::ConnectionLog* log = nullptr;  // null: attempts are not recorded
  observe::Metrics* metrics = nullptr;     // null: nobody asks how old credentials are
  bool admin = false;                      // may change schemas
  std::shared_ptr<spanner::Cancellation> cancellation;  // of reads and queries; null: nobody's
};

// Where `spec` writes to; a command's own --endpoint, unless it is empty, in place of the file's.
ConnectTo TargetOf(const pipeline::PipelineSpec& spec, const std::string& endpoint,
                   identity::ConnectionLog* log);

// Checks the name; the server is first asked when the client is first used.
absl::StatusOr<Connection> Connect(const ConnectTo& to);

// What operations on `spec` work with; it borrows both.
operations::Target TargetOn(const pipeline::PipelineSpec& spec, const Connection& connection);

}  // namespace ks::cli
