// Functions that pick one of their arguments: GREATEST, LEAST; and ERROR. IF, COALESCE, NULLIF …
// are lazy and belong to evaluation.
// https://cloud.google.com/spanner/docs/reference/standard-sql/mathematical_functions#greatest
#include <cmath>

#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

using Pattern = ArgumentType::Pattern;

// NaN is the answer when there is one.
bool IsNan(TypeRef type, const Datum& d) { return type->is_floating() && std::isnan(d.float64()); }

template <int kSign>
void ExtremeKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  const size_t count = call.argument_types.size();
  for (const uint32_t row : rows) {
    const Datum* best = &arguments[0].at(row);
    for (size_t i = 1; i < count && !IsNan(type, *best); ++i) {
      const Datum& next = arguments[i].at(row);
      if (IsNan(type, next) || Compare(type, next, *best) * kSign > 0) best = &next;
    }
    out[row] = *best;
  }
}

Signature Extreme(Kernel kernel) {
  Signature s{.result = Pattern::kAny1, .arguments = {Pattern::kAny1}};
  s.kernel = kernel;
  s.repeated = true;
  s.requirement = Requirement::kOrdering;
  return s;
}

}  // namespace

void AddConditional(FunctionRegistry& table) {
  table.Add("GREATEST", {Extreme(&ExtremeKernel<1>)});
  table.Add("LEAST", {Extreme(&ExtremeKernel<-1>)});
  table.Add("ERROR", {Scalar([](Scope& s, std::string_view text) -> std::optional<int64_t> {
              return s.Fail(OutOfRange(text));
            })},
            Determinism::kVolatile);
}

}  // namespace ks::sql
