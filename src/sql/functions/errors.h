// What users read when a function cannot give a value. Codes and wording are Spanner's: most are
// OUT_OF_RANGE, which SAFE. turns into NULL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sql/types/datum.h"

namespace ks::sql {

absl::Status OutOfRange(std::string_view text);

// `left op right`, as in "int64 overflow: 9223372036854775807 + 1".
absl::Status Int64Overflow(int64_t left, std::string_view op, int64_t right);
absl::Status Int64NegateOverflow(int64_t value);
absl::Status DoubleOverflow(double left, std::string_view op, double right);
absl::Status NumericOverflow(Int128 left, std::string_view op, Int128 right);
// "numeric overflow: ROUND(…, 0)"
absl::Status NumericFunctionOverflow(std::string_view call);
absl::Status DivisionByZero(int64_t left);
absl::Status DivisionByZero(double left, double right);
absl::Status DivisionByZeroNumeric(Int128 left);
absl::Status CallByZero(std::string_view function, std::string_view left);
absl::Status NegativeShift();
absl::Status BytesLengthMismatch(size_t left, size_t right);

absl::Status FloatingPointError(std::string_view function, double a);
absl::Status FloatingPointError(std::string_view function, double a, double b);

absl::Status IntegerOutOfRange(std::string_view value);
absl::Status NonFiniteToInteger(double value);
absl::Status NumericOutOfRange(std::string_view value);
absl::Status NonFiniteToNumeric(double value);
absl::Status FloatOutOfRange(double value);
absl::Status BadBool(std::string_view text);
absl::Status BytesNotUtf8();

absl::Status DateAddOverflow(std::string_view date, int64_t n, std::string_view part);
absl::Status InvalidCivilDate(int64_t year, int64_t month, int64_t day);
absl::Status TimestampRange(int64_t value);
absl::Status RecordWithoutTime();
absl::Status UnknownPart(std::string_view part);
absl::Status UnsupportedPart(std::string_view function, std::string_view part);
absl::Status InvalidIntervalLiteral(std::string_view text);
absl::Status NoIntervalField(std::string_view part);
absl::Status NoIntervalRange(std::string_view from, std::string_view to);

absl::Status IndexOutOfBounds(int64_t index);
absl::Status ArrayTooLong();
absl::Status StringTooLong(std::string_view function);

}  // namespace ks::sql
