// Time zones by the names GoogleSQL takes. Thread-safe; a zone is loaded once and kept.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ks::sql {

// `America/Los_Angeles`, `UTC`, `+08`, `-8:30`, `UTC+1`. Names are case-sensitive, as in Spanner.
// Never reads a file that the name points to outside the system's zone directory.
absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name);

// `+08`, `-8:30`, `+0530`: seconds east of UTC; false when `text` is no such offset or is beyond
// ±14 hours.
bool ParseZoneOffset(std::string_view text, int* seconds);

}  // namespace ks::sql
