// Puts the caller's credentials on every call. The place where Google credentials will go: a
// CredentialSource that gives the authorization header's value, renewed behind the scenes.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "spanner/stub.h"

namespace ks::spanner {

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // The value of the authorization header, or an empty string for none. Must not block.
  virtual absl::StatusOr<std::string> Authorization() = 0;
};

// For a local Spanner: no authorization header.
std::unique_ptr<CredentialSource> AnonymousCredentials();

std::unique_ptr<Stub> WithAuth(std::unique_ptr<Stub> inner,
                               std::unique_ptr<CredentialSource> credentials);

}  // namespace ks::spanner
