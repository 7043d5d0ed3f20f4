// What users read when a text is no value of a type. Codes and wording are Spanner's
// (OUT_OF_RANGE).
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace ks::sql {

absl::Status BadInt64(std::string_view text);
absl::Status BadFloat64(std::string_view text);
absl::Status BadFloat32(std::string_view text);
absl::Status InvalidNumeric(std::string_view text);
absl::Status InvalidDate(std::string_view text);
absl::Status DateOutOfRange(std::string_view text);
absl::Status InvalidTimestamp(std::string_view text);     // not of the form
absl::Status TimestampOutOfRange(std::string_view text);  // of the form, but no such moment
absl::Status InvalidTimeZone(std::string_view name);
absl::Status InvalidUuid(std::string_view text);
absl::Status InvalidInterval(std::string_view text);
absl::Status IntervalOutOfRange(std::string_view text);
absl::Status InvalidJson(std::string_view why);  // `why` says what and where
absl::Status JsonTooDeep();
absl::Status JsonNumberNotExact(std::string_view number);

}  // namespace ks::sql
