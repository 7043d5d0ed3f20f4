#include "formats/decoder.h"

#include "formats/errors.h"

namespace ks::formats {

void DecodeResult::Clear() {
  errors.clear();
  deletes.clear();
  ignored.clear();
}

void Decoder::SetNull(absl::Span<sql::Datum* const> columns, uint32_t row) {
  for (sql::Datum* column : columns) column[row] = sql::Datum::Null();
}

void Decoder::DecodeAbsent(uint32_t row, absl::Span<sql::Datum* const> columns,
                           DecodeResult* result) const {
  SetNull(columns, row);
  for (const Field& field : schema()) {
    if (!field.not_null) continue;
    result->errors.push_back({row, ErrorKind::kMissingField, NullField(field.name)});
    return;
  }
}

}  // namespace ks::formats
