// Mathematical functions.
// https://cloud.google.com/spanner/docs/reference/standard-sql/mathematical_functions
#include <cfloat>
#include <cmath>
#include <limits>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/numeric_math.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

std::string NumericText(Int128 scaled) {
  std::string text;
  AppendNumeric(scaled, &text);
  return text;
}

// COSH and SINH only overflow; ACOSH and ATANH have no value there.
absl::Status HyperbolicError(std::string_view name, double x) {
  if (name[0] == 'A') return FloatingPointError(name, x);
  return OutOfRange(StrCat("Floating point overflow in function: ", name, "(", x, ")"));
}

// A function of one FLOAT64. A result that is not finite though the argument is, is an error.
using Unary = double (*)(double);
template <Unary kFunction, const char* kName>
Signature Float64Function() {
  return Scalar([](Scope& s, double x) -> std::optional<double> {
    const double y = kFunction(x);
    if (std::isfinite(y) || !std::isfinite(x)) [[likely]]
      return y;
    if (std::string_view(kName).ends_with("H")) return s.Fail(HyperbolicError(kName, x));
    return s.Fail(FloatingPointError(kName, x));
  });
}

// NUMERIC versions of what has no exact answer go through FLOAT64.
std::optional<NumericValue> NumericOf(Scope& s, double y, std::string_view call) {
  const std::optional<Int128> scaled = std::isfinite(y) ? NumericFromDouble(y) : std::nullopt;
  if (!scaled.has_value()) return s.Fail(NumericFunctionOverflow(call));
  return NumericValue{*scaled};
}

