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
  // `data_dir` is made where it does not exist; one process at a time may have it open.
  static absl::StatusOr<std::unique_ptr<LocalDatabase>> Open(const std::string& data_dir);
  ~LocalDatabase();

  std::string address() const;  // 127.0.0.1:PORT

 private:
  explicit LocalDatabase(std::unique_ptr<local::LocalSpannerServer> server);
  const std::unique_ptr<local::LocalSpannerServer> server_;
};

}  // namespace ks::cli
