// Functions: the signatures that the analyzer chooses from and the kernels that evaluation calls.
//
// A kernel works on a batch, one column at a time: it is called once per batch, with the rows that
// are wanted, so the cost of finding the function is paid once per thousand rows. Every operator
// (`+`, `=`, `LIKE`, …) is a function with a `$name`; so the analyzer and the evaluator know of no
// other kind of computation, except the lazy forms (AND, OR, IF, CASE, COALESCE, IFNULL, NULLIF,
// IFERROR, NULLIFERROR …), which evaluation handles itself because they choose rows, and the forms
// with a lambda (ARRAY_FILTER, ARRAY_TRANSFORM).
//
// ---- How the analyzer passes special syntax ----
// A date part or a weekday stands as a constant STRING in upper case: 'DAY', 'ISOWEEK',
// 'WEEK(MONDAY)'; `prepare` refuses one that the function does not take.
//   EXTRACT(part FROM x [AT TIME ZONE z])  $extract(x, 'PART'[, z]);  x: DATE, TIMESTAMP, INTERVAL
//   EXTRACT(DATE FROM ts [AT TIME ZONE z]) $extract_date(ts[, z])
//   DATE_ADD(d, INTERVAL n PART)           DATE_ADD(d, n, 'PART'); so DATE_SUB, TIMESTAMP_ADD, _SUB
//   DATE_DIFF(a, b, PART)                  DATE_DIFF(a, b, 'PART'); so TIMESTAMP_DIFF
//   DATE_TRUNC(d, PART)                    DATE_TRUNC(d, 'PART'); TIMESTAMP_TRUNC(t, 'PART'[, z])
//   LAST_DAY(d[, PART])                    LAST_DAY(d[, 'PART'])
//   INTERVAL n PART                        $interval(n, 'PART')
//   GENERATE_DATE_ARRAY(a, b[, INTERVAL n PART])  GENERATE_DATE_ARRAY(a, b[, n, 'PART'])
//   CAST(x AS T FORMAT f [AT TIME ZONE z]) $cast_format_<t>(x, f[, z]), t: string bytes date …
//   F(SEQUENCE a.b)                        F('a.b'): its name in the schema
//   NORMALIZE(x, NFKC)                     NORMALIZE(x, 'NFKC'); so NORMALIZE_AND_CASEFOLD
//   x IN (a, b)  x IN UNNEST(a)            $in(x, a, b)  $in_array(x, a)
//   x BETWEEN a AND b                      $between(x, a, b)
//   NOT LIKE, NOT IN, NOT BETWEEN, IS NOT NULL|TRUE|FALSE   $not of the positive form
//   x IS DISTINCT FROM y                   $is_distinct_from(x, y); IS NOT DISTINCT: $not of it
//   x || y                                 $concat(x, y) (STRING, BYTES, ARRAY)
//   [a, b]  (a, b)  STRUCT(a, b)           $make_array(a, b)  $make_struct(a, b): the analyzer
//                                          gives the type in Call::result_type
//   json.field  json[x]  array[OFFSET(x)]  $json_field(json, 'field')  $json_subscript(json, x)
//                                          $array_at_offset(array, x)
//   name => value                          at its place by Signature::names; what stands before it
//                                          and is not given is Signature::defaults, or a NULL
//
// Thread safety: the tables are immutable after start; kernels have no state but `Call::prepared`.
#pragma once

#include <any>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

// Where GET_NEXT_SEQUENCE_VALUE and GET_INTERNAL_SEQUENCE_STATE find their sequence, by its name in
// the schema, and GET_TABLE_COLUMN_IDENTITY_STATE its column. Whoever owns sequences implements it.
class SequenceSource {
 public:
  virtual ~SequenceSource() = default;
  virtual absl::StatusOr<int64_t> Next(std::string_view sequence) = 0;
  // The counter; nothing when the sequence has given no value yet.
  virtual absl::StatusOr<std::optional<int64_t>> State(std::string_view sequence) = 0;
  // The same of an identity column: `[schema.]table.column`.
  virtual absl::StatusOr<std::optional<int64_t>> IdentityState(std::string_view column) = 0;
};

// What evaluation of one batch may use. Errors belong to rows: Fail() marks the row (and the kernel
// writes a NULL there), the kernel goes on with the next.
class EvalContext {
 public:
  explicit EvalContext(Arena& arena) : arena(arena) {}

  Arena& arena;
  TimestampValue now = {0, 0};  // CURRENT_TIMESTAMP(); in a pipeline the record's time
  std::string_view default_zone = kDefaultTimeZone;
  const Column* now_column = nullptr;  // when set, CURRENT_TIMESTAMP() differs per row
  SequenceSource* sequences = nullptr;

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
  const void* prepared;  // what `prepare` made of the constant arguments; null when there is none
};

// Writes out[row] for each of `rows`. With NullHandling::kPropagate the kernel is never shown a row
// where an argument is NULL (the evaluator writes the NULL). `out` may not alias an argument.
// Optional arguments that were left out have no Column: Call::argument_types says how many are
// there.
using Kernel = void (*)(Call& call, Rows rows, const Column* arguments, Datum* out);

