// = <> < <= > >= BETWEEN, IN, LIKE's relatives: the comparison operators.
// https://cloud.google.com/spanner/docs/reference/standard-sql/operators#comparison_operators
#include "sql/functions/comparison.h"

#include <functional>

#include "absl/container/flat_hash_set.h"
#include "base/string_map.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

using Pattern = ArgumentType::Pattern;

// An INTERVAL orders by its length with months of 30 days and days of 24 hours, in nanoseconds.
Int128 IntervalNanos(const IntervalValue& v) {
  const Int128 micros_per_day = Int128{86400} * 1000000;
  return ((Int128{v.months} * 30 + v.days) * micros_per_day + v.micros) * 1000 + v.nano_fractions;
}

// The C++ value that C++'s own operators compare as SQL does.
int64_t Comparable(int64_t v) { return v; }
bool Comparable(bool v) { return v; }
double Comparable(double v) { return v; }
float Comparable(float v) { return v; }
std::string_view Comparable(std::string_view v) { return v; }
std::string_view Comparable(BytesView v) { return v.bytes; }
int64_t Comparable(DateDays v) { return v.days; }
Int128 Comparable(NumericValue v) { return v.scaled; }
unsigned __int128 Comparable(UuidValue v) { return static_cast<unsigned __int128>(v.bits); }
Int128 Comparable(const IntervalValue& v) { return IntervalNanos(v); }

template <typename Op, typename T>
Signature Compare() {
  return Scalar([](T a, T b) { return Op{}(Comparable(a), Comparable(b)); });
}
template <typename Op>
Signature CompareTimestamps() {
  return Scalar([](TimestampValue a, TimestampValue b) {
    if (a.seconds != b.seconds) return Op{}(a.seconds, b.seconds);
    return Op{}(a.nanos, b.nanos);
  });
}

// The order matters: of several signatures that coercion allows the first is taken.
template <typename Op>
std::vector<Signature> Comparisons() {
  return {
      Compare<Op, int64_t>(),       Compare<Op, std::string_view>(),
      CompareTimestamps<Op>(),      Compare<Op, DateDays>(),
      Compare<Op, NumericValue>(),  Compare<Op, double>(),
      Compare<Op, float>(),         Compare<Op, bool>(),
      Compare<Op, BytesView>(),     Compare<Op, UuidValue>(),
      Compare<Op, IntervalValue>(),
  };
}

// = and <> of what has no kernel of its own: ARRAY, STRUCT, ENUM, PROTO.
template <bool kWanted>
void EqualsKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  for (const uint32_t row : rows) {
    const std::optional<bool> equal = SqlEquals(type, arguments[0].at(row), arguments[1].at(row));
    out[row] = equal.has_value() ? Datum::Bool(*equal == kWanted) : Datum::Null();
  }
}
template <typename Op>
void OrderKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  for (const uint32_t row : rows) {
    out[row] =
        Datum::Bool(Op{}(ks::sql::Compare(type, arguments[0].at(row), arguments[1].at(row)), 0));
  }
}

std::vector<Signature> Append(std::vector<Signature> list, Kernel kernel, Requirement requirement) {
  Signature any{.result = Type::Bool(), .arguments = {Pattern::kAny1, Pattern::kAny1}};
  any.kernel = kernel;
  any.requirement = requirement;
  list.push_back(std::move(any));
  return list;
}

// x BETWEEN low AND high is `x >= low AND x <= high`, NULLs included: false as soon as one half is.
template <typename T>
Signature Between() {
  return NullScalar(
      [](std::optional<T> x, std::optional<T> low, std::optional<T> high) -> std::optional<bool> {
        if (!x.has_value()) return std::nullopt;
        if (low.has_value() && !(Comparable(*x) >= Comparable(*low))) return false;
        if (high.has_value() && !(Comparable(*x) <= Comparable(*high))) return false;
        if (!low.has_value() || !high.has_value()) return std::nullopt;
        return true;
      });
}
Signature BetweenTimestamps() {
  return NullScalar([](std::optional<TimestampValue> x, std::optional<TimestampValue> low,
                       std::optional<TimestampValue> high) -> std::optional<bool> {
    if (!x.has_value()) return std::nullopt;
    if (low.has_value() && *x < *low) return false;
    if (high.has_value() && *x > *high) return false;
    if (!low.has_value() || !high.has_value()) return std::nullopt;
    return true;
  });
}

