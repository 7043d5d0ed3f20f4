// SecretResolver: gives the secret behind a reference, with its version.
//
// A version names a state of the secret without showing it (Vault's and the managers' own version
// ids, a Kubernetes mount's generation, else a fingerprint), so that rotation watches versions and
// logs may have them. Resolve() blocks, up to the store's deadline.
//
// Thread safety: Resolve() may be called from any thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "env/environment.h"
#include "identity/secret.h"
#include "identity/secret_reference.h"

namespace ks::identity {

struct SecretVersion {
  Secret value;
  std::string version;
};

// One place where secrets lie. Gives the whole secret; the resolver picks the field.
class SecretStore {
 public:
  virtual ~SecretStore() = default;
  virtual absl::StatusOr<SecretVersion> Fetch(const SecretReference& reference) = 0;
};

class SecretResolver {
 public:
  // Knows environment variables, files and Kubernetes mounts.
  explicit SecretResolver(const env::Environment& environment);

  // Before the first Resolve().
  void Add(SecretPlace place, std::unique_ptr<SecretStore> store);

  absl::StatusOr<SecretVersion> Resolve(const SecretReference& reference);

 private:
  std::map<SecretPlace, std::unique_ptr<SecretStore>> stores_;
};

}  // namespace ks::identity
