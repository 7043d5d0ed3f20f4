// Exit codes, the same for every command; docs/guide/exit-codes.md says them to users.
#pragma once

#include "absl/status/status.h"

namespace ks::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;       // something went wrong; standard error says what
inline constexpr int kExitUsage = 2;        // the command line or the pipeline file is wrong
inline constexpr int kExitUnreachable = 3;  // Kafka or Spanner cannot be reached, or refuses us
inline constexpr int kExitStoppedOnData =
    4;  // the pipeline stopped at a record or an offset: a person must decide
inline constexpr int kExitCheckFailed = 5;    // the tables do not hold what the check expects
inline constexpr int kExitInterrupted = 130;  // a second signal ended it at once

int ExitCodeOf(const absl::Status& status);

}  // namespace ks::cli
