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

// Says of each version once that it was refused.
class RefusedOnce {
 public:
  explicit RefusedOnce(std::string name) : name_(std::move(name)) {}
  void Say(const std::string& version);

 private:
  const std::string name_;
  std::mutex mu_;
  std::string last_;  // guarded by mu_; the version
};

// `Proof` is what is shown, with its `version`.
template <typename Proof = SecretVersion>
class ProvedSecret {
 public:
  // `name`: of the secret, for the log; no secret itself.
  explicit ProvedSecret(std::string name) : refused_(std::move(name)) {}

  // What `use(proof)` gives for the `current` one; where `refused(result)`, for the one that was
  // last taken, if there is another. Were both refused, what came of the current one.
  template <typename Use, typename Refused>
  auto Try(const Proof& current, Use use, Refused refused) {
    auto result = use(current);
    if (!refused(result)) {
      Taken(current);
      return result;
    }
    const std::optional<Proof> before = Before(current);
    if (!before.has_value()) return result;
    auto again = use(*before);
    if (refused(again)) return result;
    refused_.Say(current.version);
    return again;
  }

 private:
  void Taken(const Proof& proof) {
    std::lock_guard lock(mu_);
    if (!taken_.has_value() || taken_->version != proof.version) taken_ = proof;
  }
  std::optional<Proof> Before(const Proof& current) const {
    std::lock_guard lock(mu_);
    return taken_.has_value() && taken_->version != current.version ? taken_ : std::nullopt;
  }

  RefusedOnce refused_;
  mutable std::mutex mu_;
  std::optional<Proof> taken_;  // guarded by mu_
};

}  // namespace ks::identity
