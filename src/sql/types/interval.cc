// INTERVAL from and to text.

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sql/types/civil.h"
#include "sql/types/digits.h"
#include "sql/types/errors.h"
#include "sql/types/limits.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

// The parts while they are read; wide, so nothing overflows before the range is checked.
struct Parts {
  Int128 months = 0;
  Int128 days = 0;
  Int128 nanos = 0;
};

constexpr int64_t kNumberMax = 1'000'000'000'000'000'000;

class Reader {
 public:
  explicit Reader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool done() const { return at_ == end_; }
  bool Skip(char c) { return ReadChar(at_, end_, c); }
  bool SkipSign() {  // true for a minus
    if (Skip('-')) return true;
    Skip('+');
    return false;
  }
  // An unsigned whole number.
  bool Number(int64_t* value) {
    const auto [stop, error] = std::from_chars(at_, end_, *value);
    if (error != std::errc() || at_ == end_ || *at_ == '-' || *value > kNumberMax) return false;
    at_ = stop;
    return true;
  }
  // `.` and 1 to 9 digits, or nothing.
  bool Fraction(int64_t* nanos) {
    *nanos = 0;
    if (!Skip('.')) return true;
    int value = 0;
    const int count = ReadDigits(at_, end_, 9, &value);
    *nanos = value;
    for (int i = count; i < 9; ++i) *nanos *= 10;
    return count > 0 && (done() || !absl::ascii_isdigit(*at_));
  }
  char Take() { return done() ? '\0' : *at_++; }

 private:
  const char* at_;
  const char* const end_;
};

// P[nY][nM][nW][nD][T[nH][nM][n[.f]S]]; every n may have a sign.
bool ReadIso(std::string_view text, Parts* parts) {
  Reader in(text);
  if (!in.Skip('P')) return false;
  std::string_view order = "YMWD";
  bool time = false;
  bool any = false;
  while (!in.done()) {
    if (!time && in.Skip('T')) {
      time = true;
      order = "HMS";
      any = false;
      continue;
    }
    const int sign = in.SkipSign() ? -1 : 1;
    int64_t number = 0, nanos = 0;
    if (!in.Number(&number) || !in.Fraction(&nanos)) return false;
    const char unit = in.Take();
    const size_t place = order.find(unit);
    if (unit == '\0' || place == std::string_view::npos || (nanos != 0 && unit != 'S'))
      return false;
    order.remove_prefix(place + 1);
    any = true;
    const Int128 n = static_cast<Int128>(number) * sign;
    if (unit == 'Y') parts->months += n * 12;
    if (unit == 'M' && !time) parts->months += n;
    if (unit == 'W') parts->days += n * 7;
    if (unit == 'D') parts->days += n;
    if (unit == 'H') parts->nanos += n * 3600 * kNanosPerSecond;
    if (unit == 'M' && time) parts->nanos += n * 60 * kNanosPerSecond;
    if (unit == 'S') parts->nanos += n * kNanosPerSecond + sign * nanos;
  }
  return any;
}

bool ReadYearMonth(std::string_view text, Parts* parts) {
  Reader in(text);
  const int sign = in.SkipSign() ? -1 : 1;
  int64_t years = 0, months = 0;
  if (!in.Number(&years) || !in.Skip('-') || !in.Number(&months) || !in.done()) return false;
  parts->months = (static_cast<Int128>(years) * 12 + months) * sign;
  return true;
}

bool ReadDays(std::string_view text, Parts* parts) {
  Reader in(text);
  const int sign = in.SkipSign() ? -1 : 1;
  int64_t days = 0;
  if (!in.Number(&days) || !in.done()) return false;
  parts->days = static_cast<Int128>(days) * sign;
  return true;
}

bool ReadTimeOfInterval(std::string_view text, Parts* parts) {
  Reader in(text);
  const int sign = in.SkipSign() ? -1 : 1;
  int64_t hours = 0, minutes = 0, seconds = 0, nanos = 0;
  if (!in.Number(&hours) || !in.Skip(':') || !in.Number(&minutes) || !in.Skip(':') ||
      !in.Number(&seconds) || !in.Fraction(&nanos) || !in.done()) {
    return false;
  }
  const Int128 total = (static_cast<Int128>(hours) * 60 + minutes) * 60 + seconds;
  parts->nanos = (total * kNanosPerSecond + nanos) * sign;
  return true;
}

