// INTERVAL: how it is made, taken apart, justified and computed with.
// https://cloud.google.com/spanner/docs/reference/standard-sql/interval_functions
#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "sql/functions/calendar.h"
#include "sql/functions/errors.h"
#include "sql/functions/interval_parts.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"
#include "sql/functions/zone_table.h"
#include "sql/types/civil.h"
#include "sql/types/errors.h"
#include "sql/types/limits.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

using Wide = IntervalParts;

Wide WideOf(const IntervalValue& v) { return PartsOf(v); }

std::optional<IntervalValue> Finish(Scope& s, const Wide& wide) {
  absl::StatusOr<IntervalValue> made = MakeInterval(wide);
  if (made.ok()) return *made;
  return s.Fail(std::move(made).status());
}

constexpr uint32_t kIntervalParts =
    Parts(DatePart::kYear, DatePart::kQuarter, DatePart::kMonth, DatePart::kWeek, DatePart::kDay,
          DatePart::kHour, DatePart::kMinute, DatePart::kSecond, DatePart::kMillisecond,
          DatePart::kMicrosecond, DatePart::kNanosecond);
constexpr PartArgument kIntervalPart = {"INTERVAL", 1, kIntervalParts};

struct MakeOfPart {
  PartCursor part;
  std::optional<IntervalValue> operator()(Scope& s, int64_t n, Text name) {
    Wide wide;
    AddPart(n, part.Get(name), &wide);
    return Finish(s, wide);
  }
};

// ---- MAKE_INTERVAL ----

std::optional<IntervalValue> MakeOfParts(Scope& s, std::optional<int64_t> year,
                                         std::optional<int64_t> month, std::optional<int64_t> day,
                                         std::optional<int64_t> hour, std::optional<int64_t> minute,
                                         std::optional<int64_t> second) {
  Wide wide;
  AddPart(year.value_or(0), DatePart::kYear, &wide);
  AddPart(month.value_or(0), DatePart::kMonth, &wide);
  AddPart(day.value_or(0), DatePart::kDay, &wide);
  AddPart(hour.value_or(0), DatePart::kHour, &wide);
  AddPart(minute.value_or(0), DatePart::kMinute, &wide);
  AddPart(second.value_or(0), DatePart::kSecond, &wide);
  return Finish(s, wide);
}

// ---- EXTRACT ----

constexpr PartArgument kExtractPart = {
    "EXTRACT", 1,
    Parts(DatePart::kYear, DatePart::kMonth, DatePart::kDay, DatePart::kHour, DatePart::kMinute,
          DatePart::kSecond, DatePart::kMillisecond, DatePart::kMicrosecond,
          DatePart::kNanosecond)};

struct ExtractFromInterval {
  PartCursor part;
  int64_t operator()(const IntervalValue& v, Text name) {
    const Int128 nanos = WideOf(v).nanos;
    const Int128 second = nanos % kNanosPerSecond;
    switch (part.Get(name)) {
      case DatePart::kYear:
        return v.months / 12;
      case DatePart::kMonth:
        return v.months % 12;
      case DatePart::kDay:
        return v.days;
      case DatePart::kHour:
        return static_cast<int64_t>(nanos / kNanosPerHour);
      case DatePart::kMinute:
        return static_cast<int64_t>(nanos / (60 * Int128{kNanosPerSecond}) % 60);
      case DatePart::kSecond:
        return static_cast<int64_t>(nanos / kNanosPerSecond % 60);
      case DatePart::kMillisecond:
        return static_cast<int64_t>(second / 1'000'000);
      case DatePart::kMicrosecond:
        return static_cast<int64_t>(second / 1'000);
      default:
        return static_cast<int64_t>(second);
    }
  }
};

// ---- JUSTIFY ----

// Moves whole units of `small` into `large` and gives both the same sign.
void Carry(Int128 unit, Int128* small, Int128* large) {
  *large += *small / unit;
  *small %= unit;
  if (*large > 0 && *small < 0) {
    --*large;
    *small += unit;
  } else if (*large < 0 && *small > 0) {
    ++*large;
    *small -= unit;
  }
}

template <bool kHours, bool kDays>
std::optional<IntervalValue> Justify(Scope& s, const IntervalValue& v) {
  Wide wide = WideOf(v);
  if (kHours) Carry(kNanosPerDay, &wide.nanos, &wide.days);
  if (kDays) Carry(kDaysPerMonth, &wide.days, &wide.months);
  if (kHours && kDays) Carry(kNanosPerDay, &wide.nanos, &wide.days);
  return Finish(s, wide);
}

// ---- Arithmetic ----

template <int kSign>
std::optional<IntervalValue> Add(Scope& s, const IntervalValue& a, const IntervalValue& b) {
  const Wide x = WideOf(a);
  const Wide y = WideOf(b);
  return Finish(s,
                {x.months + kSign * y.months, x.days + kSign * y.days, x.nanos + kSign * y.nanos});
}

std::optional<IntervalValue> Times(Scope& s, const IntervalValue& v, int64_t n) {
  const Wide x = WideOf(v);
  // Above this every nonzero part is out of range, and below it nothing overflows.
  const Int128 factor = std::clamp<Int128>(n, -Int128{1} << 60, Int128{1} << 60);
  return Finish(s, {x.months * factor, x.days * factor, x.nanos * factor});
}

std::optional<IntervalValue> Over(Scope& s, const IntervalValue& v, int64_t n) {
  if (n == 0) return s.Fail(OutOfRange("Interval division by zero"));
  return Finish(s, DivideInterval(WideOf(v), n));
}

template <int kSign>
std::optional<TimestampValue> Shift(Scope& s, TimestampValue t, const IntervalValue& v) {
  if (v.months != 0) {
    return s.Fail(OutOfRange(
        "TIMESTAMP +/- INTERVAL is not supported for intervals with non-zero MONTH or YEAR part."));
  }
  const Wide x = WideOf(v);
  const Int128 nanos =
      Int128{t.seconds} * kNanosPerSecond + t.nanos + kSign * (x.days * kNanosPerDay + x.nanos);
  const Int128 rest = nanos % kNanosPerSecond;
  const Int128 seconds = nanos / kNanosPerSecond - (rest < 0 ? 1 : 0);
  if (seconds < kTimestampMinSeconds || seconds > kTimestampMaxSeconds) {
    return s.Fail(OutOfRange("Adding an INTERVAL to a TIMESTAMP leaves the range of TIMESTAMP"));
  }
  return TimestampValue{static_cast<int64_t>(seconds),
                        static_cast<int32_t>(rest < 0 ? rest + kNanosPerSecond : rest)};
}

// Months and days are counted from the date, the time from its midnight in the default time zone.
template <int kSign>
std::optional<TimestampValue> ShiftDate(Scope& s, DateDays date, const IntervalValue& v) {
  std::optional<int64_t> days = AddToDate(date.days, kSign * v.months, DatePart::kMonth);
  if (days.has_value()) days = AddToDate(*days, kSign * v.days, DatePart::kDay);
  ZoneCursor zone;
  absl::Status known = zone.Set(s.context().default_zone);
  if (!known.ok()) return s.Fail(std::move(known));
  if (!days.has_value()) {
    return s.Fail(OutOfRange("Adding an INTERVAL to a DATE leaves the range of DATE"));
  }
  const TimestampValue midnight{zone.table().ToUtc(*days * kSecondsPerDay), 0};
  return Shift<kSign>(s, midnight, {0, 0, v.micros, v.nano_fractions});
}

std::optional<IntervalValue> Between(Scope& s, TimestampValue a, TimestampValue b) {
  const Int128 nanos = (Int128{a.seconds} - b.seconds) * kNanosPerSecond + a.nanos - b.nanos;
  return Finish(s, {0, 0, nanos});
}

}  // namespace

