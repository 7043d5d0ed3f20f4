#include "identity/proved_secret.h"

#include "identity/errors.h"
#include "observe/log.h"

namespace ks::identity {

void RefusedOnce::Say(const std::string& version) {
  {
    std::lock_guard lock(mu_);
    if (last_ == version) return;
    last_ = version;
  }
  observe::LogError(NewSecretRefused(name_, version).message());
}

}  // namespace ks::identity
