// Schema changes as long-running operations.
//
// Work runs on the operation's thread; the call waits a little for it, so small changes come back
// done. A change that fails before anything of it took effect is the call's own error, as in
// Spanner; later failures are the operation's. Thread safety: free functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "local/spanner/ddl/schema_change.h"

namespace google::longrunning {
class Operation;
}

namespace ks::local {

class Call;
class OpenDatabase;

// INVALID_ARGUMENT, naming the statement, when one does not parse.
absl::Status CheckStatements(const std::vector<std::string>& statements);
absl::Status RunCreateDatabase(Call& call, const std::string& uri, DdlBatch ddl,
                               google::longrunning::Operation* response);
absl::Status RunUpdateDdl(Call& call, std::shared_ptr<OpenDatabase> database,
                          std::string_view operation_id, DdlBatch ddl,
                          google::longrunning::Operation* response);

}  // namespace ks::local
