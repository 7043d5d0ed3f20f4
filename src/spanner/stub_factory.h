// The one place where a Stub is made and wrapped: retry( auth( connection log( metadata( gRPC )))).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "identity/services.h"
#include "spanner/stub.h"

namespace ks::spanner {

struct ConnectOptions {
  // host:port without TLS and credentials: a local Spanner. https://host[:port]: with both. Empty:
  // SPANNER_EMULATOR_HOST, and where that is not set the real service.
  std::string endpoint;
  identity::Services* identity = nullptr;  // for an endpoint with credentials, and its log
  bool admin = false;  // may change schemas: asks for that scope beside the one for data
  // How long calls that may be repeated are repeated; 0: kRetryTotalMillis.
  int64_t retry_total_millis = 0;
};

// Blocks while the first token is fetched, where there is one. Channels connect by themselves when
// they are first used; a server that is down is seen in the first call.
absl::StatusOr<std::shared_ptr<Stub>> MakeStub(const ConnectOptions& options);

}  // namespace ks::spanner
