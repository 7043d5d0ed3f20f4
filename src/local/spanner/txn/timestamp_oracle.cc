#include "local/spanner/txn/timestamp_oracle.h"

#include <algorithm>

#include "base/status_macros.h"

namespace ks::local {

CommitTimestamp TimestampOracle::BeginCommit() {
  int64_t now = Now().value();
  absl::MutexLock lock(&mu_);
  last_ = std::max(last_ + 1, now);
  in_flight_.insert(last_);
  return CommitTimestamp(last_);
}

void TimestampOracle::EndCommit(CommitTimestamp timestamp) {
  absl::MutexLock lock(&mu_);
  in_flight_.erase(timestamp.value());
  last_ended_ = std::max(last_ended_, timestamp.value());
}

CommitTimestamp TimestampOracle::ReadTimestamp() {
  int64_t now = Now().value();
  absl::MutexLock lock(&mu_);
  if (in_flight_.empty()) {
    last_ = std::max(last_, now);
    return CommitTimestamp(last_);
  }
  int64_t timestamp = std::max(last_ended_, *in_flight_.begin() - 1);
  auto readable = [this, timestamp]()
                      ABSL_SHARED_LOCKS_REQUIRED(mu_) { return EndedUpTo(timestamp); };
  mu_.Await(absl::Condition(&readable));
  return CommitTimestamp(timestamp);
}

absl::Status TimestampOracle::WaitUntilReadable(CommitTimestamp timestamp,
                                                const Patience& patience) {
  while (true) {
    int64_t ahead = timestamp.value() - Now().value();
    if (ahead <= 0) break;
    KS_RETURN_IF_ERROR(patience.Check());
    patience.BeforeWait();
    env::SleepFor(std::min(ahead * env::kNanosPerMicro, patience.NapNanos()));
  }
  absl::MutexLock lock(&mu_);
  last_ = std::max(last_, timestamp.value());
  int64_t wanted = timestamp.value();
  auto readable = [this, wanted]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return EndedUpTo(wanted); };
  mu_.Await(absl::Condition(&readable));
  return absl::OkStatus();
}

CommitTimestamp TimestampOracle::SafeTimestamp() {
  int64_t now = Now().value();
  absl::MutexLock lock(&mu_);
  if (!in_flight_.empty()) return CommitTimestamp(*in_flight_.begin() - 1);
  last_ = std::max(last_, now);
  return CommitTimestamp(last_);
}

}  // namespace ks::local
