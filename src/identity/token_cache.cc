#include "identity/token_cache.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/credential_metrics.h"
#include "identity/errors.h"
#include "identity/limits.h"
#include "observe/log.h"

namespace ks::identity {

int64_t RefreshAt(const RefreshState& state) {
  const int64_t life = state.expires_at - state.fetched_at;
  const int64_t ahead = std::max(life / 5, kRefreshAheadSeconds * env::kNanosPerSecond);
  const int64_t due = state.expires_at - std::min(ahead, life / 2);
  if (state.failures == 0) return due;
  const int64_t pause =
      std::min(int64_t{1} << std::min(state.failures - 1, 10), kRefreshPauseSecondsMax);
  return std::max(due, state.tried_at + pause * env::kNanosPerSecond);
}

TokenCache::TokenCache(std::unique_ptr<TokenSource> source, env::Clock& clock,
                       observe::Series* told)
    : source_(std::move(source)), clock_(clock), told_(told) {}

absl::StatusOr<std::unique_ptr<TokenCache>> TokenCache::Start(std::unique_ptr<TokenSource> source,
                                                              env::Clock& clock,
                                                              observe::Series* told) {
  std::unique_ptr<TokenCache> cache(new TokenCache(std::move(source), clock, told));
  KS_RETURN_IF_ERROR(cache->Refresh());
  cache->thread_ = std::thread([raw = cache.get()] { raw->Serve(); });
  return cache;
}

TokenCache::~TokenCache() {
  {
    std::lock_guard lock(mu_);
    stopping_ = true;
  }
  stop_wanted_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<std::shared_ptr<const Token>> TokenCache::Now() const {
  std::lock_guard lock(mu_);
  if (clock_.NowNanos() < token_->expires_at_nanos) return token_;
  return CannotRenewToken(failure_);
}

absl::Status TokenCache::Refresh() {
  state_.tried_at = clock_.NowNanos();
  auto token = source_->Fetch();
  if (!token.ok()) {
    ++state_.failures;
    TellFailure(told_);
    std::lock_guard lock(mu_);
    return failure_ = token.status();
  }
  state_ = {.fetched_at = state_.tried_at, .expires_at = token->expires_at_nanos};
  TellCredential(told_, state_.fetched_at, token->expires_at_nanos);
  auto made = std::make_shared<const Token>(*std::move(token));
  std::lock_guard lock(mu_);
  token_ = std::move(made);
  failure_ = absl::OkStatus();
  return absl::OkStatus();
}

void TokenCache::Serve() {
  std::unique_lock lock(mu_);
  while (!stopping_) {
    if (clock_.NowNanos() < RefreshAt(state_)) {
      // In steps, so that a clock that was set does not make us sleep through.
      stop_wanted_.wait_for(lock, std::chrono::milliseconds(kRefreshLookMillis));
      continue;
    }
    lock.unlock();
    if (const absl::Status status = Refresh(); !status.ok()) {
      observe::LogWarning(StrCat("a token could not be renewed: ", View(status.message())));
    }
    lock.lock();
  }
}

absl::StatusOr<Secret> LazyTokenCache::Now() {
  std::lock_guard lock(mu_);
  if (tokens_ != nullptr) {
    served_before_ = true;
  } else {
    KS_ASSIGN_OR_RETURN(auto source, make_());
    KS_ASSIGN_OR_RETURN(tokens_, TokenCache::Start(std::move(source), clock_));
  }
  KS_ASSIGN_OR_RETURN(const auto token, tokens_->Now());
  return token->value;
}

bool LazyTokenCache::Drop() {
  std::lock_guard lock(mu_);
  if (!std::exchange(served_before_, false)) return false;
  tokens_ = nullptr;
  return true;
}

}  // namespace ks::identity
