// What is missing in a pipeline's database, and making it: nothing is ever dropped or narrowed.
// Blocks; one thread. Tested by tests/e2e/test_commands.py and tests/control/test_operations.py.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "operations/target.h"

namespace ks::operations {

// DDL, in order.
absl::StatusOr<std::vector<std::string>> PlanSchema(const Target& target);
// Those of `statements` that are still missing. FAILED_PRECONDITION where something else is.
absl::Status ApplySchema(const Target& target, const std::vector<std::string>& statements);

}  // namespace ks::operations
