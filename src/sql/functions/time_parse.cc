#include <optional>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "sql/functions/calendar.h"
#include "sql/functions/errors.h"
#include "sql/functions/time_format.h"
#include "sql/functions/time_names.h"
#include "sql/functions/zone_table.h"
#include "sql/types/civil.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Reads a text by a format into fields; what is not named stays as on 1970-01-01 00:00:00.
class Reader {
 public:
  Reader(std::string_view text, bool date_only) : text_(text), date_only_(date_only) {}

  absl::Status Read(std::string_view format) {
    SkipSpace();
    absl::Status status = ReadFormat(format);
    if (!status.ok()) return status;
    SkipSpace();
    return at_ == text_.size() ? absl::OkStatus() : Mismatch();
  }

  absl::StatusOr<int64_t> Days() const {
    int64_t year = year_;
    if (century_.has_value()) year = *century_ * 100 + (two_digits_ ? year_ % 100 : 0);
    if (day_of_year_.has_value()) {
      if (*day_of_year_ > (IsLeapYear(year) ? 366 : 365)) {
        return OutOfRange(StrCat("Year ", year, " has 365 days, but the specified day of year was ",
                                 *day_of_year_));
      }
      return Checked(DaysFromCivil(year, 1, 1) + *day_of_year_ - 1);
    }
    if (week_.has_value()) return DaysOfWeek(year);
    if (iso_year_.has_value()) {
      if (iso_week_) return OutOfRange("ISO parse elements are not supported yet");
      return Checked(IsoYearStart(*iso_year_));
    }
    if (year < 0 || year > 10000 || day_ > DaysInMonth(year, month_)) return BadField();
    return Checked(DaysFromCivil(year, month_, day_));
  }

  absl::StatusOr<TimestampValue> Timestamp(std::string_view zone) const {
    if (epoch_.has_value()) return InRange(*epoch_, 0);
    absl::StatusOr<int64_t> days = Days();
    if (!days.ok()) return days.status();
    int64_t hour = hour_;
    if (twelve_hours_) hour = hour_ % 12 + (afternoon_ ? 12 : 0);
    const int64_t local = *days * kSecondsPerDay + hour * 3600 + minute_ * 60 + second_;
    if (offset_.has_value()) return InRange(local - *offset_, nanos_);
    absl::StatusOr<const ZoneTable*> table = ZoneTable::Find(zone_.empty() ? zone : zone_);
    if (!table.ok()) return table.status();
    return InRange((*table)->ToUtc(local), nanos_);
  }

 private:
  // The first day of week `week_`; week 1 begins with the year's first Sunday or Monday.
  absl::StatusOr<int64_t> DaysOfWeek(int64_t year) const {
    if (weekday_) return OutOfRange("Weekday parse elements are not supported yet");
    const int64_t first = DaysFromCivil(year, 1, 1);
    const int64_t into_week = (DayOfWeek(first) - (week_from_monday_ ? 1 : 0) + 7) % 7;
    const int64_t week_one = into_week == 0 ? first : first - into_week + 7;
    const int64_t days = week_one + (*week_ - 1) * 7;
    if (days >= DaysFromCivil(year + 1, 1, 1)) {
      return OutOfRange(StrCat("Week number ", *week_, " is invalid for year ", year));
    }
    return Checked(days);
  }

