// The one place where a Stub is made and wrapped: retry( auth( metadata( gRPC ))).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "spanner/stub.h"

namespace ks::spanner {

struct ConnectOptions {
  // host:port without TLS and credentials: a local Spanner. Empty: SPANNER_EMULATOR_HOST, and where
  // that is not set the real service.
  std::string emulator_host;
  // How long calls that may be repeated are repeated; 0: kRetryTotalMillis.
  int64_t retry_total_millis = 0;
};

// Channels connect by themselves when they are first used; a server that is down is seen in the
// first call.
absl::StatusOr<std::shared_ptr<Stub>> MakeStub(const ConnectOptions& options);

}  // namespace ks::spanner
