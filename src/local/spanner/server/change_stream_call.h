// ExecuteStreamingSql of `SELECT ChangeRecord FROM READ_<stream>(…)`: a stream that goes on while
// the client listens.
//
// Thread safety: one call per thread. Source:
// https://cloud.google.com/spanner/docs/change-streams/details#change_stream_query_syntax
#pragma once

#include "absl/status/statusor.h"

namespace google::spanner::v1 {
class ExecuteSqlRequest;
}

namespace ks::local {

class Call;
class ReadScope;
class ResultSink;

// False when the statement reads no change stream, and nothing was done. `streaming`: each record
// goes out at once.
absl::StatusOr<bool> RunChangeStream(Call& call, ReadScope& scope,
                                     const google::spanner::v1::ExecuteSqlRequest& request,
                                     ResultSink& sink, bool streaming);

}  // namespace ks::local
