#include "sql/functions/errors.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "base/str_cat.h"
#include "sql/functions/limits.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

std::string NumericText(Int128 scaled) {
  std::string text;
  AppendNumeric(scaled, &text);
  return text;
}

}  // namespace

absl::Status OutOfRange(std::string_view text) { return absl::OutOfRangeError(AbslView(text)); }

absl::Status Int64Overflow(int64_t left, std::string_view op, int64_t right) {
  return OutOfRange(StrCat("int64 overflow: ", left, " ", op, " ", right));
}
absl::Status Int64NegateOverflow(int64_t value) {
  return OutOfRange(StrCat("int64 overflow: -", value));
}
absl::Status DoubleOverflow(double left, std::string_view op, double right) {
  return OutOfRange(StrCat("double overflow: ", left, " ", op, " ", right));
}
absl::Status NumericOverflow(Int128 left, std::string_view op, Int128 right) {
  return OutOfRange(
      StrCat("numeric overflow: ", NumericText(left), " ", op, " ", NumericText(right)));
}
absl::Status NumericFunctionOverflow(std::string_view call) {
  return OutOfRange(StrCat("numeric overflow: ", call));
}
absl::Status DivisionByZero(int64_t left) {
  return OutOfRange(StrCat("division by zero: ", left, " / 0"));
}
absl::Status DivisionByZero(double left, double right) {
  return OutOfRange(StrCat("division by zero: ", left, std::signbit(right) ? " / -0" : " / 0"));
}
absl::Status DivisionByZeroNumeric(Int128 left) {
  return OutOfRange(StrCat("division by zero: ", NumericText(left), " / 0"));
}
absl::Status CallByZero(std::string_view function, std::string_view left) {
  return OutOfRange(StrCat("division by zero: ", function, "(", left, ", 0)"));
}
absl::Status NegativeShift() { return OutOfRange("Bitwise shift by negative offset."); }
absl::Status BytesLengthMismatch(size_t left, size_t right) {
  return OutOfRange(
      StrCat("Bitwise binary operator for BYTES requires equal length of the inputs. Got ", left,
             " bytes on the left hand side and ", right, " bytes on the right hand side."));
}

absl::Status FloatingPointError(std::string_view function, double a) {
  return OutOfRange(StrCat("Floating point error in function: ", function, "(", a, ")"));
}
absl::Status FloatingPointError(std::string_view function, double a, double b) {
  return OutOfRange(StrCat("Floating point error in function: ", function, "(", a, ", ", b, ")"));
}

absl::Status IntegerOutOfRange(std::string_view value) {
  return OutOfRange(StrCat("int64 out of range: ", value));
}
absl::Status NonFiniteToInteger(double value) {
  return OutOfRange(
      StrCat("Illegal conversion of non-finite floating point number to an integer: ", value));
}
absl::Status NumericOutOfRange(std::string_view value) {
  return OutOfRange(StrCat("numeric out of range: ", value));
}
absl::Status NonFiniteToNumeric(double value) {
  return OutOfRange(
      StrCat("Illegal conversion of non-finite floating point number to numeric: ", value));
}
absl::Status FloatOutOfRange(double value) {
  return OutOfRange(StrCat("float out of range: ", value));
}
absl::Status BadBool(std::string_view text) { return OutOfRange(StrCat("Bad bool value: ", text)); }
absl::Status BytesNotUtf8() { return OutOfRange("Invalid cast of bytes to UTF8 string"); }

absl::Status RecordWithoutTime() {
  return OutOfRange(
      "the current time is the record's, and this record has no timestamp: write "
      "COALESCE(_timestamp, TIMESTAMP '…') instead");
}

absl::Status DateAddOverflow(std::string_view date, int64_t n, std::string_view part) {
  return OutOfRange(StrCat("Adding ", n, " ", part, " to date ", date, " causes overflow"));
}
absl::Status InvalidCivilDate(int64_t year, int64_t month, int64_t day) {
  return OutOfRange(
      absl::StrFormat("Input calculates to invalid date: %04d-%02d-%02d", year, month, day));
}
absl::Status TimestampRange(int64_t value) {
  return OutOfRange(StrCat(
      "Input value ", value,
      " cannot be converted into a TIMESTAMP, because it would be out of the allowed range between "
      "-62135596800000000 to 253402300799999999 (microseconds)"));
}
absl::Status UnknownPart(std::string_view part) {
  return absl::InvalidArgumentError(StrCat("Unknown date part '", part, "'"));
}
absl::Status UnsupportedPart(std::string_view function, std::string_view part) {
  return absl::InvalidArgumentError(StrCat(function, " does not support the ", part, " date part"));
}
absl::Status InvalidIntervalLiteral(std::string_view text) {
  return absl::InvalidArgumentError(StrCat("Invalid INTERVAL value '", text, "'"));
}
absl::Status NoIntervalField(std::string_view part) {
  return absl::InvalidArgumentError(StrCat("Unsupported interval datetime field ", part));
}
absl::Status NoIntervalRange(std::string_view from, std::string_view to) {
  return absl::InvalidArgumentError(StrCat("Invalid interval datetime fields: ", from, " TO ", to));
}

absl::Status IndexOutOfBounds(int64_t index) {
  return OutOfRange(StrCat("Array index ", index, " is out of bounds"));
}
absl::Status ArrayTooLong() {
  return OutOfRange(
      StrCat("Cannot generate arrays with more than ", kGeneratedElementsMax, " elements."));
}
absl::Status StringTooLong(std::string_view function) {
  return OutOfRange(StrCat("Output of ", function, " exceeds max allowed output size of 1MB"));
}

}  // namespace ks::sql
