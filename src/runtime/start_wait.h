// How long a start waits for a Kafka or a Spanner that is down.
#pragma once

#include <cstdint>
#include <stop_token>

#include "env/clock.h"
#include "runtime/limits.h"

namespace ks::runtime {

struct StartWait {
  int64_t millis = kStartTimeoutMillis;
  std::stop_token stop;  // ends the wait

  // `since` is the MonotonicNanos at which the waiting began.
  bool over(int64_t since) const {
    return stop.stop_requested() ||
           env::RealClock().MonotonicNanos() - since > millis * env::kNanosPerMilli;
  }
};

}  // namespace ks::runtime
