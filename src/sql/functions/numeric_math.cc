#include "sql/functions/numeric_math.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "absl/strings/str_format.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

using Uint128 = unsigned __int128;

struct Uint256 {
  Uint128 high;
  Uint128 low;
};

constexpr uint64_t Low64(Uint128 v) { return static_cast<uint64_t>(v); }
constexpr uint64_t High64(Uint128 v) { return static_cast<uint64_t>(v >> 64); }
constexpr Uint128 Magnitude(Int128 v) {
  return v < 0 ? Uint128{0} - static_cast<Uint128>(v) : static_cast<Uint128>(v);
}

Uint256 Multiply(Uint128 a, Uint128 b) {
  const Uint128 ll = Uint128{Low64(a)} * Low64(b);
  const Uint128 lh = Uint128{Low64(a)} * High64(b);
  const Uint128 hl = Uint128{High64(a)} * Low64(b);
  const Uint128 hh = Uint128{High64(a)} * High64(b);
  const Uint128 middle = Uint128{High64(ll)} + Low64(lh) + Low64(hl);
  return {hh + High64(lh) + High64(hl) + High64(middle), (middle << 64) | Low64(ll)};
}

// a / d, and what is left; d is not 0. nullopt when the quotient needs more than 128 bits.
std::optional<Uint128> Divide(Uint256 a, Uint128 d, Uint128* rest) {
  if (a.high == 0) {
    *rest = a.low % d;
    return a.low / d;
  }
  if (a.high >= d) return std::nullopt;
  Uint128 remainder = a.high;
  Uint128 quotient = 0;
  for (int bit = 127; bit >= 0; --bit) {
    const bool carry = (remainder >> 127) != 0;
    remainder = (remainder << 1) | ((a.low >> bit) & 1);
    quotient <<= 1;
    if (carry || remainder >= d) {
      remainder -= d;
      quotient |= 1;
    }
  }
  *rest = remainder;
  return quotient;
}

// magnitude with half-away rounding from `rest` of `divisor`, and a sign; in range or nothing.
std::optional<Int128> Finish(std::optional<Uint128> quotient, Uint128 rest, Uint128 divisor,
                             bool negative) {
  if (!quotient.has_value()) return std::nullopt;
  Uint128 q = *quotient;
  if (rest >= divisor - rest) ++q;
  if (q > static_cast<Uint128>(kNumericMax)) return std::nullopt;
  return negative ? -static_cast<Int128>(q) : static_cast<Int128>(q);
}

}  // namespace

std::optional<Int128> NumericMultiply(Int128 a, Int128 b) {
  Uint128 rest = 0;
  const auto quotient = Divide(Multiply(Magnitude(a), Magnitude(b)), kNumericScale, &rest);
  return Finish(quotient, rest, kNumericScale, (a < 0) != (b < 0));
}

std::optional<Int128> NumericDivide(Int128 a, Int128 b) {
  Uint128 rest = 0;
  const Uint128 divisor = Magnitude(b);
  const auto quotient = Divide(Multiply(Magnitude(a), kNumericScale), divisor, &rest);
  return Finish(quotient, rest, divisor, (a < 0) != (b < 0));
}

std::optional<Int128> NumericDiv(Int128 a, Int128 b) {
  const Int128 whole = a / b;
  if (whole > kNumericMax / kNumericScale || whole < -(kNumericMax / kNumericScale)) {
    return std::nullopt;
  }
  return whole * kNumericScale;
}

Int128 NumericTrunc(Int128 a, int64_t digits) {
  if (digits >= kNumericDigits) return a;
  if (digits < -29) return 0;
  const Int128 unit = PowerOfTen(kNumericDigits - static_cast<int>(digits));
  return a / unit * unit;
}

std::optional<Int128> NumericRound(Int128 a, int64_t digits) {
  if (digits >= kNumericDigits) return a;
  if (digits < -29) return Int128{0};
  const Int128 unit = PowerOfTen(kNumericDigits - static_cast<int>(digits));
  const Int128 rest = a % unit;
  Int128 result = a - rest;
  if (rest >= unit - unit / 2) result += unit;  // unit is even: half of it is exact
  if (-rest >= unit - unit / 2) result -= unit;
  if (!NumericFits(result)) return std::nullopt;
  return result;
}

std::optional<Int128> NumericFloor(Int128 a) {
  const Int128 rest = a % kNumericScale;
  const Int128 result = a - rest - (rest < 0 ? kNumericScale : 0);
  if (!NumericFits(result)) return std::nullopt;
  return result;
}

std::optional<Int128> NumericCeil(Int128 a) {
  const std::optional<Int128> floor = NumericFloor(-a);
  if (!floor.has_value()) return std::nullopt;
  return -*floor;
}

double NumericToDouble(Int128 a) {
  const Uint128 magnitude = Magnitude(a);
  if (magnitude < (Uint128{1} << 53)) {  // one exact division: correctly rounded
    return static_cast<double>(static_cast<int64_t>(a)) / static_cast<double>(kNumericScale);
  }
  std::string text;
  AppendNumeric(a, &text);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Int128> NumericFromDouble(double v) {
  if (std::fabs(v) >= 1e29) return std::nullopt;
  // The exact decimal expansion, rounded half away from zero at nine digits.
  const double magnitude = std::fabs(v);
  const double whole = std::floor(magnitude);
  const double fraction = magnitude - whole;  // exact
  // fraction * 2^64 is exact: a double below 1 has its 53 bits; bits below 2^-64 only decide ties,
  // and no tie at 10^-9 has any.
  const Uint128 bits = static_cast<Uint128>(std::ldexp(fraction, 64));
  const Uint128 scaled = bits * kNumericScale;
  const Uint128 half = Uint128{1} << 63;
  Uint128 result = static_cast<Uint128>(whole) * kNumericScale + (scaled >> 64);
  if ((scaled & ~uint64_t{0}) >= half) ++result;
  if (result > static_cast<Uint128>(kNumericMax)) return std::nullopt;
  return v < 0 ? -static_cast<Int128>(result) : static_cast<Int128>(result);
}

std::optional<int64_t> NumericToInt64(Int128 a) {
  const Int128 half = kNumericScale / 2;
  const Int128 whole = (a < 0 ? a - half : a + half) / kNumericScale;
  if (whole > std::numeric_limits<int64_t>::max() || whole < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(whole);
}

}  // namespace ks::sql
