// SingleDecoder: a decoder that takes each message by itself. One thread at a time.
#pragma once

#include <utility>

#include "formats/decoder.h"

namespace ks::formats {

class SingleDecoder : public Decoder {
 public:
  void Decode(const Messages& messages, sql::Arena& arena, absl::Span<sql::Datum* const> columns,
              DecodeResult* result) final {
    for (const uint32_t row : messages.rows) {
      const std::string_view message = messages.bytes[row];
      RecordError error{.row = row};
      if (message.data() == nullptr) {
        DecodeAbsent(row, columns, result);
      } else if (!DecodeOne(message, arena, columns, &error)) {
        SetNull(columns, row);
        result->errors.push_back(std::move(error));
      }
    }
  }

 private:
  // Into columns[field][error->row]; false with what is wrong in `error`.
  virtual bool DecodeOne(std::string_view message, sql::Arena& arena,
                         absl::Span<sql::Datum* const> columns, RecordError* error) = 0;
};

}  // namespace ks::formats
