#include "spanner/stub_factory.h"

#include <cstdlib>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "identity/google_credentials.h"
#include "spanner/auth_stub.h"
#include "spanner/errors.h"
#include "spanner/grpc_stub.h"
#include "spanner/limits.h"
#include "spanner/log_stub.h"
#include "spanner/metadata_stub.h"
#include "spanner/retry_stub.h"

namespace ks::spanner {

namespace {

constexpr std::string_view kTls = "https://";
constexpr std::string_view kService = "https://spanner.googleapis.com";

std::string EndpointOf(const ConnectOptions& options) {
  if (!options.endpoint.empty()) return options.endpoint;
  const char* variable = std::getenv("SPANNER_EMULATOR_HOST");
  return variable != nullptr && *variable != '\0' ? variable : std::string(kService);
}

// What is asked for: rows, and schemas only where the command is there to change them.
std::string ScopeOf(const ConnectOptions& options) {
  return options.admin ? StrCat(identity::kSpannerDataScope, " ", identity::kSpannerAdminScope)
                       : std::string(identity::kSpannerDataScope);
}

}  // namespace

absl::StatusOr<std::shared_ptr<Stub>> MakeStub(const ConnectOptions& options) {
  std::string host = EndpointOf(options);
  const bool tls = host.starts_with(kTls);
  std::unique_ptr<CredentialSource> credentials = AnonymousCredentials();
  if (tls) {
    host = host.substr(kTls.size());
    if (host.find(':') == std::string::npos) host += ":443";
    if (options.identity == nullptr) return NoCredentials(host);
    KS_ASSIGN_OR_RETURN(auto tokens, options.identity->GoogleTokens(ScopeOf(options)));
    credentials = TokenCredentials(std::move(tokens));
  }
  std::unique_ptr<Stub> stub = MakeGrpcStub({host, /*plaintext=*/!tls, kChannels});
  stub = WithMetadata(std::move(stub));
  if (options.identity != nullptr && options.identity->log() != nullptr) {
    stub =
        WithConnectionLog(std::move(stub), host, tls, *options.identity->log(), env::RealClock());
  }
  stub = WithAuth(std::move(stub), std::move(credentials));
  stub =
      WithRetry(std::move(stub), env::RealClock(), env::RealRandom(),
                options.retry_total_millis == 0 ? kRetryTotalMillis : options.retry_total_millis);
  return std::shared_ptr<Stub>(std::move(stub));
}

}  // namespace ks::spanner
