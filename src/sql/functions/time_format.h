// The format elements of FORMAT_DATE, FORMAT_TIMESTAMP, PARSE_DATE and PARSE_TIMESTAMP.
// https://cloud.google.com/spanner/docs/reference/standard-sql/format-elements#format_elements_date_time
// Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sql/types/datum.h"

namespace ks::sql {

// A moment taken apart in its zone.
struct LocalTime {
  int64_t days = 0;           // of the local date
  int32_t second_of_day = 0;  // local
  int32_t nanos = 0;
  int32_t offset = 0;      // east of UTC, seconds
  int64_t seconds = 0;     // since the epoch
  bool date_only = false;  // elements of the time of day stay as they are written
};
// Elements that there are not stay as they are.
void AppendFormatted(std::string_view format, const LocalTime& time, std::string* out);

absl::StatusOr<int64_t> ParseDateAs(std::string_view format, std::string_view text);
absl::StatusOr<TimestampValue> ParseTimestampAs(std::string_view format, std::string_view text,
                                                std::string_view zone);

}  // namespace ks::sql
