#include "local/spanner/server/call.h"

#include <chrono>

#include "grpcpp/server_context.h"

namespace ks::local {

absl::Status Call::CheckAlive() const {
  if (std::chrono::system_clock::now() >= context_.deadline()) {
    return absl::DeadlineExceededError("Deadline exceeded before the call was finished.");
  }
  if (context_.IsCancelled()) return absl::CancelledError("The call was cancelled by its client.");
  return absl::OkStatus();
}

}  // namespace ks::local
