// SharedClock: a clock that a test moves while other threads read it. Thread safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "env/clock.h"

namespace ks::identity {

class SharedClock : public env::Clock {
 public:
  explicit SharedClock(int64_t now_nanos = 1) : now_(now_nanos) {}
  int64_t NowNanos() override { return now_; }
  int64_t MonotonicNanos() override { return now_; }
  std::atomic<int64_t> now_;
};

}  // namespace ks::identity
