// What metrics are told of a credential. A null series stands for nobody who listens.
// Thread safety: any thread.
#pragma once

#include <cstdint>

#include "observe/metrics.h"

namespace ks::identity {

// Of what does not expire, and of what does not tell.
inline constexpr int64_t kNeverExpires = INT64_MAX;

// A version is in use from `since` on, and expires. Nanoseconds since the Unix epoch.
void TellCredential(observe::Series* told, int64_t since_nanos, int64_t expires_at_nanos);
// A renewal failed, or a new version was refused.
void TellFailure(observe::Series* told);

}  // namespace ks::identity
