#include "cli/sql/completion.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace ks::cli {
namespace {

// Those that people type; the rest of GoogleSQL's words would only be in the way.
constexpr std::string_view kKeywords[] = {
    "ALTER",       "AND",        "ARRAY",      "AS",        "ASC",      "BEGIN",    "BETWEEN",
    "BOOL",        "BY",         "BYTES",      "CASE",      "CAST",     "CHECK",    "COLUMN",
    "COMMIT",      "CONSTRAINT", "CREATE",     "CROSS",     "DATE",     "DEFAULT",  "DELETE",
    "DESC",        "DISTINCT",   "DROP",       "ELSE",      "END",      "EXCEPT",   "EXISTS",
    "EXPLAIN",     "EXTRACT",    "FALSE",      "FLOAT64",   "FOREIGN",  "FROM",     "FULL",
    "GRANT",       "GROUP",      "HAVING",     "IF",        "IN",       "INDEX",    "INNER",
    "INSERT",      "INT64",      "INTERLEAVE", "INTERSECT", "INTERVAL", "INTO",     "IS",
    "JOIN",        "JSON",       "KEY",        "LEFT",      "LIKE",     "LIMIT",    "NOT",
    "NULL",        "NUMERIC",    "OFFSET",     "ON",        "OR",       "ORDER",    "PARENT",
    "PRIMARY",     "READ",       "REFERENCES", "REVOKE",    "RIGHT",    "ROLLBACK", "SELECT",
    "SEQUENCE",    "SET",        "STRING",     "STRUCT",    "TABLE",    "THEN",     "TIMESTAMP",
    "TRANSACTION", "TRUE",       "UNION",      "UNIQUE",    "UNNEST",   "UPDATE",   "USING",
    "VALUES",      "VIEW",       "WHEN",       "WHERE",     "WITH",     "ANALYZE",  "RETURN",
    "STORING",     "ONLY",
};

// After these a table stands.
constexpr std::string_view kBeforeTable[] = {"FROM", "JOIN",   "INTO", "UPDATE", "TABLE",
                                             "ON",   "PARENT", "\\D",  "\\DT",   "REFERENCES"};

bool OfName(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '`'; }

// The word that ends at `end`, and the one before it in upper case.
std::string_view WordBefore(std::string_view text, size_t end) {
  size_t begin = end;
  while (begin > 0 && OfName(text[begin - 1])) --begin;
  if (begin > 0 && text[begin - 1] == '\\') --begin;
  return text.substr(begin, end - begin);
}

std::string PreviousWord(std::string_view text, size_t end) {
  while (end > 0 && absl::ascii_isspace(text[end - 1])) --end;
  return absl::AsciiStrToUpper(std::string(WordBefore(text, end)));
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t i = 0; i < text.size();) {
    if (!OfName(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && OfName(text[end])) ++end;
    if (absl::EqualsIgnoreCase(text.substr(i, end - i), word)) return true;
    i = end;
  }
  return false;
}

}  // namespace

Completion Complete(std::string_view before, std::string_view whole, const SchemaNames& names) {
  const std::string_view word = WordBefore(before, before.size());
  std::set<std::string> choices;
  const auto offer = [&](std::string_view name) {
    if (absl::StartsWithIgnoreCase(name, word)) choices.insert(std::string(name));
  };
  const std::string previous = PreviousWord(before, before.size() - word.size());
  const bool table_here = std::find(std::begin(kBeforeTable), std::end(kBeforeTable), previous) !=
                          std::end(kBeforeTable);
  for (const auto& table : names.tables) {
    offer(table.name);
    if (table_here || !HasWord(whole, table.name)) continue;
    for (const std::string& column : table.columns) offer(column);
  }
  // `ON` stands before a table in CREATE INDEX and before a condition in a join.
  if ((!table_here || previous == "ON") && !word.empty()) {
    for (const std::string_view keyword : kKeywords) {
      if (!absl::StartsWithIgnoreCase(keyword, word)) continue;
      const bool lower = absl::ascii_islower(word[0]);
      choices.insert(lower ? absl::AsciiStrToLower(std::string(keyword)) : std::string(keyword));
    }
  }
  return {word.size(), std::vector<std::string>(choices.begin(), choices.end())};
}

std::string CommonStart(const std::vector<std::string>& choices) {
  if (choices.empty()) return "";
  std::string common = choices[0];
  for (const std::string& choice : choices) {
    size_t same = 0;
    while (same < std::min(common.size(), choice.size()) &&
           absl::ascii_tolower(common[same]) == absl::ascii_tolower(choice[same])) {
      ++same;
    }
    common.resize(same);
  }
  return common;
}

}  // namespace ks::cli
