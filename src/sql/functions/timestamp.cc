// Functions of TIMESTAMP.
// https://cloud.google.com/spanner/docs/reference/standard-sql/timestamp_functions
#include <limits>

#include "base/str_cat.h"
#include "sql/functions/calendar.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/moments.h"
#include "sql/functions/table.h"
#include "sql/functions/zone_table.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

constexpr uint32_t kTimeParts =
    Parts(DatePart::kHour, DatePart::kMinute, DatePart::kSecond, DatePart::kMillisecond,
          DatePart::kMicrosecond, DatePart::kNanosecond);
constexpr uint32_t kAddParts = kTimeParts | Parts(DatePart::kDay);
constexpr uint32_t kDateParts =
    Parts(DatePart::kDay, DatePart::kWeek, DatePart::kIsoWeek, DatePart::kMonth, DatePart::kQuarter,
          DatePart::kYear, DatePart::kIsoYear);
constexpr PartArgument kTimestampAdd{"TIMESTAMP_ADD", 2, kAddParts};
constexpr PartArgument kTimestampSub{"TIMESTAMP_SUB", 2, kAddParts};
constexpr PartArgument kTimestampDiff{"TIMESTAMP_DIFF", 2, kAddParts};
constexpr PartArgument kTimestampTrunc{"TIMESTAMP_TRUNC", 1, kTimeParts | kDateParts};
constexpr PartArgument kExtract{
    "EXTRACT from TIMESTAMP", 1,
    kTimeParts | kDateParts | Parts(DatePart::kDayOfWeek, DatePart::kDayOfYear)};

std::string MicrosText(const EvalContext& context, TimestampValue t) {
  const absl::StatusOr<const ZoneTable*> zone = ZoneTable::Find(context.default_zone);
  if (!zone.ok()) return "";
  std::string text = absl::FormatTime("%Y-%m-%d %H:%M:%E6S%Ez", ToAbslTime(t), (*zone)->zone());
  if (text.ends_with(":00")) text.resize(text.size() - 3);
  return text;
}

template <int kSign>
struct TimestampAdd {
  PartCursor parts;
  std::optional<TimestampValue> operator()(Scope& s, TimestampValue t, int64_t n, Text part_name) {
    DatePart part = parts.Get(part_name);
    const Int128 sum = NanosOf(t) + Int128{n} * kSign * NanosOfPart(part);
    if (IsTimestamp(sum)) [[likely]]
      return MomentOfNanos(sum);
    Int128 shown = Int128{n} * kSign;
    if (part == DatePart::kDay) {  // a day is 24 hours here, and the message says so
      shown *= 24;
      part = DatePart::kHour;
    }
    if (shown > std::numeric_limits<int64_t>::max() ||
        shown < std::numeric_limits<int64_t>::min()) {
      return s.Fail(
          OutOfRange(StrCat(kSign > 0 ? "TIMESTAMP_ADD" : "TIMESTAMP_SUB", " interval value  ", n,
                            " at ", DatePartName(part), " precision causes overflow")));
    }
    return s.Fail(
        OutOfRange(StrCat("Adding ", static_cast<int64_t>(shown), " ", DatePartName(part),
                          " to timestamp ", MicrosText(s.context(), t), " causes overflow")));
  }
};

struct TimestampDiff {
  PartCursor parts;
  std::optional<int64_t> operator()(Scope& s, TimestampValue a, TimestampValue b, Text part_name) {
    const DatePart part = parts.Get(part_name);
    const Int128 diff = (NanosOf(a) - NanosOf(b)) / NanosOfPart(part);
    if (diff <= std::numeric_limits<int64_t>::max() &&
        diff >= std::numeric_limits<int64_t>::min()) {
      return static_cast<int64_t>(diff);
    }
    const auto text = [](TimestampValue t) {
      return absl::FormatTime(absl::RFC3339_full, ToAbslTime(t), absl::UTCTimeZone());
    };
    return s.Fail(
        OutOfRange(StrCat("TIMESTAMP_DIFF at ", part_name, " precision between values of ", text(a),
                          " and ", text(b), " causes overflow")));
  }
};

