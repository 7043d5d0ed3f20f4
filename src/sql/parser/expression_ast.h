// The syntax tree of expressions, and parts that all trees share. ast.h has the whole story;
// include that.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ks::sql {

struct SourceRange {
  uint32_t begin = 0;  // byte offset in the statement's text
  uint32_t end = 0;    // first byte after
};

// A name with its place. Empty: not given.
struct Identifier {
  std::string name;
  SourceRange range;
  bool quoted = false;  // was in backticks
  bool empty() const { return name.empty(); }
};
using Path = std::vector<Identifier>;  // a.b.c

struct Expr;
struct Query;
struct QueryBody;
struct Select;
struct TableExpr;
struct TypeName;
using ExprPtr = std::unique_ptr<Expr>;
using QueryPtr = std::unique_ptr<Query>;
using TableExprPtr = std::unique_ptr<TableExpr>;
using QueryBodyPtr = std::unique_ptr<QueryBody>;
using TypeNamePtr = std::unique_ptr<TypeName>;

// `static_cast` that is checked in debug builds: As<BinaryExpr>(expr).
template <typename T, typename Base>
const T& As(const Base& node) {
  assert(node.kind == T::kKind);
  return static_cast<const T&>(node);
}
template <typename T, typename Base>
T& As(Base& node) {
  assert(node.kind == T::kKind);
  return static_cast<T&>(node);
}

// ---- Shared parts ----

// @{FORCE_INDEX=x, spanner_emulator.disable_query_null_filtered_index_check=true}
struct HintEntry {
  Identifier qualifier;  // may be empty
  Identifier name;
  ExprPtr value;  // an identifier is a PathExpr
};
struct Hint {
  std::vector<HintEntry> entries;
  SourceRange range;
};

// STRING(MAX), ARRAY<INT64>, STRUCT<a INT64, STRING>, my.proto.Name
struct TypeName {
  enum class Kind : uint8_t { kNamed, kArray, kStruct };
  struct Field {
    Identifier name;  // empty: no name
    TypeNamePtr type;
  };
  Kind kind = Kind::kNamed;
  Path name;                                 // kNamed
  TypeNamePtr element;                       // kArray
  std::vector<Field> fields;                 // kStruct
  bool max_length = false;                   // STRING(MAX)
  std::optional<int64_t> length;             // STRING(10)
  std::vector<std::string> extra_arguments;  // NUMERIC(38, 9): what stands after the first
  std::optional<int64_t> vector_length;      // ARRAY<FLOAT32>(vector_length=>128)
  SourceRange range;
};

enum class NullsOrder : uint8_t {
  kDefault,
  kFirst,
  kLast
};  // default: first when ascending, last when descending
struct OrderItem {
  ExprPtr expr;
  ExprPtr collate;  // or null
  bool descending = false;
  NullsOrder nulls = NullsOrder::kDefault;
  SourceRange range;
};

// ---- Expressions ----

enum class ExprKind : uint8_t {
  kLiteral,
  kParameter,
  kSystemVariable,
  kPath,
  kFieldAccess,
  kSubscript,
  kUnary,
  kBinary,
  kLogical,
  kIs,
  kLike,
  kBetween,
  kIn,
  kCase,
  kCast,
  kExtract,
  kCall,
  kLambda,
  kArray,
  kStruct,
  kSubquery,
  kInterval,
  kNew,
  kWith,
  kDefault,
};

struct Expr {
  const ExprKind kind;
  SourceRange range;
  bool parenthesized = false;  // stood in its own parentheses; `range` is without them
  virtual ~Expr() = default;

 protected:
  explicit Expr(ExprKind k) : kind(k) {}
};

template <ExprKind K>
struct ExprOf : Expr {
  static constexpr ExprKind kKind = K;
  ExprOf() : Expr(K) {}
};

enum class LiteralKind : uint8_t {
  kNull,
  kBool,
  kInteger,
  kFloat,
  kString,
  kBytes,
  kNumeric,
  kBigNumeric,
  kDate,
  kDatetime,
  kTime,
  kTimestamp,
  kJson,
};
struct LiteralExpr : ExprOf<ExprKind::kLiteral> {
  LiteralKind literal = LiteralKind::kNull;
  bool bool_value = false;  // kBool
  // kInteger, kFloat: as written (`0x1F`, `1e3`; the minus sign is a UnaryExpr). kString, kBytes:
  // the contents, escapes undone. NUMERIC '1.5', DATE '…' and so on: the contents of the string.
  std::string text;
};

