// Runs kernels and casts over rows.
#include "absl/strings/str_cat.h"
#include "sql/eval/program_code.h"

namespace ks::sql {
namespace {

bool AnyNull(Rows rows, const Column& column) {
  bool any = false;
  for (uint32_t row : rows) any |= column.data[row].null();
  return any;
}

// The rows where no argument is NULL; writes NULL to `out` for the others. `arguments` are not
// constant NULLs.
Rows SkipNulls(Rows rows, absl::Span<const Column> arguments, Arena& arena, Datum* out) {
  for (const Column& argument : arguments) {
    if (argument.constant || !AnyNull(rows, argument)) continue;
    uint32_t* kept = arena.AllocateArray<uint32_t>(rows.size());
    size_t count = 0;
    for (uint32_t row : rows) {
      if (argument.data[row].null()) {
        out[row] = Datum::Null();
      } else {
        kept[count++] = row;
      }
    }
    rows = Rows(kept, count);
  }
  return rows;
}

bool ConstantNull(absl::Span<const Column> arguments) {
  for (const Column& argument : arguments) {
    if (argument.constant && argument.data[0].null()) return true;
  }
  return false;
}

Datum CastArray(const CastPlan& plan, EvalContext& context, const Datum& value,
                absl::Status* error) {
  auto elements = value.elements();
  Datum* out = context.arena.AllocateArray<Datum>(elements.size());
  EvalContext inner(context.arena);
  inner.default_zone = context.default_zone;
  inner.now = context.now;
  RunCast(plan.members[0], inner, AllRows(elements.size()), {elements.data(), false}, out);
  if (inner.failed()) *error = inner.errors()[0].second;
  return Datum::Elements({out, elements.size()});
}

Datum CastStruct(const CastPlan& plan, EvalContext& context, const Datum& value,
                 absl::Status* error) {
  auto fields = value.elements();
  Datum* out = context.arena.AllocateArray<Datum>(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    EvalContext inner(context.arena);
    inner.default_zone = context.default_zone;
    inner.now = context.now;
    RunCast(plan.members[i], inner, AllRows(1), {&fields[i], false}, &out[i]);
    if (inner.failed()) *error = inner.errors()[0].second;
  }
  return Datum::Elements({out, fields.size()});
}

bool Identity(const CastPlan& plan) { return plan.kernel == nullptr && plan.members.empty(); }

}  // namespace

void RunKernel(Call& call, Kernel kernel, bool propagate_nulls, Rows rows,
               absl::Span<const Column> arguments, Datum* out) {
  if (propagate_nulls) {
    if (ConstantNull(arguments)) {
      for (uint32_t row : rows) out[row] = Datum::Null();
      return;
    }
    rows = SkipNulls(rows, arguments, call.context.arena, out);
  }
  if (!rows.empty()) kernel(call, rows, arguments.data(), out);
}

std::optional<CastPlan> PlanCast(TypeRef from, TypeRef to, const ProtoCatalog* protos) {
  CastPlan plan;
  plan.from = from;
  plan.to = to;
  plan.protos = protos;
  if (from == to) return plan;
  if (from->is_array() && to->is_array()) {
    auto member = PlanCast(from->element(), to->element(), protos);
    if (!member.has_value()) return std::nullopt;
    if (!Identity(*member)) plan.members.push_back(*std::move(member));
    return plan;
  }
  if (from->is_struct() && to->is_struct()) {
    if (from->fields().size() != to->fields().size()) return std::nullopt;
    bool identity = true;
    for (size_t i = 0; i < from->fields().size(); ++i) {
      auto member = PlanCast(from->fields()[i].type, to->fields()[i].type, protos);
      if (!member.has_value()) return std::nullopt;
      identity &= Identity(*member);
      plan.members.push_back(*std::move(member));
    }
    if (identity) plan.members.clear();
    return plan;
  }
  plan.kernel = FindCast(from, to);
  if (plan.kernel == nullptr) return std::nullopt;
  return plan;
}

void RunCast(const CastPlan& plan, EvalContext& context, Rows rows, const Column& column,
             Datum* out) {
  if (plan.kernel != nullptr) {
    TypeRef from[] = {plan.from};
    Call call{context, plan.to, from, plan.protos};
    return RunKernel(call, plan.kernel, true, rows, {&column, 1}, out);
  }
  for (uint32_t row : rows) {
    const Datum& value = column.at(row);
    if (value.null() || plan.members.empty()) {
      out[row] = value;
      continue;
    }
    absl::Status error;
    out[row] = plan.to->is_array() ? CastArray(plan, context, value, &error)
                                   : CastStruct(plan, context, value, &error);
    if (error.ok()) continue;
    out[row] = Datum::Null();
    context.Fail(row, std::move(error));
  }
}

absl::StatusOr<Value> CastValue(const Value& value, TypeRef to, const ProtoCatalog* protos) {
  if (value.type() == to || value.null()) return Value(to, value.datum());
  auto plan = PlanCast(value.type(), to, protos);
  if (!plan.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Invalid cast from ", value.type()->ToString(), " to ", to->ToString()));
  }
  Arena arena;
  EvalContext context(arena);
  Datum out = Datum::Null();
  RunCast(*plan, context, AllRows(1), {&value.datum(), true}, &out);
  if (context.failed()) return context.errors()[0].second;
  return Value(to, out);
}

}  // namespace ks::sql
