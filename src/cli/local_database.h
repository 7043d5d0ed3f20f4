// LocalDatabase: the local Spanner, served in this process on a free loopback port.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ks::local {
class LocalSpannerServer;
}

namespace ks::cli {

class LocalDatabase {
 public:
  // `data_dir` is made where it does not exist; one process at a time may have it open. Empty: rows
  // live in memory.
  static absl::StatusOr<std::unique_ptr<LocalDatabase>> Open(
      const std::string& data_dir, const std::string& listen = "127.0.0.1:0");
  ~LocalDatabase();

  std::string address() const;  // HOST:PORT
  // Makes the database and its instance where they are missing.
  absl::Status Ensure(const std::string& database);

 private:
  explicit LocalDatabase(std::unique_ptr<local::LocalSpannerServer> server);
  const std::unique_ptr<local::LocalSpannerServer> server_;
};

}  // namespace ks::cli
