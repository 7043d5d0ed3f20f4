#include "local/spanner/server/admin_quota.h"

#include <algorithm>

#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"

namespace ks::local {

absl::Status AdminQuota::Take(int64_t now) {
  const int64_t most = limits::kAdminRequests;
  absl::MutexLock lock(&mu_);
  const auto forgotten = static_cast<double>(most) * static_cast<double>(now - at_) /
                         static_cast<double>(limits::kAdminWindowNanos);
  used_ = std::max(0.0, used_ - forgotten);
  at_ = now;
  if (used_ + 1 > static_cast<double>(most)) return errors::TooManyAdminRequests(most);
  ++used_;
  return absl::OkStatus();
}

}  // namespace ks::local
