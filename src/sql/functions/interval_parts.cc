#include "sql/functions/interval_parts.h"

#include <string_view>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/types/limits.h"

namespace ks::sql {

IntervalParts PartsOf(const IntervalValue& v) {
  return {v.months, v.days, Int128{v.micros} * 1000 + v.nano_fractions};
}

absl::StatusOr<IntervalValue> MakeInterval(const IntervalParts& parts) {
  const Int128 micros = parts.nanos / 1000 - (parts.nanos % 1000 < 0 ? 1 : 0);
  struct Part {
    std::string_view name;
    Int128 value;
    int64_t limit;
  };
  const Part checked[] = {{"months", parts.months, kIntervalMonthsMax},
                          {"days", parts.days, kIntervalDaysMax},
                          {"microseconds", micros, kIntervalMicrosMax}};
  for (const Part& part : checked) {
    if (part.value >= -part.limit && part.value <= part.limit) continue;
    return OutOfRange(
        StrCat("Interval field ", part.name, " is out of range ", -part.limit, " to ", part.limit));
  }
  return IntervalValue{static_cast<int64_t>(parts.months), static_cast<int64_t>(parts.days),
                       static_cast<int64_t>(micros),
                       static_cast<int32_t>(parts.nanos - micros * 1000)};
}

bool AddPart(Int128 n, DatePart part, IntervalParts* parts) {
  switch (part) {
    case DatePart::kYear:
      parts->months += n * 12;
      return true;
    case DatePart::kQuarter:
      parts->months += n * 3;
      return true;
    case DatePart::kMonth:
      parts->months += n;
      return true;
    case DatePart::kWeek:
      parts->days += n * 7;
      return true;
    case DatePart::kDay:
      parts->days += n;
      return true;
    case DatePart::kHour:
      parts->nanos += n * kNanosPerHour;
      return true;
    case DatePart::kMinute:
      parts->nanos += n * 60 * kNanosPerSecond;
      return true;
    case DatePart::kSecond:
      parts->nanos += n * kNanosPerSecond;
      return true;
    case DatePart::kMillisecond:
      parts->nanos += n * 1'000'000;
      return true;
    case DatePart::kMicrosecond:
      parts->nanos += n * 1'000;
      return true;
    case DatePart::kNanosecond:
      parts->nanos += n;
      return true;
    default:
      return false;
  }
}

IntervalParts DivideInterval(const IntervalParts& parts, int64_t n) {
  const Int128 days = parts.days + parts.months % n * kDaysPerMonth;
  const Int128 nanos = parts.nanos + days % n * kNanosPerDay;
  return {parts.months / n, days / n, nanos / n};
}

}  // namespace ks::sql
