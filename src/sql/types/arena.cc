#include "sql/types/arena.h"

#include <algorithm>

namespace ks::sql {

void Arena::UseBlock(size_t index) {
  current_ = blocks_[index].memory.get();
  limit_ = blocks_[index].size;
  used_ = 0;
  block_ = index + 1;
}

char* Arena::AllocateSlow(size_t bytes) {
  // Blocks kept by Reset come first; one that is too small is passed over until the next Reset.
  while (block_ < blocks_.size()) {
    UseBlock(block_);
    if (bytes <= limit_) {
      used_ = bytes;
      return current_;
    }
  }
  const size_t size = std::max(block_bytes_, bytes);
  blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});  // operator new aligns to 16
  UseBlock(blocks_.size() - 1);
  used_ = bytes;
  return current_;
}

void Arena::Reset() {
  block_ = 0;
  current_ = nullptr;
  used_ = 0;
  limit_ = 0;
}

size_t Arena::bytes_reserved() const {
  size_t bytes = 0;
  for (const Block& block : blocks_) bytes += block.size;
  return bytes;
}

}  // namespace ks::sql
