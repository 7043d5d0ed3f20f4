// Limits of values, with where each comes from.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::sql {

// https://cloud.google.com/spanner/docs/working-with-json#specs: "nested to a maximum of 80
// levels".
inline constexpr int kJsonNestingMax = 80;

// Error texts show this much of a value that could not be read.
inline constexpr size_t kErrorValueBytesMax = 32;

// INTERVAL, https://cloud.google.com/spanner/docs/reference/standard-sql/data-types#interval_type:
// each part within ±10,000 years.
inline constexpr int64_t kIntervalMonthsMax = 120'000;
inline constexpr int64_t kIntervalDaysMax = 3'660'000;
inline constexpr int64_t kIntervalMicrosMax = 316'224'000'000'000'000;

}  // namespace ks::sql
