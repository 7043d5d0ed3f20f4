// Lift: makes a kernel and its signature from a plain function of one row.
//
//   table.Add("STRPOS", {Scalar([](std::string_view text, std::string_view part) -> int64_t {…})});
//
// The SQL types are read off the C++ types (SqlType below), and the kernel is a tight loop around
// the inlined function. The function may take a `Scope&` first, for the arena, for errors, and for
// what `prepare` made. It returns T, std::optional<T> (nullopt is NULL; `return scope.Fail(error)`
// too) or absl::StatusOr<T>. std::optional parameters are arguments that may be left out. A functor
// class instead of a lambda keeps state for the time of one batch (a compiled regexp, the last time
// zone); one with a constructor from Call& is made with it.
//
// Thread safety: none needed; kernels have no state of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sql/functions/function.h"

namespace ks::sql {

// C++ types that stand for SQL types where a plain one would be ambiguous.
struct BytesView {
  std::string_view bytes;
};
struct JsonView {
  std::string_view text;
};
struct DateDays {
  int64_t days;
};
struct NumericValue {
  Int128 scaled;
};
struct UuidValue {
  Int128 bits;
};
template <typename T>
struct ArrayView {
  absl::Span<const Datum> elements;
};

// What a lifted function may use besides its arguments.
class Scope {
 public:
  explicit Scope(Call& call) : call_(call) {}
  Arena& arena() { return call_.context.arena; }
  EvalContext& context() { return call_.context; }
  Call& call() { return call_; }
  template <typename T>
  const T& prepared() const {
    return *static_cast<const T*>(call_.prepared);
  }
  bool has_prepared() const { return call_.prepared != nullptr; }
  uint32_t row() const { return row_; }
  void set_row(uint32_t row) { row_ = row; }

  // Marks the row as failed. Returns nullopt so that a function can say `return scope.Fail(…)`.
  [[gnu::cold]] std::nullopt_t Fail(absl::Status error) {
    call_.context.Fail(row_, std::move(error));
    return std::nullopt;
  }