std::optional<double> Sqrt(Scope& s, double x) {
  if (x < 0) return s.Fail(OutOfRange(StrCat("Argument to SQRT cannot be negative: ", x)));
  return std::sqrt(x);
}
std::optional<double> Pow(Scope& s, double x, double y) {
  const double z = std::pow(x, y);
  if (!std::isfinite(z) && std::isfinite(x) && std::isfinite(y)) {
    return s.Fail(FloatingPointError("POW", x, y));
  }
  return z;
}
std::optional<double> Ln(Scope& s, double x) {
  const double y = std::log(x);
  if (!std::isfinite(y) && std::isfinite(x)) return s.Fail(FloatingPointError("LN", x));
  return y;
}
std::optional<double> Log(Scope& s, double x, std::optional<double> base) {
  if (!base.has_value()) return Ln(s, x);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (std::isnan(x) || std::isnan(*base) || x == -kInfinity || std::isinf(*base)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (x == kInfinity && *base == 1) return kInfinity;
  const double y = std::log(x) / std::log(*base);
  if (x <= 0 || *base <= 0 || *base == 1 || (!std::isfinite(y) && std::isfinite(x))) {
    return s.Fail(FloatingPointError("LOG", x, *base));
  }
  return y;
}

// Whole exponents are exact, by squaring; others go through FLOAT64.
std::optional<NumericValue> NumericPower(Scope& s, NumericValue x, NumericValue y) {
  const std::string call = StrCat("POW(", NumericText(x.scaled), ", ", NumericText(y.scaled), ")");
  const bool whole = y.scaled % kNumericScale == 0;
  if (!whole || y.scaled > Int128{kNumericScale} * 10000 || y.scaled < 0) {
    const double a = NumericToDouble(x.scaled);
    const double b = NumericToDouble(y.scaled);
    const double z = std::pow(a, b);
    if (!std::isfinite(z)) return s.Fail(FloatingPointError("POW", a, b));
    return NumericOf(s, z, call);
  }
  Int128 result = kNumericScale;
  Int128 square = x.scaled;
  for (int64_t n = static_cast<int64_t>(y.scaled / kNumericScale); n > 0; n >>= 1) {
    if ((n & 1) != 0) {
      const std::optional<Int128> product = NumericMultiply(result, square);
      if (!product.has_value()) return s.Fail(NumericFunctionOverflow(call));
      result = *product;
    }
    if (n == 1) break;
    const std::optional<Int128> next = NumericMultiply(square, square);
    if (!next.has_value()) return s.Fail(NumericFunctionOverflow(call));
    square = *next;
  }
  return NumericValue{result};
}

constexpr char kAcos[] = "ACOS", kAcosh[] = "ACOSH", kAsin[] = "ASIN", kAsinh[] = "ASINH",
               kAtan[] = "ATAN", kAtanh[] = "ATANH", kCos[] = "COS", kCosh[] = "COSH",
               kExp[] = "EXP", kLog10[] = "LOG10", kSin[] = "SIN", kSinh[] = "SINH", kTan[] = "TAN",
               kTanh[] = "TANH";

void AddTrigonometry(FunctionRegistry& table) {
  table.Add("ACOS", {Float64Function<&std::acos, kAcos>()});
  table.Add("ACOSH", {Float64Function<&std::acosh, kAcosh>()});
  table.Add("ASIN", {Float64Function<&std::asin, kAsin>()});
  table.Add("ASINH", {Float64Function<&std::asinh, kAsinh>()});
  table.Add("ATAN", {Float64Function<&std::atan, kAtan>()});
  table.Add("ATANH", {Float64Function<&std::atanh, kAtanh>()});
  table.Add("ATAN2", {Scalar([](double y, double x) { return std::atan2(y, x); })});
  table.Add("COS", {Float64Function<&std::cos, kCos>()});
  table.Add("COSH", {Float64Function<&std::cosh, kCosh>()});
  table.Add("SIN", {Float64Function<&std::sin, kSin>()});
  table.Add("SINH", {Float64Function<&std::sinh, kSinh>()});
  table.Add("TAN", {Float64Function<&std::tan, kTan>()});
  table.Add("TANH", {Float64Function<&std::tanh, kTanh>()});
}

void AddLogarithms(FunctionRegistry& table) {
  table.Add("EXP", {Scalar([](Scope& s, NumericValue x) {
                      return NumericOf(s, std::exp(NumericToDouble(x.scaled)),
                                       StrCat("EXP(", NumericText(x.scaled), ")"));
                    }),
                    Float64Function<&std::exp, kExp>()});
  table.Add("SQRT",
            {Scalar([](Scope& s, NumericValue x) -> std::optional<NumericValue> {
               if (x.scaled >= 0) {
                 return NumericOf(s, std::sqrt(NumericToDouble(x.scaled)), "SQRT");
               }
               return s.Fail(OutOfRange(StrCat("SQRT is undefined for negative value: SQRT(",
                                               NumericText(x.scaled), ")")));
             }),
             Scalar([](Scope& s, double x) { return Sqrt(s, x); })});
  table.Add("POW",
            {Scalar([](Scope& s, NumericValue x, NumericValue y) { return NumericPower(s, x, y); }),
             Scalar([](Scope& s, double x, double y) { return Pow(s, x, y); })});
  table.Add("LN", {Scalar([](Scope& s, NumericValue x) -> std::optional<NumericValue> {
                     const std::optional<double> y = Ln(s, NumericToDouble(x.scaled));
                     if (!y.has_value()) return std::nullopt;
                     return NumericOf(s, *y, "LN");
                   }),
                   Scalar([](Scope& s, double x) { return Ln(s, x); })});
  table.Add(
      "LOG",
      {Scalar([](Scope& s, NumericValue x,
                 std::optional<NumericValue> base) -> std::optional<NumericValue> {
         std::optional<double> b;
         if (base.has_value()) b = NumericToDouble(base->scaled);
         const std::optional<double> y = Log(s, NumericToDouble(x.scaled), b);
         if (!y.has_value()) return std::nullopt;
         return NumericOf(s, *y, "LOG");
       }),
       Scalar([](Scope& s, double x, std::optional<double> base) { return Log(s, x, base); })});
  table.Add("LOG10", {Scalar([](Scope& s, NumericValue x) -> std::optional<NumericValue> {
                        const double v = NumericToDouble(x.scaled);
                        if (v <= 0) return s.Fail(FloatingPointError("LOG10", v));
                        return NumericOf(s, std::log10(v), "LOG10");
                      }),
                      Float64Function<&std::log10, kLog10>()});
}

// ---- ABS, SIGN, IS_INF, IS_NAN ----
template <typename T>
T Sign(T x) {
  if (std::isnan(x)) return x;
  return static_cast<T>((x > 0) - (x < 0));
}

void AddSigns(FunctionRegistry& table) {
  table.Add(
      "ABS",
      {Scalar([](Scope& s, int64_t x) -> std::optional<int64_t> {
         if (x == std::numeric_limits<int64_t>::min()) return s.Fail(Int64NegateOverflow(x));
         return x < 0 ? -x : x;
       }),
       Scalar([](NumericValue x) { return NumericValue{x.scaled < 0 ? -x.scaled : x.scaled}; }),
       Scalar([](double x) { return std::fabs(x); }),
       Scalar([](float x) { return std::fabs(x); })});
  table.Add("SIGN",
            {Scalar([](int64_t x) { return int64_t{x > 0} - int64_t{x < 0}; }),
             Scalar([](NumericValue x) {
               return NumericValue{((x.scaled > 0) - (x.scaled < 0)) * Int128{kNumericScale}};
             }),
             Scalar([](double x) { return Sign(x); }), Scalar([](float x) { return Sign(x); })});
  table.Add("IS_INF", {Scalar([](double x) { return std::isinf(x); })});
  table.Add("IS_NAN", {Scalar([](double x) { return std::isnan(x); })});
}

// ---- ROUND, TRUNC, CEIL, FLOOR ----
double PowerOfTenDouble(int64_t n) { return std::pow(10.0, static_cast<double>(n)); }

// To `digits` after the point. Both ways through a power of ten keep the error within what the
// decimal digits of a double can show.
template <typename Round>
double RoundDigits(double x, int64_t digits, Round round) {
  if (!std::isfinite(x) || x == 0) return x;
  if (digits > 330) return x;
  if (digits < -308) return 0;
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(x))));
  if (digits + exponent >= DBL_DIG + 1) return x;  // more digits than x has
  if (digits == 0) return static_cast<double>(round(x));
  if (digits < 0) {
    const double unit = PowerOfTenDouble(-digits);
    return static_cast<double>(round(x / unit) * unit);
  }
  // With more bits than a double has, so that 2.675 (which is a little less) does not become 267.5.
  const long double unit = std::pow(10.0L, static_cast<long double>(digits));
  return static_cast<double>(round(x * unit) / unit);
}

