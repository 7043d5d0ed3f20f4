#include "local/spanner/server/call.h"

#include <chrono>

#include "base/status_macros.h"
#include "env/clock.h"
#include "grpcpp/server_context.h"
#include "local/spanner/server/server_state.h"

namespace ks::local {

absl::StatusOr<std::shared_ptr<Session>> Call::FindSession(std::string_view name) const {
  absl::StatusOr<std::shared_ptr<Session>> session = server_.sessions.Find(name);
  if (!absl::IsNotFound(session.status())) return session;
  KS_ASSIGN_OR_RETURN(const SessionName parsed, ParseSession(name));
  KS_RETURN_IF_ERROR(server_.registry->GetDatabase(parsed.database).status());
  return session;
}

absl::Status Call::Check() const {
  CallLoop::HandOverIfLong();
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
