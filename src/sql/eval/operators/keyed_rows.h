// KeyedRows: the rows of an operator kept in memory by the values of some expressions over them:
// the build side of a join, a spool. Private to eval/. One thread at a time.
//
// Equality is that of `=`: NULL and NaN equal nothing; or that of keys of a table, where each
// equals itself.
#pragma once

#include <vector>

#include "sql/eval/operators/operators.h"

namespace ks::sql {

class KeyedRows {
 public:
  // `keys`: null when every row is a partner of every other; else it must outlive this.
  KeyedRows(Environment* environment, std::vector<TypeRef> row_types, Program* keys,
            bool nulls_equal = false);

  // Opens `input` and reads it all; what was kept before is gone.
  absl::Status Fill(Operator& input);

  uint32_t rows() const { return rows_.rows(); }
  const Datum& at(size_t column, uint32_t row) const { return rows_.at(column, row); }

  // The first row whose keys equal keys[i].at(row), then the one after `found`; -1: no more.
  int32_t First(const Column* keys, uint32_t row) const;
  int32_t Next(int32_t found, const Column* keys, uint32_t row) const;

 private:
  uint64_t Hash(const Column* keys, uint32_t row) const;
  int32_t SkipToEqual(int32_t found, const Column* keys, uint32_t row) const;

  Environment* const environment_;
  Program* const program_;
  const bool nulls_equal_;
  const std::vector<TypeRef> types_;  // of the keys
  RowStore rows_;
  RowStore keys_;  // beside rows_
  HashIndex index_;
};

// Whether `value` can equal anything.
bool Comparable(TypeRef type, const Datum& value);

}  // namespace ks::sql
