// TokenCache: the token of a source, always at hand, renewed ahead by a thread of its own.
//
// Now() never waits for a renewal: the hot path asks it on every call. A token is renewed when a
// fifth of its life is left, or kRefreshAheadSeconds where that is more. A renewal that fails is
// tried again with growing pauses, and the token at hand serves until it expires; from then on the
// reason of the last failure is the answer. Tests: token_cache_test.cc. Thread safety: any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "env/clock.h"
#include "identity/token.h"
#include "observe/metrics.h"

namespace ks::identity {

// When a token that was fetched at `fetched_at` is to be renewed, after `failures` tries that came
// to nothing, the last at `tried_at`. Nanoseconds since the Unix epoch. Pure.
struct RefreshState {
  int64_t fetched_at = 0;
  int64_t expires_at = 0;
  int failures = 0;
  int64_t tried_at = 0;
};
int64_t RefreshAt(const RefreshState& state);

class TokenCache {
 public:
  // Fetches the first token: blocks, and gives its error.
  // `told`, where not null, outlives the cache, and is told of each renewal.
  static absl::StatusOr<std::unique_ptr<TokenCache>> Start(std::unique_ptr<TokenSource> source,
                                                           env::Clock& clock,
                                                           observe::Series* told = nullptr);
  ~TokenCache();

  // Never null when OK. UNAVAILABLE with the reason when it has expired and could not be renewed:
  // a call that fails for it may be tried again.
  absl::StatusOr<std::shared_ptr<const Token>> Now() const;

 private:
  TokenCache(std::unique_ptr<TokenSource> source, env::Clock& clock, observe::Series* told);
  absl::Status Refresh();
  void Serve();

  const std::unique_ptr<TokenSource> source_;
  env::Clock& clock_;
  observe::Series* const told_;  // may be null
  RefreshState state_;           // of the thread's; before it starts, of Start()'s

  // A lock held for a few instructions: libstdc++ 12's atomic<shared_ptr> is one too, and its load
  // lets go of it without the order that its store needs.
  mutable std::mutex mu_;
  std::shared_ptr<const Token> token_;  // guarded by mu_, as what follows
  absl::Status failure_;                // of the last try
  std::condition_variable stop_wanted_;
  bool stopping_ = false;
  std::thread thread_;
};

// A TokenCache that starts at first use: for who may never need a token. Thread safety: any thread.
class LazyTokenCache {
 public:
  using Make = std::function<absl::StatusOr<std::unique_ptr<TokenSource>>()>;
  LazyTokenCache(Make make, env::Clock& clock) : make_(std::move(make)), clock_(clock) {}

  // Blocks while the first is fetched.
  absl::StatusOr<Secret> Now();
  // The token was refused: the next Now() starts anew. False where it served no call before the
  // one that was refused, so that starting anew would give the same.
  bool Drop();

 private:
  const Make make_;
  env::Clock& clock_;
  std::mutex mu_;
  std::unique_ptr<TokenCache> tokens_;  // guarded by mu_; null: not started
  bool served_before_ = false;          // guarded by mu_
};

}  // namespace ks::identity
