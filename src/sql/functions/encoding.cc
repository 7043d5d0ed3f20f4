// Bytes as text and back: hexadecimal, base 32, base 64; and UUIDs.
// https://cloud.google.com/spanner/docs/reference/standard-sql/string_functions
#include <array>

#include "absl/random/random.h"
#include "absl/strings/escaping.h"
#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

Text ToHex(Scope& s, BytesView v) {
  constexpr Text kDigits = "0123456789abcdef";
  char* const to = s.arena().Allocate(v.bytes.size() * 2);
  size_t at = 0;
  for (const char c : v.bytes) {
    to[at++] = kDigits[static_cast<unsigned char>(c) >> 4];
    to[at++] = kDigits[static_cast<unsigned char>(c) & 15];
  }
  return {to, at};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// An odd number of digits is read as if a 0 stood before them.
std::optional<BytesView> FromHex(Scope& s, Text text) {
  const size_t size = (text.size() + 1) / 2;
  char* const to = s.arena().Allocate(size);
  const size_t odd = text.size() % 2;
  unsigned value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) {
      return s.Fail(OutOfRange(
          StrCat("Failed to decode invalid hexadecimal string due to character at offset ", i, ": ",
                 text)));
    }
    value = value << 4 | static_cast<unsigned>(digit);
    if ((i + odd) % 2 == 1) to[(i + odd) / 2] = static_cast<char>(value);
  }
  return BytesView{{to, size}};
}

std::optional<BytesView> FromBase64(Scope& s, Text text) {
  std::string bytes;
  if (!absl::Base64Unescape(AbslView(text), &bytes)) {
    return s.Fail(OutOfRange("Failed to decode invalid base64 string"));
  }
  return BytesView{s.arena().Copy(bytes)};
}

// RFC 4648's alphabet, padded with `=` to groups of 8.
constexpr Text kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

Text ToBase32(Scope& s, BytesView v) {
  const size_t size = (v.bytes.size() + 4) / 5 * 8;
  char* const to = s.arena().Allocate(size);
  size_t at = 0;
  uint64_t bits = 0;
  int count = 0;
  for (const char c : v.bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 5; count -= 5) to[at++] = kBase32[bits >> (count - 5) & 31];
  }
  if (count > 0) to[at++] = kBase32[bits << (5 - count) & 31];
  while (at < size) to[at++] = '=';
  return {to, size};
}

std::optional<BytesView> FromBase32(Scope& s, Text text) {
  char* const to = s.arena().Allocate(text.size());
  size_t at = 0;
  uint64_t bits = 0;
  int count = 0;
  Text digits = text;
  while (digits.ends_with('=')) digits.remove_suffix(1);
  for (const char c : digits) {
    const size_t digit = kBase32.find(c);
    if (digit == Text::npos || text.size() % 8 != 0) {
      return s.Fail(OutOfRange("Failed to decode invalid base32 string"));
    }
    bits = bits << 5 | digit;
    count += 5;
    if (count >= 8) {
      count -= 8;
      to[at++] = static_cast<char>(bits >> count);
    }
  }
  return BytesView{{to, at}};
}

UuidValue RandomUuid() {
  thread_local absl::BitGen random;
  unsigned __int128 bits = static_cast<unsigned __int128>(random()) << 64 | random();
  bits &=
      ~(static_cast<unsigned __int128>(0xF000) << 64 | static_cast<unsigned __int128>(0xC) << 60);
  bits |= static_cast<unsigned __int128>(0x4000) << 64;  // version 4
  bits |= static_cast<unsigned __int128>(0x8) << 60;     // RFC 4122's variant
  return {static_cast<Int128>(bits)};
}

}  // namespace

void AddEncoding(FunctionRegistry& table) {
  table.Add("TO_HEX", {Scalar([](Scope& s, BytesView v) { return ToHex(s, v); })});
  table.Add("FROM_HEX", {Scalar([](Scope& s, Text t) { return FromHex(s, t); })});
  table.Add("TO_BASE64", {Scalar([](Scope& s, BytesView v) -> Text {
              return s.arena().Copy(absl::Base64Escape(AbslView(v.bytes)));
            })});
  table.Add("FROM_BASE64", {Scalar([](Scope& s, Text t) { return FromBase64(s, t); })});
  table.Add("TO_BASE32", {Scalar([](Scope& s, BytesView v) { return ToBase32(s, v); })});
  table.Add("FROM_BASE32", {Scalar([](Scope& s, Text t) { return FromBase32(s, t); })});
  table.Add("GENERATE_UUID", {Scalar([](Scope& s) -> Text {
              std::string text;
              AppendUuid(RandomUuid().bits, &text);
              return s.arena().Copy(text);
            })},
            Determinism::kVolatile);
  table.Add("NEW_UUID", {Scalar([]() { return RandomUuid(); })}, Determinism::kVolatile);
}

}  // namespace ks::sql