 private:
  Call& call_;
  uint32_t row_ = 0;
};

// ---- How a C++ type is read from and written to a Datum ----
template <typename T>
struct SqlType;

template <>
struct SqlType<bool> {
  static TypeRef type() { return Type::Bool(); }
  static bool Read(const Datum& d) { return d.bool_value(); }
  static Datum Write(bool v, Arena&) { return Datum::Bool(v); }
};
template <>
struct SqlType<int64_t> {
  static TypeRef type() { return Type::Int64(); }
  static int64_t Read(const Datum& d) { return d.int64(); }
  static Datum Write(int64_t v, Arena&) { return Datum::Int64(v); }
};
template <>
struct SqlType<double> {
  static TypeRef type() { return Type::Float64(); }
  static double Read(const Datum& d) { return d.float64(); }
  static Datum Write(double v, Arena&) { return Datum::Float64(v); }
};
template <>
struct SqlType<float> {
  static TypeRef type() { return Type::Float32(); }
  static float Read(const Datum& d) { return static_cast<float>(d.float64()); }
  static Datum Write(float v, Arena&) { return Datum::Float64(v); }
};
template <>
struct SqlType<std::string_view> {
  static TypeRef type() { return Type::String(); }
  static std::string_view Read(const Datum& d) { return d.str(); }
  static Datum Write(std::string_view v, Arena&) { return Datum::Str(v); }
};
template <>
struct SqlType<BytesView> {
  static TypeRef type() { return Type::Bytes(); }
  static BytesView Read(const Datum& d) { return {d.str()}; }
  static Datum Write(BytesView v, Arena&) { return Datum::Str(v.bytes); }
};
template <>
struct SqlType<JsonView> {
  static TypeRef type() { return Type::Json(); }
  static JsonView Read(const Datum& d) { return {d.str()}; }
  static Datum Write(JsonView v, Arena&) { return Datum::Str(v.text); }
};
template <>
struct SqlType<DateDays> {
  static TypeRef type() { return Type::Date(); }
  static DateDays Read(const Datum& d) { return {d.int64()}; }
  static Datum Write(DateDays v, Arena&) { return Datum::Date(v.days); }
};
template <>
struct SqlType<TimestampValue> {
  static TypeRef type() { return Type::Timestamp(); }
  static TimestampValue Read(const Datum& d) { return d.timestamp(); }
  static Datum Write(TimestampValue v, Arena&) { return Datum::Timestamp(v); }
};
template <>
struct SqlType<NumericValue> {
  static TypeRef type() { return Type::Numeric(); }
  static NumericValue Read(const Datum& d) { return {d.wide()}; }
  static Datum Write(NumericValue v, Arena& arena) { return Datum::Wide(arena.Store(v.scaled)); }
};
template <>
struct SqlType<UuidValue> {
  static TypeRef type() { return Type::Uuid(); }
  static UuidValue Read(const Datum& d) { return {d.wide()}; }
  static Datum Write(UuidValue v, Arena& arena) { return Datum::Wide(arena.Store(v.bits)); }
};
template <>
struct SqlType<IntervalValue> {
  static TypeRef type() { return Type::Interval(); }
  static IntervalValue Read(const Datum& d) { return d.interval(); }
  static Datum Write(const IntervalValue& v, Arena& arena) {
    return Datum::Interval(arena.Store(v));
  }
};
template <typename T>
struct SqlType<ArrayView<T>> {
  static TypeRef type() { return Type::Array(SqlType<T>::type()); }
  static ArrayView<T> Read(const Datum& d) { return {d.elements()}; }
  static Datum Write(ArrayView<T> v, Arena&) { return Datum::Elements(v.elements); }
};

namespace lift {  // parts of Scalar(), of no use alone

template <typename T>
struct Optional {
  static constexpr bool kIs = false;
  using type = T;
};
template <typename T>
struct Optional<std::optional<T>> {
  static constexpr bool kIs = true;
  using type = T;
};
template <typename T>
struct Result {
  using type = T;
};
template <typename T>
struct Result<std::optional<T>> {
  using type = T;
};
template <typename T>
struct Result<absl::StatusOr<T>> {
  using type = T;
};

// One argument as a column: a mask instead of a branch chooses between constant and varying.
template <typename T>
struct Input {
  const Datum* data;
  uint32_t mask;
  Input(const Column* arguments, size_t index, size_t)
      : data(arguments[index].data), mask(arguments[index].constant ? 0 : ~uint32_t{0}) {}
  T Get(uint32_t row) const { return SqlType<T>::Read(data[row & mask]); }
};
template <typename T>
struct Input<std::optional<T>> {
  const Datum* data = nullptr;
  uint32_t mask = 0;
  Input(const Column* arguments, size_t index, size_t count) {
    if (index >= count) return;
    data = arguments[index].data;
    mask = arguments[index].constant ? 0 : ~uint32_t{0};
  }
  std::optional<T> Get(uint32_t row) const {
    if (data == nullptr || data[row & mask].null()) return std::nullopt;
    return SqlType<T>::Read(data[row & mask]);
  }
};

template <typename T>
Datum Write(Scope& scope, T&& value) {
  return SqlType<std::remove_cvref_t<T>>::Write(value, scope.arena());
}
template <typename T>
Datum Write(Scope& scope, std::optional<T>&& value) {
  if (!value.has_value()) return Datum::Null();
  return SqlType<T>::Write(*value, scope.arena());
}
template <typename T>
Datum Write(Scope& scope, absl::StatusOr<T>&& value) {
  if (value.ok()) return SqlType<T>::Write(*value, scope.arena());
  scope.Fail(std::move(value).status());
  return Datum::Null();
}

template <typename F>
F MakeFunctor(Call& call) {
  if constexpr (std::is_constructible_v<F, Call&>) {
    return F(call);
  } else {
    (void)call;
    return F{};
  }
}

template <typename F, typename R, bool kScoped, typename... Args>
struct Function {
  template <size_t... I>
  static void Loop(Call& call, Rows rows, [[maybe_unused]] const Column* arguments, Datum* out,
                   std::index_sequence<I...>) {
    F function = MakeFunctor<F>(call);
    Scope scope(call);
    [[maybe_unused]] const size_t count = call.argument_types.size();
    [[maybe_unused]] const std::tuple<Input<Args>...> inputs{Input<Args>(arguments, I, count)...};
    for (const uint32_t row : rows) {
      scope.set_row(row);
      if constexpr (kScoped) {
        out[row] = Write(scope, function(scope, std::get<I>(inputs).Get(row)...));
      } else {
        out[row] = Write(scope, function(std::get<I>(inputs).Get(row)...));
      }
    }
  }
  static void Run(Call& call, Rows rows, const Column* arguments, Datum* out) {
    Loop(call, rows, arguments, out, std::index_sequence_for<Args...>());
  }
  static Signature MakeSignature() {
    Signature s{.result = SqlType<typename Result<R>::type>::type(),
                .arguments = {SqlType<typename Optional<Args>::type>::type()...}};
    s.kernel = &Run;
    s.optional = (0 + ... + (Optional<Args>::kIs ? 1 : 0));
    return s;
  }
};

template <typename F, typename Member>
struct Deduce;
template <typename F, typename C, typename R, typename... Args>
struct Deduce<F, R (C::*)(Args...) const> : Function<F, R, false, std::remove_cvref_t<Args>...> {};
template <typename F, typename C, typename R, typename... Args>
struct Deduce<F, R (C::*)(Scope&, Args...) const>
    : Function<F, R, true, std::remove_cvref_t<Args>...> {};
template <typename F, typename C, typename R, typename... Args>
struct Deduce<F, R (C::*)(Args...)> : Function<F, R, false, std::remove_cvref_t<Args>...> {};
template <typename F, typename C, typename R, typename... Args>
struct Deduce<F, R (C::*)(Scope&, Args...)> : Function<F, R, true, std::remove_cvref_t<Args>...> {};

}  // namespace lift

// The signature and kernel of F, a lambda without captures or a functor class.
template <typename F>
Signature Scalar(F = {}) {
  return lift::Deduce<F, decltype(&F::operator())>::MakeSignature();
}
// The same for a class of its own: Scalar<RegexpContains>().
template <typename F>
Signature ScalarOf() {
  return lift::Deduce<F, decltype(&F::operator())>::MakeSignature();
}
// The function is shown NULLs: its std::optional parameters are the arguments that may be NULL.
template <typename F>
Signature NullScalar(F, int optional = 0) {
  Signature s = lift::Deduce<F, decltype(&F::operator())>::MakeSignature();
  s.nulls = NullHandling::kKernel;
  s.optional = optional;
  return s;
}
template <typename F>
Kernel LiftKernel(F = {}) {
  return &lift::Deduce<F, decltype(&F::operator())>::Run;
}
inline Signature With(Signature s, Prepare prepare) {
  s.prepare = prepare;
  return s;
}

}  // namespace ks::sql
