// Every number the Spanner client goes by, with where it comes from.
#pragma once

#include <cstdint>

#include "env/clock.h"

namespace ks::spanner {

// https://cloud.google.com/spanner/docs/sessions: "One gRPC channel can handle up to 100 concurrent
// requests"; Google's clients open four.
inline constexpr int kChannels = 4;
inline constexpr int kStreamsPerChannel = 100;

// Google's clients renew a multiplexed session after 7 days; the server ends it after 28.
inline constexpr int64_t kSessionRenewAfterNanos = 7 * 24 * 3600 * env::kNanosPerSecond;

// Deadlines of one attempt. Google's gapic configuration (spanner_grpc_service_config.json) has 30
// s for unary calls and 3600 s for Commit and streams; we resolve an unclear Commit by reading, so
// we need not wait for an hour.
inline constexpr int64_t kUnaryTimeoutMillis = 30'000;
inline constexpr int64_t kCommitTimeoutMillis = 30'000;
inline constexpr int64_t kStreamTimeoutMillis = 300'000;
inline constexpr int64_t kDdlTimeoutMillis = 600'000;  // the whole long-running operation
inline constexpr int64_t kDdlPollMillis = 50;          // grows to the next
inline constexpr int64_t kDdlPollMaxMillis = 2'000;    // admin requests are limited to 5 a second

// Retries of calls that may be repeated (spanner_grpc_service_config.json: 250 ms, x1.3, 32 s).
inline constexpr int64_t kRetryFirstMillis = 250;
inline constexpr double kRetryFactor = 1.3;
inline constexpr int64_t kRetryMaxMillis = 32'000;
inline constexpr int64_t kRetryTotalMillis = 60'000;
// A transaction is run again after ABORTED without RetryInfo: 20 ms, x1.3, 32 s.
inline constexpr int64_t kAbortedFirstMillis = 20;
inline constexpr int64_t kTransactionTotalMillis = 120'000;

// gRPC messages: https://cloud.google.com/spanner/quotas (100 MiB for a commit).
inline constexpr int kMessageBytesMax = 104'857'600;

// Rows of one read that are gathered in memory.
inline constexpr int64_t kGatheredBytesMax = int64_t{256} << 20;

}  // namespace ks::spanner
