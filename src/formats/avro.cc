// Avro messages: the bytes of a record alone, or behind the number of its schema.
#include "formats/avro.h"

#include "base/status_macros.h"
#include "formats/avro_reader.h"
#include "formats/errors.h"
#include "formats/framed_programs.h"
#include "formats/single_decoder.h"

namespace ks::formats {
namespace {

using sql::Datum;

class AvroDecoder : public SingleDecoder {
 public:
  // Messages are of the schema of `program`; or, where there is none, name their schema.
  AvroDecoder(Schema schema, std::shared_ptr<const AvroProgram> program,
              std::shared_ptr<SchemaStore> store, AvroReading reading)
      : schema_(std::move(schema)),
        reading_(std::move(reading)),
        program_(std::move(program)),
        programs_(std::move(store), [this](const RegisteredSchema& registered, std::string_view) {
          return Compile(registered);
        }) {}

  const Schema& schema() const override { return schema_; }

 private:
  bool DecodeOne(std::string_view message, sql::Arena& arena, absl::Span<Datum* const> columns,
                 RecordError* error) override {
    size_t frame = 0;
    const AvroProgram* program = program_.get();
    if (program == nullptr) {
      int32_t unused = 0;
      if (!ReadFrame(message, &unused)) {
        error->message = NoFrame();
        return false;
      }
      frame = kFrameBytes;
      program = programs_.Of(message.substr(0, frame), error);
      if (program == nullptr) return false;
    }
    return reader_.Read(*program, message.substr(frame), frame, arena, columns, error);
  }

  absl::StatusOr<std::shared_ptr<const AvroProgram>> Compile(const RegisteredSchema& registered) {
    KS_ASSIGN_OR_RETURN(AvroSchema schema, ParseAvro(registered));
    return CompileAvro(std::move(schema), schema_, reading_);
  }

  const Schema schema_;
  const AvroReading reading_;
  const std::shared_ptr<const AvroProgram> program_;
  FramedPrograms<AvroProgram> programs_;
  AvroReader reader_;
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
  return std::make_unique<AvroDecoder>(std::move(schema), std::move(program), nullptr,
                                       AvroReading());
}

std::unique_ptr<Decoder> MakeAvroDecoder(Schema schema, std::shared_ptr<SchemaStore> store,
                                         AvroReading reading) {
  return std::make_unique<AvroDecoder>(std::move(schema), nullptr, std::move(store),
                                       std::move(reading));
}

}  // namespace ks::formats
