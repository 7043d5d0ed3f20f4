// SecretResolver: gives the secret behind a reference, with its version.
//
// A version names a state of the secret without showing it (Vault's and the managers' own version
// ids, a Kubernetes mount's generation, else a fingerprint), so that rotation watches versions and
// logs may have them. Resolve() blocks, up to the store's deadline.
//
// What a secret manager said holds for kSecretKeepSeconds. When it is away after that, its last
// word stays good for as long as it is away, and the log says so once; when it answers that it
// refuses us, or that the secret is gone, that is the answer.
//
// Thread safety: Resolve() may be called from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "env/clock.h"
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
  // Behind a network: it can be away, and is not asked at every turn.
  virtual bool remote() const { return false; }
};

class SecretResolver {
 public:
  // Knows environment variables, files and Kubernetes mounts; managers are added.
  explicit SecretResolver(const env::Environment& environment,
                          env::Clock& clock = env::RealClock());

  // Before the first Resolve().
  void Add(SecretPlace place, std::unique_ptr<SecretStore> store);

  absl::StatusOr<SecretVersion> Resolve(const SecretReference& reference);

 private:
  struct Known {
    SecretVersion secret;
    int64_t read_at_nanos = 0;  // monotonic
    bool away = false;          // the manager was, at the last try
  };
  absl::StatusOr<SecretVersion> FetchRemote(SecretStore& store, const SecretReference& reference);

  env::Clock& clock_;
  std::map<SecretPlace, std::unique_ptr<SecretStore>> stores_;
  std::mutex mu_;
  std::map<std::string, Known> known_;  // guarded by mu_; by the reference without its field
};

}  // namespace ks::identity
