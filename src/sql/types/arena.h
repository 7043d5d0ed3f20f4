// Arena: memory that is handed out piece by piece and given back all at once.
//
// One batch of records (or one query operator) owns one arena; Reset() keeps the blocks, so a
// steady load allocates nothing. Not thread-safe. Memory is aligned to 16 bytes for Allocate and
// unaligned for Copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "sql/types/datum.h"

namespace ks::sql {

class Arena {
 public:
  explicit Arena(size_t block_bytes = 64 * 1024) : block_bytes_(block_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` of uninitialised memory, aligned to 16.
  char* Allocate(size_t bytes) {
    size_t start = (used_ + 15) & ~size_t{15};
    if (start + bytes > limit_) return AllocateSlow(bytes);
    used_ = start + bytes;
    return current_ + start;
  }
  template <typename T>
  T* AllocateArray(size_t count) {
    return reinterpret_cast<T*>(Allocate(count * sizeof(T)));
  }
  std::string_view Copy(std::string_view bytes) {
    char* to = Allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }
  const Int128* Store(Int128 value) { return new (Allocate(sizeof(Int128))) Int128(value); }
  const IntervalValue* Store(const IntervalValue& value) {
    return new (Allocate(sizeof(IntervalValue))) IntervalValue(value);
  }

  // Gives everything back; pointers handed out before are dead.
  void Reset();
  // Bytes held from the system.
  size_t bytes_reserved() const;

 private:
  struct Block {
    std::unique_ptr<char[]> memory;
    size_t size;
  };
  char* AllocateSlow(size_t bytes);
  void UseBlock(size_t index);

  const size_t block_bytes_;
  std::vector<Block> blocks_;
  size_t block_ = 0;  // the next block to use
  char* current_ = nullptr;
  size_t used_ = 0;
  size_t limit_ = 0;
};

}  // namespace ks::sql
