// ProtobufProgram: a message type resolved against columns: for each message that is read, which
// field numbers count and what becomes of their values.
//
// Plans name each other by index, so a type that holds itself is finite. Numbers that a plan does
// not have are skipped; columns that the type does not have are NULL, and an error here where they
// are NOT NULL or where a type does not fit. Thread safety: immutable once compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "absl/status/statusor.h"
#include "base/string_map.h"
#include "formats/decoder.h"
#include "formats/meaning.h"
#include "formats/protobuf_schema.h"

namespace ks::formats {

enum class ProtobufUse : uint8_t {
  kNothing,  // read only to know that it replaces another member of its oneof
  kScalar,
  kStruct,    // a message, the fields of a STRUCT
  kKnown,     // a message of google/protobuf that is one value
  kRaw,       // a message, as its bytes
  kJson,      // one value as JSON
  kJsonList,  // all values of a repeated field as a JSON array
  kJsonMap    // all entries of a map as a JSON object
};

struct ProtobufField {
  uint32_t number = 0;
  google::protobuf::FieldDescriptor::Type written = google::protobuf::FieldDescriptor::TYPE_INT32;
  int wire_type = 0;  // of one value
  ProtobufUse use = ProtobufUse::kNothing;
  bool repeated = false;
  bool presence = false;  // it may be absent; otherwise it then has its type's first value
  bool not_null = false;
  int32_t oneof = -1;
  uint32_t out = 0;             // of a STRUCT the field, of a message the column
  sql::TypeRef type = nullptr;  // of one value
  uint32_t message = 0;         // the plan for a message
  const google::protobuf::FieldDescriptor* field = nullptr;
  std::string path;  // for errors
};

struct ProtobufMessage {
  std::vector<ProtobufField> fields;  // by number
  ProtobufKnown known = ProtobufKnown::kNone;
};

struct ProtobufProgram {
  ProtobufSchema schema;  // owns the descriptors
  std::vector<ProtobufMessage> messages;
  std::vector<uint32_t> missing;  // columns that the type does not have
  uint32_t root = 0;
  StringMap<uint32_t> by_name;  // all messages, as JSON; only where there is an Any
};

// How values of the type are written; none for messages.
bool ProtobufWire(google::protobuf::FieldDescriptor::Type type, Wire* wire);

// How to read types other than the one that the columns were planned with.
struct ProtobufReading {
  // That one: a column's field is the one of its number, whatever its name is now. Null: it is not
  // known, and names count.
  std::shared_ptr<const ProtobufSchema> schema;
  const google::protobuf::Descriptor* message = nullptr;  // of `schema`
  Unfit unfit = Unfit::kError;
};

// INVALID_ARGUMENT when the message does not fit the columns. `message` is the schema's.
absl::StatusOr<std::shared_ptr<const ProtobufProgram>> CompileProtobuf(
    ProtobufSchema schema, const google::protobuf::Descriptor& message, const Schema& columns,
    const ProtobufReading& reading = {});

}  // namespace ks::formats
