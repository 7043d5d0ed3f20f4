// Values as the text Spanner's wire format has for them, written to memory the caller has reserved.
//
// Each function writes at `to`, which has room for the bytes named beside it, and returns the end.
// No allocation, no locale. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sql/types/datum.h"

namespace ks::pipeline {

inline constexpr size_t kInt64TextMax = 20;      // -9223372036854775808
inline constexpr size_t kDateTextMax = 10;       // 9999-12-31
inline constexpr size_t kTimestampTextMax = 30;  // 9999-12-31T23:59:59.999999999Z
inline constexpr size_t kNumericTextMax =
    48;  // sign, 29 digits, point, 9 digits, and room for any Int128
inline constexpr size_t kUuidTextMax = 36;

char* WriteInt64(int64_t value, char* to);
char* WriteDate(int64_t days, char* to);
// RFC 3339 in UTC; a fraction of 0, 3, 6 or 9 digits, as protobuf's JSON has it.
char* WriteTimestamp(sql::TimestampValue value, char* to);
// Shortest decimal: no trailing zeros, no point without digits after it.
char* WriteNumeric(sql::Int128 scaled, char* to);
char* WriteUuid(sql::Int128 value, char* to);
inline size_t Base64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }
char* WriteBase64(std::string_view bytes, char* to);  // standard alphabet, padded

}  // namespace ks::pipeline
