// SecretResolver: gives the secret behind a reference, with its version.
//
// A version names a state of the secret without showing it (Vault's and the managers' own version
// ids, a Kubernetes mount's generation, else a fingerprint), so that rotation watches versions and
// logs may have them. Resolve() blocks, up to the store's deadline.
//
// What a secret manager said, an error too, holds for kSecretKeepSeconds. A secret that was read
// once and cannot be read any more (the manager is away or refuses us, the file or its field is
// gone) stays what it was until it can be read again: the log says so once, and metrics count it.
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
#include "observe/metrics.h"

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
  // Knows environment variables, files and Kubernetes mounts; managers are added. `metrics`, which
  // may be null, outlives it.
  explicit SecretResolver(const env::Environment& environment, env::Clock& clock = env::RealClock(),
                          observe::Metrics* metrics = nullptr);

  // Before the first Resolve().
  void Add(SecretPlace place, std::unique_ptr<SecretStore> store);

  absl::StatusOr<SecretVersion> Resolve(const SecretReference& reference);

 private:
  struct Answer {  // of a manager
    absl::StatusOr<SecretVersion> secret;
    int64_t asked_at_nanos = 0;  // monotonic
  };
  struct Good {
    SecretVersion secret;
    bool failing = false;       // it could not be read the last time
    int64_t told_at_nanos = 0;  // metrics, of a failure; monotonic
  };
  absl::StatusOr<SecretVersion> Read(const SecretReference& reference);
  absl::StatusOr<SecretVersion> FetchRemote(SecretStore& store, const SecretReference& reference);
  void Remember(const SecretReference& reference, const SecretVersion& secret);
  absl::StatusOr<SecretVersion> LastGood(const SecretReference& reference,
                                         const absl::Status& why_not);
  // Null where nobody listens.
  observe::Series* Told(const SecretReference& reference);

  env::Clock& clock_;
  observe::Metrics* const metrics_;
  std::map<SecretPlace, std::unique_ptr<SecretStore>> stores_;
  std::mutex mu_;
  std::map<std::string, Answer> answers_;  // guarded by mu_; by the reference without its field
  std::map<std::string, Good> good_;       // guarded by mu_; by the reference
};

}  // namespace ks::identity
