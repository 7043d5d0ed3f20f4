#include "sql/functions/interval_literal.h"

#include <charconv>

#include "absl/strings/ascii.h"
#include "sql/functions/calendar.h"
#include "sql/functions/errors.h"
#include "sql/functions/interval_parts.h"
#include "sql/types/limits.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

struct Unit {
  Text name;
  DatePart part;
  char before;    // what separates it from the unit before it
  bool may_sign;  // begins a group that has a sign of its own
};
constexpr Unit kUnits[] = {
    {"YEAR", DatePart::kYear, 0, true},        {"MONTH", DatePart::kMonth, '-', false},
    {"DAY", DatePart::kDay, ' ', true},        {"HOUR", DatePart::kHour, ' ', true},
    {"MINUTE", DatePart::kMinute, ':', false}, {"SECOND", DatePart::kSecond, ':', false},
    {"QUARTER", DatePart::kQuarter, 0, true},  {"WEEK", DatePart::kWeek, 0, true},
};
constexpr int kUnitsOfRanges = 6;  // QUARTER and WEEK stand alone

int FindUnit(Text name) {
  for (int i = 0; i < static_cast<int>(std::size(kUnits)); ++i) {
    if (kUnits[i].name == name) return i;
  }
  return -1;
}

bool ReadNumber(Text* text, int64_t* number) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc() || (*text)[0] == '-') return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return true;
}

bool ReadFraction(Text* text, int64_t* nanos) {
  if (!text->starts_with('.')) return true;
  text->remove_prefix(1);
  int64_t unit = kNanosPerSecond;
  for (; !text->empty() && absl::ascii_isdigit((*text)[0]) && unit > 1; text->remove_prefix(1)) {
    unit /= 10;
    *nanos += ((*text)[0] - '0') * unit;
  }
  return unit < kNanosPerSecond;
}

bool Read(Text text, int from, int to, IntervalParts* parts) {
  int sign = 1;
  for (int i = from; i <= to; ++i) {
    const Unit& unit = kUnits[i];
    if (i > from) {
      if (!text.starts_with(unit.before)) return false;
      text.remove_prefix(1);
    }
    if (unit.may_sign || i == from) {
      sign = text.starts_with('-') ? -1 : 1;
      if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    }
    int64_t number = 0;
    int64_t nanos = 0;
    const bool fraction_only = from == to && text.starts_with('.');
    if (text.empty() || (!fraction_only && !ReadNumber(&text, &number))) return false;
    if (unit.part == DatePart::kSecond && !ReadFraction(&text, &nanos)) return false;
    AddPart(Int128{number} * sign, unit.part, parts);
    parts->nanos += nanos * sign;
  }
  return text.empty();
}

}  // namespace

absl::StatusOr<IntervalValue> ParseIntervalLiteral(std::string_view text, std::string_view from,
                                                   std::string_view to) {
  const int first = FindUnit(from);
  const int last = to.empty() ? first : FindUnit(to);
  if (to.empty() && first < 0) return NoIntervalField(from);
  if (!to.empty() && (first < 0 || last <= first || last >= kUnitsOfRanges)) {
    return NoIntervalRange(from, to);
  }
  IntervalParts parts;
  if (!Read(text, first, last, &parts)) return InvalidIntervalLiteral(text);
  absl::StatusOr<IntervalValue> made = MakeInterval(parts);
  if (!made.ok()) return absl::InvalidArgumentError(made.status().message());
  return made;
}

}  // namespace ks::sql
