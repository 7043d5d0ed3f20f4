// Tells ThreadSanitizer about Abseil's locks. Debian's libabsl is not built with the sanitizer, so
// without this every variable guarded by an absl::Mutex would look like a race.
//
// These definitions stand before the library's own for the whole process, gRPC included, and pass
// on to them. A lock acquires what the last unlock of the same address released. Conditions are
// polled with the lock held: inside the library they would run where the sanitizer sees no lock.

#include <dlfcn.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

namespace {

void* Find(const char* mangled) { return dlsym(RTLD_NEXT, mangled); }

template <typename Result, typename... Args>
Result Call(void* function, Args... args) {
  return reinterpret_cast<Result (*)(Args...)>(function)(args...);
}

void Acquire(const void* address) { __tsan_acquire(const_cast<void*>(address)); }

bool AcquireIf(bool locked, const void* address) {
  if (locked) Acquire(address);
  return locked;
}

}  // namespace

// Calls the library's own function of this name, which is looked up once.
#define REAL(Result, mangled, ...)           \
  ([&] {                                     \
    static void* const real = Find(mangled); \
    return Call<Result>(real, __VA_ARGS__);  \
  }())

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  REAL(void, "_ZN4absl7debian35Mutex4LockEv", this);
  Acquire(this);
}

void Mutex::ReaderLock() {
  REAL(void, "_ZN4absl7debian35Mutex10ReaderLockEv", this);
  Acquire(this);
}

bool Mutex::TryLock() {
  return AcquireIf(REAL(bool, "_ZN4absl7debian35Mutex7TryLockEv", this), this);
}

bool Mutex::ReaderTryLock() {
  return AcquireIf(REAL(bool, "_ZN4absl7debian35Mutex13ReaderTryLockEv", this), this);
}

void Mutex::Unlock() {
  __tsan_release(this);
  REAL(void, "_ZN4absl7debian35Mutex6UnlockEv", this);
}

void Mutex::ReaderUnlock() {
  __tsan_release(this);
  REAL(void, "_ZN4absl7debian35Mutex12ReaderUnlockEv", this);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  while (!condition.Eval()) {
    if (absl::Now() >= deadline) return false;
    Unlock();
    SleepFor(Microseconds(100));
    Lock();
  }
  return true;
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return AwaitWithDeadline(condition, absl::Now() + timeout);
}

void Mutex::Await(const Condition& condition) { AwaitWithDeadline(condition, InfiniteFuture()); }

void Mutex::LockWhen(const Condition& condition) {
  Lock();
  Await(condition);
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  Lock();
  return AwaitWithTimeout(condition, timeout);
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  Lock();
  return AwaitWithDeadline(condition, deadline);
}

void CondVar::Wait(Mutex* mu) {
  __tsan_release(mu);
  REAL(void, "_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE", this, mu);
  Acquire(mu);
}

bool CondVar::WaitWithTimeout(Mutex* mu, Duration timeout) {
  __tsan_release(mu);
  const bool expired =
      REAL(bool, "_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE", this, mu,
           timeout);
  Acquire(mu);
  return expired;
}

bool CondVar::WaitWithDeadline(Mutex* mu, Time deadline) {
  __tsan_release(mu);
  const bool expired =
      REAL(bool, "_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE", this, mu,
           deadline);
  Acquire(mu);
  return expired;
}

bool BlockingCounter::DecrementCount() {
  __tsan_release(this);
  return REAL(bool, "_ZN4absl7debian315BlockingCounter14DecrementCountEv", this);
}

void BlockingCounter::Wait() {
  REAL(void, "_ZN4absl7debian315BlockingCounter4WaitEv", this);
  Acquire(this);
}

void Notification::Notify() {
  __tsan_release(this);
  REAL(void, "_ZN4absl7debian312Notification6NotifyEv", this);
}

void Notification::WaitForNotification() const {
  REAL(void, "_ZNK4absl7debian312Notification19WaitForNotificationEv", this);
  Acquire(this);
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  return AcquireIf(
      REAL(bool, "_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE",
           this, timeout),
      this);
}

bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  return AcquireIf(
      REAL(bool, "_ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_4TimeE",
           this, deadline),
      this);
}

ABSL_NAMESPACE_END
}  // namespace absl
