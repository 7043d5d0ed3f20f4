#include "sql/types/errors.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sql/types/limits.h"

namespace ks::sql {
namespace {

std::string Shown(std::string_view text) {
  if (text.size() <= kErrorValueBytesMax) return absl::CEscape({text.data(), text.size()});
  return absl::StrCat(absl::CEscape({text.data(), kErrorValueBytesMax}), "...");
}

std::string Plain(std::string_view text) { return std::string(text.substr(0, 256)); }

}  // namespace

absl::Status BadInt64(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Bad int64 value: ", Shown(text)));
}
absl::Status BadFloat64(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Bad double value: ", Shown(text)));
}
absl::Status BadFloat32(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Bad float value: ", Shown(text)));
}
absl::Status InvalidNumeric(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Invalid NUMERIC value: ", Shown(text)));
}
absl::Status InvalidDate(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Invalid date: '", Plain(text), "'"));
}
absl::Status DateOutOfRange(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Date value out of range: '", Plain(text), "'"));
}
absl::Status InvalidTimestamp(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Invalid timestamp: '", Plain(text), "'"));
}
absl::Status TimestampOutOfRange(std::string_view text) {
  return absl::OutOfRangeError(
      absl::StrCat("Invalid timestamp string \"", Plain(text), "\" (scale TIMESTAMP_NANOSECOND)"));
}
absl::Status InvalidTimeZone(std::string_view name) {
  if (name.empty()) return absl::OutOfRangeError("Invalid empty time zone");
  return absl::OutOfRangeError(absl::StrCat("Invalid time zone: ", Plain(name)));
}
absl::Status InvalidUuid(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Invalid UUID value: ", Shown(text)));
}
absl::Status InvalidInterval(std::string_view text) {
  return absl::OutOfRangeError(absl::StrCat("Invalid INTERVAL value '", Plain(text), "'"));
}
absl::Status IntervalOutOfRange(std::string_view text) {
  return absl::OutOfRangeError(
      absl::StrCat("Interval value '", Plain(text),
                   "' is out of range: each part must lie within ±10000 years"));
}
absl::Status InvalidJson(std::string_view why) { return absl::OutOfRangeError(std::string(why)); }
absl::Status JsonTooDeep() {
  return absl::OutOfRangeError(absl::StrCat("JSON is nested deeper than ", kJsonNestingMax,
                                            " levels; Spanner stores no deeper document"));
}
absl::Status JsonNumberNotExact(std::string_view number) {
  return absl::OutOfRangeError(absl::StrCat("Input number: ", Plain(number),
                                            " cannot round-trip through string representation"));
}

}  // namespace ks::sql
