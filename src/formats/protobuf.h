// Decoders of Protobuf. A message is of one type; or stands behind the number of its schema and the
// place of its type in it (schema_store.h), each of which is compiled once, when it is first seen.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "formats/decoder.h"
#include "formats/protobuf_program.h"
#include "formats/protobuf_schema.h"
#include "formats/schema_store.h"

namespace ks::formats {

absl::StatusOr<ProtobufSchema> ParseProtobuf(const RegisteredSchema& registered);

// `message` as in ProtobufSchema::Message().
absl::StatusOr<std::unique_ptr<Decoder>> MakeProtobufDecoder(Schema schema, ProtobufSchema writer,
                                                             const std::string& message);
// Messages of another type than `message` are errors; empty: any is read that has the columns.
std::unique_ptr<Decoder> MakeProtobufDecoder(Schema schema, std::shared_ptr<SchemaStore> store,
                                             std::string message, ProtobufReading reading = {});

}  // namespace ks::formats
