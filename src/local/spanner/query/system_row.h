// Values and rows of SPANNER_SYS's tables, for the functions that emit them (spanner_sys.cc,
// spanner_sys_statistics.cc). Pure.
#pragma once

#include <string_view>
#include <utility>

#include "base/check.h"
#include "local/spanner/query/metadata_table.h"
#include "sql/functions/farm_hash.h"
#include "sql/functions/moments.h"

namespace ks::local {

inline constexpr size_t kQueryTextShown = 64 << 10;

inline sql::Value Real(double value) { return sql::Value::Float64(value); }
inline sql::Value TimeOfSeconds(int64_t seconds) { return sql::Value::Timestamp({seconds, 0}); }
inline sql::Value TimeOfNanos(int64_t nanos) {
  return sql::Value::Timestamp(sql::MomentOfNanos(nanos));
}
inline sql::Value Fingerprint(std::string_view text) {
  return Int(static_cast<int64_t>(sql::FarmFingerprint(text) >> 1));
}

// A row that is filled by the names of its columns; the rest is NULL.
class NamedRow {
 public:
  explicit NamedRow(absl::Span<const MetadataColumn> columns) : columns_(columns) {
    for (const MetadataColumn& column : columns) {
      values_.push_back(sql::Value::Null(TypeOf(column)));
    }
  }
  NamedRow& Set(std::string_view name, sql::Value value) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].name != name) continue;
      values_[i] = std::move(value);
      return *this;
    }
    KS_CHECK(false);  // no column of this name
    return *this;
  }
  MetadataRow Take() { return std::move(values_); }

 private:
  const absl::Span<const MetadataColumn> columns_;
  MetadataRow values_;
};

}  // namespace ks::local