struct ParameterExpr : ExprOf<ExprKind::kParameter> {
  std::string name;  // without @; empty for `?`
  int position = 0;  // of `?`, from 1
};

struct SystemVariableExpr : ExprOf<ExprKind::kSystemVariable> {
  Path path;  // @@a.b
};

// a, a.b, a.b.c: columns, fields, enum parts, date parts. At least one name.
struct PathExpr : ExprOf<ExprKind::kPath> {
  Path path;
};

// operand.field, where operand is no path; operand.(extension.name) has `extension` true.
struct FieldAccessExpr : ExprOf<ExprKind::kFieldAccess> {
  ExprPtr operand;
  Path field;  // one name, or several for an extension
  bool extension = false;
};

enum class SubscriptKind : uint8_t {
  kPlain,
  kOffset,
  kOrdinal,
  kSafeOffset,
  kSafeOrdinal,
  kKey,
  kSafeKey
};
struct SubscriptExpr : ExprOf<ExprKind::kSubscript> {
  ExprPtr operand;
  SubscriptKind subscript = SubscriptKind::kPlain;
  ExprPtr index;
};

enum class UnaryOp : uint8_t { kMinus, kPlus, kBitNot, kNot };
struct UnaryExpr : ExprOf<ExprKind::kUnary> {
  UnaryOp op = UnaryOp::kMinus;
  ExprPtr operand;
};

enum class BinaryOp : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kConcat,
  kBitAnd,
  kBitOr,
  kBitXor,
  kShiftLeft,
  kShiftRight,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIsDistinctFrom,
  kIsNotDistinctFrom,
};
struct BinaryExpr : ExprOf<ExprKind::kBinary> {
  BinaryOp op = BinaryOp::kAdd;
  SourceRange op_range;
  ExprPtr left;
  ExprPtr right;
};

// a AND b AND c is one node with three operands.
enum class LogicalOp : uint8_t { kAnd, kOr };
struct LogicalExpr : ExprOf<ExprKind::kLogical> {
  LogicalOp op = LogicalOp::kAnd;
  std::vector<ExprPtr> operands;  // two or more
};

enum class IsTest : uint8_t { kNull, kTrue, kFalse, kUnknown };
struct IsExpr : ExprOf<ExprKind::kIs> {
  ExprPtr operand;
  IsTest test = IsTest::kNull;
  bool negated = false;
};

// What stands to the right of IN and LIKE ANY: exactly one of the three.
struct ValueList {
  std::vector<ExprPtr> items;  // (a, b, c): one or more
  QueryPtr query;              // (SELECT …)
  ExprPtr unnest;              // UNNEST(array)
};

enum class Quantifier : uint8_t { kNone, kAny, kAll };  // SOME is kAny
struct LikeExpr : ExprOf<ExprKind::kLike> {
  ExprPtr operand;
  bool negated = false;
  Quantifier quantifier = Quantifier::kNone;
  ExprPtr pattern;  // kNone
  ValueList list;   // otherwise
};

struct BetweenExpr : ExprOf<ExprKind::kBetween> {
  ExprPtr operand;
  ExprPtr low;
  ExprPtr high;
  bool negated = false;
};

struct InExpr : ExprOf<ExprKind::kIn> {
  ExprPtr operand;
  bool negated = false;
  ValueList list;
  std::unique_ptr<Hint> hint;  // or null
};

struct CaseExpr : ExprOf<ExprKind::kCase> {
  struct When {
    ExprPtr condition;
    ExprPtr result;
  };
  ExprPtr operand;  // or null: CASE WHEN …
  std::vector<When> whens;
  ExprPtr otherwise;  // or null
};

struct CastExpr : ExprOf<ExprKind::kCast> {
  ExprPtr operand;
  TypeNamePtr type;
  bool safe = false;  // SAFE_CAST
  ExprPtr format;     // or null
  ExprPtr time_zone;  // or null: FORMAT … AT TIME ZONE
};

// EXTRACT(part FROM operand [AT TIME ZONE zone])
struct ExtractExpr : ExprOf<ExprKind::kExtract> {
  ExprPtr part;  // a PathExpr (MONTH) or a CallExpr (WEEK(MONDAY))
  ExprPtr operand;
  ExprPtr time_zone;  // or null
};

