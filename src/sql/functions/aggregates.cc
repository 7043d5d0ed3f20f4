// Aggregate functions.
// https://cloud.google.com/spanner/docs/reference/standard-sql/aggregate_functions
//
// A state is a plain struct; what grows (arrays, strings, copies of the least value) lies in the
// arena of the Call.
#include <cmath>
#include <cstring>
#include <limits>

#include "sql/functions/errors.h"
#include "sql/functions/interval_parts.h"
#include "sql/functions/lift.h"
#include "sql/functions/numeric_math.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

using Pattern = ArgumentType::Pattern;
using Result = absl::StatusOr<Datum>;

// S has: Update(Call&, const Datum*) -> absl::Status, Finish(Call&) -> Result.
template <typename S>
AggregateSignature Aggregate(ArgumentType result, std::vector<ArgumentType> arguments) {
  static_assert(std::is_trivially_destructible_v<S> && alignof(S) <= 16);
  AggregateSignature s{
      .result = result, .arguments = std::move(arguments), .state_bytes = sizeof(S)};
  s.init = [](void* state) { new (state) S(); };
  s.update = [](void* state, Call& call, const Datum* arguments) {
    return static_cast<S*>(state)->Update(call, arguments);
  };
  s.finish = [](void* state, Call& call) { return static_cast<S*>(state)->Finish(call); };
  return s;
}

struct Count {
  int64_t count = 0;
  absl::Status Update(Call&, const Datum*) {
    ++count;
    return absl::OkStatus();
  }
  Result Finish(Call&) { return Datum::Int64(count); }
};
struct CountIf {
  int64_t count = 0;
  absl::Status Update(Call&, const Datum* a) {
    count += a[0].bool_value();
    return absl::OkStatus();
  }
  Result Finish(Call&) { return Datum::Int64(count); }
};

// ---- SUM, AVG ----
struct Int64Total {
  Int128 sum = 0;
  int64_t count = 0;
  absl::Status Update(Call&, const Datum* a) {
    sum += a[0].int64();
    ++count;
    return absl::OkStatus();
  }
};
struct SumInt64 : Int64Total {
  Result Finish(Call&) {
    if (count == 0) return Datum::Null();
    if (sum > std::numeric_limits<int64_t>::max() || sum < std::numeric_limits<int64_t>::min()) {
      return OutOfRange("int64 overflow");
    }
    return Datum::Int64(static_cast<int64_t>(sum));
  }
};
struct AvgInt64 : Int64Total {
  Result Finish(Call&) {
    if (count == 0) return Datum::Null();
    return Datum::Float64(static_cast<double>(static_cast<long double>(sum) / count));
  }
};

struct Float64Total {
  long double sum = 0;
  int64_t count = 0;
  bool finite = true;  // all arguments were
  absl::Status Update(Call&, const Datum* a) {
    sum += a[0].float64();
    finite &= std::isfinite(a[0].float64());
    ++count;
    return absl::OkStatus();
  }
};
struct SumFloat64 : Float64Total {
  Result Finish(Call&) {
    if (count == 0) return Datum::Null();
    const double total = static_cast<double>(sum);
    if (finite && !std::isfinite(total)) return OutOfRange("double overflow");
    return Datum::Float64(total);
  }
};
struct AvgFloat64 : Float64Total {
  Result Finish(Call&) {
    if (count == 0) return Datum::Null();
    return Datum::Float64(static_cast<double>(sum / count));
  }
};

