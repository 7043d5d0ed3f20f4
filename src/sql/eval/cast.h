// Casts of whole values: what CAST does, member by member for arrays and structs.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/functions/function.h"

namespace ks::sql {

class ProtoCatalog;

// How a value changes its type: a kernel, or member by member for arrays and structs.
struct CastPlan {
  Kernel kernel = nullptr;  // null: members
  TypeRef from = nullptr;
  TypeRef to = nullptr;
  const ProtoCatalog* protos = nullptr;
  std::vector<CastPlan>
      members;  // one for an ARRAY, one per field for a STRUCT; empty: nothing changes
};

// Nothing when there is no such conversion. `protos` must outlive the plan; without it the names of
// enums and the text of messages are unknown, and such a cast fails.
std::optional<CastPlan> PlanCast(TypeRef from, TypeRef to, const ProtoCatalog* protos = nullptr);
// Converts data[row] for each row; `column` and `out` may not overlap.
void RunCast(const CastPlan& plan, EvalContext& context, Rows rows, const Column& column,
             Datum* out);
// One value; for literals and parameters.
absl::StatusOr<Value> CastValue(const Value& value, TypeRef to,
                                const ProtoCatalog* protos = nullptr);

}  // namespace ks::sql
