// Inbox: how other threads reach a data thread. Closures are put in from anywhere and run by the
// owner, in order.
//
// The owner sleeps in Wait() on an eventfd that Kafka's queues signal too, so one sleep covers
// both. Closures posted after the owner is gone are dropped unrun with the Inbox, which everybody
// holds by shared_ptr. Thread safety: Post from any thread; the rest by the owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ks::runtime {

class Inbox {
 public:
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;

  void Post(std::function<void()> work);
  // Runs what has been posted; false when there was nothing.
  bool RunAll();
  // Sleeps until something is posted, the eventfd is signalled, or `timeout_nanos` passed.
  void Wait(int64_t timeout_nanos);
  int event_fd() const { return event_fd_; }

 private:
  const int event_fd_;
  absl::Mutex mu_;
  std::vector<std::function<void()>> posted_ ABSL_GUARDED_BY(mu_);
  std::vector<std::function<void()>> running_;  // the owner's; kept for its memory
};

}  // namespace ks::runtime
