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
inline constexpr int kNodeUnits = 1'000;  // processing units of a node

// ---- Threads ----
inline constexpr int kPollersMin = 4;
inline constexpr int kPollersMax = 64;
inline constexpr int kThreadsMax =
    512;  // calls beyond wait for RESOURCE_EXHAUSTED; lock waits hold one each

}  // namespace ks::local::limits
