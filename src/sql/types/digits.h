// Reading and writing runs of decimal digits: the inner loops of dates and timestamps. No
// allocation.
#pragma once

#include <cstdint>

#include "sql/types/civil.h"

namespace ks::sql {

// Reads up to `most` digits at `at` and moves past them; returns how many there were.
inline int ReadDigits(const char*& at, const char* end, int most, int* value) {
  int count = 0;
  int result = 0;
  while (count < most && at != end && static_cast<unsigned char>(*at - '0') < 10) {
    result = result * 10 + (*at - '0');
    ++at;
    ++count;
  }
  *value = result;
  return count;
}

inline bool ReadChar(const char*& at, const char* end, char wanted) {
  if (at == end || *at != wanted) return false;
  ++at;
  return true;
}

// Writes exactly `width` digits; returns what follows.
inline char* WriteDigits(char* at, uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + width;
}

inline constexpr int kDateTextBytesMax = 16;

// YYYY-MM-DD
inline char* WriteDate(char* at, int64_t days) {
  const CivilDay day = CivilFromDays(days);
  at = WriteDigits(at, static_cast<uint32_t>(day.year), day.year > 9999 ? 5 : 4);
  *at++ = '-';
  at = WriteDigits(at, static_cast<uint32_t>(day.month), 2);
  *at++ = '-';
  return WriteDigits(at, static_cast<uint32_t>(day.day), 2);
}

// HH:MM:SS of the seconds since midnight.
inline char* WriteTimeOfDay(char* at, int32_t second_of_day) {
  at = WriteDigits(at, static_cast<uint32_t>(second_of_day / 3600), 2);
  *at++ = ':';
  at = WriteDigits(at, static_cast<uint32_t>(second_of_day / 60 % 60), 2);
  *at++ = ':';
  return WriteDigits(at, static_cast<uint32_t>(second_of_day % 60), 2);
}

}  // namespace ks::sql
