// The three parts of an INTERVAL, wide: sums and products pass the ranges on their way, and only
// MakeInterval checks them. Thread safety: plain values.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "sql/functions/calendar.h"
#include "sql/types/civil.h"
#include "sql/types/datum.h"

namespace ks::sql {

inline constexpr Int128 kNanosPerHour = Int128{3600} * kNanosPerSecond;
inline constexpr Int128 kNanosPerDay = 24 * kNanosPerHour;
inline constexpr int64_t kDaysPerMonth = 30;  // of JUSTIFY_DAYS and of division

struct IntervalParts {
  Int128 months = 0;
  Int128 days = 0;
  Int128 nanos = 0;
};

IntervalParts PartsOf(const IntervalValue& value);
// OUT_OF_RANGE when a part is.
absl::StatusOr<IntervalValue> MakeInterval(const IntervalParts& parts);
// Adds `n` of the part; false when intervals have no such part.
bool AddPart(Int128 n, DatePart part, IntervalParts* parts);
// What a part cannot share evenly goes on in the next smaller one. `n` is not 0.
IntervalParts DivideInterval(const IntervalParts& parts, int64_t n);

}  // namespace ks::sql
