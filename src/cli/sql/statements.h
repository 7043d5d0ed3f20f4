// A script as statements: cut at its semicolons, and what each of them asks the shell for. Pure
// functions over text; what they do not know is Spanner's to judge.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ks::cli {

struct Statement {
  std::string text;  // without its semicolon and the white space around it
  int line = 1;      // of the script, where it begins
};

struct Script {
  std::vector<Statement> statements;  // those of white space and comments alone are left out
  bool open = false;                  // the last one has no semicolon: more of it may come
};

// Semicolons inside strings, quoted names and comments cut nothing.
Script ReadScript(std::string_view script);

enum class StatementKind : uint8_t { kQuery, kDml, kDdl, kBegin, kCommit, kRollback };
enum class Explain : uint8_t { kNo, kPlan, kProfile };

// What a statement is, by its first words, as every Spanner shell tells.
struct Meaning {
  StatementKind kind = StatementKind::kQuery;
  Explain explain = Explain::kNo;
  bool read_only = false;  // BEGIN READ ONLY
  std::string sql;  // for Spanner: EXPLAIN [ANALYZE] is blanked out, so that places stay true
};
Meaning MeaningOf(std::string_view statement);

// Up to `count` of the first words in upper case, comments, hints and parentheses left out.
std::vector<std::string> FirstWords(std::string_view statement, size_t count);

}  // namespace ks::cli
