// Analyzer: gives names their columns, expressions their types and calls their functions.
//
// Four entrances: a statement over a Catalog (AnalyzeStatement), an expression over named columns
// (AnalyzeExpression: CHECK, DEFAULT, generated columns, a pipeline's assertions), a pipeline's
// SELECT over one record (AnalyzeSelect), and a view's query (AnalyzeQuery). Each has a form that
// takes text and parses it. Errors are INVALID_ARGUMENT with Spanner's words and carry the byte
// offset of the place: WithLocation and RenderInFile of sql/parser/error_location.h turn it into
// `[at line:column]` and a caret line. Thread safety: free functions without state. Source of the
// rules: https://cloud.google.com/spanner/docs/reference/standard-sql/conversion_rules
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/analyzer/dml.h"
#include "sql/analyzer/resolved.h"
#include "sql/catalog.h"
#include "sql/proto_catalog.h"

namespace ks::sql {

struct Expr;
struct Select;
struct Statement;

// A column that an expression may name. In the result its ColumnId is its index in the scope.
struct NamedColumn {
  std::string name;
  TypeRef type;
  bool hidden = false;  // not part of SELECT *
};

// Parameter types by name in lower case, without @.
using ParameterTypes = std::map<std::string, TypeRef>;

struct AnalyzerOptions {
  const Catalog* catalog = nullptr;          // null: there are no tables
  ParameterTypes parameters;                 // declared types
  bool allow_undeclared_parameters = false;  // others get the type that their use wants
  bool strict_names = false;                 // as in a view: T.A and not A, no *
  const ProtoCatalog* protos = nullptr;      // null: there are no PROTO and ENUM types
};

// ---- Statements ----

enum class AnalyzedKind : uint8_t { kQuery, kDml };
struct AnalyzedStatement {
  AnalyzedKind kind = AnalyzedKind::kQuery;
  std::unique_ptr<ResolvedQuery> query;      // kQuery
  std::unique_ptr<ResolvedDml> dml;          // kDml
  ParameterTypes undeclared;                 // what was found out about undeclared parameters
  std::map<std::string, std::string> hints;  // of the statement, names in lower case
};

// `text` is what `statement` was parsed from.
absl::StatusOr<AnalyzedStatement> AnalyzeStatement(std::string_view text,
                                                   const Statement& statement,
                                                   const AnalyzerOptions& options);
absl::StatusOr<AnalyzedStatement> AnalyzeStatement(std::string_view text,
                                                   const AnalyzerOptions& options);

// ---- Expressions ----

struct ExpressionOptions {
  std::vector<NamedColumn> columns;
  TypeRef target = nullptr;      // when set, the value is coerced to this type as an assignment is
  bool allow_subqueries = true;  // CHECK constraints and generated columns have none
  const Catalog* catalog = nullptr;      // knows sequences; null: any name is one
  const ProtoCatalog* protos = nullptr;  // as in AnalyzerOptions
};
struct AnalyzedExpression {
  ResolvedExprPtr expr;
  std::vector<int> columns;  // those that it reads, ascending
  // The first function that may give other values for the same columns (CURRENT_TIMESTAMP,
  // GENERATE_UUID, …); empty: there is none.
  std::string volatile_function;
  std::vector<std::string> sequences;  // that it names
  bool deterministic() const { return volatile_function.empty(); }
};
absl::StatusOr<AnalyzedExpression> AnalyzeExpression(std::string_view text, const Expr& expr,
                                                     const ExpressionOptions& options);
absl::StatusOr<AnalyzedExpression> AnalyzeExpression(std::string_view text,
                                                     const ExpressionOptions& options);

// ---- A pipeline's SELECT ----

// What one record looks like. ColumnIds 0 … columns.size()-1 are these columns.
struct RecordSource {
  std::string name;  // FROM name; compared without regard to case
  std::vector<NamedColumn> columns;
};

// SELECT [DISTINCT] … [FROM source [, UNNEST(…)]…] [WHERE] [GROUP BY] [HAVING]. The way of a
// record: unnest steps in order, `where`, then (grouped) keys and aggregates, then `output`.
struct AnalyzedSelect {
  int source = 0;          // index into the sources given
  int source_columns = 0;  // how many columns it has

  struct Unnest {  // fan-out: columns get new ids that later steps may read
    ResolvedExprPtr array;
    ResolvedColumn element;
    ResolvedColumn offset;      // id < 0: none
    ResolvedExprPtr condition;  // or null
    bool outer = false;
  };
  std::vector<Unnest> unnest;
  ResolvedExprPtr where;  // or null

  bool grouped = false;
  std::vector<ComputedColumn> group_by;   // exprs over the record's columns
  std::vector<AggregateCall> aggregates;  // arguments over the record's columns
  ResolvedExprPtr having;                 // or null; over keys and aggregates

  enum class OutputKind : uint8_t { kGroupKey, kAggregate, kExpression };
  struct Output {
    std::string name;
    OutputKind kind = OutputKind::kExpression;
    int index = -1;  // kGroupKey: into group_by; kAggregate: into aggregates
    // Over the record's columns; when grouped, over the columns of group_by and aggregates.
    ResolvedExprPtr expr;
    uint32_t position = 0;  // byte offset of the select item, for messages
  };
  std::vector<Output> output;
  int column_count = 0;  // ColumnIds are below this
};

absl::StatusOr<AnalyzedSelect> AnalyzeSelect(std::string_view text, const Select& select,
                                             const std::vector<RecordSource>& sources);
absl::StatusOr<AnalyzedSelect> AnalyzeSelect(std::string_view text,
                                             const std::vector<RecordSource>& sources);

}  // namespace ks::sql
