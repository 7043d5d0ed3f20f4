// Functions of DATE. https://cloud.google.com/spanner/docs/reference/standard-sql/date_functions
#include "base/str_cat.h"
#include "sql/functions/calendar.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"
#include "sql/functions/zone_table.h"
#include "sql/types/civil.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

constexpr uint32_t kAddParts =
    Parts(DatePart::kDay, DatePart::kWeek, DatePart::kMonth, DatePart::kQuarter, DatePart::kYear);
constexpr uint32_t kTruncParts = kAddParts | Parts(DatePart::kIsoWeek, DatePart::kIsoYear);
constexpr uint32_t kExtractParts = kTruncParts | Parts(DatePart::kDayOfWeek, DatePart::kDayOfYear);
constexpr PartArgument kDateAdd{"DATE_ADD", 2, kAddParts};
constexpr PartArgument kDateSub{"DATE_SUB", 2, kAddParts};
constexpr PartArgument kDateDiff{"DATE_DIFF", 2, kTruncParts};
constexpr PartArgument kDateTrunc{"DATE_TRUNC", 1, kTruncParts};
constexpr PartArgument kExtract{"EXTRACT from DATE", 1, kExtractParts};

std::string DateText(int64_t days) {
  std::string text;
  AppendDate(days, &text);
  return text;
}

template <int kSign>
struct DateAdd {
  PartCursor parts;
  std::optional<DateDays> operator()(Scope& s, DateDays date, int64_t n, Text part_name) {
    const DatePart part = parts.Get(part_name);
    if (kSign < 0 && __builtin_sub_overflow(int64_t{0}, n, &n)) {
      return s.Fail(DateAddOverflow(DateText(date.days), n, part_name));
    }
    const std::optional<int64_t> days = AddToDate(date.days, n, part);
    if (!days.has_value()) return s.Fail(DateAddOverflow(DateText(date.days), n, part_name));
    return DateDays{*days};
  }
};

struct DateDiffFunction {
  PartCursor parts;
  int64_t operator()(DateDays a, DateDays b, Text part) {
    return DateDiff(a.days, b.days, parts.Get(part));
  }
};

struct DateTrunc {
  PartCursor parts;
  std::optional<DateDays> operator()(Scope& s, DateDays date, Text part) {
    const int64_t days = TruncateDate(date.days, parts.Get(part));
    if (days >= kDateMinDays) return DateDays{days};
    return s.Fail(OutOfRange(StrCat("Truncating date ", DateText(date.days), " to ", part,
                                    " resulted in an out of range date value: ", days)));
  }
};

struct ExtractFromDate {
  PartCursor parts;
  int64_t operator()(DateDays date, Text part) {
    return ExtractDatePart(date.days, parts.Get(part));
  }
};

std::optional<DateDays> DateFromParts(Scope& s, int64_t year, int64_t month, int64_t day) {
  const bool valid = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
                     day <= DaysInMonth(year, month);
  if (!valid) return s.Fail(InvalidCivilDate(year, month, day));
  return DateDays{DaysFromCivil(year, month, day)};
}

// DATE(timestamp[, zone]), EXTRACT(DATE FROM …): the local day.
struct DateOfTimestamp {
  explicit DateOfTimestamp(Call& call) : default_zone(call.context.default_zone) {}
  std::string_view default_zone;
  ZoneCursor zone;
  std::optional<DateDays> operator()(Scope& s, TimestampValue t, std::optional<Text> zone_name) {
    absl::Status status = zone.Set(zone_name.value_or(default_zone));
    if (!status.ok()) [[unlikely]]
      return s.Fail(std::move(status));
    return DateDays{FloorDivide(zone.ToLocal(t.seconds), kSecondsPerDay)};
  }
};

struct CurrentDate {
  explicit CurrentDate(Call& call) : default_zone(call.context.default_zone) {}
  std::string_view default_zone;
  ZoneCursor zone;
  std::optional<DateDays> operator()(Scope& s, std::optional<Text> zone_name) {
    absl::Status status = zone.Set(zone_name.value_or(default_zone));
    if (!status.ok()) return s.Fail(std::move(status));
    const EvalContext& context = s.context();
    const Datum* const record =
        context.now_column == nullptr ? nullptr : &context.now_column->at(s.row());
    if (record != nullptr && record->null()) return s.Fail(RecordWithoutTime());
    const TimestampValue now = record == nullptr ? context.now : record->timestamp();
    return DateDays{FloorDivide(zone.ToLocal(now.seconds), kSecondsPerDay)};
  }
};

std::optional<DateDays> DateFromUnixDate(Scope& s, int64_t days) {
  if (days >= kDateMinDays && days <= kDateMaxDays) return DateDays{days};
  return s.Fail(OutOfRange(StrCat("DATE_FROM_UNIX_DATE range is ", kDateMinDays, " to ",
                                  kDateMaxDays, " but saw ", days)));
}

}  // namespace

void AddDate(FunctionRegistry& table) {
  table.Add("DATE", {ScalarOf<DateOfTimestamp>(),
                     Scalar([](Scope& s, int64_t year, int64_t month, int64_t day) {
                       return DateFromParts(s, year, month, day);
                     })});
  table.Add("$extract_date", {ScalarOf<DateOfTimestamp>()});
  table.Add("DATE_ADD", {With(ScalarOf<DateAdd<1>>(), &PreparePart<kDateAdd>)});
  table.Add("DATE_SUB", {With(ScalarOf<DateAdd<-1>>(), &PreparePart<kDateSub>)});
  table.Alias("ADDDATE", "DATE_ADD");
  table.Alias("SUBDATE", "DATE_SUB");
  table.Add("DATE_DIFF", {With(ScalarOf<DateDiffFunction>(), &PreparePart<kDateDiff>)});
  table.Add("DATE_TRUNC", {With(ScalarOf<DateTrunc>(), &PreparePart<kDateTrunc>)});
  table.Extend("$extract", {With(ScalarOf<ExtractFromDate>(), &PreparePart<kExtract>)});
  table.Add("UNIX_DATE", {Scalar([](DateDays d) { return d.days; })});
  table.Add("DATE_FROM_UNIX_DATE",
            {Scalar([](Scope& s, int64_t days) { return DateFromUnixDate(s, days); })});
  table.Add("CURRENT_DATE", {ScalarOf<CurrentDate>()}, Determinism::kPerStatement);
}

}  // namespace ks::sql
