#include "cli/sql/statements.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"

namespace ks::cli {
namespace {

bool StartsComment(std::string_view rest) {
  return rest.substr(0, 2) == "--" || rest.substr(0, 1) == "#" || rest.substr(0, 2) == "/*";
}

struct Skipped {
  size_t end;   // after the quoted piece or comment that begins at the place; the place: none does
  bool closed;  // it ends before the text does
};

Skipped SkipQuoted(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  const auto until = [&](std::string_view end, size_t from, bool needed) -> Skipped {
    const size_t found = text.find(end, at + from);
    if (found == std::string_view::npos) return {text.size(), !needed};
    return {found + end.size(), true};
  };
  if (StartsComment(rest)) return rest[0] == '/' ? until("*/", 2, true) : until("\n", 1, false);
  if (rest[0] != '\'' && rest[0] != '"' && rest[0] != '`') return {at, true};
  const std::string triple(3, rest[0]);
  const std::string end = rest.substr(0, 3) == triple ? triple : triple.substr(0, 1);
  for (size_t i = at + end.size(); i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text.substr(i, end.size()) == end) {
      return {i + end.size(), true};
    }
  }
  return {text.size(), false};
}

// Where the words of a statement are: [begin, end) of each, up to `count`.
std::vector<std::pair<size_t, size_t>> WordPlaces(std::string_view text, size_t count) {
  std::vector<std::pair<size_t, size_t>> places;
  for (size_t i = 0; i < text.size() && places.size() < count;) {
    if (StartsComment(text.substr(i))) {
      i = SkipQuoted(text, i).end;
    } else if (text.substr(i, 2) == "@{") {
      i = std::min(text.find('}', i), text.size() - 1) + 1;
    } else if (absl::ascii_isspace(text[i]) || text[i] == '(') {
      ++i;
    } else if (absl::ascii_isalpha(text[i])) {
      const size_t begin = i;
      while (i < text.size() && (absl::ascii_isalnum(text[i]) || text[i] == '_')) ++i;
      places.emplace_back(begin, i);
    } else {
      break;
    }
  }
  return places;
}

constexpr struct {
  std::string_view word;
  StatementKind kind;
} kKinds[] = {
    {"CREATE", StatementKind::kDdl},    {"ALTER", StatementKind::kDdl},
    {"DROP", StatementKind::kDdl},      {"GRANT", StatementKind::kDdl},
    {"REVOKE", StatementKind::kDdl},    {"RENAME", StatementKind::kDdl},
    {"ANALYZE", StatementKind::kDdl},   {"INSERT", StatementKind::kDml},
    {"UPDATE", StatementKind::kDml},    {"DELETE", StatementKind::kDml},
    {"BEGIN", StatementKind::kBegin},   {"START", StatementKind::kBegin},
    {"COMMIT", StatementKind::kCommit}, {"ROLLBACK", StatementKind::kRollback},
};

}  // namespace

Script ReadScript(std::string_view script) {
  Script result;
  size_t start = 0;
  bool empty = true;  // nothing but white space and comments since `start`
  bool open_quote = false;
  const auto cut = [&](size_t end) {
    while (start < end && absl::ascii_isspace(script[start])) ++start;
    std::string text(script.substr(start, end - start));
    absl::StripTrailingAsciiWhitespace(&text);
    const auto line = std::count(script.begin(), script.begin() + static_cast<long>(start), '\n');
    if (!empty) result.statements.push_back({std::move(text), static_cast<int>(line) + 1});
    start = std::min(end + 1, script.size());
    empty = true;
  };
  for (size_t i = 0; i < script.size();) {
    const Skipped skipped = SkipQuoted(script, i);
    if (skipped.end != i) {
      empty = empty && StartsComment(script.substr(i));
      open_quote = !skipped.closed;
      i = skipped.end;
      continue;
    }
    if (script[i] == ';') {
      cut(i);
    } else if (!absl::ascii_isspace(script[i])) {
      empty = false;
    }
    ++i;
  }
  result.open = !empty || open_quote;
  cut(script.size());
  return result;
}

std::vector<std::string> FirstWords(std::string_view statement, size_t count) {
  std::vector<std::string> words;
  for (const auto& [begin, end] : WordPlaces(statement, count)) {
    words.push_back(absl::AsciiStrToUpper(std::string(statement.substr(begin, end - begin))));
  }
  return words;
}

Meaning MeaningOf(std::string_view statement) {
  Meaning meaning{.sql = std::string(statement)};
  const auto blank = [&](std::pair<size_t, size_t> place) {
    std::fill(meaning.sql.begin() + static_cast<long>(place.first),
              meaning.sql.begin() + static_cast<long>(place.second), ' ');
  };
  std::vector<std::string> words = FirstWords(statement, 4);
  const auto places = WordPlaces(statement, 2);
  size_t first = 0;
  if (!words.empty() && words[0] == "EXPLAIN") {
    meaning.explain = Explain::kPlan;
    blank(places[0]);
    first = 1;
    if (words.size() > 1 && words[1] == "ANALYZE") {
      meaning.explain = Explain::kProfile;
      blank(places[1]);
      first = 2;
    }
  }
  if (first >= words.size()) return meaning;
  for (const auto& known : kKinds) {
    if (words[first] == known.word) meaning.kind = known.kind;
  }
  meaning.read_only = std::find(words.begin(), words.end(), "ONLY") != words.end();
  return meaning;
}

}  // namespace ks::cli
