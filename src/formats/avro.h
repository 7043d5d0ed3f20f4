// Decoders of Avro. A message is a record, binary, of one schema, or of the schema whose number
// stands in front of it (schema_store.h); each schema is compiled once, when it is first seen.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "formats/avro_program.h"
#include "formats/avro_schema.h"
#include "formats/decoder.h"
#include "formats/schema_store.h"

namespace ks::formats {

absl::StatusOr<AvroSchema> ParseAvro(const RegisteredSchema& registered);

absl::StatusOr<std::unique_ptr<Decoder>> MakeAvroDecoder(Schema schema, AvroSchema writer);
std::unique_ptr<Decoder> MakeAvroDecoder(Schema schema, std::shared_ptr<SchemaStore> store,
                                         AvroReading reading = {});

}  // namespace ks::formats
