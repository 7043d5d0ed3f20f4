#include "local/spanner/server/call.h"

#include <chrono>

#include "env/clock.h"
#include "grpcpp/server_context.h"

namespace ks::local {

absl::Status Call::Check() const {
  if (env::AfterNanos(0) >= context_.deadline()) {
    return absl::DeadlineExceededError("Deadline exceeded before the call was finished.");
  }
  if (context_.IsCancelled()) return absl::CancelledError("The call was cancelled by its client.");
  return absl::OkStatus();
}

int64_t Call::NanosLeft() const {
  using std::chrono::nanoseconds;
  return std::chrono::duration_cast<nanoseconds>(context_.deadline() - env::AfterNanos(0)).count();
}

}  // namespace ks::local
