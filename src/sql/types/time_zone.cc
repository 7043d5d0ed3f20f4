#include "sql/types/time_zone.h"

#include <string>

#include "absl/strings/ascii.h"
#include "sql/types/digits.h"
#include "sql/types/errors.h"

namespace ks::sql {
namespace {

constexpr int kOffsetHoursMax = 14;

// The zone loader would open absolute paths and knows prefixes as `file:`; only plain names may get
// there.
bool IsPlainZoneName(std::string_view name) {
  if (name.empty() || !absl::ascii_isalpha(name[0]) || name.find("..") != name.npos) return false;
  for (char c : name) {
    if (!absl::ascii_isalnum(c) && c != '/' && c != '_' && c != '-' && c != '+') return false;
  }
  return true;
}

}  // namespace

// [+-]H[H][[:]M[M]]
bool ParseZoneOffset(std::string_view text, int* seconds) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = *at++ == '-';
  int hours = 0, minutes = 0;
  const int hour_digits = ReadDigits(at, end, 2, &hours);
  if (hour_digits == 0) return false;
  if (at != end) {
    if (!ReadChar(at, end, ':') && hour_digits != 2) return false;
    if (ReadDigits(at, end, 2, &minutes) == 0 || at != end) return false;
  }
  if (minutes > 59 || hours * 60 + minutes > kOffsetHoursMax * 60) return false;
  *seconds = (hours * 60 + minutes) * 60 * (negative ? -1 : 1);
  return true;
}

absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name) {
  std::string_view offset = name;
  if (name.starts_with("UTC") && name.size() > 3) offset.remove_prefix(3);
  if (!offset.empty() && (offset[0] == '+' || offset[0] == '-')) {
    int seconds = 0;
    if (!ParseZoneOffset(offset, &seconds)) return InvalidTimeZone(offset);
    return absl::FixedTimeZone(seconds);
  }
  thread_local std::string last_name;
  thread_local absl::TimeZone last_zone;
  if (name == last_name && !name.empty()) return last_zone;
  absl::TimeZone zone;
  if (!IsPlainZoneName(name) || !absl::LoadTimeZone(std::string(name), &zone))
    return InvalidTimeZone(name);
  last_name = std::string(name);
  last_zone = zone;
  return zone;
}

}  // namespace ks::sql
