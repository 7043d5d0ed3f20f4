// Program: resolved expressions compiled into one flat list of instructions that is run a column at
// a time.
//
// A batch is up to a few thousand rows. An instruction computes one column for the rows that reach
// it; AND, OR, CASE, COALESCE run parts of the list on fewer rows. What does not depend on the rows
// is computed once: constants when the program is compiled (pure functions of constants are folded;
// a fold that fails is left for the rows that get there). Errors belong to rows
// (EvalContext::errors()); a row that failed gives NULL. Memory: registers and results come from
// EvalContext::arena, so nothing is allocated per record and results live until the arena is reset.
// What an input or a constant points to is not copied. Thread safety: a Program is used by one
// thread at a time (it keeps scratch); compile one per thread.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sql/analyzer/resolved.h"
#include "sql/eval/environment.h"

namespace ks::sql {

struct ProgramOptions {
  // inputs[i] of Evaluate is the column input_ids[i]. Null: inputs[i] is column i.
  const std::vector<ColumnId>* input_ids = nullptr;
  // Where parameters, columns of outer queries and WITH tables come from. Null: there are none of
  // them.
  Environment* environment = nullptr;
};

class Program {
 public:
  static absl::StatusOr<std::unique_ptr<Program>> Compile(
      absl::Span<const ResolvedExpr* const> roots, const ProgramOptions& options);
  static absl::StatusOr<std::unique_ptr<Program>> Compile(const ResolvedExpr& root,
                                                          const ProgramOptions& options = {});
  ~Program();

  size_t size() const { return types_.size(); }  // number of roots
  TypeRef type(size_t root) const { return types_[root]; }

  // Computes every root for `rows` of the batch: outputs[root].at(row).
  void Evaluate(EvalContext& context, Rows rows, const Column* inputs, Column* outputs);
  // The only root.
  Column Evaluate(EvalContext& context, Rows rows, const Column* inputs);
  // The columns that are inputs and are really read, as indexes of `inputs`.
  const std::vector<int>& inputs_used() const { return inputs_used_; }

 private:
  friend class ProgramCompiler;
  friend class ProgramRunner;
  struct Code;
  Program();

  std::unique_ptr<Code> code_;
  std::vector<TypeRef> types_;
  std::vector<int> inputs_used_;
};

// The rows where `condition` (BOOL) is true, written to `out` (room for rows.size()): their number.
uint32_t SelectTrue(Rows rows, const Column& condition, uint32_t* out);

// 0, 1, 2, … `count`: the rows of a whole batch. The memory is for ever.
Rows AllRows(uint32_t count);

// One value, for DEFAULT, a key bound, a test. The first error when it fails.
absl::StatusOr<Value> EvaluateOnce(const ResolvedExpr& expr, Environment* environment,
                                   EvalContext& context);

}  // namespace ks::sql
