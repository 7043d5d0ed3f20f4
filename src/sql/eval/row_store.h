// RowStore: rows of an operator kept in memory, a column at a time: the build side of a join, a
// sort, a WITH table. Copies what it keeps; counts the memory against the statement's limit. One
// thread at a time.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "sql/eval/environment.h"
#include "sql/eval/expression.h"

namespace ks::sql {

class RowStore {
 public:
  RowStore(Environment* environment, std::vector<TypeRef> types);
  ~RowStore() { Clear(); }

  // Copies the batch's rows; columns[i] has types()[i].
  absl::Status Append(Rows rows, const Column* columns);
  void Clear();

  uint32_t rows() const { return rows_; }
  const Datum& at(size_t column, uint32_t row) const { return columns_[column][row]; }
  const Datum* column(size_t i) const { return columns_[i].data(); }
  const std::vector<TypeRef>& types() const { return types_; }

 private:
  Environment* const environment_;
  const std::vector<TypeRef> types_;
  std::vector<std::vector<Datum>> columns_;
  Arena arena_;
  uint32_t rows_ = 0;
  int64_t reserved_ = 0;
};

// Finds rows of a RowStore by some of its columns: chains of equal hashes.
class HashIndex {
 public:
  void Clear() {
    heads_.clear();
    next_.clear();
    hashes_.clear();
  }
  void Add(uint64_t hash);  // for the next row
  // The first row with this hash that was added last; -1: none. Then Next(row).
  int32_t First(uint64_t hash) const {
    if (heads_.empty()) return -1;
    return SkipTo(heads_[hash & (heads_.size() - 1)], hash);
  }
  int32_t Next(int32_t row) const { return SkipTo(next_[row], hashes_[row]); }

 private:
  int32_t SkipTo(int32_t row, uint64_t hash) const {
    while (row >= 0 && hashes_[row] != hash) row = next_[row];
    return row;
  }
  void Grow();

  std::vector<int32_t> heads_;  // a power of two of them
  std::vector<int32_t> next_;
  std::vector<uint64_t> hashes_;
};

inline uint64_t CombineHash(uint64_t a, uint64_t b) {
  a ^= b + 0x9E3779B97F4A7C15ull + (a << 6) + (a >> 2);
  return a * 0xFF51AFD7ED558CCDull ^ (a >> 33);
}

}  // namespace ks::sql
