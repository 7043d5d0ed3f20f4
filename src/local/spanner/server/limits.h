// What the server fixes for itself. What production refuses stands in local/spanner/limits.h.
// Thread safety: constants.
#pragma once

#include <cstddef>
#include <cstdint>

#include "local/spanner/limits.h"

namespace ks::local::limits {

// ---- Messages ----
// A PartialResultSet is sent when it has this many bytes; a value that is longer is cut into chunks
// of this size.
inline constexpr size_t kPartialResultBytes = 512 << 10;

// ---- Sessions and transactions ----
inline constexpr int kSessionsPerBatchCreate = 100;
inline constexpr size_t kTransactionsPerSession = 32;  // of a regular session: then the oldest goes
inline constexpr int kListPageDefault = 100;
inline constexpr int kListPageMax = 1'000;
inline constexpr int64_t kSessionIdleNanos = int64_t{3600} * 1'000'000'000;
inline constexpr int64_t kMultiplexedLifeNanos = int64_t{28} * 86'400 * 1'000'000'000;
// What a finished transaction did is remembered for so long, to answer a repeated Commit.
inline constexpr int64_t kFinishedTransactionNanos = int64_t{30} * 1'000'000'000;
// Read-only transactions live as long as the versions they may read (version_retention_period's
// default).
inline constexpr int64_t kReadOnlyTransactionNanos = int64_t{3600} * 1'000'000'000;

// ---- Requests ----
inline constexpr size_t kStatusTextBytes = 2'048;  // of an error; three times that when escaped
inline constexpr int64_t kCommitDelayMicrosMax = 500'000;
inline constexpr int kRetryAfterAbortMillis = 5;  // RetryInfo of ABORTED, where txn/ gave none
inline constexpr int kRetryAfterThrottleMillis = 50;

// ---- Partitions ----
inline constexpr int64_t kPartitionsDefault = 10;
inline constexpr int64_t kPartitionSampleRows = 100'000;  // keys looked at to find where to cut

// ---- Administration ----
// How long a call waits before it answers with an operation that is not done.
inline constexpr int64_t kOperationPatienceNanos = int64_t{5} * 1'000'000'000;
inline constexpr int64_t kAdminWindowNanos = int64_t{100} * 1'000'000'000;  // of kAdminRequests
inline constexpr int kNodeUnits = 1'000;  // processing units of a node

// ---- Threads (call_loop.h) ----
// Calls beyond wait until a thread comes back; those that wait for a lock, or last, hold one each.
inline constexpr int kThreadsMax = 512;
inline constexpr int kIdleThreads = 4;
inline constexpr int kLoopsMax = 8;  // each with a thread that leads; one for two processors
// Calls of a method that gRPC may hand over at once.
inline constexpr int kCallsAwaited = 16;
// A call at work for longer goes on by itself.
inline constexpr int64_t kShortCallNanos = 500'000;
// A commit of more bytes is decoded by a thread of its own.
inline constexpr size_t kShortCommitBytes = 64 << 10;

}  // namespace ks::local::limits
