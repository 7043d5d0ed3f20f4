// Faults on demand, for people who test their own code: which call fails, and how.
//
// A rule says METHOD:KIND:RATE[:MILLIS]. METHOD is an RPC's name (Commit) or *; RATE is between 0
// and 1; the kinds are
//   aborted       ABORTED with RetryInfo, and the call's transaction is really aborted
//   unavailable   UNAVAILABLE, and nothing was done
//   lost_answer   UNAVAILABLE, though everything was done
//   throttled     RESOURCE_EXHAUSTED with RetryInfo, and nothing was done
//   lost_session  the call's session is gone: NOT_FOUND, from this call on
//   latency       MILLIS later: LOW-HIGH (any between, alike) or ~MEAN (exponential)
// RpcService lays them round every function of its table (rpc.h), so no RPC knows of them. Whether
// the nth call of a method fails depends on the seed, the rule and n only: a seed replays them,
// however calls of different methods interleave (faults_test.cc). Thread safety: all methods from
// any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace ks::local {

enum class FaultKind : uint8_t {
  kAborted,
  kUnavailable,
  kLostAnswer,
  kThrottled,
  kLostSession,
  kLatency
};

struct FaultRule {
  std::string method;
  FaultKind kind = FaultKind::kAborted;
  double rate = 0;
  // kLatency, in milliseconds: from low to high, or exponential with that mean.
  double low = 0, high = 0, mean = 0;
};

// INVALID_ARGUMENT when `text` is no rule.
absl::StatusOr<FaultRule> ParseFaultRule(std::string_view text);

// What befalls one call.
struct Faults {
  absl::Duration delay;
  bool abort_transaction = false;
  bool lose_session = false;
  absl::Status before;  // not OK: the answer, and nothing is done
  absl::Status after;   // not OK: the answer, though everything was done
};

class FaultInjector {
 public:
  struct Count {
    std::string rule;
    int64_t calls = 0;   // of its method, since it was set
    int64_t faults = 0;  // of its own
  };

  // Puts `rules` in place of all there were. INVALID_ARGUMENT changes nothing.
  absl::Status Set(const std::vector<std::string>& rules, uint64_t seed);
  std::vector<Count> Counts() const;

  // False costs nothing: no rule is set.
  bool armed() const { return armed_.load(std::memory_order_relaxed); }
  Faults Next(std::string_view method);

 private:
  struct Armed {
    FaultRule rule;
    Count count;
  };

  std::atomic<bool> armed_{false};
  mutable absl::Mutex mu_;
  uint64_t seed_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Armed> rules_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
