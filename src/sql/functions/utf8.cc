#include "sql/functions/utf8.h"

#include <cstring>

namespace ks::sql {

bool IsAscii(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    if ((word & 0x8080808080808080u) != 0) return false;
  }
  for (; at != end; ++at) {
    if ((*at & 0x80) != 0) return false;
  }
  return true;
}

size_t WellFormedBytes(std::string_view bytes, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto follows = [&](size_t i) { return i < bytes.size() && IsContinuation(bytes[i]); };
  const unsigned char c = byte(at);
  if (c < 0x80) return 1;
  if (c < 0xC2 || c > 0xF4 || !follows(at + 1)) return 0;
  if (c < 0xE0) return 2;
  const unsigned char second = byte(at + 1);
  if (c == 0xE0 && second < 0xA0) return 0;  // overlong
  if (c == 0xED && second > 0x9F) return 0;  // a surrogate
  if (c == 0xF0 && second < 0x90) return 0;  // overlong
  if (c == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
  if (!follows(at + 2)) return 0;
  if (c < 0xF0) return 3;
  return follows(at + 3) ? 4 : 0;
}

bool IsValidUtf8(std::string_view bytes) {
  if (IsAscii(bytes)) return true;
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = WellFormedBytes(bytes, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

int64_t CountCharacters(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += !IsContinuation(c);
  return count;
}

size_t ByteOfCharacter(std::string_view text, int64_t n) {
  size_t at = 0;
  for (; n > 0 && at < text.size(); --n) at += CharacterBytes(text[at]);
  return at;
}

uint32_t ReadCodePoint(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const size_t i = *at;
  const size_t size = CharacterBytes(text[i]);
  *at += size;
  switch (size) {
    case 1:
      return byte(i);
    case 2:
      return (byte(i) & 0x1F) << 6 | (byte(i + 1) & 0x3F);
    case 3:
      return (byte(i) & 0x0F) << 12 | (byte(i + 1) & 0x3F) << 6 | (byte(i + 2) & 0x3F);
    default:
      return (byte(i) & 0x07) << 18 | (byte(i + 1) & 0x3F) << 12 | (byte(i + 2) & 0x3F) << 6 |
             (byte(i + 3) & 0x3F);
  }
}

bool IsValidCodePoint(int64_t c) {
  return c >= 0 && c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
}

size_t WriteCodePoint(uint32_t c, char* out) {
  const auto put = [&](size_t i, uint32_t v) { out[i] = static_cast<char>(v); };
  if (c < 0x80) {
    put(0, c);
    return 1;
  }
  if (c < 0x800) {
    put(0, 0xC0 | c >> 6);
    put(1, 0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    put(0, 0xE0 | c >> 12);
    put(1, 0x80 | (c >> 6 & 0x3F));
    put(2, 0x80 | (c & 0x3F));
    return 3;
  }
  put(0, 0xF0 | c >> 18);
  put(1, 0x80 | (c >> 12 & 0x3F));
  put(2, 0x80 | (c >> 6 & 0x3F));
  put(3, 0x80 | (c & 0x3F));
  return 4;
}

void AppendCodePoint(uint32_t c, std::string* out) {
  char bytes[4];
  out->append(bytes, WriteCodePoint(c, bytes));
}

}  // namespace ks::sql
