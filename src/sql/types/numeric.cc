// NUMERIC: 29 digits before the point and 9 after, as an integer of billionths.

#include "sql/types/numeric.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "sql/types/errors.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

constexpr int kScale = 9;
constexpr int kDigitsMax = 38;
constexpr int64_t kExponentMax = 1'000'000'000;  // beyond this the answer is the same

constexpr Int128 PowerOfTen(int exponent) {
  Int128 value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}
constexpr Int128 kLimit = PowerOfTen(kDigitsMax);

// A decimal text taken apart: 0.d1d2d3… * 10^point, d1 not zero.
struct Decimal {
  bool negative = false;
  char digits[kDigitsMax +
              1];  // the first significant ones; the rest can not change the rounded result
  int count = 0;
  int64_t point = 0;
};

const char* SkipSpace(const char* at, const char* end) {
  while (at != end && absl::ascii_isspace(*at)) ++at;
  return at;
}

bool ReadMantissa(const char*& at, const char* end, Decimal* decimal) {
  bool any = false;
  bool fraction = false;
  bool significant = false;
  for (; at != end; ++at) {
    if (*at == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!absl::ascii_isdigit(*at)) break;
    any = true;
    significant |= *at != '0';
    if (significant && decimal->count <= kDigitsMax) decimal->digits[decimal->count++] = *at;
    if (!fraction && significant) ++decimal->point;
    if (fraction && !significant) --decimal->point;
  }
  return any;
}

bool ReadExponent(const char*& at, const char* end, int64_t* exponent) {
  if (at == end || (*at != 'e' && *at != 'E')) return true;
  ++at;
  bool negative = false;
  if (at != end && (*at == '+' || *at == '-')) negative = *at++ == '-';
  if (at == end || !absl::ascii_isdigit(*at)) return false;
  int64_t value = 0;
  for (; at != end && absl::ascii_isdigit(*at); ++at)
    value = std::min(value * 10 + (*at - '0'), kExponentMax);
  *exponent = negative ? -value : value;
  return true;
}

bool ReadDecimal(std::string_view text, Decimal* decimal) {
  const char* at = text.data();
  const char* end = at + text.size();
  at = SkipSpace(at, end);
  if (at != end && (*at == '+' || *at == '-')) decimal->negative = *at++ == '-';
  if (!ReadMantissa(at, end, decimal)) return false;
  int64_t exponent = 0;
  if (!ReadExponent(at, end, &exponent)) return false;
  decimal->point += exponent;
  return SkipSpace(at, end) == end;
}

// The first `wanted` digits as a number, rounded half up by the next digit.
Int128 Round(const Decimal& decimal, int wanted) {
  Int128 value = 0;
  for (int i = 0; i < wanted; ++i)
    value = value * 10 + (i < decimal.count ? decimal.digits[i] - '0' : 0);
  const bool up = wanted < decimal.count && decimal.digits[wanted] >= '5';
  return value + (up ? 1 : 0);
}

}  // namespace

absl::StatusOr<Int128> ParseNumeric(std::string_view text) {
  Decimal decimal;
  if (!ReadDecimal(text, &decimal)) return InvalidNumeric(text);
  if (decimal.count == 0) return Int128{0};
  const int64_t wanted = decimal.point + kScale;
  if (wanted > kDigitsMax) return InvalidNumeric(text);
  if (wanted < 0) return Int128{0};
  const Int128 scaled = Round(decimal, static_cast<int>(wanted));
  if (scaled >= kLimit) return InvalidNumeric(text);
  return decimal.negative ? -scaled : scaled;
}

void AppendNumeric(Int128 scaled, std::string* out) {
  char buffer[48];
  char* const end = buffer + sizeof(buffer);
  char* at = end;
  auto rest = static_cast<unsigned __int128>(scaled < 0 ? -scaled : scaled);
  bool significant = false;
  for (int i = 0; i < kScale; ++i, rest /= 10) {
    const char digit = static_cast<char>('0' + static_cast<int>(rest % 10));
    significant |= digit != '0';
    if (significant) *--at = digit;
  }
  if (significant) *--at = '.';
  do {
    *--at = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (scaled < 0) *--at = '-';
  out->append(at, end);
}

bool FitsNumericExactly(std::string_view text) {
  Decimal decimal;
  if (!ReadDecimal(text, &decimal)) return true;  // its error is another
  int last = decimal.count;
  while (last > 0 && decimal.digits[last - 1] == '0') --last;
  return last - decimal.point <= kScale;
}

}  // namespace ks::sql
