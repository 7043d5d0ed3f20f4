#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "sql/parser/lexer.h"

namespace ks::sql {
namespace {

// Both sorted, for binary search; parser_test.cc checks it.
constexpr std::string_view kReserved[] = {
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASSERT_ROWS_MODIFIED",
    "AT",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "DEFAULT",
    "DEFINE",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ENUM",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FOLLOWING",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "GROUPS",
    "HASH",
    "HAVING",
    "IF",
    "IGNORE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOOKUP",
    "MERGE",
    "NATURAL",
    "NEW",
    "NO",
    "NOT",
    "NULL",
    "NULLS",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "PROTO",
    "RANGE",
    "RECURSIVE",
    "RESPECT",
    "RIGHT",
    "ROLLUP",
    "ROWS",
    "SELECT",
    "SET",
    "SOME",
    "STRUCT",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TREAT",
    "TRUE",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHIN",
};

constexpr std::string_view kUnreserved[] = {
    "ACTION",     "ADD",      "ALTER",         "ANALYZE",    "BEGIN",        "BUNDLE",
    "CALL",       "CASCADE",  "CHANGE",        "CHECK",      "CLUSTER",      "COLUMN",
    "COLUMNS",    "COMMIT",   "CONFLICT",      "CONSTRAINT", "CONTINUE",     "DATABASE",
    "DATE",       "DATETIME", "DELETE",        "DROP",       "EXECUTE",      "EXPLAIN",
    "FILTER",     "FIRST",    "FOREIGN",       "FUNCTION",   "GENERATED",    "GRANT",
    "HIDDEN",     "IDENTITY", "INDEX",         "INSERT",     "INTERLEAVE",   "INVOKER",
    "JSON",       "KEY",      "LAST",          "MATCH",      "MATERIALIZED", "MAX",
    "MIN",        "MODEL",    "NULL_FILTERED", "NUMERIC",    "OFFSET",       "OPTIONS",
    "PARENT",     "PERCENT",  "PRIMARY",       "PRIVILEGES", "PROCEDURE",    "QUALIFY",
    "REFERENCES", "RENAME",   "REPLACE",       "RESTRICT",   "RETURN",       "REVOKE",
    "ROLE",       "ROLLBACK", "ROW",           "SAFE_CAST",  "SCHEMA",       "SECURITY",
    "SEQUENCE",   "SETS",     "SQL",           "STORED",     "STORING",      "STREAM",
    "TABLE",      "TABLES",   "TIME",          "TIMESTAMP",  "TRUNCATE",     "TYPE",
    "UNIQUE",     "UNKNOWN",  "UPDATE",        "USAGE",      "VALUE",        "VALUES",
    "VIEW",       "VIEWS",    "ZONE",
};

template <typename List>
bool Contains(const List& list, std::string_view word) {
  return std::binary_search(std::begin(list), std::end(list), word);
}

}  // namespace

bool IsReservedKeyword(std::string_view upper_word) { return Contains(kReserved, upper_word); }
bool IsKeyword(std::string_view upper_word) {
  return Contains(kReserved, upper_word) || Contains(kUnreserved, upper_word);
}

std::string QuotedIdentifier(std::string_view name) {
  const auto plain = [](char c) { return absl::ascii_isalnum(c) || c == '_'; };
  const bool identifier = !name.empty() && !absl::ascii_isdigit(name[0]) &&
                          std::all_of(name.begin(), name.end(), plain);
  if (identifier && !IsReservedKeyword(absl::AsciiStrToUpper({name.data(), name.size()}))) {
    return std::string(name);
  }
  std::string quoted = "`";
  for (char c : name) {
    if (c == '`' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "`";
}

}  // namespace ks::sql
