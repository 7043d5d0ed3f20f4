#include "cli/statement_splitter.h"

#include "absl/strings/ascii.h"

namespace ks::cli {
namespace {

// The position after the quoted piece or comment that begins at `at`; `at` when none does.
size_t SkipQuoted(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  const auto until = [&](std::string_view end, size_t from) {
    const size_t found = text.find(end, at + from);
    return found == std::string_view::npos ? text.size() : found + end.size();
  };
  if (rest.substr(0, 2) == "--" || rest[0] == '#') return until("\n", 1);
  if (rest.substr(0, 2) == "/*") return until("*/", 2);
  if (rest[0] != '\'' && rest[0] != '"' && rest[0] != '`') return at;
  const std::string triple(3, rest[0]);
  const std::string end = rest.substr(0, 3) == triple ? triple : triple.substr(0, 1);
  for (size_t i = at + end.size(); i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text.substr(i, end.size()) == end) {
      return i + end.size();
    }
  }
  return text.size();
}

}  // namespace

std::vector<std::string> SplitStatements(std::string_view script) {
  std::vector<std::string> statements;
  size_t start = 0;
  const auto cut = [&](size_t end) {
    std::string statement(script.substr(start, end - start));
    absl::StripAsciiWhitespace(&statement);
    if (!statement.empty()) statements.push_back(std::move(statement));
  };
  for (size_t i = 0; i < script.size();) {
    const size_t after = SkipQuoted(script, i);
    if (after != i) {
      i = after;
      continue;
    }
    if (script[i] == ';') {
      cut(i);
      start = i + 1;
    }
    ++i;
  }
  cut(script.size());
  return statements;
}

}  // namespace ks::cli
