// CallGate: lets one call after another work on a transaction; a call waits no longer than its
// patience. Thread safety: all methods from any thread.
#pragma once

#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "local/spanner/server/call_loop.h"
#include "local/spanner/txn/patience.h"

namespace ks::local {

class ABSL_LOCKABLE CallGate {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (TryLock()) return;
    CallLoop::HandOver();
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(this, &CallGate::Free));
    busy_ = true;
  }
  // Not OK: the caller's patience ended first, and it must not Unlock.
  absl::Status LockWithin(const Patience& patience) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (TryLock()) return absl::OkStatus();
    patience.BeforeWait();
    absl::MutexLock lock(&mu_);
    while (!mu_.AwaitWithTimeout(absl::Condition(this, &CallGate::Free), patience.Nap())) {
      if (absl::Status status = patience.Check(); !status.ok()) return status;
    }
    busy_ = true;
    return absl::OkStatus();
  }
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    absl::MutexLock lock(&mu_);
    if (busy_) return false;
    return busy_ = true;
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    absl::MutexLock lock(&mu_);
    busy_ = false;
  }

 private:
  bool Free() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !busy_; }

  absl::Mutex mu_;
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
};

// Holds the gate as long as it lives.
class ABSL_SCOPED_LOCKABLE CallGateLock {
 public:
  explicit CallGateLock(CallGate* gate) ABSL_EXCLUSIVE_LOCK_FUNCTION(gate) : gate_(gate) {
    gate_->Lock();
  }
  // The caller has locked it.
  CallGateLock(CallGate* gate, std::adopt_lock_t) ABSL_EXCLUSIVE_LOCKS_REQUIRED(gate)
      : gate_(gate) {}
  ~CallGateLock() ABSL_UNLOCK_FUNCTION() { gate_->Unlock(); }
  CallGateLock(const CallGateLock&) = delete;

 private:
  CallGate* const gate_;
};

}  // namespace ks::local
