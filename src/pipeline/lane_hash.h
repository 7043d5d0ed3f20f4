// LaneHash: which lane of a partition a record goes to. lane = LaneOf(LaneHash(key), lanes).
//
// THE NUMBERS MUST NEVER CHANGE: a worker of a later version resumes the chains of an earlier one,
// and each lane skips what it has committed. lane_hash_test.cc pins golden values.
//
// Independent of the hashes that producers choose partitions with (murmur2, CRC-32, FNV-1a): all
// keys of one partition agree on those modulo the number of partitions, so lanes chosen by one of
// them would be filled unevenly.
//
// The hash (version 1): h = 0x9E3779B97F4A7C15 ^ length; for each 8 bytes of the key, read as a
// little-endian word w (the last one padded with zeros): h = (h ^ w) * 0xD6E8FEB86659FD93,
// h ^= h >> 32; at the end h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9, h ^= h >> 32.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace ks::pipeline {

inline constexpr uint64_t kLaneHashStart = 0x9E3779B97F4A7C15;
inline constexpr uint64_t kLaneHashWord = 0xD6E8FEB86659FD93;
inline constexpr uint64_t kLaneHashEnd = 0xBF58476D1CE4E5B9;

inline uint64_t LaneHashMix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * kLaneHashWord;
  return hash ^ (hash >> 32);
}

// Of the key's bytes as Kafka has them, before any decoding.
inline uint64_t LaneHash(std::string_view key) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  uint64_t hash = kLaneHashStart ^ key.size();
  const char* at = key.data();
  size_t left = key.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = LaneHashMix(hash, word);
  }
  if (left != 0) {
    uint64_t word = 0;
    std::memcpy(&word, at, left);
    hash = LaneHashMix(hash, word);
  }
  hash = (hash ^ (hash >> 29)) * kLaneHashEnd;
  return hash ^ (hash >> 32);
}

// A record without a key has no order to keep; its offset spreads it, the same way every time.
inline uint64_t LaneHashOfOffset(int64_t offset) {
  return LaneHash({reinterpret_cast<const char*>(&offset), sizeof(offset)});
}

// Of a record: by its key, or without one by its offset.
inline uint64_t LaneHashOf(std::optional<std::string_view> key, int64_t offset) {
  return key ? LaneHash(*key) : LaneHashOfOffset(offset);
}

inline uint32_t LaneOf(uint64_t hash, uint32_t lanes) {
  return static_cast<uint32_t>(hash >> 32) % lanes;
}

}  // namespace ks::pipeline
