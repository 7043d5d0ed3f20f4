#include "spanner/errors.h"

#include <google/rpc/error_details.pb.h>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "env/clock.h"

namespace ks::spanner {

absl::Status BadDatabaseName(std::string_view name) {
  return absl::InvalidArgumentError(
      StrCat("\"", name,
             "\" does not name a database. Write it as "
             "projects/PROJECT/instances/INSTANCE/databases/DATABASE."));
}

absl::Status NoCredentials(std::string_view endpoint) {
  return absl::UnauthenticatedError(
      StrCat("Spanner at ", endpoint,
             " needs Google credentials, which this command does not have. Set "
             "SPANNER_EMULATOR_HOST=HOST:PORT "
             "to use a local Spanner (`kafka-spanner spanner` starts one)."));
}

absl::Status BadAnswer(std::string_view method) {
  return absl::InternalError(
      StrCat("the answer to ", method, " is not the protobuf message that it should be"));
}

absl::Status TooManyRows(std::string_view what) {
  return absl::ResourceExhaustedError(
      StrCat(what, " has more rows than fit in memory at once; narrow it with WHERE or LIMIT"));
}

absl::Status StillRunning(std::string_view operation) {
  return absl::DeadlineExceededError(StrCat(operation, " is still running; look at it later"));
}

absl::Status NoLongerWaitedFor(std::string_view operation) {
  return absl::CancelledError(
      StrCat("not waited for any longer; Spanner goes on with it: ", operation));
}

std::optional<int64_t> RetryDelayNanos(const absl::Status& status) {
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.RetryInfo");
  if (!payload.has_value()) return std::nullopt;
  google::rpc::RetryInfo info;
  if (!info.ParseFromString(std::string(*payload))) return std::nullopt;
  return info.retry_delay().seconds() * env::kNanosPerSecond + info.retry_delay().nanos();
}

bool IsSessionNotFound(const absl::Status& status) {
  return absl::IsNotFound(status) && absl::StrContains(status.message(), "Session not found");
}

}  // namespace ks::spanner
