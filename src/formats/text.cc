#include "formats/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <simdjson.h>

#include "sql/types/value.h"

namespace ks::formats {
namespace {

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// A number as its digits without leading zeros and the power of ten of the last one.
struct Decimal {
  bool negative = false;
  unsigned __int128 digits = 0;
  int64_t exponent = 0;
  bool too_long = false;  // more than 38 significant digits
};

Parsed ParseExponent(const char*& at, const char* end, int64_t* exponent) {
  ++at;  // e
  bool negative = false;
  if (at != end && (*at == '+' || *at == '-')) negative = *at++ == '-';
  if (at == end || !IsDigit(*at)) return Parsed::kMalformed;
  int64_t value = 0;
  for (; at != end && IsDigit(*at); ++at) {
    if (value < 1000000) value = value * 10 + (*at - '0');
  }
  *exponent += negative ? -value : value;
  return Parsed::kOk;
}

Parsed ParseDecimal(std::string_view text, Decimal* decimal) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') {
    decimal->negative = true;
    ++at;
  }
  int significant = 0;
  int64_t held_zeros = 0;  // zeros that matter only when another digit follows
  const auto digit = [&](char c) {
    if (c == '0') {
      ++held_zeros;
      return;
    }
    for (; held_zeros > 0 && decimal->digits != 0; --held_zeros) {
      if (++significant > 38) decimal->too_long = true;
      if (!decimal->too_long) decimal->digits *= 10;
    }
    held_zeros = 0;
    if (++significant > 38) decimal->too_long = true;
    if (!decimal->too_long) decimal->digits = decimal->digits * 10 + static_cast<unsigned>(c - '0');
  };
  const char* const whole = at;
  for (; at != end && IsDigit(*at); ++at) digit(*at);
  if (at == whole || (*whole == '0' && at - whole > 1)) return Parsed::kMalformed;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    for (; at != end && IsDigit(*at); ++at) digit(*at);
    if (at == fraction) return Parsed::kMalformed;
    decimal->exponent -= at - fraction;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    if (const Parsed parsed = ParseExponent(at, end, &decimal->exponent); parsed != Parsed::kOk)
      return parsed;
  }
  decimal->exponent += held_zeros;
  return at == end ? Parsed::kOk : Parsed::kMalformed;
}

// decimal * 10^scale as a whole number of at most `digits_max` digits.
Parsed ToWhole(const Decimal& decimal, int scale, int digits_max, unsigned __int128* value) {
  if (decimal.digits == 0 && !decimal.too_long) {
    *value = 0;
    return Parsed::kOk;
  }
  const int64_t exponent = decimal.exponent + scale;
  if (decimal.too_long || exponent < 0 || exponent > digits_max) return Parsed::kOutOfRange;
  unsigned __int128 result = decimal.digits;
  const unsigned __int128 limit = [digits_max] {
    unsigned __int128 power = 1;
    for (int i = 0; i < digits_max; ++i) power *= 10;
    return power;
  }();
  for (int64_t i = 0; i < exponent; ++i) {
    if (result >= limit / 10) return Parsed::kOutOfRange;
    result *= 10;
  }
  if (result >= limit) return Parsed::kOutOfRange;
  *value = result;
  return Parsed::kOk;
}

// Reads `count` digits; false when there is something else.
bool ReadDigits(const char* at, int count, int* value) {
  int result = 0;
  for (int i = 0; i < count; ++i) {
    if (!IsDigit(at[i])) return false;
    result = result * 10 + (at[i] - '0');
  }
  *value = result;
  return true;
}

constexpr std::array<int, 13> kDaysInMonth = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

Parsed DaysFromCivil(int year, int month, int day, int64_t* days) {
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (year < 1 || month < 1 || month > 12 || day < 1) return Parsed::kOutOfRange;
  if (day > kDaysInMonth[static_cast<size_t>(month)] + (month == 2 && leap ? 1 : 0))
    return Parsed::kOutOfRange;
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  *days = int64_t{era} * 146097 + day_of_era - 719468;
  return Parsed::kOk;
}

