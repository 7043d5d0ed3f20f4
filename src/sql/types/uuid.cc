// UUID from and to text.

#include "sql/types/errors.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

constexpr int kHexDigits = 32;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// 32 hexadecimal digits in any case, with single hyphens anywhere between them, optionally in
// braces. https://cloud.google.com/spanner/docs/reference/standard-sql/utility-functions#new_uuid
absl::StatusOr<Int128> ParseUuid(std::string_view text) {
  std::string_view body = text;
  if (body.size() >= 2 && body.front() == '{' && body.back() == '}')
    body = body.substr(1, body.size() - 2);
  unsigned __int128 value = 0;
  int digits = 0;
  bool hyphen_may_follow = false;
  for (char c : body) {
    if (c == '-') {
      if (!hyphen_may_follow) return InvalidUuid(text);
      hyphen_may_follow = false;
      continue;
    }
    const int nibble = HexValue(c);
    if (nibble < 0 || ++digits > kHexDigits) return InvalidUuid(text);
    value = value << 4 | static_cast<unsigned>(nibble);
    hyphen_may_follow = true;
  }
  if (digits != kHexDigits || !hyphen_may_follow) return InvalidUuid(text);
  return static_cast<Int128>(value);
}

// 8-4-4-4-12, lower case.
void AppendUuid(Int128 uuid, std::string* out) {
  const auto bits = static_cast<unsigned __int128>(uuid);
  char buffer[36];
  char* at = buffer;
  for (int i = 0; i < kHexDigits; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) *at++ = '-';
    *at++ = "0123456789abcdef"[static_cast<int>(bits >> (4 * (kHexDigits - 1 - i))) & 15];
  }
  out->append(buffer, at);
}

}  // namespace ks::sql
