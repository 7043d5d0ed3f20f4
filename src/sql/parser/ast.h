// The syntax tree of expressions, queries and DML: what the parser makes and the analyzer reads.
//
// Every node says where it stands in the statement's text (byte offsets), so errors can point and
// original text can be kept. Nodes own their children. There is one closed set of kinds per family
// (Expr, TableExpr, QueryBody, Statement); switch on `kind` and use As<T>(). Names are as written
// (no case folding), backticks and escapes undone. DDL statements are in ddl_ast.h. Built only by
// the parser; immutable afterwards, so readable from any thread. Invariants: pointers are never
// null unless the comment says "or null"; nesting is bounded by limits.h, so recursion over a tree
// is safe. Source: https://cloud.google.com/spanner/docs/reference/standard-sql/query-syntax
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sql/parser/expression_ast.h"
#include "sql/parser/query_ast.h"

namespace ks::sql {

enum class StatementKind : uint8_t {
  // Here:
  kQuery,
  kInsert,
  kUpdate,
  kDelete,
  kCall,
  // ddl_ast.h:
  kCreateDatabase,
  kAlterDatabase,
  kCreateSchema,
  kDropSchema,
  kCreateTable,
  kAlterTable,
  kDropTable,
  kRenameTable,
  kCreateIndex,
  kAlterIndex,
  kDropIndex,
  kCreateSearchIndex,
  kCreateVectorIndex,
  kAlterSearchIndex,
  kAlterVectorIndex,
  kDropSearchIndex,
  kDropVectorIndex,
  kCreateView,
  kDropView,
  kCreateSequence,
  kAlterSequence,
  kDropSequence,
  kCreateChangeStream,
  kAlterChangeStream,
  kDropChangeStream,
  kCreateRole,
  kDropRole,
  kGrant,
  kRevoke,
  kAnalyze,
  kAlterStatistics,
  kCreateProtoBundle,
  kAlterProtoBundle,
  kDropProtoBundle,
  kCreateModel,
  kAlterModel,
  kDropModel,
  kCreateFunction,
  kDropFunction,
  kCreatePropertyGraph,
  kDropPropertyGraph,
  kCreateLocalityGroup,
  kAlterLocalityGroup,
  kDropLocalityGroup,
  kCreatePlacement,
  kAlterPlacement,
  kDropPlacement,
};

struct Statement {
  const StatementKind kind;
  SourceRange range;
  virtual ~Statement() = default;

 protected:
  explicit Statement(StatementKind k) : kind(k) {}
};
using StatementPtr = std::unique_ptr<Statement>;

template <StatementKind K>
struct StatementOf : Statement {
  static constexpr StatementKind kKind = K;
  StatementOf() : Statement(K) {}
};

struct QueryStatement : StatementOf<StatementKind::kQuery> {
  QueryPtr query;  // its `hint` is the statement's
};

// THEN RETURN [WITH ACTION [AS alias]] items
struct Returning {
  bool with_action = false;
  Identifier action_alias;  // may be empty: then ACTION
  std::vector<SelectItem> items;
  SourceRange range;
};

enum class InsertMode : uint8_t { kInsert, kOrUpdate, kOrIgnore };
// ON CONFLICT [(columns) | ON UNIQUE CONSTRAINT name] DO NOTHING | DO UPDATE SET … [WHERE …]
struct UpdateItem {
  ExprPtr target;  // a path, or a path with subscripts
  ExprPtr value;   // may be a DefaultExpr
  SourceRange range;
};
struct OnConflict {
  std::vector<Identifier> columns;
  Path constraint;
  bool update = false;  // else DO NOTHING
  std::vector<UpdateItem> set;
  ExprPtr where;  // or null
  SourceRange range;
};
struct InsertStatement : StatementOf<StatementKind::kInsert> {
  std::unique_ptr<Hint> hint;        // of the statement; or null
  std::unique_ptr<Hint> table_hint;  // or null
  InsertMode mode = InsertMode::kInsert;
  Path table;
  Identifier alias;                        // may be empty
  std::vector<Identifier> columns;         // empty: not given
  std::vector<std::vector<ExprPtr>> rows;  // VALUES; empty when `query` is set
  std::vector<SourceRange> row_ranges;
  QueryPtr query;                           // or null
  std::unique_ptr<OnConflict> on_conflict;  // or null
  std::unique_ptr<Returning> returning;     // or null
};

struct UpdateStatement : StatementOf<StatementKind::kUpdate> {
  std::unique_ptr<Hint> hint;        // of the statement; or null
  std::unique_ptr<Hint> table_hint;  // or null
  Path table;
  Identifier alias;
  std::vector<UpdateItem> set;
  TableExprPtr from;                     // or null; not in Spanner: the analyzer refuses
  ExprPtr where;                         // or null: Spanner demands one
  std::unique_ptr<Returning> returning;  // or null
};

struct DeleteStatement : StatementOf<StatementKind::kDelete> {
  std::unique_ptr<Hint> hint;        // of the statement; or null
  std::unique_ptr<Hint> table_hint;  // or null
  Path table;
  Identifier alias;
  ExprPtr where;                         // or null: Spanner demands one
  std::unique_ptr<Returning> returning;  // or null
};

// CALL cancel_query('…')
struct CallStatement : StatementOf<StatementKind::kCall> {
  Path name;
  std::vector<ExprPtr> arguments;
};

}  // namespace ks::sql