  absl::Status Mismatch() const {
    return OutOfRange(StrCat("Failed to parse input string \"", text_, "\""));
  }
  static absl::Status BadField() {
    return OutOfRange("Out-of-range datetime field in parsing function");
  }
  static absl::StatusOr<int64_t> Checked(int64_t days) {
    if (days < kDateMinDays || days > kDateMaxDays) {
      return OutOfRange("Invalid result from parsing function");
    }
    return days;
  }
  static absl::StatusOr<TimestampValue> InRange(int64_t seconds, int32_t nanos) {
    if (seconds < kTimestampMinSeconds || seconds > kTimestampMaxSeconds) return BadField();
    return TimestampValue{seconds, nanos};
  }

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  absl::Status ReadFormat(std::string_view format) {
    for (size_t i = 0; i < format.size();) {
      const char c = format[i];
      if (IsSpace(c)) {
        SkipSpace();
        ++i;
      } else if (c != '%' || i + 1 == format.size()) {
        if (at_ == text_.size() || text_[at_] != c) return Mismatch();
        ++at_;
        ++i;
      } else {
        absl::Status status = Element(format.substr(i + 1), &i);
        if (!status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

  // Moves `*i` past the `%` and its element.
  absl::Status Element(std::string_view rest, size_t* i) {
    char c = rest[0];
    *i += 2;
    if (c == 'E' || c == 'O') {
      if (rest.size() < 2) return Mismatch();
      c = rest[1];
      ++*i;
      if (rest.starts_with("E*S") || rest.starts_with("E#S")) {
        ++*i;
        if (date_only_) return NotForDate("S");
        absl::Status status = SecondsWithFraction(9);
        while (at_ < text_.size() && absl::ascii_isdigit(text_[at_]))
          ++at_;  // finer than a TIMESTAMP
        return status;
      }
      if (rest.starts_with("E4Y")) {
        ++*i;
        return Number(4, 4, 1, 9999, &year_);
      }
      if (c >= '0' && c <= '9' && rest.size() > 2 && rest[2] == 'S') {
        ++*i;
        return date_only_ ? NotForDate("S") : SecondsWithFraction(c - '0');
      }
      if (rest.starts_with("Ez")) return date_only_ ? NotForDate("z") : Offset(true);
    }
    return Simple(c);
  }

  absl::Status NotForDate(std::string_view element) const {
    return OutOfRange(StrCat("Invalid format: %", element, " is not allowed for the DATE type."));
  }

  absl::Status Simple(char c) {
    constexpr std::string_view kTimeElements = "cHIklMPpRrSsTXZz";
    if (date_only_ && kTimeElements.find(c) != std::string_view::npos) {
      return NotForDate(std::string_view(&c, 1));
    }
    switch (c) {
      case 'U':
      case 'u':
      case 'W':
      case 'w':
      case 'G':
      case 'g':
      case 'V':
        return WeekField(c);
      case 'c':
        return ReadFormat("%a %b %e %H:%M:%S %Y");
      case 'D':
      case 'x':
        return ReadFormat("%m/%d/%y");
      case 'F':
        return ReadFormat("%Y-%m-%d");
      case 'R':
        return ReadFormat("%H:%M");
      case 'r':
        return ReadFormat("%I:%M:%S %p");
      case 'T':
      case 'X':
        return ReadFormat("%H:%M:%S");
      default:
        return Field(c);
    }
  }

  absl::Status Field(char c) {
    int64_t value = 0;
    absl::Status status;
    switch (c) {
      case 'A':
      case 'a':
        weekday_ = true;
        return Name(kDayNames, &value);
      case 'B':
      case 'b':
      case 'h':
        status = Name(kMonthNames, &value);
        month_ = value + 1;
        return status;
      case 'C':
        status = Number(1, 2, 0, 99, &value);
        century_ = value;
        return status;
      case 'd':
      case 'e':
        day_of_year_.reset();
        week_.reset();
        return Number(1, 2, 1, 31, &day_);
      case 'j':
        status = Number(1, 3, 1, 366, &value);
        day_of_year_ = value;
        return status;
      case 'm':
        day_of_year_.reset();
        week_.reset();
        return Number(1, 2, 1, 12, &month_);
      case 'n':
      case 't':
        SkipSpace();
        return absl::OkStatus();
      case 'Q':
        status = Number(1, 1, 1, 4, &value);
        month_ = value * 3 - 2;
        return status;
      case 'Y':
        century_.reset();
        status = Number(1, 4, 0, 9999, &year_);
        if (status.ok() && year_ == 1000 && at_ < text_.size() && text_[at_] == '0') {
          ++at_;
          year_ = 10000;
        }
        return status;
      case 'y':
        status = Number(1, 2, 0, 99, &value);
        year_ = value + (value < 69 ? 2000 : 1900);
        two_digits_ = true;
        return status;
      case '%':
        if (at_ == text_.size() || text_[at_] != '%') return Mismatch();
        ++at_;
        return absl::OkStatus();
      default:
        return TimeField(c);
    }
  }

  absl::Status WeekField(char c) {
    int64_t value = 0;
    absl::Status status;
    switch (c) {
      case 'U':
      case 'W':
        status = Number(1, 2, 0, 53, &value);
        week_ = value;
        week_from_monday_ = c == 'W';
        return status;
      case 'u':
      case 'w':
        weekday_ = true;
        return Number(1, 1, c == 'u' ? 1 : 0, c == 'u' ? 7 : 6, &value);
      case 'V':
        iso_week_ = true;
        return Number(1, 2, 1, 53, &value);
      case 'g':
        status = Number(1, 2, 0, 99, &value);
        iso_year_ = value + (value < 69 ? 2000 : 1900);
        return status;
      default:
        status = Number(1, 4, 0, 9999, &value);
        iso_year_ = value;
        return status;
    }
  }

  absl::Status TimeField(char c) {
    switch (c) {
      case 'H':
      case 'k':
        twelve_hours_ = false;
        return Number(1, 2, 0, 23, &hour_);
      case 'I':
      case 'l':
        twelve_hours_ = true;
        return Number(1, 2, 1, 12, &hour_);
      case 'M':
        return Number(1, 2, 0, 59, &minute_);
      case 'S':
        return Number(1, 2, 0, 60, &second_);
      case 'P':
      case 'p':
        return HalfDay();
      case 's': {
        int64_t value = 0;
        absl::Status status = Number(1, 18, -999999999999, 999999999999, &value);
        epoch_ = value;
        return status;
      }
      case 'Z':
        return ZoneName();
      case 'z':
        return Offset(false);
      default:
        return Mismatch();
    }
  }

  absl::Status Number(int least, int most, int64_t min, int64_t max, int64_t* value) {
    SkipSpace();
    const bool negative = min < 0 && at_ < text_.size() && text_[at_] == '-';
    if (negative) ++at_;
    int count = 0;
    int64_t result = 0;
    for (; count < most && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++count) {
      result = result * 10 + (text_[at_++] - '0');
    }
    if (negative) result = -result;
    if (count < least || result < min || result > max) return Mismatch();
    *value = result;
    return absl::OkStatus();
  }

  absl::Status SecondsWithFraction(int most) {
    absl::Status status = Number(1, 2, 0, 60, &second_);
    if (!status.ok() || most == 0 || at_ == text_.size() || text_[at_] != '.') return status;
    ++at_;
    if (at_ == text_.size() || text_[at_] < '0' || text_[at_] > '9') return Mismatch();
    int32_t unit = 100000000;
    nanos_ = 0;
    for (int i = 0; i < most && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++i) {
      nanos_ += (text_[at_++] - '0') * unit;
      unit /= 10;
    }
    return absl::OkStatus();
  }

  bool TakeWord(std::string_view word) {
    if (text_.size() - at_ < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if (Lower(text_[at_ + i]) != Lower(word[i])) return false;
    }
    at_ += word.size();
    return true;
  }
  // A name in full or its first three letters.
  template <size_t N>
  absl::Status Name(const std::array<std::string_view, N>& names, int64_t* index) {
    for (size_t i = 0; i < N; ++i) {
      if (!TakeWord(names[i]) && !TakeWord(names[i].substr(0, 3))) continue;
      *index = static_cast<int64_t>(i);
      return absl::OkStatus();
    }
    return Mismatch();
  }
  absl::Status HalfDay() {
    afternoon_ = TakeWord("pm");
    return afternoon_ || TakeWord("am") ? absl::OkStatus() : Mismatch();
  }

  // +HH, +HHMM; with `colon` also +HH:MM and Z.
  absl::Status Offset(bool colon) {
    if (colon && at_ < text_.size() && text_[at_] == 'Z') {
      ++at_;
      offset_ = 0;
      return absl::OkStatus();
    }
    if (at_ == text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return Mismatch();
    const int64_t sign = text_[at_++] == '-' ? -1 : 1;
    int64_t hours = 0;
    int64_t minutes = 0;
    absl::Status status = Number(2, 2, 0, 14, &hours);
    const bool separated = colon && at_ < text_.size() && text_[at_] == ':';
    if (separated) ++at_;
    const bool more = at_ < text_.size() && absl::ascii_isdigit(text_[at_]);
    if (status.ok() && (separated || more)) status = Number(2, 2, 0, 59, &minutes);
    offset_ = sign * (hours * 3600 + minutes * 60);
    return status;
  }
  absl::Status ZoneName() {
    const size_t begin = at_;
    while (at_ < text_.size() && !IsSpace(text_[at_])) ++at_;
    zone_ = text_.substr(begin, at_ - begin);
    if (zone_.empty()) return Mismatch();
    return absl::OkStatus();
  }

  const std::string_view text_;
  const bool date_only_;
  size_t at_ = 0;
  int64_t year_ = 1970;
  bool two_digits_ = false;
  std::optional<int64_t> century_;
  int64_t month_ = 1;
  int64_t day_ = 1;
  std::optional<int64_t> day_of_year_;
  std::optional<int64_t> week_;  // %U, %W
  bool week_from_monday_ = false;
  bool weekday_ = false;  // a day of the week was read: it may only confirm a date
  std::optional<int64_t> iso_year_;
  bool iso_week_ = false;
  int64_t hour_ = 0;
  bool twelve_hours_ = false;
  bool afternoon_ = false;
  int64_t minute_ = 0;
  int64_t second_ = 0;
  int32_t nanos_ = 0;
  std::optional<int64_t> epoch_;
  std::optional<int64_t> offset_;
  std::string_view zone_;
};

}  // namespace

absl::StatusOr<int64_t> ParseDateAs(std::string_view format, std::string_view text) {
  Reader reader(text, /*date_only=*/true);
  absl::Status status = reader.Read(format);
  if (!status.ok()) return status;
  return reader.Days();
}

absl::StatusOr<TimestampValue> ParseTimestampAs(std::string_view format, std::string_view text,
                                                std::string_view zone) {
  Reader reader(text, /*date_only=*/false);
  absl::Status status = reader.Read(format);
  if (!status.ok()) return status;
  return reader.Timestamp(zone);
}

}  // namespace ks::sql
