// Values from their text, exactly: what does not fit is an error and never a rounded value.
//
// The rules are those of Spanner's JSON form of values, which is stricter than CAST: a timestamp
// has a zone, nothing is trimmed. Thread-safe, no allocation except where a string is returned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sql/types/datum.h"

namespace ks::formats {

enum class Parsed : uint8_t {
  kOk,
  kMalformed,   // not of this form at all
  kOutOfRange,  // of this form, but no value of the type is equal to it
};

// A JSON number, or the same in other text: -?digits[.digits][e[+-]digits].
// Also `1.0` and `1e3` for 1 and 1000: what counts is that the number is whole.
Parsed ParseInt64Exact(std::string_view text, int64_t* value);
// value * 10^9. More than nine digits after the point, other than zeros, are out of range.
Parsed ParseNumericExact(std::string_view text, sql::Int128* value);
Parsed ParseFloat64(std::string_view text, double* value);
// The float nearest to the number (one rounding), widened.
Parsed ParseFloat32(std::string_view text, double* value);
// YYYY-MM-DD.
Parsed ParseDateExact(std::string_view text, int64_t* days);
// RFC 3339: YYYY-MM-DD{T| }HH:MM:SS[.fraction]{Z|±HH:MM}. More than nine digits of fraction, other
// than zeros, are out of range.
Parsed ParseTimestampExact(std::string_view text, sql::TimestampValue* value);
// Standard or URL-safe alphabet, padded or not. `to` has room for text.size() bytes; `size` becomes
// how many there are.
Parsed DecodeBase64(std::string_view text, char* to, size_t* size);
// 8-4-4-4-12 hexadecimal digits.
Parsed ParseUuidExact(std::string_view text, sql::Int128* value);

bool IsValidUtf8(std::string_view bytes);

}  // namespace ks::formats
