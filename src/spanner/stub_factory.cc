#include "spanner/stub_factory.h"

#include <cstdlib>

#include "env/clock.h"
#include "spanner/auth_stub.h"
#include "spanner/errors.h"
#include "spanner/grpc_stub.h"
#include "spanner/limits.h"
#include "spanner/metadata_stub.h"
#include "spanner/retry_stub.h"

namespace ks::spanner {

absl::StatusOr<std::shared_ptr<Stub>> MakeStub(const ConnectOptions& options) {
  std::string host = options.emulator_host;
  if (const char* variable = std::getenv("SPANNER_EMULATOR_HOST");
      host.empty() && variable != nullptr) {
    host = variable;
  }
  if (host.empty()) return NoCredentials("spanner.googleapis.com:443");
  std::unique_ptr<Stub> stub = MakeGrpcStub({host, /*plaintext=*/true, kChannels});
  stub = WithMetadata(std::move(stub));
  stub = WithAuth(std::move(stub), AnonymousCredentials());
  stub =
      WithRetry(std::move(stub), env::RealClock(), env::RealRandom(),
                options.retry_total_millis == 0 ? kRetryTotalMillis : options.retry_total_millis);
  return std::shared_ptr<Stub>(std::move(stub));
}

}  // namespace ks::spanner