// Function call: scalar, aggregate or analytic.
enum class NullTreatment : uint8_t { kDefault, kIgnore, kRespect };
struct CallArgument {
  Identifier name;  // `name => value`; else empty
  ExprPtr value;
  bool sequence = false;  // SEQUENCE s: `value` is the sequence's PathExpr
};
enum class HavingBound : uint8_t { kNone, kMax, kMin };
enum class FrameUnit : uint8_t { kRows, kRange };
enum class FrameBoundKind : uint8_t {
  kUnboundedPreceding,
  kPreceding,
  kCurrentRow,
  kFollowing,
  kUnboundedFollowing
};
struct FrameBound {
  FrameBoundKind bound = FrameBoundKind::kUnboundedPreceding;
  ExprPtr offset;  // or null
};
struct WindowSpec {
  Identifier base;  // OVER name, or (name …); may be empty
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  bool has_frame = false;
  FrameUnit frame_unit = FrameUnit::kRows;
  FrameBound frame_start;
  std::optional<FrameBound> frame_end;
  SourceRange range;
};
struct CallExpr : ExprOf<ExprKind::kCall> {
  Path name;          // NET.HOST is two names; `SAFE.` is removed
  bool safe = false;  // SAFE.NAME(…)
  bool star = false;  // COUNT(*): no arguments
  bool distinct = false;
  std::vector<CallArgument> arguments;
  NullTreatment nulls = NullTreatment::kDefault;
  HavingBound having = HavingBound::kNone;
  ExprPtr having_expr;  // or null
  std::vector<OrderItem> order_by;
  ExprPtr limit;                       // or null
  std::unique_ptr<Hint> hint;          // or null
  std::unique_ptr<WindowSpec> window;  // or null: OVER
};

// e -> e + 1, (a, b) -> a + b
struct LambdaExpr : ExprOf<ExprKind::kLambda> {
  std::vector<Identifier> parameters;
  ExprPtr body;
};

// [1, 2], ARRAY[1, 2], ARRAY<INT64>[]
struct ArrayExpr : ExprOf<ExprKind::kArray> {
  TypeNamePtr type;  // the whole ARRAY<…> type, or null
  std::vector<ExprPtr> elements;
};

// STRUCT(1 AS a, b), STRUCT<a INT64>(1), (1, 2)
struct StructExpr : ExprOf<ExprKind::kStruct> {
  struct Field {
    ExprPtr value;
    Identifier alias;  // may be empty
  };
  TypeNamePtr type;    // the whole STRUCT<…> type, or null
  bool tuple = false;  // (a, b): fields have no names, also not inferred ones
  std::vector<Field> fields;
};

enum class SubqueryKind : uint8_t { kScalar, kArray, kExists };
struct SubqueryExpr : ExprOf<ExprKind::kSubquery> {
  SubqueryKind subquery = SubqueryKind::kScalar;
  std::unique_ptr<Hint> hint;  // or null
  QueryPtr query;
};

// INTERVAL 5 DAY, INTERVAL '1-2' YEAR TO MONTH
struct IntervalExpr : ExprOf<ExprKind::kInterval> {
  ExprPtr value;
  Identifier unit;
  Identifier to_unit;  // may be empty
};

// NEW my.Proto(1 AS field, …), NEW my.Proto { field: 1 … } and REPLACE_FIELDS(m, 1 AS field.n, …)
struct NewExpr : ExprOf<ExprKind::kNew> {
  struct Argument {
    ExprPtr value;
    Path field;  // may be empty
    bool extension = false;
  };
  Path type;        // empty: of `operand`, or of the field that it is the value of (in braces)
  ExprPtr operand;  // of REPLACE_FIELDS; or null
  bool braces = false;
  std::vector<Argument> arguments;
};

// WITH(a AS 1, b AS a + 1, a * b)
struct WithExpr : ExprOf<ExprKind::kWith> {
  struct Variable {
    Identifier name;
    ExprPtr value;
  };
  std::vector<Variable> variables;
  ExprPtr body;
};

// The word DEFAULT in VALUES (…) and SET x = DEFAULT.
struct DefaultExpr : ExprOf<ExprKind::kDefault> {};

}  // namespace ks::sql
