#include "sql/parser/error_location.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "sql/parser/limits.h"

namespace ks::sql {
namespace {

constexpr char kOffsetPayload[] = "kafka-spanner/sql-offset";
constexpr int kTabColumns = 8;

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool IsNewline(char c) { return c == '\n' || c == '\r'; }

size_t LineBegin(std::string_view text, size_t offset) {
  while (offset > 0 && !IsNewline(text[offset - 1])) --offset;
  return offset;
}

// The line with tabs spread and broken bytes made visible as `?`.
std::string ShownLine(std::string_view line) {
  std::string shown;
  int column = 0;
  for (char c : line) {
    if (c == '\t') {
      do shown.push_back(' ');
      while (++column % kTabColumns != 0);
      continue;
    }
    shown.push_back(c);
    if (!IsContinuationByte(c)) ++column;
  }
  return shown;
}

// Byte position of character `column` (from 0).
size_t BytesOfColumns(std::string_view line, size_t column) {
  size_t at = 0;
  for (; at < line.size(); ++at) {
    if (IsContinuationByte(line[at])) continue;
    if (column-- == 0) break;
  }
  return at;
}

size_t ColumnCount(std::string_view line) {
  return static_cast<size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return !IsContinuationByte(c); }));
}

// The line, cut at both sides to kErrorLineColumnsMax around the place, and a caret below it.
std::string LineWithCaret(std::string line, size_t column) {
  constexpr size_t kMax = kErrorLineColumnsMax;
  constexpr size_t kPlace = kMax * 2 / 3;  // how far right the caret stands in a cut line
  if (column - 1 > kPlace && ColumnCount(line) > kMax) {
    const size_t drop = column - 1 - kPlace + 3;
    line = absl::StrCat("...", line.substr(BytesOfColumns(line, drop)));
    column = kPlace + 1;
  }
  if (ColumnCount(line) > kMax)
    line = absl::StrCat(line.substr(0, BytesOfColumns(line, kMax - 3)), "...");
  return absl::StrCat(line, "\n", std::string(column - 1, ' '), "^");
}

std::string CaretLines(std::string_view text, uint32_t offset, LineColumn place) {
  const size_t begin = LineBegin(text, std::min<size_t>(offset, text.size()));
  size_t end = begin;
  while (end < text.size() && !IsNewline(text[end])) ++end;
  return LineWithCaret(ShownLine(text.substr(begin, end - begin)),
                       static_cast<size_t>(place.column));
}

}  // namespace

absl::Status ErrorAt(uint32_t offset, std::string_view message) {
  return At(offset, absl::InvalidArgumentError(std::string(message)));
}

absl::Status At(uint32_t offset, absl::Status status) {
  if (!status.ok() && !ErrorOffset(status).has_value()) {
    status.SetPayload(kOffsetPayload, absl::Cord(absl::StrCat(offset)));
  }
  return status;
}

std::optional<uint32_t> ErrorOffset(const absl::Status& status) {
  const auto payload = status.GetPayload(kOffsetPayload);
  if (!payload.has_value()) return std::nullopt;
  const std::string digits(*payload);
  uint32_t offset = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  return offset;
}

LineColumn FindLineColumn(std::string_view text, uint32_t offset) {
  const std::string_view before = text.substr(0, offset);
  LineColumn place;
  for (size_t i = 0; i < before.size(); ++i) {
    const bool crlf = before[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (IsNewline(before[i]) && !crlf) {
      ++place.line;
      place.column = 1;
    } else if (before[i] == '\t') {
      place.column = (place.column - 1) / kTabColumns * kTabColumns + kTabColumns + 1;
    } else if (!IsContinuationByte(before[i])) {
      ++place.column;
    }
  }
  return place;
}

absl::Status WithLocation(std::string_view text, const absl::Status& status) {
  const auto offset = ErrorOffset(status);
  if (!offset.has_value()) return status;
  const LineColumn place = FindLineColumn(text, *offset);
  absl::Status located(status.code(),
                       absl::StrCat(status.message(), " [at ", place.line, ":", place.column, "]\n",
                                    CaretLines(text, *offset, place)));
  status.ForEachPayload([&located](absl::string_view url, const absl::Cord& payload) {
    if (url != kOffsetPayload) located.SetPayload(url, payload);
  });
  return located;
}

std::string RenderInFile(std::string_view file_name, std::string_view file_text, uint32_t base,
                         const absl::Status& status) {
  const auto offset = ErrorOffset(status);
  if (!offset.has_value()) return absl::StrCat(std::string(file_name), ": ", status.message());
  const LineColumn place = FindLineColumn(file_text, base + *offset);
  return absl::StrCat(std::string(file_name), ":", place.line, ":", place.column, ": ",
                      status.message(), "\n", CaretLines(file_text, base + *offset, place));
}

}  // namespace ks::sql
