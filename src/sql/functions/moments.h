// Arithmetic of moments in nanoseconds. Pure; no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "sql/functions/calendar.h"
#include "sql/types/civil.h"
#include "sql/types/value.h"

namespace ks::sql {

constexpr Int128 NanosOf(TimestampValue t) { return Int128{t.seconds} * kNanosPerSecond + t.nanos; }
constexpr TimestampValue MomentOfNanos(Int128 nanos) {
  Int128 seconds = nanos / kNanosPerSecond;
  Int128 rest = nanos % kNanosPerSecond;
  if (rest < 0) {
    rest += kNanosPerSecond;
    --seconds;
  }
  return {static_cast<int64_t>(seconds), static_cast<int32_t>(rest)};
}
constexpr Int128 kTimestampMinNanos = Int128{kTimestampMinSeconds} * kNanosPerSecond;
constexpr Int128 kTimestampMaxNanos =
    Int128{kTimestampMaxSeconds} * kNanosPerSecond + (kNanosPerSecond - 1);
constexpr bool IsTimestamp(Int128 nanos) {
  return nanos >= kTimestampMinNanos && nanos <= kTimestampMaxNanos;
}

inline absl::Time ToAbslTime(TimestampValue t) {
  return absl::FromUnixSeconds(t.seconds) + absl::Nanoseconds(t.nanos);
}

// Nanoseconds of a part with a fixed length (DAY and shorter, and WEEK); 0 for others.
constexpr int64_t NanosOfPart(DatePart part) {
  switch (part) {
    case DatePart::kWeek:
      return 7 * kSecondsPerDay * kNanosPerSecond;
    case DatePart::kDay:
      return kSecondsPerDay * kNanosPerSecond;
    case DatePart::kHour:
      return 3600 * kNanosPerSecond;
    case DatePart::kMinute:
      return 60 * kNanosPerSecond;
    case DatePart::kSecond:
      return kNanosPerSecond;
    case DatePart::kMillisecond:
      return 1'000'000;
    case DatePart::kMicrosecond:
      return 1'000;
    case DatePart::kNanosecond:
      return 1;
    default:
      return 0;
  }
}

}  // namespace ks::sql