template <typename T, bool kTrunc>
std::optional<T> RoundFloat(Scope& s, T x, std::optional<int64_t> digits) {
  const double y = RoundDigits(
      x, digits.value_or(0), [](long double v) { return kTrunc ? std::trunc(v) : std::round(v); });
  const T result = static_cast<T>(y);
  if (!std::isfinite(result) && std::isfinite(x)) {
    return s.Fail(FloatingPointError(kTrunc ? "TRUNC" : "ROUND", x, digits.value_or(0)));
  }
  return result;
}
template <bool kTrunc>
std::vector<Signature> Rounding() {
  return {
      Scalar([](Scope& s, NumericValue x,
                std::optional<int64_t> digits) -> std::optional<NumericValue> {
        if (kTrunc) return NumericValue{NumericTrunc(x.scaled, digits.value_or(0))};
        const std::optional<Int128> y = NumericRound(x.scaled, digits.value_or(0));
        if (y.has_value()) return NumericValue{*y};
        return s.Fail(NumericFunctionOverflow(
            StrCat("ROUND(", NumericText(x.scaled), ", ", digits.value_or(0), ")")));
      }),
      Scalar([](Scope& s, double x, std::optional<int64_t> digits) {
        return RoundFloat<double, kTrunc>(s, x, digits);
      }),
      Scalar([](Scope& s, float x, std::optional<int64_t> digits) {
        return RoundFloat<float, kTrunc>(s, x, digits);
      }),
  };
}

