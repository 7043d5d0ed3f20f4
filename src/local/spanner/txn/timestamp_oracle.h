// TimestampOracle: gives commits their timestamps and reads theirs, so that real time and
// timestamps agree.
//
// Invariants (timestamp_oracle_test.cc):
//   1. commit timestamps rise strictly and are not below the wall clock;
//   2. a commit that begins after another ended has the later timestamp, also across a restart and
//   a clock set back;
//   3. ReadTimestamp() is not below any ended commit, and when it returns every commit up to it has
//   ended: what a read
//      there sees never changes afterwards.
// Thread safety: all methods from any thread. Begin never blocks; reads wait only for commits that
// are being written.
#pragma once

#include <cstdint>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "env/clock.h"
#include "local/spanner/storage/timestamp.h"
#include "local/spanner/txn/patience.h"

namespace ks::local {

class TimestampOracle {
 public:
  // Nothing will be handed out at or below `last`.
  TimestampOracle(env::Clock& clock, CommitTimestamp last) : clock_(clock), last_(last.value()) {}

  // The commit holds its locks by now and is about to be written.
  CommitTimestamp BeginCommit();
  // It is in the store, or will never be.
  void EndCommit(CommitTimestamp timestamp);

  // For a strong read. Waits at most for commits that are being written.
  CommitTimestamp ReadTimestamp();
  // Returns when reading at `timestamp` gives what it will always give; waits for the wall clock if
  // it lies ahead.
  absl::Status WaitUntilReadable(CommitTimestamp timestamp, const Patience& patience = Endless());

  CommitTimestamp Now() const { return CommitTimestamp(clock_.NowNanos() / env::kNanosPerMicro); }
  // The last one that is readable without waiting, for bounded staleness.
  CommitTimestamp SafeTimestamp();

 private:
  bool EndedUpTo(int64_t timestamp) const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return in_flight_.empty() || *in_flight_.begin() > timestamp;
  }

  env::Clock& clock_;
  absl::Mutex mu_;
  int64_t last_ ABSL_GUARDED_BY(mu_);  // handed out, or promised to a read
  int64_t last_ended_ ABSL_GUARDED_BY(mu_) = 0;
  std::set<int64_t> in_flight_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