// Whole numbers and fractions apart: the sum of many NUMERICs may pass the range of Int128 on its
// way.
struct NumericTotal {
  Int128 whole = 0;
  Int128 fraction = 0;
  int64_t count = 0;
  absl::Status Update(Call&, const Datum* a) {
    whole += a[0].wide() / kNumericScale;
    fraction += a[0].wide() % kNumericScale;
    ++count;
    return absl::OkStatus();
  }
};
struct SumNumeric : NumericTotal {
  Result Finish(Call& call) {
    if (count == 0) return Datum::Null();
    Int128 scaled;
    if (__builtin_mul_overflow(whole, Int128{kNumericScale}, &scaled) ||
        __builtin_add_overflow(scaled, fraction, &scaled) || !NumericFits(scaled)) {
      return OutOfRange("numeric overflow: SUM");
    }
    return Datum::Wide(call.context.arena.Store(scaled));
  }
};
struct AvgNumeric : NumericTotal {
  Result Finish(Call& call) {
    if (count == 0) return Datum::Null();
    MakeSignsAgree();
    const Int128 rest = whole % count * kNumericScale + fraction;
    Int128 scaled = whole / count * kNumericScale + rest / count;
    const Int128 last = rest % count;
    if (2 * last >= count) ++scaled;
    if (2 * last <= -Int128{count}) --scaled;
    return Datum::Wide(call.context.arena.Store(scaled));
  }
  // Halves are rounded away from zero, so the rest must be on the sum's side of it.
  void MakeSignsAgree() {
    whole += fraction / kNumericScale;
    fraction %= kNumericScale;
    if (whole > 0 && fraction < 0) {
      --whole;
      fraction += kNumericScale;
    } else if (whole < 0 && fraction > 0) {
      ++whole;
      fraction -= kNumericScale;
    }
  }
};

struct IntervalTotal {
  IntervalParts sum;
  int64_t count = 0;
  absl::Status Update(Call&, const Datum* a) {
    const IntervalParts more = PartsOf(a[0].interval());
    sum = {sum.months + more.months, sum.days + more.days, sum.nanos + more.nanos};
    ++count;
    return absl::OkStatus();
  }
};
struct SumInterval : IntervalTotal {
  Result Finish(Call& call) {
    if (count == 0) return Datum::Null();
    const absl::StatusOr<IntervalValue> total = MakeInterval(sum);
    if (!total.ok()) return total.status();
    return Datum::Interval(call.context.arena.Store(*total));
  }
};
struct AvgInterval : IntervalTotal {
  Result Finish(Call& call) {
    if (count == 0) return Datum::Null();
    const absl::StatusOr<IntervalValue> mean = MakeInterval(DivideInterval(sum, count));
    if (!mean.ok()) return mean.status();
    return Datum::Interval(call.context.arena.Store(*mean));
  }
};

// ---- MIN, MAX, ANY_VALUE ----
template <int kSign>
struct Extreme {
  Datum best = Datum::Null();
  absl::Status Update(Call& call, const Datum* a) {
    const TypeRef type = call.argument_types[0];
    const auto nan = [&](const Datum& d) {
      return type->is_floating() && !d.null() && std::isnan(d.float64());
    };
    const bool better =
        best.null() || (!nan(best) && (nan(a[0]) || Compare(type, a[0], best) * kSign > 0));
    if (better) best = DeepCopy(type, a[0], call.context.arena);
    return absl::OkStatus();
  }
  Result Finish(Call&) { return best; }
};
struct AnyValue {
  Datum value = Datum::Null();
  absl::Status Update(Call& call, const Datum* a) {
    if (value.null()) value = DeepCopy(call.argument_types[0], a[0], call.context.arena);
    return absl::OkStatus();
  }
  Result Finish(Call&) { return value; }
};

// ---- ARRAY_AGG, ARRAY_CONCAT_AGG, STRING_AGG ----
// A vector in an arena: doubling leaves the old half behind, at most as much again.
template <typename T>
struct ArenaVector {
  T* data = nullptr;
  size_t size = 0;
  size_t capacity = 0;
  T* Grow(Arena& arena, size_t more) {
    if (size + more > capacity) {
      capacity = std::max(size + more, capacity * 2 + 8);
      T* const wider = arena.AllocateArray<T>(capacity);
      if (size > 0) std::memcpy(static_cast<void*>(wider), data, size * sizeof(T));
      data = wider;
    }
    T* const at = data + size;
    size += more;
    return at;
  }
};

