// Arithmetic of NUMERIC: Int128 scaled by 10^9, |value| < 10^38. Rounds half away from zero.
// nullopt: the result is out of range. Pure; no allocation.
#pragma once

#include <optional>

#include "sql/types/datum.h"

namespace ks::sql {

inline constexpr int64_t kNumericScale = 1'000'000'000;
inline constexpr int kNumericDigits = 9;  // after the point

constexpr Int128 PowerOfTen(int n) {
  Int128 v = 1;
  while (n-- > 0) v *= 10;
  return v;
}
inline constexpr Int128 kNumericMax = PowerOfTen(38) - 1;  // scaled

constexpr bool NumericFits(Int128 scaled) {
  return scaled <= kNumericMax && scaled >= -kNumericMax;
}

std::optional<Int128> NumericMultiply(Int128 a, Int128 b);
std::optional<Int128> NumericDivide(Int128 a, Int128 b);  // b is not 0
// a / b towards zero, as a whole number.
std::optional<Int128> NumericDiv(Int128 a, Int128 b);
// To `digits` after the point (-29..9); half away from zero, or towards zero.
std::optional<Int128> NumericRound(Int128 a, int64_t digits);
Int128 NumericTrunc(Int128 a, int64_t digits);
std::optional<Int128> NumericFloor(Int128 a);
std::optional<Int128> NumericCeil(Int128 a);
double NumericToDouble(Int128 a);                   // the nearest
std::optional<Int128> NumericFromDouble(double v);  // v is finite
// Rounded half away from zero; nullopt beyond INT64.
std::optional<int64_t> NumericToInt64(Int128 a);

}  // namespace ks::sql
