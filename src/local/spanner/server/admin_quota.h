// AdminQuota: how many administrative requests are taken: on average over 100 seconds, so that many
// may come at once after a rest. https://cloud.google.com/spanner/quotas#administrative_limits
// Thread safety: all methods from any thread.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace ks::local {

class AdminQuota {
 public:
  // `now`: monotonic nanoseconds. RESOURCE_EXHAUSTED: more than limits::kAdminRequests.
  absl::Status Take(int64_t now);

 private:
  absl::Mutex mu_;
  double used_ ABSL_GUARDED_BY(mu_) = 0;  // requests that still count
  int64_t at_ ABSL_GUARDED_BY(mu_) = 0;   // when `used_` was so
};

}  // namespace ks::local