struct ArrayAgg {
  ArenaVector<Datum> elements;
  absl::Status Update(Call& call, const Datum* a) {
    Arena& arena = call.context.arena;
    *elements.Grow(arena, 1) = DeepCopy(call.argument_types[0], a[0], arena);
    return absl::OkStatus();
  }
  Result Finish(Call&) {
    if (elements.size == 0) return Datum::Null();
    return Datum::Elements({elements.data, elements.size});
  }
};
struct ArrayConcatAgg {
  ArenaVector<Datum> elements;
  bool any = false;
  absl::Status Update(Call& call, const Datum* a) {
    Arena& arena = call.context.arena;
    any = true;
    const Datum copy = DeepCopy(call.argument_types[0], a[0], arena);
    Datum* const to = elements.Grow(arena, copy.elements().size());
    std::copy(copy.elements().begin(), copy.elements().end(), to);
    return absl::OkStatus();
  }
  Result Finish(Call&) {
    if (!any) return Datum::Null();
    return Datum::Elements({elements.data, elements.size});
  }
};
struct StringAgg {
  ArenaVector<char> text;
  bool any = false;
  void Append(Call& call, std::string_view piece) {
    char* const to = text.Grow(call.context.arena, piece.size());
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
  }
  absl::Status Update(Call& call, const Datum* a) {
    if (a[0].null()) return absl::OkStatus();
    const bool has_delimiter = call.argument_types.size() > 1;
    if (has_delimiter && a[1].null()) return absl::OkStatus();
    if (any) Append(call, has_delimiter ? a[1].str() : ",");
    Append(call, a[0].str());
    any = true;
    return absl::OkStatus();
  }
  Result Finish(Call&) { return any ? Datum::Str({text.data, text.size}) : Datum::Null(); }
};

// ---- LOGICAL_*, BIT_* ----
template <bool kAnd>
struct Logical {
  bool value = kAnd;
  bool any = false;
  absl::Status Update(Call&, const Datum* a) {
    value = kAnd ? value && a[0].bool_value() : value || a[0].bool_value();
    any = true;
    return absl::OkStatus();
  }
  Result Finish(Call&) { return any ? Datum::Bool(value) : Datum::Null(); }
};
enum class BitOp : uint8_t { kAnd, kOr, kXor };
template <BitOp kOp>
struct Bits {
  int64_t value = kOp == BitOp::kAnd ? -1 : 0;
  bool any = false;
  absl::Status Update(Call&, const Datum* a) {
    if (kOp == BitOp::kAnd) value &= a[0].int64();
    if (kOp == BitOp::kOr) value |= a[0].int64();
    if (kOp == BitOp::kXor) value ^= a[0].int64();
    any = true;
    return absl::OkStatus();
  }
  Result Finish(Call&) { return any ? Datum::Int64(value) : Datum::Null(); }
};

// ---- VAR_SAMP, STDDEV_SAMP: Welford's running mean and sum of squares ----
// NUMERICs as their difference from the first, in units of the last digit: whole numbers, which a
// double holds better.
template <bool kRoot>
struct Variance {
  Int128 first = 0;
  int64_t count = 0;
  long double mean = 0;
  long double squares = 0;
  absl::Status Update(Call& call, const Datum* a) {
    const bool numeric = call.argument_types[0]->Is(TypeKind::kNumeric);
    if (numeric && count == 0) first = a[0].wide();
    const double x = numeric ? Apart(a[0].wide(), first) : a[0].float64();
    ++count;
    const long double delta = x - mean;
    mean += delta / count;
    squares += delta * (x - mean);
    return absl::OkStatus();
  }
  Result Finish(Call& call) {
    if (count < 2) return Datum::Null();
    const bool numeric = call.argument_types[0]->Is(TypeKind::kNumeric);
    const long double unit = numeric ? static_cast<long double>(kNumericScale) : 1;
    const long double variance = squares / (count - 1) / unit / unit;
    return Datum::Float64(static_cast<double>(kRoot ? std::sqrt(variance) : variance));
  }
  static double Apart(Int128 value, Int128 from) {
    Int128 difference;
    if (!__builtin_sub_overflow(value, from, &difference)) return static_cast<double>(difference);
    return static_cast<double>(value) - static_cast<double>(from);
  }
};

