#include "pipeline/source_text.h"

#include <algorithm>
#include <cctype>

#include "base/str_cat.h"
#include "pipeline/limits.h"

namespace ks::pipeline {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// How many characters the bytes are (a continuation byte begins none).
size_t Characters(std::string_view bytes) {
  return static_cast<size_t>(std::count_if(bytes.begin(), bytes.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// How the names of fields end that hold secrets.
constexpr std::string_view kSecretNames[] = {"password", "secret",        "secret_id",
                                             "token",    "assertion",     "private_key",
                                             "key.pem",  "authorization", "Authorization"};

// Where the value begins in `line`, at or behind `from`, of the next field that holds a secret.
size_t FindSecret(std::string_view line, size_t from) {
  size_t first = std::string_view::npos;
  for (const std::string_view name : kSecretNames) {
    for (size_t at = line.find(name, from); at != std::string_view::npos;
         at = line.find(name, at + 1)) {
      size_t end = at + name.size();
      while (end < line.size() && (line[end] == '"' || line[end] == '\'' || line[end] == ' '))
        ++end;
      if (end >= line.size() || line[end] != ':' || line.substr(end).starts_with("://")) continue;
      end = line.find_first_not_of(" \t", end + 1);
      if (end == std::string_view::npos || line.substr(end).starts_with("secret://")) continue;
      first = std::min(first, end);
      break;
    }
  }
  return first;
}

// A line of a PEM file, or of any other key that somebody pasted over several lines.
bool IsKeyMaterial(std::string_view line) {
  const size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const std::string_view text = line.substr(begin);
  return text.size() >= 40 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '+' || c == '/' || c == '=';
         });
}

// `line` with its secrets masked. `*at`, an offset into it, moves along.
std::string WithoutSecrets(std::string_view line, size_t* at) {
  constexpr std::string_view kMask = "******";
  if (IsKeyMaterial(line)) {
    *at = 0;
    return std::string(kMask);
  }
  std::string out;
  size_t done = 0;
  size_t moved = *at;
  for (size_t begin = FindSecret(line, 0); begin != std::string_view::npos;
       begin = FindSecret(line, done)) {
    const char quote = line[begin];
    const bool quoted = quote == '"' || quote == '\'';
    const bool flow = line.substr(0, begin).find('{') != std::string_view::npos;
    size_t end = quoted ? line.find(quote, begin + 1)
                 : flow ? line.find_first_of(",}", begin)
                        : std::string_view::npos;
    end = end == std::string_view::npos ? line.size() : end + (quoted ? 1 : 0);
    StrAppend(&out, line.substr(done, begin - done), kMask);
    if (*at >= end) moved += kMask.size() - (end - begin);
    if (*at > begin && *at < end) moved -= *at - begin;
    done = end;
  }
  StrAppend(&out, line.substr(done));
  *at = moved;
  return out;
}

}  // namespace

std::string_view SourceText::Line(int line) const {
  size_t start = 0;
  for (int i = 1; i < line; ++i) {
    const size_t end = text_.find('\n', start);
    if (end == std::string::npos) return {};
    start = end + 1;
  }
  std::string_view rest = std::string_view(text_).substr(start);
  rest = rest.substr(0, rest.find('\n'));
  if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
  return rest;
}

std::string Excerpt(std::string_view text) {
  size_t size = std::min(text.find('\n'), text.size());
  if (size > kErrorExcerptBytes) {
    size = kErrorExcerptBytes;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  }
  return StrCat(text.substr(0, size), size < text.size() ? "…" : "");
}

absl::Status SourceText::Error(FilePosition at, std::string_view message, size_t length) const {
  if (at.line == 0) return absl::InvalidArgumentError(StrCat(file_, ": ", message));
  size_t before = std::min(static_cast<size_t>(at.column - 1), Line(at.line).size());
  const size_t column = Characters(Line(at.line).substr(0, before)) + 1;
  const std::string masked = WithoutSecrets(Line(at.line), &before);
  const std::string_view line = masked;
  const size_t marked =
      std::max<size_t>(1, Characters(line.substr(before, std::max<size_t>(1, length))));
  const std::string number = StrCat(at.line);
  const std::string margin(std::max<size_t>(5, number.size() + 1), ' ');
  std::string pad;  // tabs stay tabs, so that the caret stands under its character
  for (const char c : line.substr(0, before)) {
    if (c == '\t') pad += '\t';
    if (c != '\t' && (static_cast<unsigned char>(c) & 0xc0) != 0x80) pad += ' ';
  }
  return absl::InvalidArgumentError(StrCat(file_, ":", at.line, ":", column, ": ", message, "\n",
                                           margin.substr(number.size()), number, " | ", line, "\n",
                                           margin, " | ", pad, "^", std::string(marked - 1, '~')));
}

size_t SourceText::OffsetOf(FilePosition at) const {
  const std::string_view line = Line(at.line);
  if (line.data() == nullptr) return text_.size();
  const size_t start = static_cast<size_t>(line.data() - text_.data());
  return std::min(text_.size(), start + static_cast<size_t>(std::max(0, at.column - 1)));
}

FilePosition SourceText::PositionOf(size_t offset) const {
  const std::string_view before = std::string_view(text_).substr(0, offset);
  const auto lines = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? offset : offset - start - 1;
  return {lines + 1, static_cast<int>(column) + 1};
}

FilePosition SourceText::Locate(FilePosition scalar, std::string_view value, size_t offset) const {
  size_t at = OffsetOf(scalar);
  if (at >= text_.size()) return scalar;
  const char style = text_[at];
  if (style == '|' || style == '>') at = std::min(text_.find('\n', at), text_.size());
  if (style == '"' || style == '\'') ++at;
  offset = std::min(offset, value.size());
  // An error at the end of the text is shown behind its last character, not at the start of some
  // later line.
  size_t last = offset;
  while (last > 0 && (last == value.size() || IsSpace(value[last])) && IsSpace(value[last - 1]))
    --last;
  const bool behind = last == value.size() || IsSpace(value[last]);
  if (behind && last == 0) return scalar;
  const size_t wanted = behind ? last - 1 : last;
  for (size_t i = 0; i <= wanted; ++i) {
    if (IsSpace(value[i])) continue;
    at = text_.find(value[i], at);
    if (at == std::string::npos) return scalar;
    if (i < wanted) ++at;
  }
  return PositionOf(behind ? at + 1 : at);
}

}  // namespace ks::pipeline
