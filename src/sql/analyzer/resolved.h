// The resolved tree: what the analyzer makes of a syntax tree, and what evaluation runs.
//
// Every expression has its type; every function call has the signature that was chosen; every
// implicit conversion is a cast of its own. A column is known by a number (ColumnId) that is unique
// in its statement: names are gone. In expressions over a record or a row (a pipeline, a CHECK
// constraint) the number is the column's index in the scope. A column that the input of an operator
// does not have comes from a query around it: it is correlated.
//
// Trees own their children, are immutable once analyzed and hold pointers to types, functions and
// tables only, which outlive them. Readable from any thread. Invariants: no pointer is null unless
// the comment says so; a type is never null; depth is bounded by the parser's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sql/functions/function.h"
#include "sql/types/type.h"
#include "sql/types/value.h"

namespace ks::sql {

class ProtoCatalog;  // sql/proto_catalog.h
class Table;

using ColumnId = int32_t;

struct ResolvedColumn {
  ColumnId id = -1;
  std::string name;  // for people: EXPLAIN, errors
  TypeRef type = nullptr;
};

// The node as what it is: `To<ResolvedCall>(expr)`. Checked by the reader's switch on `kind`.
template <typename T, typename Node>
const T& To(const Node& node) {
  return static_cast<const T&>(node);
}
template <typename T, typename Node>
T& To(Node& node) {
  return static_cast<T&>(node);
}

// ---- Expressions ----

enum class ResolvedKind : uint8_t {
  kLiteral,
  kParameter,
  kColumn,
  kCall,
  kCast,
  kLazy,
  kLet,
  kField,
  kSubquery,
};

struct ResolvedExpr {
  const ResolvedKind kind;
  TypeRef type;
  virtual ~ResolvedExpr() = default;

 protected:
  ResolvedExpr(ResolvedKind k, TypeRef t) : kind(k), type(t) {}
};
using ResolvedExprPtr = std::unique_ptr<ResolvedExpr>;

struct ResolvedLiteral : ResolvedExpr {
  Value value;
  // How far the literal may still change its type without a CAST. kUntyped: NULL or [] as written.
  enum class Origin : uint8_t { kTyped, kWritten, kUntyped };
  Origin origin;
  explicit ResolvedLiteral(Value v, Origin o = Origin::kTyped)
      : ResolvedExpr(ResolvedKind::kLiteral, v.type()), value(std::move(v)), origin(o) {}
};

// @name. An undeclared parameter has the type that its first use wants.
struct ResolvedParameter : ResolvedExpr {
  std::string name;  // lower case; `?` parameters are "1", "2", …
  bool undeclared;
  ResolvedParameter(std::string n, TypeRef t, bool u)
      : ResolvedExpr(ResolvedKind::kParameter, t), name(std::move(n)), undeclared(u) {}
};

struct ResolvedColumnRef : ResolvedExpr {
  ColumnId column;
  ResolvedColumnRef(ColumnId c, TypeRef t) : ResolvedExpr(ResolvedKind::kColumn, t), column(c) {}
};

// Operators, array and struct constructors ($make_array, $make_struct) are calls too.
struct ResolvedCall : ResolvedExpr {
  const Function* function;
  const Signature* signature;
  std::vector<ResolvedExprPtr> arguments;
  bool safe = false;  // SAFE.F(…): an error of F itself is NULL
  ResolvedCall(const Function* f, const Signature* s, TypeRef t, std::vector<ResolvedExprPtr> a)
      : ResolvedExpr(ResolvedKind::kCall, t), function(f), signature(s), arguments(std::move(a)) {}
};

struct ResolvedCast : ResolvedExpr {
  ResolvedExprPtr operand;
  bool safe;                   // SAFE_CAST
  const ProtoCatalog* protos;  // where PROTO and ENUM types are; may be null
  ResolvedCast(ResolvedExprPtr o, TypeRef t, bool s, const ProtoCatalog* p = nullptr)
      : ResolvedExpr(ResolvedKind::kCast, t), operand(std::move(o)), safe(s), protos(p) {}
};

// What chooses which operands are evaluated, row by row.
//   kAnd, kOr     two or more BOOLs, from left to right until one decides
//   kCase         condition, result, condition, result, …, otherwise: IF, CASE, NULLIF
//   kCoalesce     the first that is not NULL: COALESCE, IFNULL
//   kIfError      the first, or the second where it failed: IFERROR, NULLIFERROR
//   kIsError      whether the only one failed
enum class LazyKind : uint8_t { kAnd, kOr, kCase, kCoalesce, kIfError, kIsError };
struct ResolvedLazy : ResolvedExpr {
  LazyKind lazy;
  std::vector<ResolvedExprPtr> operands;
  ResolvedLazy(LazyKind l, TypeRef t, std::vector<ResolvedExprPtr> o)
      : ResolvedExpr(ResolvedKind::kLazy, t), lazy(l), operands(std::move(o)) {}
};

// Columns that exist inside `body` (and in later values): WITH(…), CASE x WHEN …, NULLIF.
struct ResolvedLet : ResolvedExpr {
  std::vector<std::pair<ResolvedColumn, ResolvedExprPtr>> variables;
  ResolvedExprPtr body;
  explicit ResolvedLet(ResolvedExprPtr b)
      : ResolvedExpr(ResolvedKind::kLet, b->type), body(std::move(b)) {}
};

// struct.field
struct ResolvedField : ResolvedExpr {
  ResolvedExprPtr operand;
  int field;
  ResolvedField(ResolvedExprPtr o, int f, TypeRef t)
      : ResolvedExpr(ResolvedKind::kField, t), operand(std::move(o)), field(f) {}
};

struct ResolvedRel;
using ResolvedRelPtr = std::unique_ptr<ResolvedRel>;

enum class ResolvedSubqueryKind : uint8_t { kScalar, kArray, kExists, kIn };
struct ResolvedSubquery : ResolvedExpr {
  ResolvedSubqueryKind subquery;
  ResolvedRelPtr rel;
  ColumnId column = -1;     // its value: all but kExists
  ResolvedExprPtr operand;  // kIn: the left side; else null
  ResolvedExprPtr
      equal;  // kIn: operand = column as an expression over $operand and `column`; else null
  ColumnId operand_column = -1;  // kIn: what stands for the left side in `equal`
  std::vector<ColumnId> outer;   // columns of queries around this one that `rel` reads
  ResolvedSubquery(ResolvedSubqueryKind k, TypeRef t, ResolvedRelPtr r);
  ~ResolvedSubquery() override;
};

// ---- Relational operators ----

enum class RelKind : uint8_t {
  kSingleRow,
  kScan,
  kFilter,
  kProject,
  kJoin,
  kUnnest,
  kAggregate,
  kSort,
  kLimit,
  kSetOperation,
  kWith,
  kWithRef,
  kSample,
  kAssertSingle,
};

struct ResolvedRel {
  const RelKind kind;
  std::vector<ResolvedColumn> columns;  // what it gives
  virtual ~ResolvedRel() = default;

