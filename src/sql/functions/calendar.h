// Arithmetic of dates by their parts. Pure; no allocation.
// https://cloud.google.com/spanner/docs/reference/standard-sql/date_functions
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "sql/functions/function.h"

namespace ks::sql {

enum class DatePart : uint8_t {
  kYear,
  kIsoYear,
  kQuarter,
  kMonth,
  kWeek,  // begins on Sunday
  kIsoWeek,
  kDay,
  kDayOfWeek,
  kDayOfYear,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
};
std::optional<DatePart> FindDatePart(std::string_view upper_name);
std::string_view DatePartName(DatePart part);

constexpr uint32_t PartBit(DatePart part) { return uint32_t{1} << static_cast<uint32_t>(part); }
template <typename... Part>
constexpr uint32_t Parts(Part... parts) {
  return (0u | ... | PartBit(parts));
}

// A part that stands as a constant argument: which argument, and which parts the function takes.
struct PartArgument {
  std::string_view function;
  size_t index;
  uint32_t allowed;
};
absl::Status CheckPart(const PartArgument& argument, absl::Span<const Value* const> constants);
// For Signature::prepare: refuses parts that the function does not take.
template <const PartArgument& kArgument>
absl::StatusOr<Prepared> PreparePart(absl::Span<const Value* const> constants) {
  absl::Status status = CheckPart(kArgument, constants);
  if (!status.ok()) return status;
  return Prepared();
}

// Reads the part's name once per batch.
class PartCursor {
 public:
  DatePart Get(std::string_view name) {
    if (name.data() != name_.data() || name.size() != name_.size()) {
      name_ = name;
      part_ = FindDatePart(name).value_or(DatePart::kDay);
    }
    return part_;
  }

 private:
  std::string_view name_;
  DatePart part_ = DatePart::kDay;
};

constexpr int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0)); }

// 0 is Sunday.
constexpr int64_t DayOfWeek(int64_t days) { return days + 4 - FloorDivide(days + 4, 7) * 7; }
int64_t ExtractDatePart(int64_t days, DatePart part);
// nullopt: outside of 0001..9999.
std::optional<int64_t> AddToDate(int64_t days, int64_t n, DatePart part);
int64_t DateDiff(int64_t a, int64_t b, DatePart part);
// The first day of the part; it may lie before 0001-01-01.
int64_t TruncateDate(int64_t days, DatePart part);
// The first day of an ISO year (a Monday).
int64_t IsoYearStart(int64_t iso_year);

}  // namespace ks::sql