AggregateSignature Ordered(AggregateSignature s) {
  s.requirement = Requirement::kOrdering;
  return s;
}
AggregateSignature WithNulls(AggregateSignature s) {
  s.skips_nulls = false;
  return s;
}

void AddTotals(AggregateRegistry& table) {
  table.Add("COUNT", {Aggregate<Count>(Type::Int64(), {}),
                      Aggregate<Count>(Type::Int64(), {Pattern::kAny1})});
  table.Add("COUNTIF", {Aggregate<CountIf>(Type::Int64(), {Type::Bool()})});
  table.Add("SUM", {Aggregate<SumInt64>(Type::Int64(), {Type::Int64()}),
                    Aggregate<SumNumeric>(Type::Numeric(), {Type::Numeric()}),
                    Aggregate<SumFloat64>(Type::Float64(), {Type::Float64()}),
                    Aggregate<SumFloat64>(Type::Float64(), {Type::Float32()}),
                    Aggregate<SumInterval>(Type::Interval(), {Type::Interval()})});
  table.Add("AVG", {Aggregate<AvgInt64>(Type::Float64(), {Type::Int64()}),
                    Aggregate<AvgNumeric>(Type::Numeric(), {Type::Numeric()}),
                    Aggregate<AvgFloat64>(Type::Float64(), {Type::Float64()}),
                    Aggregate<AvgFloat64>(Type::Float64(), {Type::Float32()}),
                    Aggregate<AvgInterval>(Type::Interval(), {Type::Interval()})});
  for (const char* name : {"VAR_SAMP", "VARIANCE"}) {
    table.Add(name, {Aggregate<Variance<false>>(Type::Float64(), {Type::Float64()}),
                     Aggregate<Variance<false>>(Type::Float64(), {Type::Numeric()})});
  }
  for (const char* name : {"STDDEV_SAMP", "STDDEV"}) {
    table.Add(name, {Aggregate<Variance<true>>(Type::Float64(), {Type::Float64()}),
                     Aggregate<Variance<true>>(Type::Float64(), {Type::Numeric()})});
  }
}

}  // namespace

void AddAggregates(AggregateRegistry& table) {
  AddTotals(table);
  table.Add("MIN", {Ordered(Aggregate<Extreme<-1>>(Pattern::kAny1, {Pattern::kAny1}))});
  table.Add("MAX", {Ordered(Aggregate<Extreme<1>>(Pattern::kAny1, {Pattern::kAny1}))});
  table.Add("ANY_VALUE", {Aggregate<AnyValue>(Pattern::kAny1, {Pattern::kAny1})});
  table.Add("ARRAY_AGG", {WithNulls(Aggregate<ArrayAgg>(Pattern::kArrayOfAny1, {Pattern::kAny1}))});
  table.Add("ARRAY_CONCAT_AGG",
            {Aggregate<ArrayConcatAgg>(Pattern::kArrayOfAny1, {Pattern::kArrayOfAny1})});
  std::vector<AggregateSignature> strings;
  for (const TypeRef type : {Type::String(), Type::Bytes()}) {
    strings.push_back(Aggregate<StringAgg>(type, {type}));
    strings.push_back(Aggregate<StringAgg>(type, {type, type}));
  }
  table.Add("STRING_AGG", std::move(strings));
  table.Add("LOGICAL_AND", {Aggregate<Logical<true>>(Type::Bool(), {Type::Bool()})});
  table.Add("LOGICAL_OR", {Aggregate<Logical<false>>(Type::Bool(), {Type::Bool()})});
  table.Add("BIT_AND", {Aggregate<Bits<BitOp::kAnd>>(Type::Int64(), {Type::Int64()})});
  table.Add("BIT_OR", {Aggregate<Bits<BitOp::kOr>>(Type::Int64(), {Type::Int64()})});
  table.Add("BIT_XOR", {Aggregate<Bits<BitOp::kXor>>(Type::Int64(), {Type::Int64()})});
}

}  // namespace ks::sql
