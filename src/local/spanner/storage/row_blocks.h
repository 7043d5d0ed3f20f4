// RowBlocks: the keys and values of a scan, many at a time. A scan that turns out to be long is
// read ahead by threads of its own, each a part of the span, so that reading and what is done with
// the rows go on beside each other: a third of a query over a big table is RocksDB stepping from
// key to key.
//
// Thread safety: one RowBlocks belongs to one thread (its helpers are its own business).
// Invariants: rows come in the order of the scan, each once (row_blocks_test.cc); no more than
// kReadAheadBytes (and a block) lie ready from a part, and no more parts than helpers; a block ends
// after kBlockBytes, so big values do not pile up; the destructor waits for the helpers, for one
// block at most; no more than kReadAheadThreads helpers run, other scans read for themselves. Only
// a scan at a timestamp is read by several: what an iterator at kLatest sees depends on when it was
// made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "local/spanner/storage/key_codec.h"
#include "local/spanner/storage/timestamp.h"

namespace ks::local {

class Store;
class StoreIterator;

inline constexpr uint32_t kBlockRows = 2'048;
inline constexpr size_t kBlockBytes = size_t{1} << 20;
inline constexpr int kReadAheadAfterBlocks = 4;  // full ones
inline constexpr size_t kReadAheadBytes = size_t{4} << 20;
inline constexpr int64_t kPartBytes = int64_t{1} << 20;  // on disk
inline constexpr int kReadAheadThreads = 16;             // of all scans
inline constexpr int kReadAheadThreadsOfScan = 2;

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
  size_t bytes() const { return bytes_.size(); }
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

// What is scanned. The store outlives the scan.
struct RowScan {
  const Store* store = nullptr;
  KeySpan span;
  CommitTimestamp at;
  bool reverse = false;
};

class RowBlocks {
 public:
  explicit RowBlocks(RowScan scan);
  ~RowBlocks();

  // The next rows, about `rows` of them at most; none: the end. What it pointed to before is gone.
  absl::Status Next(uint32_t rows, RowBlock* block);

 private:
  class Helpers;
  KeySpan RestAfter(std::string_view key) const;

  RowScan scan_;
  std::unique_ptr<StoreIterator> rows_;
  std::unique_ptr<Helpers> helpers_;
  int full_blocks_ = 0;
};

}  // namespace ks::local
