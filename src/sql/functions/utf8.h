// UTF-8 pieces for the string functions. STRING values are valid UTF-8, so the readers here trust
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ks::sql {

inline bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool IsAscii(std::string_view text);
// Well-formed by Unicode's table 3-7: no surrogates, no overlong forms, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view bytes);
// Characters of valid UTF-8.
int64_t CountCharacters(std::string_view text);

inline size_t CharacterBytes(char first) {
  const unsigned char c = static_cast<unsigned char>(first);
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}
// The byte where character `n` (from 0) of valid UTF-8 begins; the size when there are not so many.
size_t ByteOfCharacter(std::string_view text, int64_t n);
// Reads the code point at `*at` and moves past it.
uint32_t ReadCodePoint(std::string_view text, size_t* at);
// How many bytes of `bytes` from `at` are one well-formed character; 0 when it is malformed there.
size_t WellFormedBytes(std::string_view bytes, size_t at);
bool IsValidCodePoint(int64_t c);
void AppendCodePoint(uint32_t c, std::string* out);
// Writes at most 4 bytes, returns how many.
size_t WriteCodePoint(uint32_t c, char* out);

}  // namespace ks::sql
