// Avro messages: the bytes of a record alone, or behind the number of its schema.
#include "formats/avro.h"

#include "base/status_macros.h"
#include "formats/avro_program.h"
#include "formats/avro_reader.h"
#include "formats/errors.h"
#include "formats/framed_programs.h"

namespace ks::formats {
namespace {

using sql::Datum;

class AvroDecoder : public Decoder {
 public:
  // Messages are of the schema of `program`; or, where there is none, name their schema.
  AvroDecoder(Schema schema, std::shared_ptr<const AvroProgram> program,
              std::shared_ptr<SchemaStore> store)
      : schema_(std::move(schema)),
        program_(std::move(program)),
        programs_(std::move(store), [this](const RegisteredSchema& registered, std::string_view) {
          return Compile(registered);
        }) {}

  const Schema& schema() const override { return schema_; }

  void Decode(const Messages& messages, sql::Arena& arena, absl::Span<Datum* const> columns,
              DecodeResult* result) override {
    AvroReader reader(arena);
    for (const uint32_t row : messages.rows) {
      const std::string_view message = messages.bytes[row];
      if (message.data() == nullptr) {
        DecodeAbsent(row, columns, result);
        continue;
      }
      RecordError error{.row = row};
      const size_t frame = program_ == nullptr ? kFrameBytes : 0;
      const AvroProgram* program = Program(message, &error);
      if (program != nullptr) {
        if (reader.Read(*program, message.substr(frame), frame, columns, row)) continue;
        error = reader.TakeError();
        error.row = row;
      }
      SetNull(columns, row);
      result->errors.push_back(std::move(error));
    }
  }

 private:
  const AvroProgram* Program(std::string_view message, RecordError* error) {
    if (program_ != nullptr) return program_.get();
    int32_t id = 0;
    if (ReadFrame(message, &id)) return programs_.Of(message.substr(0, kFrameBytes), error);
    error->message = NoFrame();
    return nullptr;
  }

  absl::StatusOr<std::shared_ptr<const AvroProgram>> Compile(const RegisteredSchema& registered) {
    KS_ASSIGN_OR_RETURN(AvroSchema schema, ParseAvro(registered));
    return CompileAvro(std::move(schema), schema_);
  }

  const Schema schema_;
  const std::shared_ptr<const AvroProgram> program_;
  FramedPrograms<AvroProgram> programs_;
};

}  // namespace

absl::StatusOr<AvroSchema> ParseAvro(const RegisteredSchema& registered) {
  if (registered.type != "AVRO") return BadAvroSchema(OtherSchemaType(registered.type));
  std::vector<std::string> references;
  for (const auto& [name, text] : registered.references) references.push_back(text);
  return AvroSchema::Parse(registered.text, references);
}

absl::StatusOr<std::unique_ptr<Decoder>> MakeAvroDecoder(Schema schema, AvroSchema writer) {
  KS_ASSIGN_OR_RETURN(auto program, CompileAvro(std::move(writer), schema));
  return std::make_unique<AvroDecoder>(std::move(schema), std::move(program), nullptr);
}

std::unique_ptr<Decoder> MakeAvroDecoder(Schema schema, std::shared_ptr<SchemaStore> store) {
  return std::make_unique<AvroDecoder>(std::move(schema), nullptr, std::move(store));
}

}  // namespace ks::formats
