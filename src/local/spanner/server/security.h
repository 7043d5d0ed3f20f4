// ServerSecurity: the local Spanner as strict as Google's: over TLS, and only for callers that show
// an access token. For tests of credentials; what a token may do is not checked.
// Thread safety: plain data.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace grpc {
class ServerCredentials;
}

namespace ks::local {

struct ServerSecurity {
  // PEM, with its chain; empty: no TLS. Both files may change while the server runs: connections
  // made from then on are shown the new certificate. Change them together (rename a folder, or a
  // link to one): what is read between the two serves for a second.
  std::string certificate_file;
  std::string private_key_file;  // PEM
  // One token a line, read anew at each call, so that a test can revoke one. Empty: no token is
  // asked for.
  std::string tokens_file;
};

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const ServerSecurity& security);

}  // namespace ks::local
