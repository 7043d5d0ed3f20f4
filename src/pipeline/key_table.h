// KeyTable: which row of a list has a key, by the key's bytes; cleared for every batch, so its
// memory is kept.
//
// Open addressing over row numbers; keys are compared by the caller's function. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace ks::pipeline {

// A hash of a key's wire bytes (eight at a time, multiply and fold).
inline uint64_t HashKeyBytes(std::string_view bytes) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  uint64_t hash = bytes.size() * kMultiplier;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    const unsigned __int128 product = static_cast<unsigned __int128>(hash ^ word) * kMultiplier;
    hash = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  uint64_t word = 0;
  if (left != 0) std::memcpy(&word, at, left);
  const unsigned __int128 product =
      static_cast<unsigned __int128>(hash ^ word) * 0xD6E8FEB86659FD93;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class KeyTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // Empties the table and makes room for `keys` of them.
  void Reset(size_t keys) {
    size_t capacity = 16;
    while (capacity < keys * 2) capacity *= 2;
    slots_.assign(capacity, kNone);
  }

  // The row that had this key before, or kNone; from now on it is `row`. same(r): row r has the
  // key.
  template <typename Same>
  uint32_t Replace(uint64_t hash, uint32_t row, const Same& same) {
    const size_t mask = slots_.size() - 1;
    for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
      if (slots_[slot] == kNone || same(slots_[slot])) {
        const uint32_t before = slots_[slot];
        slots_[slot] = row;
        return before;
      }
    }
  }

 private:
  std::vector<uint32_t> slots_;
};

}  // namespace ks::pipeline
