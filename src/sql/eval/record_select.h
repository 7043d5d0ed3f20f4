// RecordSelect: runs a pipeline's SELECT over batches of records: fan-out, WHERE, and the output
// or, when it is grouped, the group keys and the aggregates' arguments of each row (the pipeline
// keeps the aggregates itself).
//
// Thread safety: one thread at a time. Memory as in eval/expression.h.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/analyzer/analyzer.h"
#include "sql/eval/expression.h"

namespace ks::sql {

class RecordSelect {
 public:
  // `select` must outlive this.
  static absl::StatusOr<std::unique_ptr<RecordSelect>> Compile(const AnalyzedSelect& select);
  ~RecordSelect();

  // What came out of a batch. Errors are in EvalContext::errors() by record (input row): a record
  // that failed anywhere has no rows in the result.
  struct Result {
    Rows rows;  // rows of the columns below that passed; ascending
    const uint32_t* records =
        nullptr;  // records[row]: which input row it comes from; null: the same number
    // Not grouped: one per AnalyzedSelect::output.
    // Grouped: one per group_by, then for each aggregate its arguments and then its HAVING
    // expression if any.
    std::vector<Column> columns;
  };
  // `inputs` are the source's columns in order.
  void Run(EvalContext& context, Rows rows, const Column* inputs, Result* result);

  // Types of Result::columns.
  const std::vector<TypeRef>& types() const;

 private:
  struct State;
  explicit RecordSelect(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ks::sql
