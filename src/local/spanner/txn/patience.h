// Patience: how long a call may wait: until its deadline, and while its client listens.
//
// Every wait in txn/ takes one: for locks, for a timestamp to be readable, for another call of the
// same transaction. Waits look at it every kLookAgainNanos, so a cancelled client is noticed within
// that. Thread safety: The methods may be called from any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ks::local {

class Patience {
 public:
  static constexpr int64_t kLookAgainNanos = 50'000'000;

  virtual ~Patience() = default;
  // OK: go on waiting. DEADLINE_EXCEEDED, CANCELLED: the call is over.
  virtual absl::Status Check() const = 0;
  // Until the deadline; not above 0 when it is over.
  virtual int64_t NanosLeft() const = 0;
  // The call is about to sleep, and holds no mutex: its thread may have had other duties.
  virtual void BeforeWait() const {}

  // How long to sleep before the next Check.
  int64_t NapNanos() const { return std::clamp<int64_t>(NanosLeft(), 0, kLookAgainNanos); }
  absl::Duration Nap() const { return absl::Nanoseconds(NapNanos()); }
};

// For work that nobody waits for: it ends when it is done.
const Patience& Endless();

}  // namespace ks::local
