// What Read, ExecuteSql and their streaming forms have in common: the answer runs in a scope, and
// rows of a read-write transaction are gathered first and sent when nothing is held any more.
// Thread safety: free functions; a call's thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/server/buffering_writer.h"
#include "local/spanner/server/read_scope.h"
#include "local/spanner/server/result_sink.h"

namespace ks::local {

// Runs `body`; ABORTED ends the transaction, and an inline begin whose first call failed never was.
absl::Status RunInScope(ReadScope& scope, absl::FunctionRef<absl::Status()> body);

// Opens the scope of a streaming call that may go on from a resume token, which must have been made
// for a request with this fingerprint (partition_token.h).
using OpenAt =
    absl::FunctionRef<absl::StatusOr<std::unique_ptr<ReadScope>>(std::optional<CommitTimestamp>)>;
// `gathered`: where messages wait until the scope is closed; null when they go out at once.
using StreamBody =
    absl::FunctionRef<absl::Status(ReadScope& scope, StreamSink& sink, BufferingWriter* gathered)>;
absl::Status StreamAnswer(std::string_view resume_token, uint64_t request, MessageWriter& writer,
                          OpenAt open, StreamBody body);

}  // namespace ks::local
