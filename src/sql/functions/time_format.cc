#include "sql/functions/time_format.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "sql/functions/calendar.h"
#include "sql/functions/time_names.h"
#include "sql/types/civil.h"

namespace ks::sql {
namespace {

constexpr std::string_view kFlags = "-_0^#";
constexpr int kWidthMax = 1024;

class Formatter {
 public:
  Formatter(const LocalTime& time, std::string* out)
      : time_(time), day_(CivilFromDays(time.days)), out_(out) {}

  void Append(std::string_view format) {
    pad_ = 0;
    width_ = 0;
    for (size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '%' || i + 1 == format.size()) {
        out_->push_back(format[i]);
        continue;
      }
      const size_t used = Element(format.substr(i + 1));
      if (used == 0) {
        out_->push_back('%');
      } else {
        i += used;
      }
    }
  }

 private:
  void Number(int64_t value, int width, char fill = '0') {
    const std::string digits = StrCat(value);
    if (pad_ == '-') width = 0;
    if (pad_ == '_' || pad_ == '0') fill = pad_ == '_' ? ' ' : '0';
    if (width_ > 0) width = width_;
    for (int i = static_cast<int>(digits.size()); i < width; ++i) out_->push_back(fill);
    out_->append(digits);
  }

  // An element behind its `%`: how many bytes it took; 0 when it is none.
  size_t Element(std::string_view rest) {
    const char c = rest[0];
    if (kFlags.find(c) != std::string_view::npos || absl::ascii_isdigit(c)) return Flagged(rest);
    if (c == 'E' || c == 'O' || c == ':') return Modified(rest);
    if (DateElement(c)) return 1;
    return !time_.date_only && TimeElement(c) ? 1 : 0;
  }

  // `%-d`, `%_H`, `%^a`, `%5Y`: as strftime has them.
  size_t Flagged(std::string_view rest) {
    size_t at = 0;
    bool upper = false;
    bool swapped = false;
    Formatter element(time_, nullptr);
    for (; at < rest.size() && kFlags.find(rest[at]) != std::string_view::npos; ++at) {
      upper |= rest[at] == '^';
      swapped |= rest[at] == '#';
      if (rest[at] != '^' && rest[at] != '#') element.pad_ = rest[at];
    }
    for (; at < rest.size() && absl::ascii_isdigit(rest[at]); ++at) {
      element.width_ = std::min(element.width_ * 10 + (rest[at] - '0'), kWidthMax);
    }
    if (at == rest.size()) return 0;
    std::string text;
    element.out_ = &text;
    const char c = rest[at];
    if (!element.DateElement(c) && (time_.date_only || !element.TimeElement(c))) return 0;
    const bool lower = swapped && (c == 'p' || c == 'P' || c == 'Z');
    if (lower) absl::AsciiStrToLower(&text);
    if (upper || (swapped && !lower)) absl::AsciiStrToUpper(&text);
    out_->append(text);
    return at + 1;
  }

  size_t Modified(std::string_view rest) {
    if (rest.starts_with(":z") || rest.starts_with("Ez")) {
      if (time_.date_only) return 0;
      Offset(true);
      return 2;
    }
    if (rest.starts_with("E4Y")) {
      Number(day_.year, 4);
      return 3;
    }
    if (rest[0] == ':' || rest.size() < 2) return 0;
    if (rest.starts_with("E*S")) return Fraction(-1) ? 3 : 0;
    size_t digits = 1;
    int count = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9' && count < 100) {
      count = count * 10 + (rest[digits++] - '0');
    }
    if (digits > 1) {
      const bool fraction = rest[0] == 'E' && digits < rest.size() && rest[digits] == 'S';
      return fraction && Fraction(count) ? digits + 1 : 0;
    }
    const std::string_view allowed = rest[0] == 'E' ? "CcXxYy" : "deHIMmSUuVWwy";
    if (allowed.find(rest[1]) == std::string_view::npos) return 0;
    const size_t used = Element(rest.substr(1));
    return used == 0 ? 0 : used + 1;
  }

  // Seconds with `digits` of a fraction; -1: as many as needed.
  bool Fraction(int digits) {
    if (time_.date_only) return false;
    Number(time_.second_of_day % 60, 2);
    if (digits == 0 || (digits < 0 && time_.nanos == 0)) return true;
    std::string nanos = StrCat(time_.nanos);
    nanos.insert(0, 9 - nanos.size(), '0');
    if (digits >= 0) {
      nanos.resize(static_cast<size_t>(digits), '0');
    } else {
      while (nanos.back() == '0') nanos.pop_back();
    }
    StrAppend(out_, ".", nanos);
    return true;
  }