// x IN (…): true, or unknown when x or a listed value is NULL, or false.
void InKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  const size_t count = call.argument_types.size();
  for (const uint32_t row : rows) {
    const Datum& x = arguments[0].at(row);
    if (x.null()) {
      out[row] = Datum::Null();
      continue;
    }
    bool unknown = false;
    bool found = false;
    for (size_t i = 1; i < count && !found; ++i) {
      const Datum& candidate = arguments[i].at(row);
      const std::optional<bool> equal =
          candidate.null() ? std::nullopt : SqlEquals(type, x, candidate);
      unknown |= !equal.has_value();
      found = equal.value_or(false);
    }
    out[row] = !found && unknown ? Datum::Null() : Datum::Bool(found);
  }
}

// x IN (constants) of INT64 or STRING: a set made once.
template <typename T, typename Set>
struct ConstantSet {
  Set keys;
  bool has_null = false;
  bool usable = true;
};
template <typename T, typename Set>
absl::StatusOr<Prepared> PrepareIn(absl::Span<const Value* const> constants) {
  auto set = std::make_shared<ConstantSet<T, Set>>();
  for (size_t i = 1; i < constants.size(); ++i) {
    if (constants[i] == nullptr) {
      set->usable = false;
    } else if (constants[i]->null()) {
      set->has_null = true;
    } else {
      set->keys.emplace(SqlType<T>::Read(constants[i]->datum()));
    }
  }
  return Prepared(std::move(set));
}
template <typename T, typename Set>
void InSetKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const auto* set = static_cast<const ConstantSet<T, Set>*>(call.prepared);
  if (set == nullptr || !set->usable) return InKernel(call, rows, arguments, out);
  for (const uint32_t row : rows) {
    const Datum& x = arguments[0].at(row);
    const bool found = !x.null() && set->keys.contains(SqlType<T>::Read(x));
    out[row] = x.null() || (!found && set->has_null) ? Datum::Null() : Datum::Bool(found);
  }
}
template <typename T, typename Set>
Signature InSet() {
  Signature s{.result = Type::Bool(), .arguments = {SqlType<T>::type(), SqlType<T>::type()}};
  s.kernel = &InSetKernel<T, Set>;
  s.repeated = true;
  s.nulls = NullHandling::kKernel;
  s.prepare = &PrepareIn<T, Set>;
  return s;
}
std::vector<Signature> In() {
  Signature any{.result = Type::Bool(), .arguments = {Pattern::kAny1, Pattern::kAny1}};
  any.kernel = &InKernel;
  any.repeated = true;
  any.nulls = NullHandling::kKernel;
  any.requirement = Requirement::kEquality;
  return {InSet<int64_t, absl::flat_hash_set<int64_t>>(), InSet<std::string_view, StringSet>(),
          any};
}

// x IN UNNEST(array): of a NULL or empty array false, whatever x is.
void InArrayKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  for (const uint32_t row : rows) {
    const Datum& x = arguments[0].at(row);
    const Datum& array = arguments[1].at(row);
    if (array.null() || array.elements().empty()) {
      out[row] = Datum::Bool(false);
      continue;
    }
    bool unknown = x.null();
    bool found = false;
    for (size_t i = 0; i < array.elements().size() && !found && !x.null(); ++i) {
      const Datum& element = array.elements()[i];
      const std::optional<bool> equal = element.null() ? std::nullopt : SqlEquals(type, x, element);
      unknown |= !equal.has_value();
      found = equal.value_or(false);
    }
    out[row] = !found && unknown ? Datum::Null() : Datum::Bool(found);
  }
}

void DistinctFromKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  for (const uint32_t row : rows) {
    out[row] = Datum::Bool(!GroupingEquals(type, arguments[0].at(row), arguments[1].at(row)));
  }
}

void IsNullKernel(Call&, Rows rows, const Column* arguments, Datum* out) {
  for (const uint32_t row : rows) out[row] = Datum::Bool(arguments[0].at(row).null());
}

