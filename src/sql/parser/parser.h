// Parser: GoogleSQL text to syntax trees.
//
// Errors are INVALID_ARGUMENT (UNIMPLEMENTED for syntax that is known and not built) with Spanner's
// words, for example `Syntax error: Expected ")" but got identifier "x"`. They carry their place;
// WithLocation() of error_location.h puts `[at 1:23]` and a caret line into the message. A `;` may
// follow a statement. Trees point nowhere into the text. Any input ends in a tree or an error:
// nesting is bounded by limits.h (the fuzzer in tests/fuzz holds it to that). Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/parser/ast.h"

namespace ks::sql {

// A query, DML, CALL or DDL statement.
absl::StatusOr<StatementPtr> ParseStatement(std::string_view sql);
// `[WITH …] SELECT …`, with the statement hint if there is one.
absl::StatusOr<QueryPtr> ParseQuery(std::string_view sql);
absl::StatusOr<ExprPtr> ParseExpression(std::string_view sql);
absl::StatusOr<TypeNamePtr> ParseTypeName(std::string_view sql);
// A DDL statement as UpdateDatabaseDdl and CreateDatabase take it. ParseStatement takes the same;
// here queries are errors.
absl::StatusOr<StatementPtr> ParseDdlStatement(std::string_view sql);

// The statements of a script: pieces of `script` between semicolons, without them; pieces with
// nothing but blanks and comments are left out. Never fails: a lexical error makes the rest one
// piece.
std::vector<std::string_view> SplitStatements(std::string_view script);

}  // namespace ks::sql
