#include "formats/json_text.h"

#include <limits>
#include <string>

#include "sql/types/value.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::TypeKind;

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// Four hexadecimal digits at `at`, or -1.
int32_t ReadHex(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const char lower = static_cast<char>(c | 32);
    if (IsDigit(c)) {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return value;
}

char* WriteUtf8(uint32_t code, char* to) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
    return to;
  }
  if (code < 0x800) {
    *to++ = static_cast<char>(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      *to++ = static_cast<char>(0xe0 | code >> 12);
    } else {
      *to++ = static_cast<char>(0xf0 | code >> 18);
      *to++ = static_cast<char>(0x80 | (code >> 12 & 63));
    }
    *to++ = static_cast<char>(0x80 | (code >> 6 & 63));
  }
  *to++ = static_cast<char>(0x80 | (code & 63));
  return to;
}

// A \u escape at `at` (its backslash), with the second half of a surrogate pair. Returns its
// length, 0 when invalid.
size_t ReadUnicodeEscape(std::string_view text, size_t at, uint32_t* code) {
  const int32_t first = ReadHex(text, at + 2);
  if (first < 0 || (first >= 0xdc00 && first <= 0xdfff)) return 0;
  *code = static_cast<uint32_t>(first);
  if (first < 0xd800 || first > 0xdbff) return 6;
  if (at + 8 > text.size() || text[at + 6] != '\\' || text[at + 7] != 'u') return 0;
  const int32_t second = ReadHex(text, at + 8);
  if (second < 0xdc00 || second > 0xdfff) return 0;
  *code = 0x10000 + (static_cast<uint32_t>(first - 0xd800) << 10) +
          static_cast<uint32_t>(second - 0xdc00);
  return 12;
}

// The character that a backslash and `c` stand for; -1 when there is none.
int SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
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
      return -1;
  }
}

Parsed ParseFloatText(TypeKind kind, std::string_view text, Datum* out) {
  double value = 0;
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (text == "-Infinity") {
    value = -std::numeric_limits<double>::infinity();
  } else if (!IsJsonNumber(text)) {
    return Parsed::kMalformed;
  } else {
    const Parsed parsed =
        kind == TypeKind::kFloat64 ? ParseFloat64(text, &value) : ParseFloat32(text, &value);
    if (parsed != Parsed::kOk) return parsed;
  }
  *out = Datum::Float64(value);
  return Parsed::kOk;
}

Parsed ParseWideText(TypeKind kind, std::string_view text, sql::Arena& arena, Datum* out) {
  sql::Int128 value = 0;
  const Parsed parsed =
      kind == TypeKind::kNumeric ? ParseNumericExact(text, &value) : ParseUuidExact(text, &value);
  if (parsed == Parsed::kOk) *out = Datum::Wide(arena.Store(value));
  return parsed;
}

}  // namespace

bool IsJsonNumber(std::string_view token) {
  size_t at = !token.empty() && token[0] == '-' ? 1 : 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < token.size() && IsDigit(token[at])) ++at;
    return at - start;
  };
  const size_t whole = at;
  const size_t count = digits();
  if (count == 0 || (count > 1 && token[whole] == '0')) return false;
  if (at < token.size() && token[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == token.size();
}

size_t UnescapeJson(std::string_view inner, char* to, size_t* size) {
  char* const start = to;
  for (size_t at = 0; at < inner.size();) {
    if (inner[at] != '\\') {
      *to++ = inner[at++];
      continue;
    }
    if (at + 1 >= inner.size()) return at;
    if (inner[at + 1] == 'u') {
      uint32_t code = 0;
      const size_t length = ReadUnicodeEscape(inner, at, &code);
      if (length == 0) return at;
      to = WriteUtf8(code, to);
      at += length;
      continue;
    }
    const int simple = SimpleEscape(inner[at + 1]);
    if (simple < 0) return at;
    *to++ = static_cast<char>(simple);
    at += 2;
  }
  *size = static_cast<size_t>(to - start);
  return std::string_view::npos;
}

Parsed ParseText(sql::TypeRef type, std::string_view text, sql::Arena& arena, Datum* out) {
  Parsed parsed = Parsed::kMalformed;
  switch (type->kind()) {
    case TypeKind::kString:
      *out = Datum::Str(text);
      return Parsed::kOk;
    case TypeKind::kInt64: {
      int64_t value = 0;
      parsed = ParseInt64Exact(text, &value);
      *out = Datum::Int64(value);
      return parsed;
    }
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return ParseFloatText(type->kind(), text, out);
    case TypeKind::kNumeric:
    case TypeKind::kUuid:
      return ParseWideText(type->kind(), text, arena, out);
    case TypeKind::kDate: {
      int64_t days = 0;
      parsed = ParseDateExact(text, &days);
      *out = Datum::Date(days);
      return parsed;
    }
    case TypeKind::kTimestamp: {
      sql::TimestampValue value{};
      parsed = ParseTimestampExact(text, &value);
      *out = Datum::Timestamp(value);
      return parsed;
    }
    case TypeKind::kBytes: {
      char* to = arena.Allocate(text.size());
      size_t size = 0;
      parsed = DecodeBase64(text, to, &size);
      *out = Datum::Str({to, size});
      return parsed;
    }
    default:
      return Parsed::kMalformed;
  }
}

}  // namespace ks::formats
