// INT64 and floating point from and to text.

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "sql/types/errors.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

// Removes ASCII whitespace at both ends, as GoogleSQL's casts do.
std::string_view Trim(std::string_view text) {
  while (!text.empty() && absl::ascii_isspace(text.front())) text.remove_prefix(1);
  while (!text.empty() && absl::ascii_isspace(text.back())) text.remove_suffix(1);
  return text;
}

bool HasHexPrefix(std::string_view digits) {
  return digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
}

// The magnitude of `digits` when it is a whole number that fits.
bool ParseMagnitude(std::string_view digits, uint64_t* magnitude) {
  int base = 10;
  if (HasHexPrefix(digits)) {
    digits.remove_prefix(2);
    base = 16;
  }
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, *magnitude, base);
  return error == std::errc() && stop == end;
}

// Everything that is no plain decimal: infinities, NaN, hex, values too large or too small.
template <typename T>
bool ParseUnusualFloat(std::string_view text, T* value) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] == '+' || text[0] == '-') return false;
  auto format = absl::chars_format::general;
  if (HasHexPrefix(text)) {
    text.remove_prefix(2);
    format = absl::chars_format::hex;
  }
  const char* end = text.data() + text.size();
  const auto result = absl::from_chars(text.data(), end, *value, format);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return false;
  if (result.ec == std::errc::result_out_of_range && *value > 1)
    *value = std::numeric_limits<T>::infinity();
  if (negative) *value = -*value;
  return true;
}

template <typename T>
bool ParseFloat(std::string_view text, T* value) {
  const std::string_view trimmed = Trim(text);
  const char* end = trimmed.data() + trimmed.size();
  const auto [stop, error] = std::from_chars(trimmed.data(), end, *value);
  if (error == std::errc() && stop == end && std::isfinite(*value)) return true;
  return ParseUnusualFloat(trimmed, value);
}

bool AppendNonFinite(double v, std::string* out) {
  if (std::isfinite(v)) return false;
  out->append(std::isnan(v) ? "nan" : (v > 0 ? "inf" : "-inf"));
  return true;
}

// As printf's %.<precision>g; the end of what was written.
template <typename T>
char* WriteGeneral(char* begin, char* end, T v, int precision) {
  return std::to_chars(begin, end, v, std::chars_format::general, precision).ptr;
}

// Digits of the shortest text that reads back as `v`.
int ShortestDigits(double v) {
  char buffer[32];
  const char* end =
      std::to_chars(buffer, buffer + sizeof(buffer), v, std::chars_format::scientific).ptr;
  int digits = 0;
  for (const char* at = buffer; at != end && *at != 'e'; ++at)
    digits += absl::ascii_isdigit(*at) ? 1 : 0;
  return digits;
}

}  // namespace

absl::StatusOr<int64_t> ParseInt64(std::string_view text) {
  std::string_view digits = Trim(text);
  bool negative = false;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  uint64_t magnitude = 0;
  if (!ParseMagnitude(digits, &magnitude)) return BadInt64(text);
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (magnitude > kMax + (negative ? 1 : 0)) return BadInt64(text);
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

absl::StatusOr<double> ParseFloat64(std::string_view text) {
  double value = 0;
  if (!ParseFloat(text, &value)) return BadFloat64(text);
  return value;
}

absl::StatusOr<float> ParseFloat32(std::string_view text) {
  float value = 0;
  if (!ParseFloat(text, &value)) return BadFloat32(text);
  return value;
}

// Spanner prints %.15g where that reads back, else %.17g. The first holds for every normal value
// whose shortest text has at most 15 digits, and then both are the same text.
void AppendFloat64(double v, std::string* out) {
  if (AppendNonFinite(v, out)) return;
  if (v == 0) {
    out->push_back('0');
    return;
  }
  char buffer[40];
  const bool normal = std::abs(v) >= std::numeric_limits<double>::min();
  char* end = buffer;
  if (!normal || ShortestDigits(v) <= 15) {
    end = WriteGeneral(buffer, buffer + sizeof(buffer), v, 15);
    double back = 0;
    if (!normal) std::from_chars(buffer, end, back);
    if (!normal && back != v) end = buffer;
  }
  if (end == buffer) end = WriteGeneral(buffer, buffer + sizeof(buffer), v, 17);
  out->append(buffer, end);
}

void AppendFloat32(float v, std::string* out) {
  if (AppendNonFinite(v, out)) return;
  if (v == 0) {
    out->push_back('0');
    return;
  }
  char buffer[40];
  char* end = buffer;
  for (int precision : {6, 8, 9}) {
    end = WriteGeneral(buffer, buffer + sizeof(buffer), v, precision);
    float back = 0;
    std::from_chars(buffer, end, back);
    if (back == v) break;
  }
  out->append(buffer, end);
}

}  // namespace ks::sql
