// RowBlocks: the keys and values of a scan, many at a time. A scan that turns out to be long is
// read ahead by a thread of its own, so that reading and what is done with the rows go on beside
// each other: a third of a query over a big table is RocksDB stepping from key to key.
//
// Thread safety: one RowBlocks belongs to one thread (its helper is its own business).
// Invariants: rows come as the iterator gives them, each once (row_blocks_test.cc); no more than
// kReadAheadBlocks blocks lie ready; a block ends after kBlockBytes, so big values do not pile up;
// the destructor waits for the helper, for one block at most; no more than kReadAheadThreads
// helpers run, other scans read for themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ks::local {

class StoreIterator;

inline constexpr uint32_t kBlockRows = 2'048;
inline constexpr size_t kBlockBytes = size_t{1} << 20;
inline constexpr int kReadAheadAfterBlocks = 4;  // full ones
inline constexpr size_t kReadAheadBlocks = 4;
inline constexpr int kReadAheadThreads = 16;

class RowBlock {
 public:
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  void Add(std::string_view key, std::string_view value) {
    bytes_.append(key);
    const size_t key_end = bytes_.size();
    bytes_.append(value);
    ends_.push_back({key_end, bytes_.size()});
  }
  uint32_t rows() const { return static_cast<uint32_t>(ends_.size()); }
  bool full(uint32_t rows) const { return ends_.size() >= rows || bytes_.size() >= kBlockBytes; }
  // Good until Clear().
  std::string_view key(uint32_t row) const {
    const size_t begin = row == 0 ? 0 : ends_[row - 1].value;
    return {bytes_.data() + begin, ends_[row].key - begin};
  }
  std::string_view value(uint32_t row) const {
    return {bytes_.data() + ends_[row].key, ends_[row].value - ends_[row].key};
  }

 private:
  struct Ends {
    size_t key;
    size_t value;
  };
  std::string bytes_;
  std::vector<Ends> ends_;
};

class RowBlocks {
 public:
  explicit RowBlocks(std::unique_ptr<StoreIterator> rows);
  ~RowBlocks();

  // The next rows, about `rows` of them at most; none: the end. What it pointed to before is gone.
  absl::Status Next(uint32_t rows, RowBlock* block);

 private:
  class Helper;

  std::unique_ptr<StoreIterator> rows_;
  std::unique_ptr<Helper> helper_;
  int full_blocks_ = 0;
};

}  // namespace ks::local
