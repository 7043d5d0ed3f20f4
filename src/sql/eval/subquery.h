// SubqueryRunner: the value of a subquery expression for one row.
//
// The outer columns that it reads are set in the Environment before Evaluate(). A subquery without
// outer columns is run once and remembered. Thread safety: one thread at a time.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sql/analyzer/resolved.h"
#include "sql/eval/environment.h"

namespace ks::sql {

class SubqueryRunner {
 public:
  virtual ~SubqueryRunner() = default;
  // `operand` is the left side of IN, else null. What the value points to is in `arena`.
  virtual absl::StatusOr<Datum> Evaluate(const Datum* operand, Arena& arena) = 0;

  // `remember`: the value cannot change while the environment lives.
  static absl::StatusOr<std::unique_ptr<SubqueryRunner>> Make(const ResolvedSubquery& subquery,
                                                              Environment* environment,
                                                              bool remember);
};

}  // namespace ks::sql
