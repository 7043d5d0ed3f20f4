// The syntax tree of queries. ast.h has the whole story; include that.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sql/parser/expression_ast.h"

namespace ks::sql {

// What stands in FROM.
enum class TableExprKind : uint8_t { kPath, kUnnest, kSubquery, kJoin, kFunction };

struct TableSample {
  enum class Unit : uint8_t { kPercent, kRows };
  Identifier method;  // BERNOULLI, RESERVOIR
  ExprPtr size;
  Unit unit = Unit::kPercent;
  bool with_weight = false;
  Identifier weight_alias;  // may be empty
  SourceRange range;
};

struct TableExpr {
  const TableExprKind kind;
  SourceRange range;
  std::unique_ptr<Hint> hint;           // or null
  Identifier alias;                     // may be empty
  std::unique_ptr<TableSample> sample;  // or null
  virtual ~TableExpr() = default;

 protected:
  explicit TableExpr(TableExprKind k) : kind(k) {}
};

template <TableExprKind K>
struct TableExprOf : TableExpr {
  static constexpr TableExprKind kKind = K;
  TableExprOf() : TableExpr(K) {}
};

// A table by name, a WITH name, or an array reached from an earlier table (`FROM t, t.items`): the
// analyzer decides.
struct PathTable : TableExprOf<TableExprKind::kPath> {
  Path path;
  bool with_offset = false;
  Identifier offset_alias;  // may be empty: then `offset`
};

// UNNEST(array) [AS x] [WITH OFFSET [AS i]]
struct UnnestTable : TableExprOf<TableExprKind::kUnnest> {
  ExprPtr array;
  bool with_offset = false;
  Identifier offset_alias;  // may be empty: then `offset`
};

struct SubqueryTable : TableExprOf<TableExprKind::kSubquery> {
  QueryPtr query;
};

enum class JoinKind : uint8_t { kComma, kCross, kInner, kLeft, kRight, kFull };
struct JoinTable : TableExprOf<TableExprKind::kJoin> {
  JoinKind join = JoinKind::kInner;
  Identifier method;       // HASH JOIN, LOOKUP JOIN: the word; may be empty
  SourceRange join_range;  // of the word JOIN, or the comma
  TableExprPtr left;
  TableExprPtr right;
  ExprPtr on;                      // or null
  std::vector<Identifier> using_;  // USING (a, b); empty when there is none
  bool natural = false;            // parsed so that the analyzer can refuse it
  bool parenthesized = false;
};

// READ_MyStream(start_timestamp => …), ML.PREDICT(MODEL m, TABLE t)
struct TableArgument {
  enum class Kind : uint8_t { kExpr, kTable, kModel, kDescriptor, kQuery };
  Kind kind = Kind::kExpr;
  Identifier name;  // named argument; may be empty
  ExprPtr value;    // kExpr
  Path path;        // kTable, kModel; the columns for kDescriptor
  QueryPtr query;   // kQuery
  SourceRange range;
};
struct FunctionTable : TableExprOf<TableExprKind::kFunction> {
  Path name;
  std::vector<TableArgument> arguments;
};

struct SelectItem {
  enum class Kind : uint8_t { kExpr, kStar, kDotStar };
  struct Replacement {
    ExprPtr value;
    Identifier name;
  };
  Kind kind = Kind::kExpr;
  ExprPtr expr;                      // kExpr: the value; kDotStar: what stands before .*
  Identifier alias;                  // kExpr; may be empty
  std::vector<Identifier> except;    // * EXCEPT (a, b)
  std::vector<Replacement> replace;  // * REPLACE (x AS a)
  SourceRange range;
};

struct GroupingItem {
  enum class Kind : uint8_t { kExpr, kEmpty, kRollup, kCube, kGroupingSets };
  Kind kind = Kind::kExpr;
  ExprPtr expr;      // kExpr; may be a StructExpr tuple inside ROLLUP/CUBE/GROUPING SETS
  Identifier alias;  // may be empty
  std::vector<GroupingItem> items;  // of kRollup, kCube, kGroupingSets
  SourceRange range;
};
struct GroupBy {
  std::unique_ptr<Hint> hint;  // or null
  bool all = false;            // GROUP BY ALL: no items
  std::vector<GroupingItem> items;
  SourceRange range;
};

enum class QueryBodyKind : uint8_t { kSelect, kSetOperation, kParenthesized };
struct QueryBody {
  const QueryBodyKind kind;
  SourceRange range;
  virtual ~QueryBody() = default;

 protected:
  explicit QueryBody(QueryBodyKind k) : kind(k) {}
};
template <QueryBodyKind K>
struct QueryBodyOf : QueryBody {
  static constexpr QueryBodyKind kKind = K;
  QueryBodyOf() : QueryBody(K) {}
};

enum class SelectAs : uint8_t { kRow, kStruct, kValue, kType };
struct NamedWindow {
  Identifier name;
  WindowSpec spec;
};
struct Select : QueryBodyOf<QueryBodyKind::kSelect> {
  std::unique_ptr<Hint> hint;  // or null
  bool distinct = false;
  SelectAs as = SelectAs::kRow;
  Path as_type;  // kType: SELECT AS my.Proto
  std::vector<SelectItem> items;
  TableExprPtr from;  // or null
  ExprPtr where;      // or null; may stand without FROM (a pipeline's SELECT): the analyzer decides
  std::unique_ptr<GroupBy> group_by;  // or null
  ExprPtr having;                     // or null
  ExprPtr qualify;                    // or null; not in Spanner: the analyzer refuses
  std::vector<NamedWindow> windows;   // not in Spanner: the analyzer refuses
};

enum class SetOp : uint8_t { kUnion, kIntersect, kExcept };
struct SetOperation : QueryBodyOf<QueryBodyKind::kSetOperation> {
  SetOp op = SetOp::kUnion;
  bool distinct = false;             // else ALL
  std::unique_ptr<Hint> hint;        // or null
  std::vector<QueryBodyPtr> inputs;  // two or more, left to right
};

struct ParenthesizedQuery : QueryBodyOf<QueryBodyKind::kParenthesized> {
  QueryPtr query;
};

struct WithEntry {
  Identifier name;
  QueryPtr query;
};
struct Query {
  std::unique_ptr<Hint> hint;  // statement hint; or null
  bool recursive = false;      // WITH RECURSIVE
  std::vector<WithEntry> with;
  QueryBodyPtr body;
  std::vector<OrderItem> order_by;
  std::unique_ptr<Hint> order_by_hint;  // or null
  ExprPtr limit;                        // or null
  ExprPtr offset;                       // or null
  bool for_update = false;
  SourceRange range;
};

}  // namespace ks::sql
