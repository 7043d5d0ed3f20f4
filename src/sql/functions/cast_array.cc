#include "sql/functions/cast_array.h"

#include <vector>

namespace ks::sql {
namespace {

// Casts one value; a failure is an error of `row`.
Datum CastOne(Call& call, uint32_t row, TypeRef from, TypeRef to, const Datum& value) {
  if (value.null()) return value;
  Datum result = Datum::Null();
  const Column column{&value, true};
  // The kernel is told of row 0 of its own; so its errors are moved to ours.
  EvalContext own(call.context.arena);
  own.default_zone = call.context.default_zone;
  Call isolated{own, to, absl::MakeConstSpan(&from, 1), nullptr};
  const uint32_t zero = 0;
  FindCast(from, to)(isolated, absl::MakeConstSpan(&zero, 1), &column, &result);
  for (auto& [unused, error] : own.TakeErrors()) call.context.Fail(row, std::move(error));
  return result;
}

}  // namespace

void CastElementsKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef from = call.argument_types[0];
  const TypeRef to = call.result_type;
  for (const uint32_t row : rows) {
    const absl::Span<const Datum> elements = arguments[0].at(row).elements();
    Datum* const copy = call.context.arena.AllocateArray<Datum>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) {
      const TypeRef element_from = from->is_array() ? from->element() : from->fields()[i].type;
      const TypeRef element_to = to->is_array() ? to->element() : to->fields()[i].type;
      copy[i] = CastOne(call, row, element_from, element_to, elements[i]);
    }
    out[row] = Datum::Elements({copy, elements.size()});
  }
}

}  // namespace ks::sql
