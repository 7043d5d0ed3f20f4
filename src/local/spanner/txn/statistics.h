// Statistics: what ran lately in a database, for SPANNER_SYS: queries by their text and tag,
// commits by their tag, and what is running now.
//
// Sums are kept for each minute, as long as kMinutesKept, in memory; longer intervals are sums of
// minutes. A minute keeps kKeysPerMinute texts or tags apart; more go to the minute's total alone.
// Thread safety: all methods from any thread; one short lock. Source:
// https://cloud.google.com/spanner/docs/introspection
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace ks::env {
class Clock;
}

namespace ks::local {

class Statistics {
 public:
  explicit Statistics(env::Clock& clock) : clock_(clock) {}

  // What one query, or one commit, did; and what several did together.
  struct Sums {
    int64_t count = 0;  // succeeded
    double seconds = 0;
    int64_t rows = 0;
    int64_t rows_scanned = 0;
    int64_t rows_written = 0;
    int64_t in_read_write = 0;
    int64_t failed = 0;
    double failed_seconds = 0;
    int64_t cancelled = 0;
    int64_t timed_out = 0;
    int64_t aborted = 0;
    int64_t precondition = 0;

    // Notes how it ended after so long.
    void End(const absl::Status& status, double after_seconds);
    void Add(const Sums& other);
  };
  struct Key {
    std::string tag;
    std::string text;  // of a query; empty for a commit
    auto operator<=>(const Key&) const = default;
  };
  struct Interval {
    int64_t end_seconds = 0;
    std::map<Key, Sums> by_key;
    Sums total;
  };
  struct Running {
    int64_t id = 0;
    int64_t started_nanos = 0;
    std::string text;
    std::string session;
  };

  void AddQuery(std::string_view tag, std::string_view text, const Sums& sums);
  void AddCommit(std::string_view tag, const Sums& sums);
  // Of intervals of so many minutes, those that are over; the newest first.
  std::vector<Interval> Queries(int minutes) const;
  std::vector<Interval> Commits(int minutes) const;

  // A query begins; give the id back when it is over.
  int64_t Begin(std::string_view text, std::string_view session);
  void End(int64_t id);
  std::vector<Running> Active() const;  // the oldest first
  int64_t NowNanos() const;

 private:
  static constexpr int64_t kMinutesKept = 6 * 60;
  static constexpr size_t kKeysPerMinute = 1'000;
  static constexpr size_t kTextBytes = 64 << 10;
  using Minutes = std::map<int64_t, Interval>;  // by the minute's number

  void Add(Key key, const Sums& sums, Minutes* minutes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<Interval> Merge(const Minutes& all, int minutes) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  env::Clock& clock_;
  mutable absl::Mutex mu_;
  Minutes queries_ ABSL_GUARDED_BY(mu_);
  Minutes commits_ ABSL_GUARDED_BY(mu_);
  int64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<int64_t, Running> running_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
