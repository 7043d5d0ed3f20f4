// + - * / and their relatives, for INT64, FLOAT64 and NUMERIC.
// https://cloud.google.com/spanner/docs/reference/standard-sql/operators#arithmetic_operators
#include <cmath>
#include <limits>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/numeric_math.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();

std::string NumericText(Int128 scaled) {
  std::string text;
  AppendNumeric(scaled, &text);
  return text;
}

// Each operation says how it is done for each type; nullopt means overflow.
struct AddOp {
  static constexpr std::string_view kSign = "+";
  static bool Int64(int64_t a, int64_t b, int64_t* r) { return !__builtin_add_overflow(a, b, r); }
  static double Float64(double a, double b) { return a + b; }
  static std::optional<Int128> Numeric(Int128 a, Int128 b) {
    Int128 result;  // may reach 2 * 10^38, and Int128 ends at 1.7 * 10^38
    if (__builtin_add_overflow(a, b, &result) || !NumericFits(result)) return std::nullopt;
    return result;
  }
};
struct SubtractOp {
  static constexpr std::string_view kSign = "-";
  static bool Int64(int64_t a, int64_t b, int64_t* r) { return !__builtin_sub_overflow(a, b, r); }
  static double Float64(double a, double b) { return a - b; }
  static std::optional<Int128> Numeric(Int128 a, Int128 b) { return AddOp::Numeric(a, -b); }
};
struct MultiplyOp {
  static constexpr std::string_view kSign = "*";
  static bool Int64(int64_t a, int64_t b, int64_t* r) { return !__builtin_mul_overflow(a, b, r); }
  static double Float64(double a, double b) { return a * b; }
  static std::optional<Int128> Numeric(Int128 a, Int128 b) { return NumericMultiply(a, b); }
};

// A result that is not finite though both operands are is an overflow.
bool Overflowed(double result, double a, double b) {
  return !std::isfinite(result) && std::isfinite(a) && std::isfinite(b);
}

template <typename Op>
std::vector<Signature> Operator() {
  return {
      Scalar([](Scope& s, int64_t a, int64_t b) -> std::optional<int64_t> {
        int64_t result;
        if (Op::Int64(a, b, &result)) [[likely]]
          return result;
        return s.Fail(Int64Overflow(a, Op::kSign, b));
      }),
      Scalar([](Scope& s, NumericValue a, NumericValue b) -> std::optional<NumericValue> {
        const std::optional<Int128> result = Op::Numeric(a.scaled, b.scaled);
        if (!result.has_value()) return s.Fail(NumericOverflow(a.scaled, Op::kSign, b.scaled));
        return NumericValue{*result};
      }),
      Scalar([](Scope& s, double a, double b) -> std::optional<double> {
        const double result = Op::Float64(a, b);
        if (Overflowed(result, a, b)) [[unlikely]]
          return s.Fail(DoubleOverflow(a, Op::kSign, b));
        return result;
      }),
  };
}

// SAFE_ADD …: NULL where the operator fails.
template <typename Op>
std::vector<Signature> SafeOperator() {
  return {
      Scalar([](int64_t a, int64_t b) -> std::optional<int64_t> {
        int64_t result;
        if (!Op::Int64(a, b, &result)) return std::nullopt;
        return result;
      }),
      Scalar([](NumericValue a, NumericValue b) -> std::optional<NumericValue> {
        const std::optional<Int128> result = Op::Numeric(a.scaled, b.scaled);
        if (!result.has_value()) return std::nullopt;
        return NumericValue{*result};
      }),
      Scalar([](double a, double b) -> std::optional<double> {
        const double result = Op::Float64(a, b);
        if (Overflowed(result, a, b)) return std::nullopt;
        return result;
      }),
  };
}

std::optional<double> DivideFloat64(Scope& s, double a, double b) {
  if (b == 0) [[unlikely]]
    return s.Fail(DivisionByZero(a, b));
  const double result = a / b;
  if (Overflowed(result, a, b)) [[unlikely]]
    return s.Fail(DoubleOverflow(a, "/", b));
  return result;
}

