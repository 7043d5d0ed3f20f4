// Puts the caller's credentials on every call: a CredentialSource gives the authorization header's
// value, renewed behind the scenes. Thread safety: any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "identity/token_cache.h"
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

// `Bearer` and the cache's token.
std::unique_ptr<CredentialSource> TokenCredentials(std::unique_ptr<identity::TokenCache> tokens);

std::unique_ptr<Stub> WithAuth(std::unique_ptr<Stub> inner,
                               std::unique_ptr<CredentialSource> credentials);

}  // namespace ks::spanner
