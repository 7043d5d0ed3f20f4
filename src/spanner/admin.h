// Admin: schema changes and, for a local Spanner, making the instance and the database.
//
// Every function blocks until the long-running operation is over or its deadline passes
// (kDdlTimeoutMillis). Thread safety: all methods may be called from any thread but gRPC's
// callbacks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "spanner/stub.h"

namespace ks::spanner {

struct DatabaseName {
  std::string project;
  std::string instance;
  std::string database;
  std::string InstancePath() const;  // projects/P/instances/I
  std::string ToString() const;      // projects/P/instances/I/databases/D
};
absl::StatusOr<DatabaseName> ParseDatabaseName(std::string_view name);

// How far a change of the schema is.
struct DdlProgress {
  std::string operation;    // its name, by which it can be asked for later
  int statements_done = 0;  // of those that were given, in order
  int percent = 0;          // of the one that runs
};

class Admin {
 public:
  explicit Admin(std::shared_ptr<Stub> stub) : stub_(std::move(stub)) {}

  // Called each time the operation was looked at, its end included. False: wait no longer; it goes
  // on without us, and the answer is CANCELLED.
  using OnProgress = std::function<bool(const DdlProgress&)>;

  // Applies the statements in order, as one operation. Where one fails the ones before it stay.
  absl::Status UpdateDdl(const std::string& database, const std::vector<std::string>& statements,
                         const OnProgress& on_progress = nullptr);
  absl::StatusOr<std::vector<std::string>> GetDdl(const std::string& database);
  // Does the database exist?
  absl::StatusOr<bool> HasDatabase(const std::string& database);
  // Those of `permissions` that the identity has on the database.
  // https://cloud.google.com/spanner/docs/reference/rpc/google.iam.v1#google.iam.v1.TestIamPermissionsRequest
  absl::StatusOr<std::vector<std::string>> TestPermissions(
      const std::string& database, const std::vector<std::string>& permissions);
  // Creates instance and database where they do not exist. Meant for a local Spanner.
  absl::Status CreateIfMissing(const std::string& database);

 private:
  absl::Status Wait(const std::string& operation_bytes, const std::string& resource,
                    const OnProgress& on_progress = nullptr);

  const std::shared_ptr<Stub> stub_;
};

}  // namespace ks::spanner
