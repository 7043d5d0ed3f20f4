// TIMESTAMP from and to text.

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "sql/types/civil.h"
#include "sql/types/digits.h"
#include "sql/types/errors.h"
#include "sql/types/time_zone.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

constexpr int kTimestampTextBytesMax = 48;

// The text taken apart. Exactly one way to the zone is used: `offset_seconds`, or a name, or
// neither (the default zone).
struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int32_t nanos = 0;
  bool has_offset = false;
  std::string_view offset;  // with its sign; empty for Z
  std::string_view zone;
};

bool ReadFraction(const char*& at, const char* end, int32_t* nanos) {
  if (!ReadChar(at, end, '.')) return true;
  int value = 0;
  const int count = ReadDigits(at, end, 9, &value);
  for (int i = count; i < 9; ++i) value *= 10;
  *nanos = value;
  return count > 0;
}

bool ReadTime(const char*& at, const char* end, Parts* parts) {
  return ReadDigits(at, end, 2, &parts->hour) > 0 && ReadChar(at, end, ':') &&
         ReadDigits(at, end, 2, &parts->minute) > 0 && ReadChar(at, end, ':') &&
         ReadDigits(at, end, 2, &parts->second) > 0 && ReadFraction(at, end, &parts->nanos);
}

bool IsSign(char c) { return c == '+' || c == '-'; }

// What follows the time: `Z`, `+08:30`, ` America/New_York`.
bool ReadZone(const char* at, const char* end, Parts* parts) {
  const std::string_view rest(at, static_cast<size_t>(end - at));
  if (rest.empty()) return true;
  if (rest[0] == 'Z' || rest[0] == 'z') {
    parts->has_offset = true;
    return rest.size() == 1;
  }
  if (IsSign(rest[0])) {
    parts->has_offset = true;
    parts->offset = rest;
    return true;
  }
  if (rest[0] != ' ' || rest.size() < 2 || IsSign(rest[1]) || rest.back() == ' ') return false;
  parts->zone = rest.substr(1);
  return true;
}

// YYYY-[M]M-[D]D[( |T)[H]H:[M]M:[S]S[.F]][zone]; behind a lone date only ` +08` may stand.
bool ReadParts(std::string_view text, Parts* parts) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (ReadDigits(at, end, 5, &parts->year) < 4 || !ReadChar(at, end, '-') ||
      ReadDigits(at, end, 2, &parts->month) == 0 || !ReadChar(at, end, '-') ||
      ReadDigits(at, end, 2, &parts->day) == 0) {
    return false;
  }
  if (at == end) return true;
  if (*at != ' ' && *at != 'T' && *at != 't') return false;
  const bool space = *at++ == ' ';
  if (at == end) return false;
  if (space && IsSign(*at)) return ReadZone(at, end, parts);
  return ReadTime(at, end, parts) && ReadZone(at, end, parts);
}

bool ValidParts(const Parts& p) {
  if (p.month < 1 || p.month > 12 || p.day < 1 || p.day > DaysInMonth(p.year, p.month))
    return false;
  return p.hour <= 23 && p.minute <= 59 &&
         p.second <= 60;  // 60: a leap second, counted into the next minute
}

}  // namespace

absl::StatusOr<TimestampValue> ParseTimestamp(std::string_view text,
                                              std::string_view default_zone) {
  Parts p;
  if (!ReadParts(text, &p)) return InvalidTimestamp(text);
  if (!ValidParts(p)) return TimestampOutOfRange(text);
  const bool leap = p.second == 60;
  const int second = leap ? 59 : p.second;
  int64_t seconds = DaysFromCivil(p.year, p.month, p.day) * kSecondsPerDay + p.hour * 3600 +
                    p.minute * 60 + second;
  if (!p.offset.empty()) {
    int offset_seconds = 0;
    if (!ParseZoneOffset(p.offset, &offset_seconds)) return InvalidTimeZone(p.offset);
    seconds -= offset_seconds;
  } else if (!p.has_offset) {
    absl::StatusOr<absl::TimeZone> found = FindTimeZone(p.zone.empty() ? default_zone : p.zone);
    if (!found.ok()) return found.status();
    // A local time that a change of clocks skips or repeats is read with the offset from before the
    // change.
    const absl::CivilSecond civil(p.year, p.month, p.day, p.hour, p.minute, second);
    seconds = absl::ToUnixSeconds(found->At(civil).pre);
  }
  seconds += leap ? 1 : 0;
  if (seconds < kTimestampMinSeconds || seconds > kTimestampMaxSeconds)
    return TimestampOutOfRange(text);
  return TimestampValue{seconds, p.nanos};
}

