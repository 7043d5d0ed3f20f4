// Rows as bytes: the columns of one version of a row that are not in its key.
//
// Layout: 01, then for every column that is not NULL: varint (column id * 8 + form), then the
// value:
//   form 0  varint, zigzag          BOOL, INT64, DATE, ENUM
//   form 1  8 bytes little-endian   FLOAT64, FLOAT32 (as double)
//   form 2  varint length, bytes    STRING, BYTES, JSON, PROTO; ARRAY and STRUCT: their elements,
//   see below form 3  16 bytes little-endian  NUMERIC, UUID form 4  varint zigzag seconds, varint
//   nanoseconds   TIMESTAMP form 5  three varints zigzag, one varint            INTERVAL
// An ARRAY or STRUCT is a varint count, then per element 00 (NULL) or 01 and the value by its
// type's form. Columns are known by id, so columns may be added (absent: NULL), dropped (skipped)
// and reordered without touching rows; STRING and BYTES share a form because ALTER turns one into
// the other. Thread safety: a RowDecoder is immutable after construction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::local {

void BeginRow(std::string* out);
// Nothing is written for NULL.
void AppendCell(uint32_t column_id, sql::TypeRef type, const sql::Datum& value, std::string* out);

class RowDecoder {
 public:
  struct Wanted {
    uint32_t column_id;
    sql::TypeRef type;
    int slot;  // where Decode writes it
  };
  explicit RowDecoder(const std::vector<Wanted>& wanted);

  // Writes `slots[w.slot]` for every wanted column. Values point into `row`, nested ones into
  // `arena`.
  absl::Status Decode(std::string_view row, sql::Arena& arena, sql::Datum* slots) const;

 private:
  struct Target {
    sql::TypeRef type = nullptr;
    int slot = -1;
  };
  std::vector<Target> by_id_;
  std::vector<int> slots_;
};

}  // namespace ks::local
