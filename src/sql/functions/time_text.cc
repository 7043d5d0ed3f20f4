// FORMAT_DATE, FORMAT_TIMESTAMP, PARSE_DATE, PARSE_TIMESTAMP.
// https://cloud.google.com/spanner/docs/reference/standard-sql/timestamp_functions#format_timestamp
#include "sql/functions/calendar.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"
#include "sql/functions/time_format.h"
#include "sql/functions/zone_table.h"
#include "sql/types/civil.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

Text FormatDate(Scope& s, Text format, DateDays date) {
  std::string text;
  AppendFormatted(format, LocalTime{.days = date.days, .date_only = true}, &text);
  return s.arena().Copy(text);
}

struct FormatTimestamp {
  explicit FormatTimestamp(Call& call) : default_zone(call.context.default_zone) {}
  std::string_view default_zone;
  ZoneCursor zone;
  std::string text;
  std::optional<Text> operator()(Scope& s, Text format, TimestampValue t,
                                 std::optional<Text> zone_name) {
    absl::Status status = zone.Set(zone_name.value_or(default_zone));
    if (!status.ok()) return s.Fail(std::move(status));
    const int64_t local = zone.ToLocal(t.seconds);
    const int64_t days = FloorDivide(local, kSecondsPerDay);
    const LocalTime time{.days = days,
                         .second_of_day = static_cast<int32_t>(local - days * kSecondsPerDay),
                         .nanos = t.nanos,
                         .offset = zone.Offset(t.seconds),
                         .seconds = t.seconds};
    text.clear();
    AppendFormatted(format, time, &text);
    return s.arena().Copy(text);
  }
};

}  // namespace

void AddTimeText(FunctionRegistry& table) {
  table.Add("FORMAT_DATE",
            {Scalar([](Scope& s, Text format, DateDays d) { return FormatDate(s, format, d); })});
  table.Add("FORMAT_TIMESTAMP", {ScalarOf<FormatTimestamp>()});
  table.Add("PARSE_DATE", {Scalar([](Scope& s, Text format, Text text) -> std::optional<DateDays> {
              absl::StatusOr<int64_t> days = ParseDateAs(format, text);
              if (!days.ok()) return s.Fail(days.status());
              return DateDays{*days};
            })});
  table.Add("PARSE_TIMESTAMP",
            {Scalar([](Scope& s, Text format, Text text, std::optional<Text> zone) {
              return ParseTimestampAs(format, text, zone.value_or(s.context().default_zone));
            })});
}

}  // namespace ks::sql
