#include "local/spanner/server/base64.h"

#include <array>
#include <cstdint>

namespace ks::local {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> MakeTable() {
  std::array<int8_t, 256> table{};
  for (int8_t& entry : table) entry = -1;
  for (int8_t i = 0; i < 64; ++i) table[static_cast<uint8_t>(kAlphabet[i])] = i;
  table['-'] = 62;
  table['_'] = 63;
  return table;
}
constexpr std::array<int8_t, 256> kTable = MakeTable();

}  // namespace

void AppendBase64(std::string_view bytes, std::string* out) {
  const size_t before = out->size();
  out->resize(before + Base64Size(bytes.size()));
  char* to = out->data() + before;
  size_t i = 0;
  for (; i + 2 < bytes.size(); i += 3) {
    const uint32_t group = uint32_t{static_cast<uint8_t>(bytes[i])} << 16 |
                           uint32_t{static_cast<uint8_t>(bytes[i + 1])} << 8 |
                           static_cast<uint8_t>(bytes[i + 2]);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 63];
    *to++ = kAlphabet[group >> 6 & 63];
    *to++ = kAlphabet[group & 63];
  }
  if (i == bytes.size()) return;
  const bool two = i + 1 < bytes.size();
  const uint32_t group = uint32_t{static_cast<uint8_t>(bytes[i])} << 16 |
                         (two ? uint32_t{static_cast<uint8_t>(bytes[i + 1])} << 8 : 0);
  *to++ = kAlphabet[group >> 18];
  *to++ = kAlphabet[group >> 12 & 63];
  *to++ = two ? kAlphabet[group >> 6 & 63] : '=';
  *to++ = '=';
}

bool DecodeBase64(std::string_view text, char* out, size_t* size) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  char* to = out;
  uint32_t group = 0;
  int digits = 0;
  for (const char c : text) {
    const int8_t value = kTable[static_cast<uint8_t>(c)];
    if (value < 0) return false;
    group = group << 6 | static_cast<uint32_t>(value);
    if (++digits == 4) {
      *to++ = static_cast<char>(group >> 16);
      *to++ = static_cast<char>(group >> 8);
      *to++ = static_cast<char>(group);
      digits = 0;
    }
  }
  if (digits == 2) *to++ = static_cast<char>(group >> 4);
  if (digits == 3) {
    *to++ = static_cast<char>(group >> 10);
    *to++ = static_cast<char>(group >> 2);
  }
  *size = static_cast<size_t>(to - out);
  return true;
}

}  // namespace ks::local
