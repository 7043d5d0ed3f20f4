#include "cli/sql/error_place.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "base/str_cat.h"
#include "re2/re2.h"

namespace ks::cli {

std::optional<ErrorPlace> PlaceIn(std::string_view message) {
  static const auto* forms = new RE2(R"((?:\[at |on line )(\d+)(?::|, column )(\d+))");
  ErrorPlace place;
  if (!RE2::PartialMatch(re2::StringPiece(message.data(), message.size()), *forms, &place.line,
                         &place.column)) {
    return std::nullopt;
  }
  return place;
}

std::string MarkPlace(std::string_view statement, const ErrorPlace& place) {
  const std::vector<std::string_view> lines = absl::StrSplit(statement, '\n');
  if (place.line < 1 || place.line > static_cast<int>(lines.size())) return "";
  const std::string_view line = lines[static_cast<size_t>(place.line) - 1];
  std::string indent;
  // Columns are characters: the bytes that continue one count for nothing; tabs stay tabs, so that
  // the caret stands where they put the text.
  int column = 1;
  for (const char c : line) {
    if ((c & 0xc0) == 0x80) continue;
    if (column++ >= place.column) break;
    indent += c == '\t' ? '\t' : ' ';
  }
  return StrCat("  ", line, "\n  ", indent, "^\n");
}

}  // namespace ks::cli
