// LocalSpannerServer: the local Spanner behind its gRPC API.
//
// For `kafka-spanner spanner` and, in the same process, for `kafka-spanner dev` and tests.
// Threads: gRPC's synchronous server, a bounded number of pollers that serve calls themselves (a
// call that waits for a lock holds one; more are made up to kThreadsMax), one housekeeping thread,
// and one for each running operation. Guarantees: Start answers when calls are accepted;
// Shutdown lets running calls finish for `grace_millis`, then
// cancels them; what was acknowledged is on disk unless `sync` is off. Thread safety: Start once;
// Shutdown, EnsureDatabase from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/server/security.h"

namespace ks::env {
class Clock;
}

namespace ks::local {

struct ServerOptions {
  std::string listen_address = "127.0.0.1:9010";  // port 0: any free one
  std::string data_dir;                // empty: rows live in memory, as long as the process
  bool sync = true;                    // false: answers before the log is on disk
  std::vector<std::string> databases;  // as EnsureDatabase, before the first call is accepted
  bool auto_create = false;            // databases that are asked for and missing are made, with
                                       // their instances
  std::vector<std::string> limits;     // relaxed: "mutations=200000" (local/spanner/limits.h)
  std::vector<std::string> faults;     // "Commit:aborted:0.1" (server/faults.h)
  uint64_t fault_seed = 0;
  ServerSecurity security;      // nobody proves anything, unless told otherwise
  env::Clock* clock = nullptr;  // null: the machine's
};

class LocalSpannerServer {
 public:
  static absl::StatusOr<std::unique_ptr<LocalSpannerServer>> Start(const ServerOptions& options);
  ~LocalSpannerServer();  // Shutdown(0)

  int port() const { return port_; }
  // "127.0.0.1:9010": for SPANNER_EMULATOR_HOST.
  const std::string& address() const { return address_; }

  // Makes the database (projects/P/instances/I/databases/D) and its instance where they are
  // missing, then applies `ddl` if the database was made now.
  absl::Status EnsureDatabase(std::string_view name, const std::vector<std::string>& ddl = {});

  void Shutdown(int64_t grace_millis = 2'000);
  // Blocks until Shutdown was called and is over.
  void Wait();

 private:
  struct Parts;
  LocalSpannerServer();

  std::unique_ptr<Parts> parts_;
  std::string address_;
  int port_ = 0;
};

}  // namespace ks::local