 protected:
  explicit ResolvedRel(RelKind k) : kind(k) {}
};

// One row without columns.
struct SingleRowRel : ResolvedRel {
  SingleRowRel() : ResolvedRel(RelKind::kSingleRow) {}
};

struct ScanRel : ResolvedRel {
  const Table* table = nullptr;
  std::vector<int> table_columns;  // beside `columns`: index into Table::columns()
  std::string force_index;         // FORCE_INDEX as written; empty: the planner chooses
  bool lock_exclusive = false;
  ScanRel() : ResolvedRel(RelKind::kScan) {}
};

struct FilterRel : ResolvedRel {
  ResolvedRelPtr input;
  ResolvedExprPtr condition;
  FilterRel() : ResolvedRel(RelKind::kFilter) {}
};

struct ComputedColumn {
  ResolvedColumn column;
  ResolvedExprPtr expr;
};

// The input's columns and the computed ones; `columns` says which of them go on, in which order.
struct ProjectRel : ResolvedRel {
  ResolvedRelPtr input;
  std::vector<ComputedColumn> computed;
  ProjectRel() : ResolvedRel(RelKind::kProject) {}
};

enum class JoinType : uint8_t { kInner, kLeft, kRight, kFull };
enum class JoinMethod : uint8_t { kAny, kHash, kApply, kMerge };  // of a hint
struct JoinRel : ResolvedRel {
  JoinType join = JoinType::kInner;
  JoinMethod method = JoinMethod::kAny;
  ResolvedRelPtr left;
  ResolvedRelPtr right;       // reads columns of `left` when `lateral`
  ResolvedExprPtr condition;  // or null: every pair
  bool lateral = false;
  bool force_order = false;
  JoinRel() : ResolvedRel(RelKind::kJoin) {}
};

// UNNEST: each row of the input with each element of an array.
struct UnnestRel : ResolvedRel {
  ResolvedRelPtr input;   // or null: one empty row
  ResolvedExprPtr array;  // over the input's columns
  ResolvedColumn element;
  ResolvedColumn offset;      // id < 0: none
  ResolvedExprPtr condition;  // or null: of a LEFT JOIN
  bool outer = false;         // LEFT JOIN: a row without elements stays, with NULLs
  UnnestRel() : ResolvedRel(RelKind::kUnnest) {}
};

enum class AggregateBound : uint8_t { kNone, kMax, kMin };
struct AggregateOrder {
  ResolvedExprPtr expr;
  bool descending = false;
  bool nulls_first = true;
};
struct AggregateCall {
  ResolvedColumn column;  // the result
  const AggregateFunction* function = nullptr;
  const AggregateSignature* signature = nullptr;
  std::vector<ResolvedExprPtr> arguments;  // none: COUNT(*)
  bool distinct = false;
  bool ignore_nulls = false;  // IGNORE NULLS was written
  AggregateBound having = AggregateBound::kNone;
  ResolvedExprPtr having_expr;  // null when kNone
  std::vector<AggregateOrder> order_by;
  ResolvedExprPtr limit;  // or null
  bool safe = false;
};

struct AggregateRel : ResolvedRel {
  ResolvedRelPtr input;
  std::vector<ComputedColumn> group_by;  // none: one group, also over no rows
  std::vector<AggregateCall> aggregates;
  // GROUPING SETS, ROLLUP, CUBE: each set lists indexes into group_by. Empty: one set with all.
  std::vector<std::vector<int>> grouping_sets;
  // GROUPING(x): column that is 1 where group_by[second] is left out of the row's set.
  std::vector<std::pair<ResolvedColumn, int>> grouping_calls;
  AggregateRel() : ResolvedRel(RelKind::kAggregate) {}
};

struct SortKey {
  ResolvedColumn column;
  bool descending = false;
  bool nulls_first = true;
};
struct SortRel : ResolvedRel {
  ResolvedRelPtr input;
  std::vector<SortKey> keys;
  SortRel() : ResolvedRel(RelKind::kSort) {}
};

struct LimitRel : ResolvedRel {
  ResolvedRelPtr input;
  ResolvedExprPtr limit;   // or null: all
  ResolvedExprPtr offset;  // or null: 0
  LimitRel() : ResolvedRel(RelKind::kLimit) {}
};

enum class SetKind : uint8_t { kUnion, kIntersect, kExcept };
struct SetOperationRel : ResolvedRel {
  SetKind set = SetKind::kUnion;
  bool distinct = false;
  std::vector<ResolvedRelPtr> inputs;                // two or more
  std::vector<std::vector<ColumnId>> input_columns;  // of each input, in the order of `columns`
  SetOperationRel() : ResolvedRel(RelKind::kSetOperation) {}
};

// WITH: `definitions` may be read in later ones and in `body` by WithRefRel.
struct WithRel : ResolvedRel {
  struct Definition {
    int number;  // unique in the statement
    std::string name;
    ResolvedRelPtr rel;
  };
  std::vector<Definition> definitions;
  ResolvedRelPtr body;
  WithRel() : ResolvedRel(RelKind::kWith) {}
};
struct WithRefRel : ResolvedRel {
  int number = 0;
  std::vector<ColumnId> source;  // beside `columns`: the definition's columns
  WithRefRel() : ResolvedRel(RelKind::kWithRef) {}
};

struct SampleRel : ResolvedRel {
  ResolvedRelPtr input;
  bool reservoir = false;  // some rows; else each with a probability
  ResolvedExprPtr size;    // INT64 rows, FLOAT64 percent
  ResolvedColumn weight;   // id < 0: none. How many rows of the input each row stands for
  SampleRel() : ResolvedRel(RelKind::kSample) {}
};

// ---- Whole statements ----

struct OutputColumn {
  std::string name;  // empty: the column has no name
  ColumnId id;
  TypeRef type;
};

struct ResolvedQuery {
  ResolvedRelPtr rel;
  std::vector<OutputColumn> output;
  bool value_table = false;  // SELECT AS STRUCT | VALUE: rows are single values
  bool ordered = false;      // ORDER BY stands at the top
};

// ---- Tools over trees ----

// Calls `visit` for every direct operand (not into the relations of subqueries).
void ForEachOperand(const ResolvedExpr& expr,
                    const std::function<void(const ResolvedExpr&)>& visit);
// Calls `visit` for every column that is read, also inside subqueries (those that come from outside
// of them only).
void ForEachColumn(const ResolvedExpr& expr, const std::function<void(ColumnId)>& visit);
// Columns that `rel` reads and that none of its operators make.
std::vector<ColumnId> OuterColumns(const ResolvedRel& rel);
// A copy; an expression with a subquery has none and gives null.
ResolvedExprPtr CloneExpr(const ResolvedExpr& expr);
// The same computation, and one that gives the same value each time (no RAND, no subquery).
bool SameExpr(const ResolvedExpr& a, const ResolvedExpr& b);
// `$add(#1, 5)`, for EXPLAIN and tests.
std::string ToText(const ResolvedExpr& expr);
// One operator a line, indented.
std::string ToText(const ResolvedRel& rel, int indent = 0);

}  // namespace ks::sql