// [Y-M] [D] [H:M:S[.F]], in this order; a lone number would be ambiguous.
bool ReadCanonical(std::string_view text, Parts* parts) {
  int place = 0;
  bool only_days = true;
  while (true) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (place < 1 && ReadYearMonth(word, parts)) {
      place = 1;
      only_days = false;
    } else if (place < 2 && ReadDays(word, parts)) {
      place = 2;
    } else if (place < 3 && ReadTimeOfInterval(word, parts)) {
      place = 3;
      only_days = false;
    } else {
      return false;
    }
    if (space == std::string_view::npos) return !only_days;
    text.remove_prefix(space + 1);
  }
}

Int128 Magnitude(Int128 value) { return value < 0 ? -value : value; }

Int128 Nanos(const IntervalValue& v) {
  return static_cast<Int128>(v.micros) * 1000 + v.nano_fractions;
}

// H:M:S without sign, and what is left of a second.
struct Clock {
  int64_t hours, minutes, seconds, nanos;
};
Clock ClockOf(Int128 nanos) {
  const auto seconds = static_cast<int64_t>(nanos / kNanosPerSecond);
  return {seconds / 3600, seconds / 60 % 60, seconds % 60,
          static_cast<int64_t>(nanos % kNanosPerSecond)};
}

}  // namespace

absl::StatusOr<IntervalValue> ParseInterval(std::string_view text) {
  Parts parts;
  if (!ReadIso(text, &parts)) {
    parts = Parts();
    if (!ReadCanonical(text, &parts)) return InvalidInterval(text);
  }
  if (Magnitude(parts.months) > kIntervalMonthsMax || Magnitude(parts.days) > kIntervalDaysMax ||
      Magnitude(parts.nanos) > static_cast<Int128>(kIntervalMicrosMax) * 1000) {
    return IntervalOutOfRange(text);
  }
  Int128 micros = parts.nanos / 1000;
  if (parts.nanos % 1000 < 0) --micros;
  return IntervalValue{static_cast<int64_t>(parts.months), static_cast<int64_t>(parts.days),
                       static_cast<int64_t>(micros),
                       static_cast<int32_t>(parts.nanos - micros * 1000)};
}

void AppendInterval(const IntervalValue& v, std::string* out) {
  const Int128 nanos = Nanos(v);
  const auto months = static_cast<int64_t>(Magnitude(v.months));
  const Clock clock = ClockOf(Magnitude(nanos));
  absl::StrAppend(out, v.months < 0 ? "-" : "", months / 12, "-", months % 12, " ", v.days, " ",
                  nanos < 0 ? "-" : "", clock.hours);
  absl::StrAppend(out, ":", clock.minutes, ":", clock.seconds);
  if (clock.nanos == 0) return;
  const int width = clock.nanos % 1'000'000 == 0 ? 3 : (clock.nanos % 1'000 == 0 ? 6 : 9);
  char buffer[9];
  WriteDigits(buffer, static_cast<uint32_t>(clock.nanos), 9);
  out->push_back('.');
  out->append(buffer, static_cast<size_t>(width));
}

void AppendIntervalIso(const IntervalValue& v, std::string* out) {
  const size_t begin = out->size();
  out->push_back('P');
  const auto part = [out](int64_t number, const char* unit) {
    if (number != 0) absl::StrAppend(out, number, unit);
  };
  part(v.months / 12, "Y");
  part(v.months % 12, "M");
  part(v.days, "D");
  const Int128 nanos = Nanos(v);
  const int sign = nanos < 0 ? -1 : 1;
  const Clock clock = ClockOf(Magnitude(nanos));
  if (nanos != 0) out->push_back('T');
  part(sign * clock.hours, "H");
  part(sign * clock.minutes, "M");
  if (clock.seconds != 0 || clock.nanos != 0) {
    absl::StrAppend(out, sign < 0 ? "-" : "", clock.seconds);
    if (clock.nanos != 0) {
      char buffer[9];
      WriteDigits(buffer, static_cast<uint32_t>(clock.nanos), 9);
      std::string_view digits(buffer, 9);
      digits = digits.substr(0, digits.find_last_not_of('0') + 1);
      out->push_back('.');
      out->append(digits);
    }
    out->push_back('S');
  }
  if (out->size() == begin + 1) out->append("0Y");
}

}  // namespace ks::sql