Signature AnyToBool(Kernel kernel, size_t count, Requirement requirement) {
  Signature s{.result = Type::Bool(), .arguments = {}};
  for (size_t i = 0; i < count; ++i) s.arguments.push_back(Pattern::kAny1);
  s.kernel = kernel;
  s.nulls = NullHandling::kKernel;
  s.requirement = requirement;
  return s;
}

std::optional<bool> ElementsEqual(TypeRef array, TypeRef structure, absl::Span<const Datum> a,
                                  absl::Span<const Datum> b) {
  if (a.size() != b.size()) return false;
  bool unknown = false;
  for (size_t i = 0; i < a.size(); ++i) {
    const TypeRef type = array != nullptr ? array->element() : structure->fields()[i].type;
    std::optional<bool> equal;
    if (!a[i].null() && !b[i].null()) equal = SqlEquals(type, a[i], b[i]);
    if (equal.has_value() && !*equal) return false;
    unknown |= !equal.has_value();
  }
  if (unknown) return std::nullopt;
  return true;
}

}  // namespace

std::optional<bool> SqlEquals(TypeRef type, const Datum& a, const Datum& b) {
  switch (type->kind()) {
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return a.float64() == b.float64();
    case TypeKind::kBool:
    case TypeKind::kInt64:
    case TypeKind::kDate:
    case TypeKind::kEnum:
      return a.int64() == b.int64();
    case TypeKind::kTimestamp:
      return a.timestamp() == b.timestamp();
    case TypeKind::kNumeric:
    case TypeKind::kUuid:
      return a.wide() == b.wide();
    case TypeKind::kString:
    case TypeKind::kBytes:
    case TypeKind::kJson:
    case TypeKind::kProto:
      return a.str() == b.str();
    case TypeKind::kInterval:
      return IntervalNanos(a.interval()) == IntervalNanos(b.interval());
    case TypeKind::kArray:
      return ElementsEqual(type, nullptr, a.elements(), b.elements());
    case TypeKind::kStruct:
      return ElementsEqual(nullptr, type, a.elements(), b.elements());
  }
  return false;
}

void AddComparison(FunctionRegistry& table) {
  const auto kEquality = Requirement::kEquality;
  const auto kOrdering = Requirement::kOrdering;
  table.Add("$equal", Append(Comparisons<std::equal_to<>>(), &EqualsKernel<true>, kEquality));
  table.Add("$not_equal",
            Append(Comparisons<std::not_equal_to<>>(), &EqualsKernel<false>, kEquality));
  table.Add("$less", Append(Comparisons<std::less<>>(), &OrderKernel<std::less<>>, kOrdering));
  table.Add("$less_or_equal",
            Append(Comparisons<std::less_equal<>>(), &OrderKernel<std::less_equal<>>, kOrdering));
  table.Add("$greater",
            Append(Comparisons<std::greater<>>(), &OrderKernel<std::greater<>>, kOrdering));
  table.Add("$greater_or_equal", Append(Comparisons<std::greater_equal<>>(),
                                        &OrderKernel<std::greater_equal<>>, kOrdering));
  table.Add("$between", {Between<int64_t>(), Between<std::string_view>(), BetweenTimestamps(),
                         Between<DateDays>(), Between<NumericValue>(), Between<double>(),
                         Between<float>(), Between<bool>(), Between<BytesView>(),
                         Between<UuidValue>(), Between<IntervalValue>()});
  table.Add("$in", In());
  Signature in_array = AnyToBool(&InArrayKernel, 1, kEquality);
  in_array.arguments.push_back(Pattern::kArrayOfAny1);
  table.Add("$in_array", {std::move(in_array)});
  table.Add("$is_distinct_from", {AnyToBool(&DistinctFromKernel, 2, Requirement::kGrouping)});
  table.Add("$is_null", {AnyToBool(&IsNullKernel, 1, Requirement::kNone)});
  table.Add("$is_true", {NullScalar([](std::optional<bool> v) { return v.value_or(false); })});
  table.Add("$is_false", {NullScalar([](std::optional<bool> v) { return !v.value_or(true); })});
  table.Add("$not", {Scalar([](bool v) { return !v; })});
}

}  // namespace ks::sql