Parsed ParseFraction(const char*& at, const char* end, int32_t* nanos) {
  const char* const start = ++at;  // the point
  int32_t value = 0;
  int digits = 0;
  bool lost = false;
  for (; at != end && IsDigit(*at); ++at, ++digits) {
    if (digits < 9) {
      value = value * 10 + (*at - '0');
    } else if (*at != '0') {
      lost = true;
    }
  }
  if (at == start) return Parsed::kMalformed;
  for (int i = digits; i < 9; ++i) value *= 10;
  *nanos = value;
  return lost ? Parsed::kOutOfRange : Parsed::kOk;
}

Parsed ParseZone(const char* at, const char* end, int64_t* offset_seconds) {
  if (end - at == 1 && (*at == 'Z' || *at == 'z')) {
    *offset_seconds = 0;
    return Parsed::kOk;
  }
  int hours = 0;
  int minutes = 0;
  if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':' ||
      !ReadDigits(at + 1, 2, &hours) || !ReadDigits(at + 4, 2, &minutes)) {
    return Parsed::kMalformed;
  }
  if (hours > 23 || minutes > 59) return Parsed::kOutOfRange;
  const int64_t seconds = hours * 3600 + minutes * 60;
  *offset_seconds = *at == '-' ? -seconds : seconds;
  return Parsed::kOk;
}

constexpr std::array<uint8_t, 256> MakeBase64Values() {
  std::array<uint8_t, 256> values{};
  for (auto& value : values) value = 255;
  for (int i = 0; i < 26; ++i) {
    values[static_cast<size_t>('A' + i)] = static_cast<uint8_t>(i);
    values[static_cast<size_t>('a' + i)] = static_cast<uint8_t>(26 + i);
  }
  for (int i = 0; i < 10; ++i) values[static_cast<size_t>('0' + i)] = static_cast<uint8_t>(52 + i);
  values['+'] = values['-'] = 62;
  values['/'] = values['_'] = 63;
  return values;
}
constexpr std::array<uint8_t, 256> kBase64Values = MakeBase64Values();

}  // namespace

Parsed ParseInt64Exact(std::string_view text, int64_t* value) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (at != end && end - at <= 18 && (*at != '0' || end - at == 1)) {
    int64_t result = 0;
    while (at != end && IsDigit(*at)) result = result * 10 + (*at++ - '0');
    if (at == end) {
      *value = negative ? -result : result;
      return Parsed::kOk;
    }
  }
  Decimal decimal;
  if (const Parsed parsed = ParseDecimal(text, &decimal); parsed != Parsed::kOk) return parsed;
  unsigned __int128 whole = 0;
  if (const Parsed parsed = ToWhole(decimal, 0, 19, &whole); parsed != Parsed::kOk) return parsed;
  const auto limit = static_cast<unsigned __int128>(std::numeric_limits<int64_t>::max()) +
                     (decimal.negative ? 1 : 0);
  if (whole > limit) return Parsed::kOutOfRange;
  const auto magnitude = static_cast<uint64_t>(whole);
  *value = static_cast<int64_t>(decimal.negative ? ~magnitude + 1 : magnitude);
  return Parsed::kOk;
}

Parsed ParseNumericExact(std::string_view text, sql::Int128* value) {
  Decimal decimal;
  if (const Parsed parsed = ParseDecimal(text, &decimal); parsed != Parsed::kOk) return parsed;
  unsigned __int128 whole = 0;
  if (const Parsed parsed = ToWhole(decimal, 9, 38, &whole); parsed != Parsed::kOk) return parsed;
  *value = decimal.negative ? -static_cast<sql::Int128>(whole) : static_cast<sql::Int128>(whole);
  return Parsed::kOk;
}

Parsed ParseFloat64(std::string_view text, double* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument)
    return Parsed::kMalformed;
  if (error == std::errc::result_out_of_range) {
    // Too small is not too large: the nearest double is zero or subnormal, which strtod gives.
    *value = std::strtod(std::string(text).c_str(), nullptr);
    return std::isinf(*value) ? Parsed::kOutOfRange : Parsed::kOk;
  }
  return std::isfinite(*value) ? Parsed::kOk
                               : Parsed::kMalformed;  // from_chars also reads "inf" and "nan"
}

