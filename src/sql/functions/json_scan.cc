#include "sql/functions/json_scan.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/utf8.h"
#include "sql/types/json_text.h"
#include "sql/types/limits.h"

namespace ks::sql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

uint32_t HexValue(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits) {
    const uint32_t digit =
        IsDigit(c) ? static_cast<uint32_t>(c - '0') : static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    value = value << 4 | digit;
  }
  return value;
}
bool IsHex(char c) { return IsDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

// Reads \uXXXX at `*at` (which is at the `u`), with its second half if it has one.
uint32_t ReadEscapedCodePoint(std::string_view s, size_t* at) {
  const uint32_t first = HexValue(s.substr(*at + 1, 4));
  *at += 5;
  if (first < 0xD800 || first > 0xDFFF) return first;
  const bool pair = first < 0xDC00 && *at + 6 < s.size() && s[*at] == '\\' && s[*at + 1] == 'u';
  if (!pair) return 0xFFFD;
  const uint32_t second = HexValue(s.substr(*at + 2, 4));
  if (second < 0xDC00 || second > 0xDFFF) return 0xFFFD;
  *at += 6;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

// `s` is without quotes.
size_t Unescape(std::string_view s, char* out) {
  size_t size = 0;
  for (size_t at = 0; at < s.size();) {
    if (s[at] != '\\') {
      out[size++] = s[at++];
      continue;
    }
    ++at;
    if (s[at] == 'u') {
      size += WriteCodePoint(ReadEscapedCodePoint(s, &at), out + size);
    } else {
      out[size++] = SimpleEscape(s[at++]);
    }
  }
  return size;
}

bool KeyEquals(std::string_view quoted, const std::string& key) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return inner == key;
  std::string plain(inner.size(), '\0');
  plain.resize(Unescape(inner, plain.data()));
  return plain == key;
}

absl::Status InvalidToken(std::string_view rest) {
  return OutOfRange(StrCat("Invalid token in JSONPath at: ", rest));
}

// `."quoted"` or `.name` at `*at` (behind the point).
absl::Status ParseKey(std::string_view path, size_t* at, std::string* key) {
  const size_t dot = *at - 1;
  if (*at < path.size() && path[*at] == '"') {
    for (++*at; *at < path.size() && path[*at] != '"'; ++*at) {
      if (path[*at] == '\\' && *at + 1 < path.size() && path[*at + 1] == '"') ++*at;
      key->push_back(path[*at]);
    }
    if (*at == path.size()) return InvalidToken(path.substr(dot));
    ++*at;
    return absl::OkStatus();
  }
  while (*at < path.size() &&
         std::string_view(".[]\"'*$").find(path[*at]) == std::string_view::npos) {
    key->push_back(path[(*at)++]);
  }
  if (!key->empty()) return absl::OkStatus();
  if (*at < path.size() && path[*at] == '.')
    return OutOfRange("Unsupported operator in JSONPath: ..");
  if (*at < path.size() && path[*at] == '*')
    return OutOfRange("Unsupported operator in JSONPath: *");
  return InvalidToken(path.substr(dot));
}

// `n]` at `*at` (behind the bracket).
absl::Status ParseIndex(std::string_view path, size_t* at, int64_t* index) {
  const size_t bracket = *at - 1;
  if (*at < path.size() && path[*at] == '*')
    return OutOfRange("Unsupported operator in JSONPath: *");
  const bool negative = *at < path.size() && path[*at] == '-';
  if (negative) ++*at;
  const size_t first = *at;
  int64_t value = 0;
  for (; *at < path.size() && IsDigit(path[*at]); ++*at) {
    if (value < std::numeric_limits<int64_t>::max() / 10 - 1)
      value = value * 10 + (path[*at] - '0');
  }
  if (*at == first || *at == path.size() || path[*at] != ']')
    return InvalidToken(path.substr(bracket));
  ++*at;
  *index = negative ? -1 : value;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonPath> ParseJsonPath(std::string_view path) {
  if (path.empty() || path[0] != '$') return OutOfRange("JSONPath must start with '$'");
  JsonPath steps;
  for (size_t at = 1; at < path.size();) {
    JsonStep step;
    absl::Status status;
    if (path[at] == '.') {
      status = ParseKey(path, &++at, &step.key);
    } else if (path[at] == '[') {
      step.is_index = true;
      status = ParseIndex(path, &++at, &step.index);
    } else {
      status = InvalidToken(path.substr(at));
    }
    if (!status.ok()) return status;
    // `[0]` and `.0` are the same step: an element of an array, a field of an object.
    if (step.is_index && step.index >= 0) step.key = StrCat(step.index);
    int64_t number = 0;
    if (!step.is_index && absl::SimpleAtoi(step.key, &number) && StrCat(number) == step.key) {
      step.is_index = true;
      step.index = number;
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

void JsonScanner::SkipSpace() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
    ++at_;
  }
}

bool JsonScanner::Skip(char c) {
  SkipSpace();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonScanner::SkipString() {
  if (!Skip('"')) return false;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return true;
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') continue;
    if (at_ == text_.size()) return false;
    const char escape = text_[at_++];
    if (escape == 'u') {
      for (int i = 0; i < 4; ++i, ++at_) {
        if (at_ >= text_.size() || !IsHex(text_[at_])) return false;
      }
    } else if (std::string_view("\"\\/bfnrt").find(escape) == std::string_view::npos) {
      return false;
    }
  }
  return false;
}

bool JsonScanner::SkipNumber() {
  const auto digits = [&] {
    const size_t first = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > first;
  };
  if (at_ < text_.size() && text_[at_] == '-') ++at_;
  const bool zero = at_ < text_.size() && text_[at_] == '0';
  if (zero) {
    ++at_;
  } else if (!digits()) {
    return false;
  }
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!digits()) return false;
  }
  return true;
}

bool JsonScanner::SkipWord(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool JsonScanner::SkipValue(int depth) {
  SkipSpace();
  if (at_ == text_.size() || depth > kJsonNestingMax) return false;
  switch (text_[at_]) {
    case '"':
      return SkipString();
    case 't':
      return SkipWord("true");
    case 'f':
      return SkipWord("false");
    case 'n':
      return SkipWord("null");
    case '{':
    case '[':
      break;
    default:
      return SkipNumber();
  }
  const bool object = text_[at_++] == '{';
  const char close = object ? '}' : ']';
  if (Skip(close)) return true;
  do {
    if (object && (!SkipString() || !Skip(':'))) return false;
    if (!SkipValue(depth + 1)) return false;
  } while (Skip(','));
  return Skip(close);
}

bool JsonScanner::EnterField(const std::string& key) {
  if (!Skip('{') || Skip('}')) return false;
  do {
    SkipSpace();
    const size_t begin = at_;
    if (!SkipString()) return false;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (!Skip(':')) return false;
    if (KeyEquals(name, key)) return true;
    if (!SkipValue(1)) return false;
  } while (Skip(','));
  return false;
}

bool JsonScanner::EnterElement(int64_t index) {
  if (index < 0 || !Skip('[') || Skip(']')) return false;
  while (index-- > 0) {
    if (!SkipValue(1) || !Skip(',')) return false;
  }
  return true;
}

std::optional<std::string_view> JsonScanner::Find(const JsonPath& path) {
  for (const JsonStep& step : path) {
    SkipSpace();
    const bool object = at_ < text_.size() && text_[at_] == '{' && !step.key.empty();
    if (!(step.is_index && !object ? EnterElement(step.index) : EnterField(step.key))) {
      return std::nullopt;
    }
  }
  SkipSpace();
  const size_t begin = at_;
  if (!SkipValue(0)) return std::nullopt;
  const std::string_view value = text_.substr(begin, at_ - begin);
  if (path.empty()) {
    SkipSpace();
    if (at_ != text_.size()) return std::nullopt;
  }
  return value;
}

bool JsonScanner::Valid() { return Find({}).has_value(); }

bool JsonScanner::Elements(std::vector<std::string_view>* elements) {
  if (!Skip('[')) return false;
  if (Skip(']')) return true;
  do {
    SkipSpace();
    const size_t begin = at_;
    if (!SkipValue(1)) return false;
    elements->push_back(text_.substr(begin, at_ - begin));
  } while (Skip(','));
  return Skip(']');
}

bool JsonScanner::Fields(std::vector<std::pair<std::string_view, std::string_view>>* fields) {
  if (!Skip('{')) return false;
  if (Skip('}')) return true;
  do {
    SkipSpace();
    const size_t key = at_;
    if (!SkipString()) return false;
    const std::string_view name = text_.substr(key, at_ - key);
    if (!Skip(':')) return false;
    SkipSpace();
    const size_t begin = at_;
    if (!SkipValue(1)) return false;
    fields->emplace_back(name, text_.substr(begin, at_ - begin));
  } while (Skip(','));
  return Skip('}');
}

std::string_view UnescapeJsonString(std::string_view quoted, Arena& arena) {
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return inner;
  char* const to = arena.Allocate(inner.size());
  return {to, Unescape(inner, to)};
}

void AppendCompactJson(std::string_view value, std::string* out) {
  for (size_t at = 0; at < value.size();) {
    const char c = value[at];
    if (c != '"') {
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out->push_back(c);
      ++at;
      continue;
    }
    size_t end = at + 1;
    while (value[end] != '"') end += value[end] == '\\' ? 2 : 1;
    const std::string_view inner = value.substr(at + 1, end - at - 1);
    if (inner.find('\\') == std::string_view::npos) {
      out->append(value, at, end + 1 - at);
    } else {
      std::string plain(inner.size(), '\0');
      plain.resize(Unescape(inner, plain.data()));
      AppendJsonString(plain, out);
    }
    at = end + 1;
  }
}

void AppendPrettyJson(std::string_view value, std::string* out) {
  int depth = 0;
  const auto line = [&] { out->append("\n").append(static_cast<size_t>(depth) * 2, ' '); };
  for (size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (c == '"') {
      size_t end = at + 1;
      while (value[end] != '"') end += value[end] == '\\' ? 2 : 1;
      out->append(value, at, end + 1 - at);
      at = end;
    } else if ((c == '{' || c == '[') && at + 1 < value.size() && (value[at + 1] == c + 2)) {
      out->append(value, at++, 2);  // empty
    } else if (c == '{' || c == '[') {
      out->push_back(c);
      ++depth;
      line();
    } else if (c == '}' || c == ']') {
      --depth;
      line();
      out->push_back(c);
    } else {
      out->push_back(c);
      if (c == ',') line();
      if (c == ':') out->push_back(' ');
    }
  }
}

}  // namespace ks::sql
