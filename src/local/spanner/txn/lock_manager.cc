#include "local/spanner/txn/lock_manager.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/check.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"

namespace ks::local {
namespace {

KeySpaceId SpaceOf(std::string_view key) {
  KS_CHECK(key.size() >= kKeySpaceBytes);
  uint32_t space;
  std::memcpy(&space, key.data(), sizeof(space));
  return __builtin_bswap32(space);
}

bool Overlap(const LockRequest& a, const LockRequest& b) {
  if (a.point() && b.point()) return a.key == b.key;
  if (a.point()) return b.key <= a.key && a.key < b.limit;
  if (b.point()) return a.key <= b.key && b.key < a.limit;
  return a.key < b.limit && b.key < a.limit;
}

}  // namespace

LockOwner::LockOwner(LockManager& manager, uint64_t age)
    : manager_(manager), age_(age), last_active_nanos_(manager.clock_.MonotonicNanos()) {}

LockOwner::~LockOwner() { manager_.Release(*this); }

void LockOwner::Enter(const Patience& patience) {
  patience_ = &patience;
  working_.fetch_add(1);
}

void LockOwner::Leave() {
  last_active_nanos_.store(manager_.clock_.MonotonicNanos());
  working_.fetch_sub(1);
  patience_ = &Endless();
}

absl::Status LockOwner::Standing() const {
  if (!wounded()) return absl::OkStatus();
  return wounded_idle_.load() ? errors::AbortedIdle() : errors::AbortedByConflict();
}

absl::Status LockManager::Acquire(LockOwner& owner, absl::Span<const LockRequest> requests) {
  absl::MutexLock lock(&mu_);
  for (const LockRequest& request : requests) {
    if (!lock_ranges_ && !request.point()) continue;
    KS_RETURN_IF_ERROR(AcquireOne(owner, request));
  }
  return absl::OkStatus();
}

absl::Status LockManager::AcquireOne(LockOwner& owner, const LockRequest& request) {
  KS_RETURN_IF_ERROR(owner.Standing());
  if (AlreadyHeld(owner, request)) return absl::OkStatus();
  std::vector<LockOwner*> holders;
  CollectConflicts(owner, request, &holders);
  if ((!holders.empty() && !WoundYounger(owner, holders)) ||
      (!waiters_.empty() && BehindOlderWaiter(owner, request))) {
    KS_RETURN_IF_ERROR(WaitFor(owner, request));
  }
  Grant(owner, request);
  return absl::OkStatus();
}

absl::Status LockManager::WaitFor(LockOwner& owner, const LockRequest& request) {
  auto place = waiters_.insert(waiters_.end(), {&owner, &request});
  int64_t since = clock_.MonotonicNanos();
  ++stats_.waits;
  mu_.Unlock();
  owner.patience_->BeforeWait();
  mu_.Lock();
  std::vector<LockOwner*> holders;
  bool free = false;
  absl::Status patience;
  while (!owner.wounded() && patience.ok()) {
    holders.clear();
    CollectConflicts(owner, request, &holders);
    free = (holders.empty() || WoundYounger(owner, holders)) && !BehindOlderWaiter(owner, request);
    if (free) break;
    // Also without a signal it looks again whether somebody in its way has gone idle.
    owner.changed_.WaitWithTimeout(&mu_, owner.patience_->Nap());
    if (!owner.wounded()) patience = owner.patience_->Check();
  }
  waiters_.erase(place);
  const int64_t waited = (clock_.MonotonicNanos() - since) / env::kNanosPerMicro;
  stats_.wait_micros += waited;
  if (watcher_) watcher_(request, waited);
  // Somebody younger may have waited only because this request stood before it.
  for (const Waiter& waiter : waiters_) {
    if (Overlap(*waiter.request, request)) waiter.owner->changed_.Signal();
  }
  if (free) return absl::OkStatus();
  return owner.wounded() ? owner.Standing() : patience;
}

bool LockManager::AlreadyHeld(const LockOwner& owner, const LockRequest& request) const {
  if (owner.held_.empty()) return false;
  if (request.point()) {
    auto point = points_.find(request.key);
    if (point != points_.end()) {
      for (const Hold& hold : point->second) {
        if (hold.owner == &owner && hold.mode.Contains(request.mode)) return true;
      }
    }
  }
  auto ranges = ranges_.find(SpaceOf(request.key));
  if (ranges == ranges_.end()) return false;
  for (const RangeHold& hold : ranges->second) {
    if (hold.owner != &owner || !hold.mode.Contains(request.mode)) continue;
    bool inside = hold.key <= request.key &&
                  (request.point() ? request.key < hold.limit : request.limit <= hold.limit);
    if (inside) return true;
  }
  return false;
}

void LockManager::CollectConflicts(const LockOwner& owner, const LockRequest& request,
                                   std::vector<LockOwner*>* holders) const {
  auto add = [&](LockOwner* holder, LockMode mode) {
    if (holder != &owner && mode.ConflictsWith(request.mode)) holders->push_back(holder);
  };
  if (request.point()) {
    auto point = points_.find(request.key);
    if (point != points_.end()) {
      for (const Hold& hold : point->second) add(hold.owner, hold.mode);
    }
  } else {
    for (auto it = points_.lower_bound(request.key);
         it != points_.end() && it->first < request.limit; ++it) {
      for (const Hold& hold : it->second) add(hold.owner, hold.mode);
    }
  }
  auto ranges = ranges_.find(SpaceOf(request.key));
  if (ranges == ranges_.end()) return;
  for (const RangeHold& hold : ranges->second) {
    if (Overlap({hold.key, hold.limit, hold.mode}, request)) add(hold.owner, hold.mode);
  }
}

bool LockManager::BehindOlderWaiter(const LockOwner& owner, const LockRequest& request) const {
  for (const Waiter& waiter : waiters_) {
    if (waiter.owner == &owner || waiter.owner->age_ >= owner.age_) continue;
    if (waiter.owner->wounded() || !waiter.request->mode.ConflictsWith(request.mode)) continue;
    if (Overlap(*waiter.request, request)) return true;
  }
  return false;
}

bool LockManager::WoundYounger(const LockOwner& owner, const std::vector<LockOwner*>& holders) {
  bool all = true;
  for (LockOwner* holder : holders) {
    if (holder->wounded()) continue;  // twice in the list
    bool idle = Idle(*holder);
    if (holder->prepared_ || (holder->age_ < owner.age_ && !idle)) {
      all = false;
      continue;
    }
    ++stats_.wounds;
    holder->wounded_idle_.store(idle && holder->age_ < owner.age_);
    holder->wounded_.store(true, std::memory_order_release);
    ReleaseLocked(*holder);
    holder->changed_.Signal();  // if it is waiting itself
  }
  return all;
}

void LockManager::Grant(LockOwner& owner, const LockRequest& request) {
  if (!request.point()) {
    ranges_[SpaceOf(request.key)].push_back(
        {&owner, std::string(request.key), std::string(request.limit), request.mode});
    owner.held_.push_back({std::string(request.key), std::string(request.limit)});
    return;
  }
  auto point = points_.find(request.key);
  if (point == points_.end()) point = points_.emplace(std::string(request.key), PointLock()).first;
  for (Hold& hold : point->second) {
    if (hold.owner != &owner) continue;
    hold.mode = hold.mode | request.mode;
    return;
  }
  point->second.push_back({&owner, request.mode});
  owner.held_.push_back({std::string(request.key), {}});
}

absl::Status LockManager::Prepare(LockOwner& owner) {
  absl::MutexLock lock(&mu_);
  KS_RETURN_IF_ERROR(owner.Standing());
  owner.prepared_ = true;
  return absl::OkStatus();
}

void LockManager::Release(LockOwner& owner) {
  absl::MutexLock lock(&mu_);
  ReleaseLocked(owner);
}

void LockManager::ReleaseLocked(LockOwner& owner) {
  if (owner.held_.empty()) return;
  for (const LockOwner::Held& held : owner.held_) {
    if (!held.limit.empty()) continue;
    auto point = points_.find(held.key);
    if (point == points_.end()) continue;
    PointLock& holds = point->second;
    holds.erase(std::remove_if(holds.begin(), holds.end(),
                               [&](const Hold& hold) { return hold.owner == &owner; }),
                holds.end());
    if (holds.empty()) points_.erase(point);
  }
  for (const LockOwner::Held& held : owner.held_) {
    if (held.limit.empty()) continue;
    auto ranges = ranges_.find(SpaceOf(held.key));
    if (ranges == ranges_.end()) continue;
    std::erase_if(ranges->second, [&](const RangeHold& hold) { return hold.owner == &owner; });
    if (ranges->second.empty()) ranges_.erase(ranges);
  }
  for (const Waiter& waiter : waiters_) {
    for (const LockOwner::Held& held : owner.held_) {
      if (!Overlap({held.key, held.limit, {}}, *waiter.request)) continue;
      waiter.owner->changed_.Signal();
      break;
    }
  }
  owner.held_.clear();
}

bool LockManager::Idle(const LockOwner& owner) const {
  return owner.working_.load() == 0 &&
         clock_.MonotonicNanos() - owner.last_active_nanos_.load() > limits::kIdleTransactionNanos;
}

LockStats LockManager::stats() const {
  absl::MutexLock lock(&mu_);
  return stats_;
}

}  // namespace ks::local