template <auto kNumeric, Unary kDouble, const char* kName>
std::vector<Signature> WholeNumber() {
  return {
      Scalar([](Scope& s, NumericValue x) -> std::optional<NumericValue> {
        const std::optional<Int128> y = kNumeric(x.scaled);
        if (y.has_value()) return NumericValue{*y};
        return s.Fail(NumericFunctionOverflow(StrCat(kName, "(", NumericText(x.scaled), ")")));
      }),
      Scalar([](double x) { return kDouble(x); }),
      Scalar([](float x) { return static_cast<float>(kDouble(x)); }),
  };
}
constexpr char kCeil[] = "CEIL", kFloor[] = "FLOOR";

// An INT64 could become FLOAT64 or NUMERIC; these functions take it for FLOAT64.
void AddInt64(FunctionRegistry& table) {
  table.Extend("EXP", {Scalar([](Scope& s, int64_t x) -> std::optional<double> {
                 const double y = std::exp(static_cast<double>(x));
                 if (std::isfinite(y)) return y;
                 return s.Fail(FloatingPointError(kExp, static_cast<double>(x)));
               })});
  table.Extend("SQRT",
               {Scalar([](Scope& s, int64_t x) { return Sqrt(s, static_cast<double>(x)); })});
  table.Extend("POW", {Scalar([](Scope& s, int64_t x, int64_t y) {
                 return Pow(s, static_cast<double>(x), static_cast<double>(y));
               })});
  table.Extend("LN", {Scalar([](Scope& s, int64_t x) { return Ln(s, static_cast<double>(x)); })});
  table.Extend("LOG", {Scalar([](Scope& s, int64_t x, std::optional<int64_t> base) {
                 std::optional<double> b;
                 if (base.has_value()) b = static_cast<double>(*base);
                 return Log(s, static_cast<double>(x), b);
               })});
  table.Extend("LOG10", {Scalar([](Scope& s, int64_t x) -> std::optional<double> {
                 if (x > 0) return std::log10(static_cast<double>(x));
                 return s.Fail(FloatingPointError(kLog10, static_cast<double>(x)));
               })});
  table.Extend("ROUND", {Scalar([](Scope& s, int64_t x, std::optional<int64_t> digits) {
                 return RoundFloat<double, false>(s, static_cast<double>(x), digits);
               })});
  table.Extend("TRUNC", {Scalar([](Scope& s, int64_t x, std::optional<int64_t> digits) {
                 return RoundFloat<double, true>(s, static_cast<double>(x), digits);
               })});
  table.Extend("CEIL", {Scalar([](int64_t x) { return static_cast<double>(x); })});
  table.Extend("FLOOR", {Scalar([](int64_t x) { return static_cast<double>(x); })});
}

}  // namespace

void AddMath(FunctionRegistry& table) {
  AddTrigonometry(table);
  AddLogarithms(table);
  AddSigns(table);
  table.Add("ROUND", Rounding<false>());
  table.Add("TRUNC", Rounding<true>());
  table.Add("CEIL", WholeNumber<&NumericCeil, &std::ceil, kCeil>());
  table.Add("FLOOR", WholeNumber<&NumericFloor, &std::floor, kFloor>());
  AddInt64(table);
  table.Alias("CEILING", "CEIL");
  table.Alias("POWER", "POW");
  table.Add("PARSE_NUMERIC",
            {Scalar([](Scope& s, std::string_view text) -> std::optional<NumericValue> {
              absl::StatusOr<Int128> v = ParseNumeric(text);
              if (!v.ok()) return s.Fail(v.status());
              return NumericValue{*v};
            })});
}

}  // namespace ks::sql
