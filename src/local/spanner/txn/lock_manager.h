// LockManager: who may read and write which cells until when. Strict two-phase locking with
// wound-wait.
//
// A lock is on one key or on a span of keys (also of keys that do not exist: that is what keeps
// phantoms out), and in it on columns: a 64-bit mask of what is read (shared) and what is written
// (exclusive). Bit 0 is the row's existence, bit 1 its stored image (every writer has it: rows are
// written whole), the rest are columns (62 and above share bits). Two locks conflict when one
// writes a bit that the other reads or writes.
//
// Wound-wait by age: an older transaction takes the locks of a younger one away, which then is
// ABORTED; a younger one waits. A transaction that has begun to write its commit (Prepare) is
// waited for, never wounded. One that has been idle for ten seconds may be wounded by anybody. A
// request also waits behind conflicting older ones that are waiting, so nobody starves. All edges
// of waiting go from young to old or to a prepared one, so there is no deadlock. Invariants
// (lock_manager_test.cc): no two owners hold conflicting locks; a wounded owner holds none and can
// never prepare; waiting ends. Thread safety: all methods from any thread; one owner is used by one
// thread at a time, but may be wounded by others. Source:
// https://cloud.google.com/spanner/docs/transactions#locking
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "env/clock.h"
#include "local/spanner/storage/key_codec.h"
#include "local/spanner/txn/patience.h"

namespace ks::local {

using ColumnMask = uint64_t;
inline constexpr ColumnMask kExistenceBit = 1;
inline constexpr ColumnMask kImageBit = 2;
inline constexpr ColumnMask kAllColumns = ~ColumnMask{0};
inline ColumnMask ColumnBit(int column) { return ColumnMask{4} << (column % 62); }

struct LockMode {
  ColumnMask shared = 0;
  ColumnMask exclusive = 0;
  static LockMode Shared(ColumnMask columns) { return {columns, 0}; }
  static LockMode Exclusive(ColumnMask columns) { return {0, columns}; }
  bool ConflictsWith(LockMode other) const {
    return (exclusive & (other.exclusive | other.shared)) != 0 || (other.exclusive & shared) != 0;
  }
  bool Contains(LockMode other) const {
    return (other.exclusive & ~exclusive) == 0 && (other.shared & ~(shared | exclusive)) == 0;
  }
  LockMode operator|(LockMode other) const {
    return {shared | other.shared, exclusive | other.exclusive};
  }
};

// One key (`limit` empty) or [key, limit). Views are copied when the lock is granted.
struct LockRequest {
  std::string_view key;
  std::string_view limit;
  LockMode mode;
  bool point() const { return limit.empty(); }
};

// A wait for a lock that is over.
using LockWatcher = std::function<void(const LockRequest& request, int64_t wait_micros)>;

struct LockStats {
  int64_t waits = 0;
  int64_t wounds = 0;
  int64_t wait_micros = 0;
};

class LockManager;

// A transaction, as locks see it.
class LockOwner {
 public:
  LockOwner(LockManager& manager, uint64_t age);
  ~LockOwner();  // releases
  LockOwner(const LockOwner&) = delete;

  uint64_t age() const { return age_; }
  bool wounded() const { return wounded_.load(std::memory_order_acquire); }
  // OK while it has the locks that it was granted; else the ABORTED that says why it lost them.
  absl::Status Standing() const;
  // Between Enter and Leave the owner is at work, so not idle, and waits as `patience` allows.
  void Enter(const Patience& patience = Endless());
  void Leave();

 private:
  friend class LockManager;
  struct Held {
    std::string key;
    std::string limit;
  };

  LockManager& manager_;
  const uint64_t age_;
  std::atomic<bool> wounded_{false};
  std::atomic<bool> wounded_idle_{false};
  std::atomic<int> working_{0};
  std::atomic<int64_t> last_active_nanos_;
  const Patience* patience_ = &Endless();  // of its own thread
  // Guarded by the manager's mutex.
  bool prepared_ = false;
  std::vector<Held> held_;
  absl::CondVar changed_;
};

class LockManager {
 public:
  // Without `lock_ranges` only points are locked: tests see then that phantoms are noticed.
  explicit LockManager(env::Clock& clock, bool lock_ranges = true)
      : clock_(clock), lock_ranges_(lock_ranges) {}

  // Ages rise: a transaction that begins later is younger.
  uint64_t NewAge() { return next_age_.fetch_add(1); }

  // All of them, in the order given (sorted keys make fewer conflicts). ABORTED when the owner is,
  // or gets, wounded; DEADLINE_EXCEEDED or CANCELLED when its patience ends (it keeps what it has).
  absl::Status Acquire(LockOwner& owner, absl::Span<const LockRequest> requests);
  // From here on the owner is not wounded. ABORTED when it was before.
  absl::Status Prepare(LockOwner& owner);
  void Release(LockOwner& owner);

  LockStats stats() const;
  // Called after each wait, under the manager's mutex; set before the first Acquire.
  void Watch(LockWatcher watcher) { watcher_ = std::move(watcher); }

 private:
  friend class LockOwner;
  struct Hold {
    LockOwner* owner;
    LockMode mode;
  };
  using PointLock = absl::InlinedVector<Hold, 1>;
  struct RangeHold {
    LockOwner* owner;
    std::string key;
    std::string limit;
    LockMode mode;
  };
  struct Waiter {
    LockOwner* owner;
    const LockRequest* request;
  };

  absl::Status AcquireOne(LockOwner& owner, const LockRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WaitFor(LockOwner& owner, const LockRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool AlreadyHeld(const LockOwner& owner, const LockRequest& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CollectConflicts(const LockOwner& owner, const LockRequest& request,
                        std::vector<LockOwner*>* holders) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool BehindOlderWaiter(const LockOwner& owner, const LockRequest& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Wounds those of `holders` that may be; true when none is left.
  bool WoundYounger(const LockOwner& owner, const std::vector<LockOwner*>& holders)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Grant(LockOwner& owner, const LockRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReleaseLocked(LockOwner& owner) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Idle(const LockOwner& owner) const;

  env::Clock& clock_;
  const bool lock_ranges_;
  LockWatcher watcher_;
  std::atomic<uint64_t> next_age_{1};
  mutable absl::Mutex mu_;
  absl::btree_map<std::string, PointLock, std::less<>> points_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<KeySpaceId, std::vector<RangeHold>> ranges_ ABSL_GUARDED_BY(mu_);
  std::list<Waiter> waiters_ ABSL_GUARDED_BY(mu_);
  LockStats stats_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
