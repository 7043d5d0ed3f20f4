// Avro messages: the bytes of a record alone, or behind the number of its schema.
#include "formats/avro.h"

#include <map>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/avro_program.h"
#include "formats/avro_reader.h"
#include "formats/errors.h"

namespace ks::formats {
namespace {

using sql::Datum;

// A schema by its number: how to read its messages, or why they cannot be read.
struct Known {
  std::shared_ptr<const AvroProgram> program;
  std::string refusal;
};

class AvroDecoder : public Decoder {
 public:
  AvroDecoder(Schema schema, std::shared_ptr<const AvroProgram> program,
              std::shared_ptr<SchemaStore> store)
      : schema_(std::move(schema)), program_(std::move(program)), store_(std::move(store)) {}

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
      const size_t frame = store_ == nullptr ? 0 : kFrameBytes;
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
  // How to read the message; null: `error` says why not.
  const AvroProgram* Program(std::string_view message, RecordError* error) {
    if (store_ == nullptr) return program_.get();
    int32_t id = 0;
    if (!ReadFrame(message, &id)) {
      error->message = NoFrame();
      return nullptr;
    }
    auto found = known_.find(id);
    if (found == known_.end()) {
      auto known = Fetch(id);
      if (!known.ok()) {
        const bool absent = known.status().code() == absl::StatusCode::kNotFound;
        error->kind = absent ? ErrorKind::kMalformed : ErrorKind::kNoSchema;
        error->message = std::string(View(known.status().message()));
        return nullptr;
      }
      found = known_.emplace(id, *std::move(known)).first;
    }
    if (found->second.program != nullptr) return found->second.program.get();
    error->kind = ErrorKind::kSchemaChanged;
    error->message = found->second.refusal;
    return nullptr;
  }

  absl::StatusOr<Known> Fetch(int32_t id) {
    KS_ASSIGN_OR_RETURN(const RegisteredSchemaPtr registered, store_->ById(id));
    Known known;
    auto schema = ParseAvro(*registered);
    auto program = schema.ok() ? CompileAvro(*std::move(schema), schema_) : schema.status();
    if (program.ok()) {
      known.program = *std::move(program);
    } else {
      known.refusal = OfSchema(id, View(program.status().message()));
    }
    return known;
  }

  const Schema schema_;
  const std::shared_ptr<const AvroProgram> program_;  // null: messages name their schema
  const std::shared_ptr<SchemaStore> store_;          // null: they do not
  std::map<int32_t, Known> known_;
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
