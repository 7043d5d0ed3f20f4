// Errors of reading change streams: codes and texts of Google's emulator.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "local/spanner/storage/timestamp.h"

namespace ks::local::errors {

absl::Status StreamFunctionNotFound(std::string_view function);
absl::Status StreamQuerySyntax(std::string_view function);
absl::Status StreamArgument(std::string_view function, std::string_view argument);
absl::Status StreamStartMissing();
absl::Status StreamStartTooOld(CommitTimestamp oldest, CommitTimestamp start);
absl::Status StreamStartTooLate(CommitTimestamp oldest, CommitTimestamp latest,
                                CommitTimestamp start);
absl::Status StreamStartAfterEnd(CommitTimestamp start, CommitTimestamp end);
absl::Status StreamHeartbeatMissing();
absl::Status StreamHeartbeat(int64_t least, int64_t most, int64_t given);
absl::Status StreamReadOptions();
absl::Status StreamToken(std::string_view token);
absl::Status StreamTokenStart(CommitTimestamp from, CommitTimestamp to, CommitTimestamp start);
absl::Status StreamSingleUse();
absl::Status StreamStreaming();

}  // namespace ks::local::errors
