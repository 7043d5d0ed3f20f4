// ProvedSecret: a secret that is shown with each request, as long as it is read anew each time: the
// version that was last taken serves on where a newer one is refused, and the log says so once.
//
// For what has no connection to prove a new version on: an authorization server's client, a schema
// registry's reader. Kafka's logins have their own way (kafka/login.h). Thread safety: any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "identity/secret_resolver.h"

namespace ks::identity {

class ProvedSecret {
 public:
  // `name`: of the secret, for the log; no secret itself.
  explicit ProvedSecret(std::string name) : name_(std::move(name)) {}

  // What `use(version)` gives for the `current` one; where `refused(result)`, for the version that
  // was last taken, if there is another. Were both refused, what came of the current one.
  template <typename Use, typename Refused>
  auto Try(const SecretVersion& current, Use use, Refused refused) {
    auto result = use(current);
    if (!refused(result)) {
      Taken(current);
      return result;
    }
    const std::optional<SecretVersion> before = Before(current);
    if (!before.has_value()) return result;
    auto again = use(*before);
    if (refused(again)) return result;
    SayOnce(current.version);
    return again;
  }

 private:
  void Taken(const SecretVersion& version);
  std::optional<SecretVersion> Before(const SecretVersion& current) const;
  void SayOnce(const std::string& version);

  const std::string name_;
  mutable std::mutex mu_;
  std::optional<SecretVersion> taken_;  // guarded by mu_
  std::string refused_version_;         // guarded by mu_; that was last spoken of
};

}  // namespace ks::identity
