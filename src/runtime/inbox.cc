#include "runtime/inbox.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "env/clock.h"

namespace ks::runtime {

Inbox::Inbox() : event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { KS_CHECK(event_fd_ >= 0); }

Inbox::~Inbox() { close(event_fd_); }

void Inbox::Post(std::function<void()> work) {
  bool first = false;
  {
    absl::MutexLock lock(&mu_);
    first = posted_.empty();
    posted_.push_back(std::move(work));
  }
  if (!first) return;  // whoever put the first one in has signalled
  const uint64_t one = 1;
  (void)!write(event_fd_, &one,
               sizeof(one));  // fails only when the counter is full, which wakes as well
}

bool Inbox::RunAll() {
  {
    absl::MutexLock lock(&mu_);
    running_.swap(posted_);
  }
  const bool any = !running_.empty();
  for (const auto& work : running_) work();
  running_.clear();
  return any;
}

void Inbox::Wait(int64_t timeout_nanos) {
  pollfd fd{event_fd_, POLLIN, 0};
  const int64_t millis =
      (std::max<int64_t>(timeout_nanos, 0) + env::kNanosPerMilli - 1) / env::kNanosPerMilli;
  if (poll(&fd, 1, static_cast<int>(std::min<int64_t>(millis, 60'000))) <= 0) return;
  uint64_t count;
  (void)!read(event_fd_, &count, sizeof(count));
}

}  // namespace ks::runtime
