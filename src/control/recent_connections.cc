#include "control/recent_connections.h"

#include "control/limits.h"
#include "identity/json.h"
#include "identity/tls_handshake.h"

namespace ks::control {

RecentConnections::RecentConnections(identity::ConnectionLog* kept) : kept_(kept) {
  identity::WatchTlsHandshakes();
}

void RecentConnections::Record(const identity::ConnectionAttempt& attempt) {
  if (kept_ != nullptr) kept_->Record(attempt);
  // Requests to this server that went well would leave no room for anything else: the page asks
  // every two seconds.
  const bool served = attempt.kind == identity::ConnectionAttempt::Kind::kServed;
  if (served && attempt.result.ok()) return;
  std::string line = identity::ToOcsf(attempt);
  const absl::MutexLock lock(&mu_);
  lines_.push_back(std::move(line));
  if (lines_.size() > kConnectionsListed) lines_.pop_front();
}

nlohmann::json RecentConnections::Newest() const {
  nlohmann::json list = nlohmann::json::array();
  const absl::MutexLock lock(&mu_);
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line)
    list.push_back(identity::ParseJson(*line));
  return list;
}

}  // namespace ks::control
