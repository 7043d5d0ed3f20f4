// RecentConnections: the newest entries of the connection log in memory, for the page; each goes on
// to where the log is kept, if it is. Thread safety: any thread.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "identity/connection_log.h"

namespace ks::control {

class RecentConnections : public identity::ConnectionLog {
 public:
  // `kept` may be null, and outlives it.
  explicit RecentConnections(identity::ConnectionLog* kept);

  void Record(const identity::ConnectionAttempt& attempt) override;
  // As OCSF events, the newest first.
  nlohmann::json Newest() const;

 private:
  identity::ConnectionLog* const kept_;
  mutable absl::Mutex mu_;
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mu_);  // the oldest first
};

}  // namespace ks::control
