// RowReader: a stored row's bytes back into all its columns. What rules and backfills work with.
// Thread safety: immutable after construction.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "local/spanner/schema/schema.h"
#include "local/spanner/storage/row_codec.h"

namespace ks::local {

class RowReader {
 public:
  explicit RowReader(const Table& table);
  // `row` gets table.columns.size() values; columns that are not stored are NULL. Values point into
  // `key`, `value` and `arena`.
  absl::Status Decode(std::string_view key, std::string_view value, sql::Arena& arena,
                      sql::Datum* row) const;

 private:
  const Table& table_;
  RowDecoder decoder_;
};

}  // namespace ks::local