namespace {

int64_t FloorDays(int64_t seconds) {
  return (seconds >= 0 ? seconds : seconds - (kSecondsPerDay - 1)) / kSecondsPerDay;
}

char* WriteDateTime(char* at, int64_t seconds, char separator) {
  const int64_t days = FloorDays(seconds);
  at = WriteDate(at, days);
  *at++ = separator;
  return WriteTimeOfDay(at, static_cast<int32_t>(seconds - days * kSecondsPerDay));
}

// `.` and digits without trailing zeros, nothing for zero.
char* WriteNanosShort(char* at, int32_t nanos) {
  if (nanos == 0) return at;
  *at++ = '.';
  at = WriteDigits(at, static_cast<uint32_t>(nanos), 9);
  while (at[-1] == '0') --at;
  return at;
}

// `.` and 3, 6 or 9 digits, nothing for zero.
char* WriteNanosInThrees(char* at, int32_t nanos) {
  if (nanos == 0) return at;
  *at++ = '.';
  if (nanos % 1'000'000 == 0) return WriteDigits(at, static_cast<uint32_t>(nanos / 1'000'000), 3);
  if (nanos % 1'000 == 0) return WriteDigits(at, static_cast<uint32_t>(nanos / 1'000), 6);
  return WriteDigits(at, static_cast<uint32_t>(nanos), 9);
}

// +08, -07:52
char* WriteOffset(char* at, int offset_seconds) {
  *at++ = offset_seconds < 0 ? '-' : '+';
  const auto minutes =
      static_cast<uint32_t>(offset_seconds < 0 ? -offset_seconds : offset_seconds) / 60;
  at = WriteDigits(at, minutes / 60, 2);
  if (minutes % 60 == 0) return at;
  *at++ = ':';
  return WriteDigits(at, minutes % 60, 2);
}

}  // namespace

void AppendTimestampRfc3339(TimestampValue t, std::string* out) {
  char buffer[kTimestampTextBytesMax];
  char* at = WriteDateTime(buffer, t.seconds, 'T');
  at = WriteNanosShort(at, t.nanos);
  *at++ = 'Z';
  out->append(buffer, at);
}

void AppendTimestampJson(TimestampValue t, std::string* out) {
  char buffer[kTimestampTextBytesMax];
  char* at = WriteDateTime(buffer, t.seconds, 'T');
  at = WriteNanosInThrees(at, t.nanos);
  *at++ = 'Z';
  out->append(buffer, at);
}

void AppendTimestamp(TimestampValue t, std::string_view zone, std::string* out) {
  int offset = 0;
  if (zone != "UTC") {
    absl::StatusOr<absl::TimeZone> found = FindTimeZone(zone);
    if (found.ok()) offset = found->At(absl::FromUnixSeconds(t.seconds)).offset;
  }
  char buffer[kTimestampTextBytesMax];
  // Zones before 1900 are off by odd seconds; the text shows local time to the printed minute of
  // the offset.
  const int shown_offset = offset / 60 * 60;
  char* at = WriteDateTime(buffer, t.seconds + shown_offset, ' ');
  at = WriteNanosInThrees(at, t.nanos);
  out->append(buffer, WriteOffset(at, shown_offset));
}

}  // namespace ks::sql
