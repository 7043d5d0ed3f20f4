// Whether a resolved statement is within the limits on queries (local/spanner/limits.h).
//
// Thread safety: pure. Source: https://cloud.google.com/spanner/quotas#query-limits
#pragma once

#include "absl/status/status.h"
#include "sql/analyzer/analyzer.h"

namespace ks::local {

// INVALID_ARGUMENT.
absl::Status CheckQueryLimits(const sql::AnalyzedStatement& statement);

}  // namespace ks::local
