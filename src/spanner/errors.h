// The errors of this module that a user can see, one function each; and what calls' statuses carry.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace ks::spanner {

// `name` is no projects/P/instances/I/databases/D.
absl::Status BadDatabaseName(std::string_view name);
// Neither SPANNER_EMULATOR_HOST nor an endpoint without TLS: this build cannot get Google
// credentials yet.
absl::Status NoCredentials(std::string_view endpoint);
// The answer could not be read as the protobuf message that it should be.
absl::Status BadAnswer(std::string_view method);
// More rows than `kGatheredBytesMax` for one read.
absl::Status TooManyRows(std::string_view what);
// `operation` was not over in time.
absl::Status StillRunning(std::string_view operation);
// Somebody chose not to wait for the end of `operation`.
absl::Status NoLongerWaitedFor(std::string_view operation);

// The delay that the server asked for (google.rpc.RetryInfo), in nanoseconds.
std::optional<int64_t> RetryDelayNanos(const absl::Status& status);
// Is this the error of a session that is gone? The text "Session not found" is part of Spanner's
// API.
bool IsSessionNotFound(const absl::Status& status);

}  // namespace ks::spanner
