// ProtobufReader: runs a ProtobufProgram over one message. It stops at the first error, never reads
// past the message, and neither its depth nor its memory is the message's to choose (limits.h).
//
// A message is read in two steps, because of what may stand on the wire: first all its fields are
// noted where they lie (the last of a number wins, messages of one number are one, a member of a
// oneof replaces the others), then what is left becomes values. Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "formats/decoder.h"
#include "formats/protobuf_program.h"
#include "formats/text.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"

namespace ks::formats {

class ProtobufReader {
 public:
  // The message's fields into columns[i][row], row = error->row; what they point to lies in `arena`
  // or in `body`. `skipped`: bytes before `body`, for errors. False: `error` says why.
  bool Read(const ProtobufProgram& program, std::string_view body, size_t skipped,
            sql::Arena& arena, absl::Span<sql::Datum* const> columns, RecordError* error);

 private:
  // A value where it lies: of a number its bits, of bytes and messages how many.
  struct Raw {
    const char* data = nullptr;  // null: not there
    uint64_t bits = 0;
    std::string_view bytes() const { return {data, static_cast<size_t>(bits)}; }
  };
  // What is known of a field of a message that is being read.
  struct Slot {
    Raw raw;             // not repeated
    uint32_t last = 0;   // repeated: the last of its elements
    uint32_t count = 0;  // and how many
  };
  struct Element {
    Raw raw;
    uint32_t before = 0;  // the element before it, of the same field
  };
  // The part of slots_ and elements_ that is of one message.
  struct Frame {
    size_t slots = 0;
    size_t elements = 0;
  };
  struct Cursor {
    const char* at;
    const char* end;
  };

  bool Begin(const ProtobufMessage& plan, std::string_view body, Frame* frame);
  void End(const Frame& frame);
  bool Scan(const ProtobufMessage& plan, std::string_view body, const Frame& frame);
  bool ScanField(const ProtobufField& field, int wire, const Frame& frame, size_t index,
                 const ProtobufMessage& plan, Cursor* in);
  bool Unpack(const ProtobufField& field, std::string_view bytes, const Frame& frame, size_t index);
  void Put(const ProtobufMessage& plan, const Frame& frame, size_t index, Raw raw);
  void PutElement(const Frame& frame, size_t index, Raw raw);

  bool ReadRaw(int wire, uint32_t number, std::string_view path, Cursor* in, Raw* raw);
  bool ReadVarint(std::string_view path, Cursor* in, uint64_t* value);
  bool FindGroupEnd(uint32_t number, std::string_view path, Cursor* in, Raw* raw);

  // A field of a message that was scanned.
  bool ReadField(const ProtobufField& field, const Frame& frame, size_t index, sql::Datum* out);
  bool ReadList(const ProtobufField& field, const Slot& slot, sql::Datum* out);
  bool ReadOne(const ProtobufField& field, Raw raw, sql::Datum* out);
  bool ReadScalar(const ProtobufField& field, Raw raw, sql::TypeRef type, sql::Datum* out);
  bool ReadInteger(const ProtobufField& field, Raw raw, sql::TypeRef type, sql::Datum* out);
  bool ReadEnum(const ProtobufField& field, Raw raw, sql::TypeRef type, sql::Datum* out);
  bool ReadStruct(const ProtobufField& field, Raw raw, sql::Datum* out);
  bool ReadKnown(const ProtobufField& field, Raw raw, sql::Datum* out);
  bool ReadTwo(const ProtobufField& field, Raw raw, int64_t* seconds, int64_t* nanos);
  bool TimestampOf(const ProtobufField& field, Raw raw, sql::TimestampValue* time);
  bool DurationOf(const ProtobufField& field, Raw raw, std::string* text, int64_t* nanos);

  // JSON text, appended to json_.
  bool ReadJson(const ProtobufField& field, const Frame& frame, size_t index, sql::Datum* out);
  bool AppendField(const ProtobufField& field, const Slot& slot);
  bool AppendList(const ProtobufField& field, const Slot& slot);
  bool AppendMap(const ProtobufField& field, const Slot& slot);
  bool AppendOne(const ProtobufField& field, Raw raw);
  bool AppendMessage(const ProtobufField& field, const ProtobufMessage& plan,
                     std::string_view body);
  bool AppendFields(const ProtobufMessage& plan, const Frame& frame, bool first);
  bool AppendAny(const ProtobufField& field, const ProtobufMessage& plan, const Frame& frame);

  bool Finish(const ProtobufField& field, sql::TypeRef type, Raw raw, Parsed parsed);
  bool Fail(ErrorKind kind, std::string message);
  bool Malformed(std::string_view path, const char* at, std::string_view what);
  size_t ByteOf(const char* at) const;
  // Counts values that are about to be kept.
  bool Spend(size_t values);

  sql::Arena* arena_ = nullptr;
  const ProtobufProgram* program_ = nullptr;
  std::string_view body_;
  size_t skipped_ = 0;
  uint32_t depth_ = 0;
  size_t spent_ = 0;
  std::vector<Slot> slots_;
  std::vector<Element> elements_;
  std::string json_;
  RecordError* error_ = nullptr;
};

}  // namespace ks::formats
