// Sends unary calls again where that is safe (MethodInfo::retry_unavailable), with Google's
// back-off: after UNAVAILABLE, after RESOURCE_EXHAUSTED only when the server says when (RetryInfo),
// and after the INTERNAL errors of a broken HTTP/2 stream. Streams pass through: they are resumed
// by whoever reads them (result_stream.h).
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "env/clock.h"
#include "spanner/stub.h"

namespace ks::spanner {

// May a call that may be repeated be repeated after `status`? (the retry matrix)
bool IsTransient(const absl::Status& status);

// How long to wait before the next attempt; `attempt` counts from 0. Honours RetryInfo.
int64_t BackoffNanos(const absl::Status& status, int attempt, int64_t first_ms,
                     env::Random& random);

// Runs `then` on gRPC's thread after `nanos`.
void RunAfter(int64_t nanos, std::function<void()> then);

std::unique_ptr<Stub> WithRetry(std::unique_ptr<Stub> inner, env::Clock& clock, env::Random& random,
                                int64_t total_millis);

}  // namespace ks::spanner