std::vector<Signature> DivideOperator() {
  return {
      Scalar([](Scope& s, int64_t a, int64_t b) -> std::optional<double> {
        if (b == 0) [[unlikely]]
          return s.Fail(DivisionByZero(a));
        return static_cast<double>(a) / static_cast<double>(b);
      }),
      Scalar([](Scope& s, NumericValue a, NumericValue b) -> std::optional<NumericValue> {
        if (b.scaled == 0) return s.Fail(DivisionByZeroNumeric(a.scaled));
        const std::optional<Int128> result = NumericDivide(a.scaled, b.scaled);
        if (!result.has_value()) return s.Fail(NumericOverflow(a.scaled, "/", b.scaled));
        return NumericValue{*result};
      }),
      Scalar([](Scope& s, double a, double b) { return DivideFloat64(s, a, b); }),
  };
}

std::vector<Signature> SafeDivide() {
  return {
      Scalar([](int64_t a, int64_t b) -> std::optional<double> {
        if (b == 0) return std::nullopt;
        return static_cast<double>(a) / static_cast<double>(b);
      }),
      Scalar([](NumericValue a, NumericValue b) -> std::optional<NumericValue> {
        if (b.scaled == 0) return std::nullopt;
        const std::optional<Int128> result = NumericDivide(a.scaled, b.scaled);
        if (!result.has_value()) return std::nullopt;
        return NumericValue{*result};
      }),
      Scalar([](double a, double b) -> std::optional<double> {
        if (b == 0 || Overflowed(a / b, a, b)) return std::nullopt;
        return a / b;
      }),
  };
}

std::vector<Signature> Negate() {
  return {
      Scalar([](Scope& s, int64_t a) -> std::optional<int64_t> {
        if (a == kInt64Min) [[unlikely]]
          return s.Fail(Int64NegateOverflow(a));
        return -a;
      }),
      Scalar([](NumericValue a) { return NumericValue{-a.scaled}; }),
      Scalar([](double a) { return -a; }),
      Scalar([](float a) { return -a; }),
  };
}

std::vector<Signature> SafeNegate() {
  return {
      Scalar([](int64_t a) -> std::optional<int64_t> {
        if (a == kInt64Min) return std::nullopt;
        return -a;
      }),
      Scalar([](NumericValue a) { return NumericValue{-a.scaled}; }),
      Scalar([](double a) { return -a; }),
      Scalar([](float a) { return -a; }),
  };
}

std::vector<Signature> Div() {
  return {
      Scalar([](Scope& s, int64_t a, int64_t b) -> std::optional<int64_t> {
        if (b == 0) return s.Fail(DivisionByZero(a));
        if (a == kInt64Min && b == -1) return s.Fail(Int64NegateOverflow(a));
        return a / b;
      }),
      Scalar([](Scope& s, NumericValue a, NumericValue b) -> std::optional<NumericValue> {
        if (b.scaled == 0) return s.Fail(CallByZero("DIV", NumericText(a.scaled)));
        const std::optional<Int128> result = NumericDiv(a.scaled, b.scaled);
        if (!result.has_value()) return s.Fail(NumericOverflow(a.scaled, "/", b.scaled));
        return NumericValue{*result};
      }),
  };
}

std::vector<Signature> Mod() {
  return {
      Scalar([](Scope& s, int64_t a, int64_t b) -> std::optional<int64_t> {
        if (b == 0) return s.Fail(CallByZero("MOD", StrCat(a)));
        return b == -1 ? 0 : a % b;
      }),
      Scalar([](Scope& s, NumericValue a, NumericValue b) -> std::optional<NumericValue> {
        if (b.scaled == 0) return s.Fail(CallByZero("MOD", NumericText(a.scaled)));
        return NumericValue{a.scaled % b.scaled};
      }),
  };
}

std::vector<Signature> IeeeDivide() {
  return {
      Scalar([](double a, double b) { return a / b; }),
      Scalar([](float a, float b) { return a / b; }),
  };
}

}  // namespace

void AddArithmetic(FunctionRegistry& table) {
  table.Add("$add", Operator<AddOp>());
  table.Add("$subtract", Operator<SubtractOp>());
  table.Add("$multiply", Operator<MultiplyOp>());
  table.Add("$divide", DivideOperator());
  table.Add("$unary_minus", Negate());
  table.Add("DIV", Div());
  table.Add("MOD", Mod());
  table.Add("IEEE_DIVIDE", IeeeDivide());
  table.Add("SAFE_ADD", SafeOperator<AddOp>());
  table.Add("SAFE_SUBTRACT", SafeOperator<SubtractOp>());
  table.Add("SAFE_MULTIPLY", SafeOperator<MultiplyOp>());
  table.Add("SAFE_DIVIDE", SafeDivide());
  table.Add("SAFE_NEGATE", SafeNegate());
}

}  // namespace ks::sql
