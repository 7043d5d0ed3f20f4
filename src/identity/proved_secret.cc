#include "identity/proved_secret.h"

#include "identity/errors.h"
#include "observe/log.h"

namespace ks::identity {

void ProvedSecret::Taken(const SecretVersion& version) {
  std::lock_guard lock(mu_);
  if (!taken_.has_value() || taken_->version != version.version) taken_ = version;
}

std::optional<SecretVersion> ProvedSecret::Before(const SecretVersion& current) const {
  std::lock_guard lock(mu_);
  return taken_.has_value() && taken_->version != current.version ? taken_ : std::nullopt;
}

void ProvedSecret::SayOnce(const std::string& version) {
  {
    std::lock_guard lock(mu_);
    if (refused_version_ == version) return;
    refused_version_ = version;
  }
  observe::LogError(NewSecretRefused(name_, version).message());
}

}  // namespace ks::identity
