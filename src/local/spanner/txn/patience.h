// Patience: how long a call may wait: until its deadline, and while its client listens.
//
// Every wait in txn/ takes one: for locks, for a timestamp to be readable, for another call of the
// same transaction. Waits look at it every kLookAgain, so a cancelled client is noticed within
// that. Thread safety: Check and deadline may be called from any thread.
#pragma once

#include <algorithm>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace ks::local {

class Patience {
 public:
  static constexpr absl::Duration kLookAgain = absl::Milliseconds(50);

  virtual ~Patience() = default;
  // OK: go on waiting. DEADLINE_EXCEEDED, CANCELLED: the call is over.
  virtual absl::Status Check() const = 0;
  virtual absl::Time deadline() const = 0;

  // How long to sleep before the next Check.
  absl::Duration Nap() const {
    return std::clamp(deadline() - absl::Now(), absl::ZeroDuration(), kLookAgain);
  }
};

// For work that nobody waits for: it ends when it is done.
const Patience& Endless();

}  // namespace ks::local
