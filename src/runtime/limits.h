// Every number the runtime goes by.
#pragma once

#include <cstdint>

namespace ks::runtime {

// Read-write transactions (merges, changes of shape) that wait for the thread that runs them.
inline constexpr int kTransactionsQueuedMax = 10'000;
// How long a stop waits for what is in flight before it leaves it to the next worker.
inline constexpr int64_t kStopTimeoutMillis = 30'000;
// A partition that was given up while the group still gives it to us is tried again after this.
inline constexpr int64_t kRetakeAfterMillis = 1'000;
// How often the broker is asked about topics (id, offsets): how late a topic that was created again
// is noticed, and the lag of a partition that is not being read.
inline constexpr int64_t kTopicFactsEveryMillis = 1'000;
// How often the group is told our offsets, and lag is measured.
inline constexpr int64_t kReportEveryMillis = 1'000;
// Start gives up on a broker or a Spanner that cannot be reached.
inline constexpr int64_t kStartTimeoutMillis = 120'000;
// Below a pipeline a call to Spanner is repeated no longer than this: longer outages are the
// pipeline's to wait for, and to speak of.
inline constexpr int64_t kCallRetryMillis = 2'000;
// The longest a data thread sleeps.
inline constexpr int64_t kIdleWaitMillis = 500;

// What is remembered of traced batches, and how much one trace may hold. The number of links is
// what OpenTelemetry allows by default.
inline constexpr size_t kTracedPollsMax = 256;
inline constexpr size_t kTracedWritesMax = 8;  // of one poll
inline constexpr size_t kTracedCallsMax = 256;
inline constexpr size_t kTracedSpansMax = 64;
inline constexpr size_t kTracedLinksMax = 128;
inline constexpr size_t kTracedHeadersMax = 1'024;  // records of a poll whose headers are read

}  // namespace ks::runtime