Parsed ParseFloat32(std::string_view text, double* value) {
  double wide = 0;
  if (const Parsed parsed = ParseFloat64(text, &wide); parsed != Parsed::kOk) return parsed;
  float narrow = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), narrow);
  (void)end;
  if (error == std::errc::result_out_of_range)
    narrow = std::strtof(std::string(text).c_str(), nullptr);
  *value = narrow;
  return std::isinf(narrow) ? Parsed::kOutOfRange : Parsed::kOk;
}

Parsed ParseDateExact(std::string_view text, int64_t* days) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !ReadDigits(text.data(), 4, &year) ||
      !ReadDigits(text.data() + 5, 2, &month) || !ReadDigits(text.data() + 8, 2, &day)) {
    return Parsed::kMalformed;
  }
  return DaysFromCivil(year, month, day, days);
}

Parsed ParseTimestampExact(std::string_view text, sql::TimestampValue* value) {
  if (text.size() < 20) return Parsed::kMalformed;
  int64_t days = 0;
  const Parsed date = ParseDateExact(text.substr(0, 10), &days);
  if (date == Parsed::kMalformed) return date;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const char* at = text.data() + 10;
  if ((*at != 'T' && *at != 't' && *at != ' ') || at[3] != ':' || at[6] != ':' ||
      !ReadDigits(at + 1, 2, &hour) || !ReadDigits(at + 4, 2, &minute) ||
      !ReadDigits(at + 7, 2, &second)) {
    return Parsed::kMalformed;
  }
  at += 9;
  const char* const end = text.data() + text.size();
  int32_t nanos = 0;
  Parsed fraction = Parsed::kOk;
  if (*at == '.') fraction = ParseFraction(at, end, &nanos);
  if (fraction == Parsed::kMalformed) return fraction;
  int64_t offset = 0;
  const Parsed zone = ParseZone(at, end, &offset);
  if (zone == Parsed::kMalformed) return zone;
  if (date != Parsed::kOk || fraction != Parsed::kOk || zone != Parsed::kOk || hour > 23 ||
      minute > 59 || second > 59) {
    return Parsed::kOutOfRange;
  }
  value->seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset;
  value->nanos = nanos;
  const bool in_range =
      value->seconds >= sql::kTimestampMinSeconds && value->seconds <= sql::kTimestampMaxSeconds;
  return in_range ? Parsed::kOk : Parsed::kOutOfRange;
}

Parsed DecodeBase64(std::string_view text, char* to, size_t* size) {
  size_t length = text.size();
  if (length % 4 == 0) {
    for (int i = 0; i < 2 && length > 0 && text[length - 1] == '='; ++i) --length;
  }
  if (length % 4 == 1) return Parsed::kMalformed;
  const char* const start = to;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, length)) {
    const uint8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value == 255) return Parsed::kMalformed;
    bits = bits << 6 | value;
    if (++count % 4 == 0) {
      *to++ = static_cast<char>(bits >> 16);
      *to++ = static_cast<char>(bits >> 8);
      *to++ = static_cast<char>(bits);
    }
  }
  if (count % 4 == 2) {
    if ((bits & 15) != 0) return Parsed::kMalformed;
    *to++ = static_cast<char>(bits >> 4);
  } else if (count % 4 == 3) {
    if ((bits & 3) != 0) return Parsed::kMalformed;
    *to++ = static_cast<char>(bits >> 10);
    *to++ = static_cast<char>(bits >> 2);
  }
  *size = static_cast<size_t>(to - start);
  return Parsed::kOk;
}

Parsed ParseUuidExact(std::string_view text, sql::Int128* value) {
  if (text.size() != 36) return Parsed::kMalformed;
  unsigned __int128 result = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return Parsed::kMalformed;
      continue;
    }
    const char lower = static_cast<char>(c | 32);
    if (!IsDigit(c) && (lower < 'a' || lower > 'f')) return Parsed::kMalformed;
    result = result << 4 | static_cast<unsigned>(IsDigit(c) ? c - '0' : lower - 'a' + 10);
  }
  *value = static_cast<sql::Int128>(result);
  return Parsed::kOk;
}

bool IsValidUtf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

}  // namespace ks::formats
