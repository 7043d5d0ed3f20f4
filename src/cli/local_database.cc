#include "cli/local_database.h"

#include "base/status_macros.h"
#include "local/spanner/server/server.h"

namespace ks::cli {

LocalDatabase::LocalDatabase(std::unique_ptr<local::LocalSpannerServer> server)
    : server_(std::move(server)) {}
LocalDatabase::~LocalDatabase() = default;

absl::StatusOr<std::unique_ptr<LocalDatabase>> LocalDatabase::Open(const std::string& data_dir,
                                                                   const std::string& listen) {
  local::ServerOptions options;
  options.listen_address = listen;
  options.data_dir = data_dir;
  KS_ASSIGN_OR_RETURN(auto server, local::LocalSpannerServer::Start(options));
  return std::unique_ptr<LocalDatabase>(new LocalDatabase(std::move(server)));
}

std::string LocalDatabase::address() const { return server_->address(); }

absl::Status LocalDatabase::Ensure(const std::string& database) {
  return server_->EnsureDatabase(database);
}

}  // namespace ks::cli
