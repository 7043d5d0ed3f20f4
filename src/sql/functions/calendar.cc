#include "sql/functions/calendar.h"

#include <algorithm>
#include <array>

#include "sql/functions/errors.h"
#include "sql/types/civil.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

constexpr std::array<std::string_view, 15> kNames = {
    "YEAR",    "ISOYEAR", "QUARTER",     "MONTH",       "WEEK",
    "ISOWEEK", "DAY",     "DAYOFWEEK",   "DAYOFYEAR",   "HOUR",
    "MINUTE",  "SECOND",  "MILLISECOND", "MICROSECOND", "NANOSECOND"};

int64_t WeekIndex(int64_t days) { return FloorDivide(days + 4, 7); }     // Sundays passed
int64_t IsoWeekIndex(int64_t days) { return FloorDivide(days + 3, 7); }  // Mondays passed

// The Thursday of a week lies in the year to which ISO counts the week.
int64_t IsoYear(int64_t days) { return CivilFromDays(IsoWeekIndex(days) * 7).year; }

int64_t MonthIndex(int64_t days) {
  const CivilDay day = CivilFromDays(days);
  return day.year * int64_t{12} + day.month - 1;
}

std::optional<int64_t> AddMonths(int64_t days, int64_t months) {
  const CivilDay day = CivilFromDays(days);
  const int64_t index = day.year * int64_t{12} + day.month - 1 + months;
  const int64_t year = FloorDivide(index, 12);
  if (year < 1 || year > 9999) return std::nullopt;
  const int64_t month = index - year * 12 + 1;
  return DaysFromCivil(year, month, std::min<int64_t>(day.day, DaysInMonth(year, month)));
}

}  // namespace

std::optional<DatePart> FindDatePart(std::string_view upper_name) {
  const auto it = std::find(kNames.begin(), kNames.end(), upper_name);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<DatePart>(it - kNames.begin());
}

std::string_view DatePartName(DatePart part) { return kNames[static_cast<size_t>(part)]; }

absl::Status CheckPart(const PartArgument& argument, absl::Span<const Value* const> constants) {
  if (argument.index >= constants.size()) return absl::OkStatus();
  const Value* const value = constants[argument.index];
  if (value == nullptr || value->null()) return absl::OkStatus();
  const std::string_view name = value->datum().str();
  const std::optional<DatePart> part = FindDatePart(name);
  if (!part.has_value()) return UnknownPart(name);
  if ((PartBit(*part) & argument.allowed) == 0) return UnsupportedPart(argument.function, name);
  return absl::OkStatus();
}

int64_t IsoYearStart(int64_t iso_year) {
  const int64_t fourth = DaysFromCivil(iso_year, 1, 4);  // always in week 1
  return IsoWeekIndex(fourth) * 7 - 3;
}

int64_t ExtractDatePart(int64_t days, DatePart part) {
  const CivilDay day = CivilFromDays(days);
  switch (part) {
    case DatePart::kYear:
      return day.year;
    case DatePart::kIsoYear:
      return IsoYear(days);
    case DatePart::kQuarter:
      return (day.month + 2) / 3;
    case DatePart::kMonth:
      return day.month;
    case DatePart::kWeek: {
      const int64_t day_of_year = days - DaysFromCivil(day.year, 1, 1);
      return (day_of_year + 7 - DayOfWeek(days)) / 7;
    }
    case DatePart::kIsoWeek:
      return (days - IsoYearStart(IsoYear(days))) / 7 + 1;
    case DatePart::kDayOfWeek:
      return DayOfWeek(days) + 1;
    case DatePart::kDayOfYear:
      return days - DaysFromCivil(day.year, 1, 1) + 1;
    default:
      return day.day;
  }
}

std::optional<int64_t> AddToDate(int64_t days, int64_t n, DatePart part) {
  // More than any range there is; keeps the products below within 64 bits.
  constexpr int64_t kMost = 4'000'000;
  if (n > kMost || n < -kMost) return std::nullopt;
  std::optional<int64_t> result;
  switch (part) {
    case DatePart::kYear:
      result = AddMonths(days, n * 12);
      break;
    case DatePart::kQuarter:
      result = AddMonths(days, n * 3);
      break;
    case DatePart::kMonth:
      result = AddMonths(days, n);
      break;
    case DatePart::kWeek:
      result = days + n * 7;
      break;
    default:
      result = days + n;
  }
  if (!result.has_value() || *result < kDateMinDays || *result > kDateMaxDays) return std::nullopt;
  return result;
}

int64_t DateDiff(int64_t a, int64_t b, DatePart part) {
  switch (part) {
    case DatePart::kYear:
      return CivilFromDays(a).year - CivilFromDays(b).year;
    case DatePart::kIsoYear:
      return IsoYear(a) - IsoYear(b);
    case DatePart::kQuarter:
      return FloorDivide(MonthIndex(a), 3) - FloorDivide(MonthIndex(b), 3);
    case DatePart::kMonth:
      return MonthIndex(a) - MonthIndex(b);
    case DatePart::kWeek:
      return WeekIndex(a) - WeekIndex(b);
    case DatePart::kIsoWeek:
      return IsoWeekIndex(a) - IsoWeekIndex(b);
    default:
      return a - b;
  }
}

int64_t TruncateDate(int64_t days, DatePart part) {
  const CivilDay day = CivilFromDays(days);
  switch (part) {
    case DatePart::kYear:
      return DaysFromCivil(day.year, 1, 1);
    case DatePart::kIsoYear:
      return IsoYearStart(IsoYear(days));
    case DatePart::kQuarter:
      return DaysFromCivil(day.year, (day.month - 1) / 3 * 3 + 1, 1);
    case DatePart::kMonth:
      return DaysFromCivil(day.year, day.month, 1);
    case DatePart::kWeek:
      return WeekIndex(days) * 7 - 4;
    case DatePart::kIsoWeek:
      return IsoWeekIndex(days) * 7 - 3;
    default:
      return days;
  }
}

}  // namespace ks::sql