// A type in a signature: a type, or a placeholder T1/T2 (the same concrete type wherever it
// stands), or ARRAY of it. kAnyType: each argument may have its own type. kAnyStruct as a result:
// the analyzer knows the type ($make_struct).
struct ArgumentType {
  enum class Pattern : uint8_t {
    kConcrete,
    kAny1,
    kAny2,
    kArrayOfAny1,
    kArrayOfAny2,
    kAnyStruct,
    kAnyType,
  };
  Pattern pattern = Pattern::kConcrete;
  TypeRef type = nullptr;                             // kConcrete
  ArgumentType(TypeRef concrete) : type(concrete) {}  // NOLINT: implicit, so that tables read well
  ArgumentType(Pattern p) : pattern(p) {}             // NOLINT
};

enum class NullHandling : uint8_t { kPropagate, kKernel };
// UPPER | CURRENT_TIMESTAMP | GENERATE_UUID
enum class Determinism : uint8_t { kPure, kPerStatement, kVolatile };
// What T1 must support (Type::SupportsEquality …).
enum class Requirement : uint8_t { kNone, kEquality, kOrdering, kGrouping };

using Prepared = std::shared_ptr<const void>;
using Prepare = absl::StatusOr<Prepared> (*)(absl::Span<const Value* const> constants);

struct Signature {
  ArgumentType result;
  std::vector<ArgumentType> arguments;
  Kernel kernel = nullptr;
  int optional = 0;       // how many trailing arguments may be left out
  bool repeated = false;  // the last argument may stand any number of times (at least once)
  NullHandling nulls = NullHandling::kPropagate;
  // Called once at compile time with the arguments that are constants (null where not): compiles a
  // regexp, loads a time zone, checks a date part. Its error is a compile error of the statement.
  Prepare prepare = nullptr;
  Requirement requirement = Requirement::kNone;
  std::vector<std::string> names;  // lower case; argument i may be written `names[i] => value`
  std::vector<Value> defaults;     // empty, or one for each argument
};

struct Function {
  // Upper case. Operators: $add $subtract $multiply $divide $unary_minus $concat $equal $not_equal
  // $less $less_or_equal $greater $greater_or_equal $not $is_null $is_true $is_false $like
  // $bitwise_and $bitwise_or $bitwise_xor $bitwise_not $shift_left $shift_right $between $in
  // $in_array $is_distinct_from $array_at_offset $array_at_ordinal $safe_array_at_offset
  // $safe_array_at_ordinal $json_field $json_subscript $make_array $make_struct $extract
  // $extract_date $interval $cast_format_string … (see above). Casts: FindCast.
  std::string name;
  std::vector<Signature> signatures;  // tried in order: first exact, then by implicit coercion
  Determinism determinism = Determinism::kPure;
};

// Null when there is no such function. `name` in any case; namespaced ones as `NET.HOST`; `SAFE.`
// is already removed. Aliases (CEILING, CHARACTER_LENGTH, SUBSTRING, …) have entries of their own.
const Function* FindFunction(std::string_view name);
// The known name that is nearest to a wrong one, for "did you mean"; empty when none is near.
std::string NearestFunctionName(std::string_view name);

// ---- Aggregates ----
// The state of one group lives in memory of `state_bytes` (aligned to 16) that `init` prepares
// (trivially destructible; what grows is in the arena of the Call, which must be the same for all
// calls of one group: what `update` is shown need not outlive the call). DISTINCT, ORDER BY, LIMIT,
// HAVING MAX|MIN, IGNORE|RESPECT NULLS are the executor's: it chooses and orders what is shown.
// ARRAY_AGG is shown NULLs (unless IGNORE NULLS), STRING_AGG never.
struct AggregateSignature {
  ArgumentType result;
  std::vector<ArgumentType> arguments;
  size_t state_bytes;
  void (*init)(void* state);
  // One row; arguments may be NULL unless `skips_nulls`.
  absl::Status (*update)(void* state, Call& call, const Datum* arguments);
  absl::StatusOr<Datum> (*finish)(void* state, Call& call);
  bool skips_nulls = true;  // the executor does not call `update` with a NULL first argument
  Requirement requirement = Requirement::kNone;
};

struct AggregateFunction {
  std::string name;  // COUNT (with no argument: COUNT(*)), SUM, AVG, MIN, MAX, ARRAY_AGG, …
  std::vector<AggregateSignature> signatures;
};
const AggregateFunction* FindAggregate(std::string_view name);

// ---- Casts ----
// A conversion from one type to another, or null when CAST does not allow it; a kernel with one
// argument that propagates NULLs. Errors are per row; SAFE_CAST turns them into NULL (the evaluator
// does). `from` = `to` gives a copy. Those of PROTO and ENUM find the ProtoCatalog in
// Call::prepared.
Kernel FindCast(TypeRef from, TypeRef to);
// May `from` be used where `to` is expected without a CAST? For literals and parameters more
// is allowed.
bool ImplicitlyCoercible(TypeRef from, TypeRef to);
bool LiteralCoercible(TypeRef from, TypeRef to);

}  // namespace ks::sql
