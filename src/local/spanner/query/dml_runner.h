// Runs DML: the row changes that SQL computes become mutations of the transaction, at once.
//
// A statement sees the transaction's earlier writes and none of its own. An error leaves the
// transaction as it was. Thread safety: one call at a time on one transaction. Source:
// https://cloud.google.com/spanner/docs/dml-tasks
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "local/spanner/txn/database.h"
#include "sql/eval/dml.h"

namespace ks::local {

struct DmlResult {
  int64_t rows = 0;
  std::vector<sql::OutputColumn> returning_columns;
  std::vector<std::vector<sql::Value>> returning;
  int64_t rows_scanned = 0;
  int64_t memory_peak_bytes = 0;
  std::optional<sql::PlanNode> plan;  // when it was asked for
};

// `dml` was resolved over a DatabaseCatalog of `transaction`.
absl::StatusOr<DmlResult> RunDml(ReadWriteTransaction& transaction, const sql::ResolvedDml& dml,
                                 const sql::ExecuteOptions& options, bool wants_plan = false);

}  // namespace ks::local
