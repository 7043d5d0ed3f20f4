#include "sql/functions/farm_hash.h"

#include <bit>
#include <cstring>
#include <utility>

namespace ks::sql {
namespace {

constexpr uint64_t kPrime0 = 0xc3a5c85c97cb3127;
constexpr uint64_t kPrime1 = 0xb492b66fbe98f273;
constexpr uint64_t kPrime2 = 0x9ae16a3b2f90404f;

uint64_t Load64(const char* at) {
  uint64_t v;
  std::memcpy(&v, at, sizeof(v));
  return v;  // little-endian machines only, as everywhere in this program
}
uint64_t Load32(const char* at) {
  uint32_t v;
  std::memcpy(&v, at, sizeof(v));
  return v;
}
uint64_t Turn(uint64_t v, int by) { return std::rotr(v, by); }
uint64_t Fold(uint64_t v) { return v ^ (v >> 47); }

uint64_t Mix(uint64_t u, uint64_t v, uint64_t factor) {
  const uint64_t a = Fold((u ^ v) * factor);
  return Fold((v ^ a) * factor) * factor;
}

uint64_t UpTo16(const char* s, uint64_t size) {
  if (size >= 8) {
    const uint64_t factor = kPrime2 + size * 2;
    const uint64_t a = Load64(s) + kPrime2;
    const uint64_t b = Load64(s + size - 8);
    return Mix(Turn(b, 37) * factor + a, (Turn(a, 25) + b) * factor, factor);
  }
  if (size >= 4) {
    return Mix(size + (Load32(s) << 3), Load32(s + size - 4), kPrime2 + size * 2);
  }
  if (size == 0) return kPrime2;
  const auto byte = [&](uint64_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(s[i]));
  };
  const uint32_t y = byte(0) + (byte(size >> 1) << 8);
  const uint32_t z = static_cast<uint32_t>(size) + (byte(size - 1) << 2);
  return Fold(y * kPrime2 ^ z * kPrime0) * kPrime2;
}

uint64_t UpTo32(const char* s, uint64_t size) {
  const uint64_t factor = kPrime2 + size * 2;
  const uint64_t a = Load64(s) * kPrime1;
  const uint64_t b = Load64(s + 8);
  const uint64_t c = Load64(s + size - 8) * factor;
  const uint64_t d = Load64(s + size - 16) * kPrime2;
  return Mix(Turn(a + b, 43) + Turn(c, 30) + d, a + Turn(b + kPrime2, 18) + c, factor);
}

uint64_t UpTo64(const char* s, uint64_t size) {
  const uint64_t factor = kPrime2 + size * 2;
  const uint64_t a = Load64(s) * kPrime2;
  const uint64_t b = Load64(s + 8);
  const uint64_t c = Load64(s + size - 8) * factor;
  const uint64_t d = Load64(s + size - 16) * kPrime2;
  const uint64_t y = Turn(a + b, 43) + Turn(c, 30) + d;
  const uint64_t z = Mix(y, a + Turn(b + kPrime2, 18) + c, factor);
  const uint64_t e = Load64(s + 16) * factor;
  const uint64_t f = Load64(s + 24);
  const uint64_t g = (y + Load64(s + size - 32)) * factor;
  const uint64_t h = (z + Load64(s + size - 24)) * factor;
  return Mix(Turn(e + f, 43) + Turn(g, 30) + h, e + Turn(f + a, 18) + g, factor);
}

using Pair = std::pair<uint64_t, uint64_t>;

Pair Block32(const char* s, uint64_t a, uint64_t b) {
  const uint64_t z = Load64(s + 24);
  a += Load64(s);
  b = Turn(b + a + z, 21);
  const uint64_t c = a;
  a += Load64(s + 8) + Load64(s + 16);
  return {a + z, b + Turn(a, 44) + c};
}

// The running state over blocks of 64 bytes.
struct State {
  uint64_t x;
  uint64_t y;
  uint64_t z;
  Pair v = {0, 0};
  Pair w = {0, 0};

  // `nine` is 9 for the last block and 1 for the others.
  void Add(const char* s, uint64_t factor, uint64_t nine) {
    x = Turn(x + y + v.first + Load64(s + 8), 37) * factor;
    y = Turn(y + v.second + Load64(s + 48), 42) * factor;
    x ^= w.second * nine;
    y += v.first * nine + Load64(s + 40);
    z = Turn(z + w.first, 33) * factor;
    v = Block32(s, v.second * factor, x + w.first);
    w = Block32(s + 32, z + w.second, y + Load64(s + 16));
    std::swap(z, x);
  }
};

}  // namespace

uint64_t FarmFingerprint(std::string_view bytes) {
  const char* s = bytes.data();
  const uint64_t size = bytes.size();
  if (size <= 16) return UpTo16(s, size);
  if (size <= 32) return UpTo32(s, size);
  if (size <= 64) return UpTo64(s, size);
  constexpr uint64_t kSeed = 81;
  const uint64_t y = kSeed * kPrime1 + 113;
  State state{.x = kSeed * kPrime2 + Load64(s), .y = y, .z = Fold(y * kPrime2 + 113) * kPrime2};
  const char* const end = s + (size - 1) / 64 * 64;
  const char* const last = s + size - 64;
  for (; s != end; s += 64) state.Add(s, kPrime1, 1);
  const uint64_t factor = kPrime1 + ((state.z & 0xff) << 1);
  state.w.first += (size - 1) & 63;
  state.v.first += state.w.first;
  state.w.first += state.v.first;
  state.Add(last, factor, 9);
  return Mix(Mix(state.v.first, state.w.first, factor) + Fold(state.y) * kPrime0 + state.z,
             Mix(state.v.second, state.w.second, factor) + state.x, factor);
}

}  // namespace ks::sql
