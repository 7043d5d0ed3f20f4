// Tells ThreadSanitizer about Abseil's locks. Debian's libabsl is not built with the sanitizer, so
// without this every variable guarded by an absl::Mutex would look like a race.
//
// The linker (--wrap, list in tsan.cmake) sends our calls of these functions here. A lock acquires
// what the last unlock of the same address released. Conditions are polled with the lock held:
// inside the library they would run where the sanitizer sees no lock.

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

using absl::BlockingCounter;
using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::Time;

#define REAL(name) __real__ZN4absl7debian3##name
#define REAL_CONST(name) __real__ZNK4absl7debian3##name
#define WRAP(name) __wrap__ZN4absl7debian3##name
#define WRAP_CONST(name) __wrap__ZNK4absl7debian3##name

// Before the call the address is released, after it acquired.
#define RELEASES(name, Type)       \
  void REAL(name)(Type*);          \
  void WRAP(name)(Type * object) { \
    __tsan_release(object);        \
    REAL(name)(object);            \
  }
#define ACQUIRES(name, Type)       \
  void REAL(name)(Type*);          \
  void WRAP(name)(Type * object) { \
    REAL(name)(object);            \
    __tsan_acquire(object);        \
  }
#define ACQUIRES_IF_TRUE(name)          \
  bool REAL(name)(Mutex*);              \
  bool WRAP(name)(Mutex * mu) {         \
    const bool locked = REAL(name)(mu); \
    if (locked) __tsan_acquire(mu);     \
    return locked;                      \
  }

extern "C" {

ACQUIRES(5Mutex4LockEv, Mutex)
ACQUIRES(5Mutex10ReaderLockEv, Mutex)
RELEASES(5Mutex6UnlockEv, Mutex)
RELEASES(5Mutex12ReaderUnlockEv, Mutex)
ACQUIRES_IF_TRUE(5Mutex7TryLockEv)
ACQUIRES_IF_TRUE(5Mutex13ReaderTryLockEv)
RELEASES(15BlockingCounter14DecrementCountEv, BlockingCounter)
ACQUIRES(15BlockingCounter4WaitEv, BlockingCounter)
RELEASES(12Notification6NotifyEv, Notification)

bool WRAP(5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE)(Mutex* mu,
                                                                 const Condition& condition,
                                                                 Time deadline) {
  while (!condition.Eval()) {
    if (absl::Now() >= deadline) return false;
    mu->Unlock();
    absl::SleepFor(absl::Microseconds(100));
    mu->Lock();
  }
  return true;
}

bool WRAP(5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(Mutex* mu,
                                                                    const Condition& condition,
                                                                    Duration timeout) {
  return mu->AwaitWithDeadline(condition, absl::Now() + timeout);
}

void WRAP(5Mutex5AwaitERKNS0_9ConditionE)(Mutex* mu, const Condition& condition) {
  mu->AwaitWithDeadline(condition, absl::InfiniteFuture());
}

void WRAP(5Mutex8LockWhenERKNS0_9ConditionE)(Mutex* mu, const Condition& condition) {
  mu->Lock();
  mu->Await(condition);
}

bool WRAP(5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE)(Mutex* mu,
                                                                       const Condition& condition,
                                                                       Duration timeout) {
  mu->Lock();
  return mu->AwaitWithTimeout(condition, timeout);
}

bool WRAP(5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE)(Mutex* mu,
                                                                    const Condition& condition,
                                                                    Time deadline) {
  mu->Lock();
  return mu->AwaitWithDeadline(condition, deadline);
}

void REAL(7CondVar4WaitEPNS0_5MutexE)(CondVar*, Mutex*);
void WRAP(7CondVar4WaitEPNS0_5MutexE)(CondVar* condition, Mutex* mu) {
  __tsan_release(mu);
  REAL(7CondVar4WaitEPNS0_5MutexE)(condition, mu);
  __tsan_acquire(mu);
}

bool REAL(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)(CondVar*, Mutex*, Duration);
bool WRAP(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)(CondVar* condition, Mutex* mu,
                                                                Duration timeout) {
  __tsan_release(mu);
  const bool expired =
      REAL(7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)(condition, mu, timeout);
  __tsan_acquire(mu);
  return expired;
}

bool REAL(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)(CondVar*, Mutex*, Time);
bool WRAP(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)(CondVar* condition, Mutex* mu,
                                                             Time deadline) {
  __tsan_release(mu);
  const bool expired =
      REAL(7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)(condition, mu, deadline);
  __tsan_acquire(mu);
  return expired;
}

void REAL_CONST(12Notification19WaitForNotificationEv)(const Notification*);
void WRAP_CONST(12Notification19WaitForNotificationEv)(const Notification* notification) {
  REAL_CONST(12Notification19WaitForNotificationEv)(notification);
  __tsan_acquire(const_cast<Notification*>(notification));
}

bool REAL_CONST(12Notification30WaitForNotificationWithTimeoutENS0_8DurationE)(const Notification*,
                                                                               Duration);
bool WRAP_CONST(12Notification30WaitForNotificationWithTimeoutENS0_8DurationE)(
    const Notification* notification, Duration timeout) {
  const bool notified = REAL_CONST(12Notification30WaitForNotificationWithTimeoutENS0_8DurationE)(
      notification, timeout);
  if (notified) __tsan_acquire(const_cast<Notification*>(notification));
  return notified;
}

}  // extern "C"