  void Offset(bool colon) {
    const int minutes = std::abs(time_.offset) / 60;
    out_->push_back(time_.offset < 0 ? '-' : '+');
    Number(minutes / 60, 2);
    if (colon) out_->push_back(':');
    Number(minutes % 60, 2);
  }
  void ZoneName() {
    out_->append("UTC");
    if (time_.offset == 0) return;
    const int minutes = std::abs(time_.offset) / 60;
    out_->push_back(time_.offset < 0 ? '-' : '+');
    if (minutes % 60 == 0) return Number(minutes / 60, 1);
    Number(minutes / 60, 2);
    Number(minutes % 60, 2);
  }

  bool DateElement(char c) {
    switch (c) {
      case 'A':
      case 'a':
        out_->append(
            kDayNames[static_cast<size_t>(DayOfWeek(time_.days))].substr(0, c == 'a' ? 3 : 99));
        return true;
      case 'B':
      case 'b':
      case 'h':
        out_->append(kMonthNames[static_cast<size_t>(day_.month - 1)].substr(0, c == 'B' ? 99 : 3));
        return true;
      case 'C':
        Number(day_.year / 100, 1);
        return true;
      case 'D':
      case 'x':
        Append("%m/%d/%y");
        return true;
      case 'd':
        Number(day_.day, 2);
        return true;
      case 'e':
        Number(day_.day, 2, ' ');
        return true;
      case 'F':
        Append("%Y-%m-%d");
        return true;
      case 'm':
        Number(day_.month, 2);
        return true;
      case 'n':
        out_->push_back('\n');
        return true;
      case 't':
        out_->push_back('\t');
        return true;
      case 'Y':
        Number(day_.year, 1);
        return true;
      case 'y':
        Number(day_.year % 100, 2);
        return true;
      case '%':
        out_->push_back('%');
        return true;
      default:
        return WeekElement(c);
    }
  }

  bool WeekElement(char c) {
    const int64_t day_of_year = ExtractDatePart(time_.days, DatePart::kDayOfYear);
    const int64_t weekday = DayOfWeek(time_.days);
    switch (c) {
      case 'G':
        Number(ExtractDatePart(time_.days, DatePart::kIsoYear), 1);
        return true;
      case 'g':
        Number(ExtractDatePart(time_.days, DatePart::kIsoYear) % 100, 2);
        return true;
      case 'j':
        Number(day_of_year, 3);
        return true;
      case 'Q':
        Number((day_.month + 2) / 3, 1);
        return true;
      case 'U':
        Number((day_of_year + 6 - weekday) / 7, 2);
        return true;
      case 'u':
        Number(weekday == 0 ? 7 : weekday, 1);
        return true;
      case 'V':
        Number(ExtractDatePart(time_.days, DatePart::kIsoWeek), 2);
        return true;
      case 'W':
        Number((day_of_year + 6 - (weekday + 6) % 7) / 7, 2);
        return true;
      case 'w':
        Number(weekday, 1);
        return true;
      default:
        return false;
    }
  }

  bool TimeElement(char c) {
    const int hour = time_.second_of_day / 3600;
    const int hour12 = (hour + 11) % 12 + 1;
    switch (c) {
      case 'c':
        Append("%a %b %e %H:%M:%S %Y");
        return true;
      case 'H':
        Number(hour, 2);
        return true;
      case 'k':
        Number(hour, 2, ' ');
        return true;
      case 'I':
        Number(hour12, 2);
        return true;
      case 'l':
        Number(hour12, 2, ' ');
        return true;
      case 'M':
        Number(time_.second_of_day / 60 % 60, 2);
        return true;
      case 'P':
        out_->append(hour < 12 ? "am" : "pm");
        return true;
      case 'p':
        out_->append(hour < 12 ? "AM" : "PM");
        return true;
      case 'R':
        Append("%H:%M");
        return true;
      case 'r':
        Append("%I:%M:%S %p");
        return true;
      case 'S':
        Number(time_.second_of_day % 60, 2);
        return true;
      case 's':
        Number(time_.seconds, 1);
        return true;
      case 'T':
      case 'X':
        Append("%H:%M:%S");
        return true;
      case 'Z':
        ZoneName();
        return true;
      case 'z':
        Offset(false);
        return true;
      default:
        return false;
    }
  }

  const LocalTime& time_;
  const CivilDay day_;
  std::string* out_;
  char pad_ = 0;   // of the next number: `-` none, `_` blanks, `0` zeros; 0: its own
  int width_ = 0;  // of the next number; 0: its own
};

}  // namespace

void AppendFormatted(std::string_view format, const LocalTime& time, std::string* out) {
  Formatter(time, out).Append(format);
}

}  // namespace ks::sql
