// Runs resolved DML: gives the row changes, which the owner of the tables applies, and evaluates
// THEN RETURN.
//
// All changes are computed before the first is handed out, so that a statement never sees its own
// writes. Thread safety: one thread at a time; the statement, its tables and the parameters outlive
// it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/analyzer/dml.h"
#include "sql/eval/environment.h"
#include "sql/eval/query.h"

namespace ks::sql {

// One row to change. INSERT: `values` beside DmlPlan::columns(). UPDATE: the same, and `old_row`.
// DELETE: `old_row`.
struct DmlRow {
  std::vector<Value> old_row;  // all columns of the table, in its order; empty for INSERT
  std::vector<std::optional<Value>> values;  // nothing: DEFAULT
};

class DmlPlan {
 public:
  static absl::StatusOr<std::unique_ptr<DmlPlan>> Make(const ResolvedDml& dml,
                                                       const ExecuteOptions& options);
  ~DmlPlan();

  DmlKind kind() const;
  const Table& table() const;
  const std::vector<int>& columns() const;  // index into Table::columns(): what `values` are for

  // Computes all changes.
  absl::StatusOr<std::vector<DmlRow>> Rows();

  // The operators behind Rows(), and what they have done so far.
  PlanNode Explain() const;
  int64_t rows_scanned() const;
  int64_t memory_peak_bytes() const;

  // THEN RETURN: call for each row that was really written, with the whole row after the change
  // (before it for DELETE).
  bool returning() const;
  const std::vector<OutputColumn>& returning_columns() const;
  absl::StatusOr<std::vector<Value>> Returned(const std::vector<Value>& row,
                                              std::string_view action);

 private:
  struct State;
  explicit DmlPlan(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ks::sql
