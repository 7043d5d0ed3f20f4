#include "local/spanner/query/change_stream_errors.h"

#include "base/str_cat.h"
#include "sql/types/value.h"

namespace ks::local::errors {
namespace {

using enum absl::StatusCode;

template <typename... Parts>
absl::Status Make(absl::StatusCode code, const Parts&... parts) {
  return absl::Status(code, StrCat(parts...));
}

std::string Time(CommitTimestamp timestamp) {
  std::string text;
  sql::AppendTimestampRfc3339(ToSqlTimestamp(timestamp), &text);
  return text;
}

}  // namespace

absl::Status StreamFunctionNotFound(std::string_view function) {
  return Make(kInvalidArgument, "Table-valued function not found: ", function);
}
absl::Status StreamQuerySyntax(std::string_view function) {
  return Make(kUnimplemented,
              "Change stream TVF must not be combined with any other SQL statements. Change stream "
              "records should be read using `SELECT ChangeRecord FROM ",
              function, "(<args>)`.");
}
absl::Status StreamArgument(std::string_view function, std::string_view argument) {
  return Make(kInvalidArgument, "Invalid argument of change stream TVF ", function, ". Argument ",
              argument,
              " is not a literal or parameter. Implicit type conversions are not supported.");
}
absl::Status StreamStartMissing() {
  return Make(kInvalidArgument, "start_timestamp must not be null.");
}
absl::Status StreamStartTooOld(CommitTimestamp oldest, CommitTimestamp start) {
  return Make(kOutOfRange,
              "Specified start_timestamp is too far in the past. Please specify a start_timestamp "
              "within the earliest read timestamp: ",
              Time(oldest), ". Received start_timestamp: ", Time(start), ".");
}
absl::Status StreamStartTooLate(CommitTimestamp oldest, CommitTimestamp latest,
                                CommitTimestamp start) {
  return Make(kOutOfRange,
              "Specified start_timestamp is too far in the future. Please specify a "
              "start_timestamp within the earliest read timestamp: ",
              Time(oldest), ", and the current maximum start timestamp: ", Time(latest),
              ". Received start_timestamp: ", Time(start), ".");
}
absl::Status StreamStartAfterEnd(CommitTimestamp start, CommitTimestamp end) {
  return Make(kInvalidArgument, "start_timestamp must not be greater than end_timestamp. Received ",
              "start_timestamp: ", Time(start), ", end_timestamp: ", Time(end), ".");
}
absl::Status StreamHeartbeatMissing() {
  return Make(kInvalidArgument, "heartbeat_milliseconds must not be null.");
}
absl::Status StreamHeartbeat(int64_t least, int64_t most, int64_t given) {
  return Make(kOutOfRange, "heartbeat_milliseconds must be within min ", least, " and max ", most,
              ". Received heartbeat_milliseconds: ", given, ".");
}
absl::Status StreamReadOptions() { return Make(kUnimplemented, "read_options must be null."); }
absl::Status StreamToken(std::string_view token) {
  return Make(kInvalidArgument,
              "Specified partition token is invalid for this change stream: ", token,
              ". Use one that a query of this stream has given.");
}
absl::Status StreamTokenStart(CommitTimestamp from, CommitTimestamp to, CommitTimestamp start) {
  return Make(kOutOfRange,
              "Specified start_timestamp is invalid for the partition. Please specify a "
              "start_timestamp within ",
              Time(from), " and ", Time(to), ". Received start_timestamp: ", Time(start), ".");
}
absl::Status StreamSingleUse() {
  return Make(kInvalidArgument,
              "Change stream queries are not supported for multi use transactions. Change stream "
              "queries must be strong reads executed via single use transactions using the "
              "ExecuteStreamingSql API.");
}
absl::Status StreamStreaming() {
  return Make(kInvalidArgument,
              "Change stream queries are not supported for the ExecuteSql API. Change stream "
              "queries must be strong reads executed via single use transactions using the "
              "ExecuteStreamingSql API.");
}

}  // namespace ks::local::errors