void AddInterval(FunctionRegistry& table) {
  using Value = IntervalValue;
  table.Add("$interval", {With(ScalarOf<MakeOfPart>(), &PreparePart<kIntervalPart>)});
  Signature make = Scalar([](Scope& s, std::optional<int64_t> year, std::optional<int64_t> month,
                             std::optional<int64_t> day, std::optional<int64_t> hour,
                             std::optional<int64_t> minute, std::optional<int64_t> second) {
    return MakeOfParts(s, year, month, day, hour, minute, second);
  });
  make.names = {"year", "month", "day", "hour", "minute", "second"};
  make.nulls = NullHandling::kKernel;
  table.Add("MAKE_INTERVAL", {std::move(make)});
  table.Extend("$extract", {With(ScalarOf<ExtractFromInterval>(), &PreparePart<kExtractPart>)});
  table.Add("JUSTIFY_HOURS",
            {Scalar([](Scope& s, Value v) { return Justify<true, false>(s, v); })});
  table.Add("JUSTIFY_DAYS", {Scalar([](Scope& s, Value v) { return Justify<false, true>(s, v); })});
  table.Add("JUSTIFY_INTERVAL",
            {Scalar([](Scope& s, Value v) { return Justify<true, true>(s, v); })});
  table.Extend("$add",
               {Scalar([](Scope& s, Value a, Value b) { return Add<1>(s, a, b); }),
                Scalar([](Scope& s, TimestampValue t, Value v) { return Shift<1>(s, t, v); }),
                Scalar([](Scope& s, Value v, TimestampValue t) { return Shift<1>(s, t, v); }),
                Scalar([](Scope& s, DateDays d, Value v) { return ShiftDate<1>(s, d, v); }),
                Scalar([](Scope& s, Value v, DateDays d) { return ShiftDate<1>(s, d, v); })});
  table.Extend(
      "$subtract",
      {Scalar([](Scope& s, Value a, Value b) { return Add<-1>(s, a, b); }),
       Scalar([](Scope& s, TimestampValue t, Value v) { return Shift<-1>(s, t, v); }),
       Scalar([](Scope& s, DateDays d, Value v) { return ShiftDate<-1>(s, d, v); }),
       Scalar([](Scope& s, TimestampValue a, TimestampValue b) { return Between(s, a, b); }),
       Scalar([](Scope& s, DateDays a, DateDays b) {
         return Finish(s, {0, Int128{a.days} - b.days, 0});
       })});
  table.Extend("$multiply", {Scalar([](Scope& s, Value v, int64_t n) { return Times(s, v, n); }),
                             Scalar([](Scope& s, int64_t n, Value v) { return Times(s, v, n); })});
  table.Extend("$divide", {Scalar([](Scope& s, Value v, int64_t n) { return Over(s, v, n); })});
  table.Extend("$unary_minus", {Scalar([](Scope& s, Value v) { return Times(s, v, -1); })});
}

}  // namespace ks::sql
