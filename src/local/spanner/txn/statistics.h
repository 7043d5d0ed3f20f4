// Statistics: what ran lately in a database, for SPANNER_SYS: queries by their text and tag, reads
// by their columns and tag, commits by their tag, waits for locks by the key, and what is running
// now.
//
// Sums are kept for each minute, as long as kMinutesKept, in memory; longer intervals are sums of
// minutes. A minute keeps kKeysPerMinute texts or tags apart; more go to the minute's total alone.
// Thread safety: all methods from any thread; one short lock. Source:
// https://cloud.google.com/spanner/docs/introspection
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "sql/types/datum.h"

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
    // Of waits: the columns (lock_manager.h) that were asked for, and whether a range of keys was.
    uint64_t locked_shared = 0;
    uint64_t locked_exclusive = 0;
    bool locked_range = false;
    // Of a query: `T.a,I.b`, the tables or indexes it read and their columns; of DML and commits
    // the columns that were written, and the tables from which rows were deleted. Equal for equal
    // keys, but that a plan may change; the first one is kept.
    std::string scanned;
    std::string written;
    std::string deleted;

    // Notes how it ended after so long.
    void End(const absl::Status& status, double after_seconds);
    void Add(const Sums& other);
  };
  struct Key {
    std::string tag;
    // A query's; `T.a,T.b` of a read; the encoded key that was waited for; of a commit what its
    // mutations wrote and deleted, `T.a,T.b;U`.
    std::string text;
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
  // Partitioned DML that runs: its parts commit one after the other.
  struct RunningPartitioned : Running {
    int64_t updated_nanos = 0;
    int64_t parts = 0;
    int64_t parts_done = 0;
    int64_t trivial = 0;  // of those that are done: without a row that the statement changes
    int64_t rows = 0;
  };

  enum class Subject : uint8_t { kQueries, kReads, kCommits, kLocks };
  void Add(Subject subject, std::string_view tag, std::string_view text, const Sums& sums);
  // Of intervals of so many minutes, those that are over; the newest first.
  std::vector<Interval> Of(Subject subject, int minutes) const;

  // A query begins; give the id back when it is over.
  int64_t Begin(std::string_view text, std::string_view session);
  void End(int64_t id);
  std::vector<Running> Active() const;  // the oldest first
  // The same for partitioned DML: its id, what it has done since, its end.
  int64_t BeginPartitioned(std::string_view text, std::string_view session, int64_t parts);
  void PartDone(int64_t id, int64_t rows);
  void EndPartitioned(int64_t id);
  std::vector<RunningPartitioned> ActivePartitioned() const;  // the oldest first
  int64_t NowNanos() const;

  // The last round of a table's row deletion policy.
  struct Expiry {
    int64_t began_nanos = 0;  // the whole table was gone through after this
    int64_t undeletable = 0;  // rows that are over and that a child or a foreign key holds
    sql::TimestampValue oldest_undeletable = {};
  };
  void NoteExpiry(const std::string& table, const Expiry& expiry);
  std::map<std::string, Expiry> Expiries() const;

 private:
  static constexpr int64_t kMinutesKept = 6 * 60;
  static constexpr size_t kKeysPerMinute = 1'000;
  static constexpr size_t kTextBytes = 64 << 10;
  using Minutes = std::map<int64_t, Interval>;  // by the minute's number

  env::Clock& clock_;
  mutable absl::Mutex mu_;
  std::array<Minutes, 4> minutes_ ABSL_GUARDED_BY(mu_);  // by Subject
  int64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<int64_t, Running> running_ ABSL_GUARDED_BY(mu_);
  std::map<int64_t, RunningPartitioned> partitioned_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Expiry> expiries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::local
