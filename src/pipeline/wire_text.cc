#include "pipeline/wire_text.h"

#include <array>
#include <charconv>
#include <cstring>

namespace ks::pipeline {
namespace {

constexpr std::array<char, 200> MakeTwoDigits() {
  std::array<char, 200> digits{};
  for (int i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}
constexpr std::array<char, 200> kTwoDigits = MakeTwoDigits();

char* WriteTwo(uint32_t value, char* to) {
  std::memcpy(to, &kTwoDigits[2 * value], 2);
  return to + 2;
}

char* WriteThree(uint32_t value, char* to) {
  *to = static_cast<char>('0' + value / 100);
  return WriteTwo(value % 100, to + 1);
}

char* WriteNine(uint32_t value, char* to) {
  to = WriteThree(value / 1000000, to);
  to = WriteThree(value / 1000 % 1000, to);
  return WriteThree(value % 1000, to);
}

}  // namespace

char* WriteInt64(int64_t value, char* to) {
  return std::to_chars(to, to + kInt64TextMax, value).ptr;
}

// Days to a civil date by eras of 400 years, March first, so that the leap day is the last of its
// year.
char* WriteDate(int64_t days, char* to) {
  const int64_t shifted = days + 719468;  // days since 0000-03-01
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const auto day_of_era = static_cast<uint32_t>(shifted - era * 146097);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const auto year = static_cast<uint32_t>(era * 400 + year_of_era + (month <= 2 ? 1 : 0));
  to = WriteTwo(year / 100 % 100, to);
  to = WriteTwo(year % 100, to);
  *to++ = '-';
  to = WriteTwo(month, to);
  *to++ = '-';
  return WriteTwo(day, to);
}

char* WriteTimestamp(sql::TimestampValue value, char* to) {
  int64_t days = value.seconds / 86400;
  int64_t second = value.seconds % 86400;
  if (second < 0) {
    second += 86400;
    --days;
  }
  to = WriteDate(days, to);
  *to++ = 'T';
  to = WriteTwo(static_cast<uint32_t>(second / 3600), to);
  *to++ = ':';
  to = WriteTwo(static_cast<uint32_t>(second / 60 % 60), to);
  *to++ = ':';
  to = WriteTwo(static_cast<uint32_t>(second % 60), to);
  if (value.nanos != 0) {
    const auto nanos = static_cast<uint32_t>(value.nanos);
    *to++ = '.';
    to = WriteThree(nanos / 1000000, to);
    if (nanos % 1000000 != 0) {
      to = WriteThree(nanos / 1000 % 1000, to);
      if (nanos % 1000 != 0) to = WriteThree(nanos % 1000, to);
    }
  }
  *to++ = 'Z';
  return to;
}

char* WriteNumeric(sql::Int128 scaled, char* to) {
  constexpr uint32_t kScale = 1000000000;
  auto magnitude = static_cast<unsigned __int128>(scaled);
  if (scaled < 0) {
    *to++ = '-';
    magnitude = -magnitude;
  }
  auto fraction = static_cast<uint32_t>(magnitude % kScale);
  magnitude /= kScale;
  uint32_t groups[4];  // of nine digits, the lowest first
  int count = 0;
  do {
    groups[count++] = static_cast<uint32_t>(magnitude % kScale);
    magnitude /= kScale;
  } while (magnitude != 0 && count < 4);
  to = std::to_chars(to, to + 10, groups[--count]).ptr;
  while (count > 0) to = WriteNine(groups[--count], to);
  if (fraction == 0) return to;
  *to++ = '.';
  to = WriteNine(fraction, to);
  while (to[-1] == '0') --to;
  return to;
}

char* WriteUuid(sql::Int128 value, char* to) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto bits = static_cast<unsigned __int128>(value);
  for (int nibble = 31; nibble >= 0; --nibble) {
    *to++ = kHex[static_cast<size_t>(bits >> (nibble * 4)) & 15];
    if (nibble == 24 || nibble == 20 || nibble == 16 || nibble == 12) *to++ = '-';
  }
  return to;
}

char* WriteBase64(std::string_view bytes, char* to) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 3; left -= 3, from += 3, to += 4) {
    const uint32_t triple = uint32_t{from[0]} << 16 | uint32_t{from[1]} << 8 | from[2];
    to[0] = kAlphabet[triple >> 18];
    to[1] = kAlphabet[triple >> 12 & 63];
    to[2] = kAlphabet[triple >> 6 & 63];
    to[3] = kAlphabet[triple & 63];
  }
  if (left == 0) return to;
  const uint32_t triple = uint32_t{from[0]} << 16 | (left == 2 ? uint32_t{from[1]} << 8 : 0);
  to[0] = kAlphabet[triple >> 18];
  to[1] = kAlphabet[triple >> 12 & 63];
  to[2] = left == 2 ? kAlphabet[triple >> 6 & 63] : '=';
  to[3] = '=';
  return to + 4;
}

}  // namespace ks::pipeline