// A function with a time zone as its last, optional argument.
struct Zoned {
  explicit Zoned(Call& call) : default_zone(call.context.default_zone) {}
  std::string_view default_zone;
  ZoneCursor zone;
  bool SetZone(Scope& s, std::optional<Text> name) {
    absl::Status status = zone.Set(name.value_or(default_zone));
    if (status.ok()) [[likely]]
      return true;
    s.Fail(std::move(status));
    return false;
  }
};

struct TimestampTrunc : Zoned {
  using Zoned::Zoned;
  PartCursor parts;
  std::optional<TimestampValue> operator()(Scope& s, TimestampValue t, Text part_name,
                                           std::optional<Text> zone_name) {
    if (!SetZone(s, zone_name)) return std::nullopt;
    const DatePart part = parts.Get(part_name);
    switch (part) {
      case DatePart::kNanosecond:
        return t;
      case DatePart::kMicrosecond:
        return TimestampValue{t.seconds, t.nanos - t.nanos % 1000};
      case DatePart::kMillisecond:
        return TimestampValue{t.seconds, t.nanos - t.nanos % 1000000};
      case DatePart::kSecond:
        return TimestampValue{t.seconds, 0};
      default:
        break;
    }
    const int64_t local = zone.ToLocal(t.seconds);
    int64_t seconds;
    if (part == DatePart::kMinute || part == DatePart::kHour) {
      const int64_t unit = part == DatePart::kMinute ? 60 : 3600;
      seconds = t.seconds - (local - FloorDivide(local, unit) * unit);
    } else {
      const int64_t day = TruncateDate(FloorDivide(local, kSecondsPerDay), part);
      seconds = zone.table().ToUtc(day * kSecondsPerDay);
      if (day < kDateMinDays) seconds = kTimestampMinSeconds - 1;
    }
    if (seconds >= kTimestampMinSeconds) return TimestampValue{seconds, 0};
    return s.Fail(
        OutOfRange(StrCat("Truncating to the nearest ", part_name, " causes underflow at timezone ",
                          zone_name.value_or(default_zone))));
  }
};

struct ExtractFromTimestamp : Zoned {
  using Zoned::Zoned;
  PartCursor parts;
  std::optional<int64_t> operator()(Scope& s, TimestampValue t, Text part_name,
                                    std::optional<Text> zone_name) {
    if (!SetZone(s, zone_name)) return std::nullopt;
    const int64_t local = zone.ToLocal(t.seconds);
    const int64_t days = FloorDivide(local, kSecondsPerDay);
    const int64_t second_of_day = local - days * kSecondsPerDay;
    const DatePart part = parts.Get(part_name);
    switch (part) {
      case DatePart::kHour:
        return second_of_day / 3600;
      case DatePart::kMinute:
        return second_of_day / 60 % 60;
      case DatePart::kSecond:
        return second_of_day % 60;
      case DatePart::kMillisecond:
        return t.nanos / 1000000;
      case DatePart::kMicrosecond:
        return t.nanos / 1000;
      case DatePart::kNanosecond:
        return t.nanos;
      default:
        return ExtractDatePart(days, part);
    }
  }
};

struct TimestampOfDate : Zoned {
  using Zoned::Zoned;
  std::optional<TimestampValue> operator()(Scope& s, DateDays date, std::optional<Text> zone_name) {
    if (!SetZone(s, zone_name)) return std::nullopt;
    const int64_t seconds = zone.table().ToUtc(date.days * kSecondsPerDay);
    if (seconds >= kTimestampMinSeconds && seconds <= kTimestampMaxSeconds) {
      return TimestampValue{seconds, 0};
    }
    std::string text;
    AppendDate(date.days, &text);
    return s.Fail(OutOfRange(StrCat("Cannot convert date ", text, " to timestamp")));
  }
};

absl::StatusOr<TimestampValue> TimestampOfText(Scope& s, Text text, std::optional<Text> zone) {
  if (zone.has_value()) {  // a text that means one moment in two zones brings its own zone
    absl::StatusOr<TimestampValue> here = ParseTimestamp(text, "+01");
    absl::StatusOr<TimestampValue> there = ParseTimestamp(text, "+02");
    if (here.ok() && there.ok() && *here == *there) {
      return OutOfRange(StrCat("Timezone is not allowed in \"", text, "\""));
    }
  }
  return ParseTimestamp(text, zone.value_or(s.context().default_zone));
}

