// AvroReader: runs an AvroProgram over one message. It stops at the first error, never reads past
// the message, and neither its depth nor its memory is the message's to choose (limits.h).
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "formats/avro_program.h"
#include "formats/decoder.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"

namespace ks::formats {

class AvroReader {
 public:
  // The record's fields into columns[i][row]; what they point to lies in `arena`, in `body` or in
  // the program. row = error->row. `skipped`: bytes of the message before `body`, for errors.
  // False: `error` says why.
  bool Read(const AvroProgram& program, std::string_view body, size_t skipped, sql::Arena& arena,
            absl::Span<sql::Datum* const> columns, RecordError* error);

 private:
  bool ReadStep(uint32_t index, sql::Datum* out);
  bool ReadDefault(const AvroStep& step, sql::Datum* out);
  bool ReadPrimitive(const AvroStep& step, sql::Datum* out);
  bool ReadStruct(const AvroStep& step, sql::Datum* out);
  bool ReadUnion(const AvroStep& step, sql::Datum* out);
  bool ReadArray(const AvroStep& step, sql::Datum* out);
  bool ReadNull(const AvroStep& step, sql::Datum* out);
  bool ReadJson(uint32_t index, sql::Datum* out);
  bool Skip(uint32_t index);

  // JSON text of a value, appended to json_.
  bool AppendJson(uint32_t index);
  bool AppendJsonPrimitive(const AvroStep& step);
  bool AppendJsonBlocks(const AvroStep& step);
  bool AppendJsonRecord(const AvroStep& step);

  // Reads the blocks of an array or a map; `item` reads one.
  template <typename Item>
  bool ReadBlocks(const AvroStep& step, const Item& item);
  bool ReadLong(const AvroStep& step, int64_t* value);
  bool ReadInteger(const AvroStep& step, int64_t* value);
  bool ReadDouble(const AvroStep& step, double* value);
  bool ReadBytes(const AvroStep& step, std::string_view* bytes);
  bool ReadText(const AvroStep& step, std::string_view* text);
  bool ReadBranch(const AvroStep& step, uint32_t* branch);
  bool Take(const AvroStep& step, size_t count, std::string_view* bytes);

  bool Enter(const AvroStep& step);
  bool Finish(const AvroStep& step, Parsed parsed);
  bool Fail(ErrorKind kind, std::string message);
  bool Malformed(const AvroStep& step, std::string_view what);
  size_t byte() const { return skipped_ + at_; }

  sql::Arena* arena_ = nullptr;
  const AvroProgram* program_ = nullptr;
  std::string_view body_;
  size_t at_ = 0;
  size_t skipped_ = 0;
  size_t value_at_ = 0;  // where the value being read began
  uint32_t depth_ = 0;
  std::vector<sql::Datum> scratch_;  // elements of the arrays being read, innermost last
  std::string json_;
  RecordError* error_ = nullptr;
};

}  // namespace ks::formats
