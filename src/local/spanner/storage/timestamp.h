// CommitTimestamp: microseconds since the Unix epoch, the unit in which Spanner orders commits.
//
// Every commit of a database has its own: they rise strictly in commit order
// (txn/timestamp_oracle.h) and are what versions of rows are filed under (storage/store.h).
#pragma once

#include <cstdint>
#include <limits>

#include "base/strong_id.h"
#include "sql/types/datum.h"

namespace ks::local {

using CommitTimestamp = StrongId<struct CommitTimestampTag, int64_t>;

// Later than every commit: reads see whatever has been written.
inline constexpr CommitTimestamp kLatest{std::numeric_limits<int64_t>::max()};

inline sql::TimestampValue ToSqlTimestamp(CommitTimestamp t) {
  int64_t seconds = t.value() / 1'000'000;
  int64_t micros = t.value() % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  return {seconds, static_cast<int32_t>(micros * 1'000)};
}

// Nanoseconds are cut off.
inline CommitTimestamp FromSqlTimestamp(sql::TimestampValue t) {
  return CommitTimestamp(t.seconds * 1'000'000 + t.nanos / 1'000);
}

// What stands for `spanner.commit_timestamp()` and PENDING_COMMIT_TIMESTAMP() in a value until the
// commit has its timestamp: no TIMESTAMP that SQL can make.
inline constexpr int64_t kPendingCommitTimestampSeconds = std::numeric_limits<int64_t>::max();

inline sql::Datum PendingCommitTimestamp() {
  return sql::Datum::Timestamp({kPendingCommitTimestampSeconds, 0});
}
inline bool IsPendingCommitTimestamp(const sql::Datum& datum) {
  return !datum.null() && datum.timestamp().seconds == kPendingCommitTimestampSeconds;
}

}  // namespace ks::local