std::optional<Text> TimestampText(Scope& s, TimestampValue t, std::optional<Text> zone) {
  if (zone.has_value()) {
    absl::StatusOr<const ZoneTable*> found = ZoneTable::Find(*zone);
    if (!found.ok()) return s.Fail(found.status());
  }
  std::string text;
  AppendTimestamp(t, zone.value_or(s.context().default_zone), &text);
  return s.arena().Copy(text);
}

// Whole units since the epoch, towards the past.
template <int64_t kPerSecond>
Signature UnixUnits() {
  return Scalar([](TimestampValue t) {
    return t.seconds * kPerSecond + t.nanos / (kNanosPerSecond / kPerSecond);
  });
}
template <int64_t kPerSecond>
Signature FromUnixUnits() {
  return Scalar([](Scope& s, int64_t units) -> std::optional<TimestampValue> {
    const int64_t seconds = FloorDivide(units, kPerSecond);
    if (seconds < kTimestampMinSeconds || seconds > kTimestampMaxSeconds) {
      return s.Fail(TimestampRange(units));
    }
    const int64_t rest = units - seconds * kPerSecond;
    return TimestampValue{seconds, static_cast<int32_t>(rest * (kNanosPerSecond / kPerSecond))};
  });
}

std::optional<TimestampValue> CurrentTimestamp(Scope& s) {
  const EvalContext& context = s.context();
  if (context.now_column == nullptr) return context.now;
  const Datum& now = context.now_column->at(s.row());
  if (now.null()) return s.Fail(RecordWithoutTime());
  return now.timestamp();
}

// No TIMESTAMP that SQL can make otherwise; whoever stores rows puts the commit's timestamp there.
constexpr TimestampValue kPendingCommitTimestamp = {std::numeric_limits<int64_t>::max(), 0};

}  // namespace

void AddTimestamp(FunctionRegistry& table) {
  table.Add(
      "TIMESTAMP",
      {Scalar([](Scope& s, Text t, std::optional<Text> z) { return TimestampOfText(s, t, z); }),
       ScalarOf<TimestampOfDate>()});
  table.Extend("STRING", {Scalar([](Scope& s, TimestampValue t, std::optional<Text> zone) {
                 return TimestampText(s, t, zone);
               })});
  table.Add("TIMESTAMP_ADD", {With(ScalarOf<TimestampAdd<1>>(), &PreparePart<kTimestampAdd>)});
  table.Add("TIMESTAMP_SUB", {With(ScalarOf<TimestampAdd<-1>>(), &PreparePart<kTimestampSub>)});
  table.Add("TIMESTAMP_DIFF", {With(ScalarOf<TimestampDiff>(), &PreparePart<kTimestampDiff>)});
  table.Add("TIMESTAMP_TRUNC", {With(ScalarOf<TimestampTrunc>(), &PreparePart<kTimestampTrunc>)});
  table.Extend("$extract", {With(ScalarOf<ExtractFromTimestamp>(), &PreparePart<kExtract>)});
  table.Add("UNIX_SECONDS", {UnixUnits<1>()});
  table.Add("UNIX_MILLIS", {UnixUnits<1000>()});
  table.Add("UNIX_MICROS", {UnixUnits<1000000>()});
  table.Add("TIMESTAMP_SECONDS", {FromUnixUnits<1>()});
  table.Add("TIMESTAMP_MILLIS", {FromUnixUnits<1000>()});
  table.Add("TIMESTAMP_MICROS", {FromUnixUnits<1000000>()});
  table.Add("PENDING_COMMIT_TIMESTAMP", {Scalar([] { return kPendingCommitTimestamp; })},
            Determinism::kVolatile);
  table.Add("CURRENT_TIMESTAMP", {Scalar([](Scope& s) { return CurrentTimestamp(s); })},
            Determinism::kPerStatement);
}

}  // namespace ks::sql
