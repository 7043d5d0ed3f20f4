// Functions: the signatures that the analyzer chooses from and the kernels that evaluation calls.
//
// A kernel works on a batch, one column at a time: it is called once per batch, with the rows that are wanted, so the
// cost of finding the function is paid once per thousand rows. Every operator (`+`, `=`, `LIKE`, …) is a function with
// a `$name`; so the analyzer and the evaluator know of no other kind of computation, except the lazy forms
// (AND, OR, IF, CASE, COALESCE, IFNULL, …), which evaluation handles itself because they choose rows.
//
// Thread safety: the tables are immutable after start; kernels have no state but `Call::prepared`.
#pragma once

#include <any>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"
#include "sql/types/value.h"

namespace ks::sql {

using Rows = absl::Span<const uint32_t>;  // row numbers of a batch, ascending

// The values of one expression over a batch. A constant is stored once.
struct Column {
  const Datum* data = nullptr;
  bool constant = false;
  const Datum& at(uint32_t row) const { return data[constant ? 0 : row]; }
};

// What evaluation of one batch may use. Errors belong to rows: Fail() marks the row, the kernel goes on with the next.
class EvalContext {
 public:
  explicit EvalContext(Arena& arena) : arena(arena) {}

  Arena& arena;
  TimestampValue now = {0, 0};                  // CURRENT_TIMESTAMP(); in a pipeline the record's time
  std::string_view default_zone = kDefaultTimeZone;
  const Column* now_column = nullptr;           // when set, CURRENT_TIMESTAMP() differs per row

  // The first error of a row is kept.
  void Fail(uint32_t row, absl::Status error) {
    for (const auto& [failed, unused] : errors_) {
      if (failed == row) return;
    }
    errors_.emplace_back(row, std::move(error));
  }
  bool failed() const { return !errors_.empty(); }
  const std::vector<std::pair<uint32_t, absl::Status>>& errors() const { return errors_; }
  void ClearErrors() { errors_.clear(); }
  std::vector<std::pair<uint32_t, absl::Status>> TakeErrors() { return std::move(errors_); }

 private:
  std::vector<std::pair<uint32_t, absl::Status>> errors_;
};

struct Call {
  EvalContext& context;
  TypeRef result_type;
  absl::Span<const TypeRef> argument_types;
  const void* prepared;  // what `prepare` made of the constant arguments; null when there is nothing
};

// Writes out[row] for each of `rows`. With NullHandling::kPropagate the kernel is never shown a row where an argument
// is NULL (the evaluator writes the NULL). `out` may not alias an argument.
using Kernel = void (*)(Call& call, Rows rows, const Column* arguments, Datum* out);

// A type in a signature: a type, or a placeholder T1/T2 (the same concrete type wherever it stands), or ARRAY of it.
struct ArgumentType {
  enum class Pattern : uint8_t { kConcrete, kAny1, kAny2, kArrayOfAny1, kArrayOfAny2, kAnyStruct, kAnyType };
  Pattern pattern = Pattern::kConcrete;
  TypeRef type = nullptr;  // kConcrete
  ArgumentType(TypeRef concrete) : type(concrete) {}  // NOLINT: implicit on purpose, tables read better
  ArgumentType(Pattern p) : pattern(p) {}             // NOLINT
};

enum class NullHandling : uint8_t { kPropagate, kKernel };
enum class Determinism : uint8_t { kPure, kPerStatement, kVolatile };  // UPPER | CURRENT_TIMESTAMP | GENERATE_UUID

struct Signature {
  ArgumentType result;
  std::vector<ArgumentType> arguments;
  Kernel kernel = nullptr;
  int optional = 0;        // how many trailing arguments may be left out
  bool repeated = false;   // the last argument may stand any number of times (at least once)
  NullHandling nulls = NullHandling::kPropagate;
  // Called once at compile time with the arguments that are constants (null where not): compiles a regexp, loads a
  // time zone. Its error is a compile error of the statement.
  absl::StatusOr<std::shared_ptr<const void>> (*prepare)(absl::Span<const Value* const> constants) = nullptr;
};

struct Function {
  std::string name;  // upper case; operators start with `$`: $add $subtract $multiply $divide $unary_minus $concat
                     // $equal $not_equal $less $less_or_equal $greater $greater_or_equal $not $is_null $is_true
                     // $is_false $like $bitwise_and $bitwise_or $bitwise_xor $bitwise_not $shift_left $shift_right
                     // $array_at_offset $array_at_ordinal $safe_array_at_offset $safe_array_at_ordinal
                     // $in (value, list…) $in_array (value, array) $between $json_subscript $cast is not one: see cast.h
  std::vector<Signature> signatures;  // tried in order: first exact, then by implicit coercion
  Determinism determinism = Determinism::kPure;
};

// Null when there is no such function. `name` in any case; namespaced ones as `NET.HOST`, `SAFE.` already removed.
const Function* FindFunction(std::string_view name);
// The known name that is nearest to a wrong one, for "did you mean"; empty when none is near.
std::string NearestFunctionName(std::string_view name);

// ---- Aggregates ----
// The state of one group lives in memory of `state_bytes` that `init` prepares (trivially destructible; what grows is
// in the arena). `update` is called with the rows of one group.
struct AggregateSignature {
  ArgumentType result;
  std::vector<ArgumentType> arguments;
  size_t state_bytes;
  void (*init)(void* state);
  // One row; arguments may be NULL unless `skips_nulls`.
  absl::Status (*update)(void* state, Call& call, const Datum* arguments);
  absl::StatusOr<Datum> (*finish)(void* state, Call& call);
  bool skips_nulls = true;
};

struct AggregateFunction {
  std::string name;  // COUNT (with no argument: COUNT(*)), SUM, AVG, MIN, MAX, ARRAY_AGG, STRING_AGG, …
  std::vector<AggregateSignature> signatures;
};
const AggregateFunction* FindAggregate(std::string_view name);

// ---- Casts ----
// A conversion from one type to another, or null when CAST does not allow it. Errors are per row; SAFE_CAST turns them
// into NULL (the evaluator does).
Kernel FindCast(TypeRef from, TypeRef to);
// May `from` be used where `to` is expected without a CAST? For literals and parameters more is allowed.
bool ImplicitlyCoercible(TypeRef from, TypeRef to);
bool LiteralCoercible(TypeRef from, TypeRef to);

}  // namespace ks::sql
