// Protobuf messages: alone, or behind the number of their schema.
#include "formats/protobuf.h"

#include "base/status_macros.h"
#include "formats/errors.h"
#include "formats/framed_programs.h"
#include "formats/limits.h"
#include "formats/protobuf_reader.h"
#include "formats/single_decoder.h"

namespace ks::formats {
namespace {

using google::protobuf::Descriptor;
using sql::Datum;

// One of the numbers (zigzag varints) that say where in its file a message's type stands.
bool ReadIndex(std::string_view* in, int64_t* index) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 35 && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    *index = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
    return true;
  }
  return false;
}

// How many they are, and they; none stands for the first message. Takes them off `in`.
bool ReadIndexes(std::string_view* in, std::vector<int64_t>* indexes) {
  int64_t count = 0;
  if (!ReadIndex(in, &count) || count < 0 || count > kProtobufIndexesMax) return false;
  indexes->resize(static_cast<size_t>(count));
  for (int64_t& index : *indexes) {
    if (!ReadIndex(in, &index)) return false;
  }
  if (indexes->empty()) indexes->push_back(0);
  return true;
}

class ProtobufDecoder : public SingleDecoder {
 public:
  // Messages are of the type of `program`; or, where there is none, name their schema and type.
  ProtobufDecoder(Schema schema, std::shared_ptr<const ProtobufProgram> program,
                  std::shared_ptr<SchemaStore> store, std::string message, ProtobufReading reading)
      : schema_(std::move(schema)),
        message_(std::move(message)),
        reading_(std::move(reading)),
        program_(std::move(program)),
        programs_(std::move(store),
                  [this](const RegisteredSchema& registered, std::string_view selector) {
                    return Compile(registered, selector);
                  }) {}

  const Schema& schema() const override { return schema_; }

 private:
  bool DecodeOne(std::string_view message, sql::Arena& arena, absl::Span<Datum* const> columns,
                 RecordError* error) override {
    size_t frame = 0;
    const ProtobufProgram* program = Program(message, &frame, error);
    return program != nullptr &&
           reader_.Read(*program, message.substr(frame), frame, arena, columns, error);
  }

  // `frame`: bytes in front of the message itself.
  const ProtobufProgram* Program(std::string_view message, size_t* frame, RecordError* error) {
    if (program_ != nullptr) return program_.get();
    int32_t id = 0;
    if (!ReadFrame(message, &id)) {
      error->message = NoFrame();
      return nullptr;
    }
    std::string_view rest = message.substr(kFrameBytes);
    if (!ReadIndexes(&rest, &indexes_)) {
      error->message = NoMessageIndexes();
      return nullptr;
    }
    *frame = message.size() - rest.size();
    return programs_.Of(message.substr(0, *frame), error);
  }

  absl::StatusOr<std::shared_ptr<const ProtobufProgram>> Compile(const RegisteredSchema& registered,
                                                                 std::string_view selector) {
    KS_ASSIGN_OR_RETURN(ProtobufSchema schema, ParseProtobuf(registered));
    std::vector<int64_t> indexes;
    ReadIndexes(&selector, &indexes);
    const Descriptor* message = schema.MessageAt(indexes);
    if (message == nullptr) return BadProtobufSchema("it has no message at the record's place");
    if (!message_.empty() && message->full_name() != message_)
      return OtherMessage(message->full_name(), message_);
    return CompileProtobuf(std::move(schema), *message, schema_, reading_);
  }

  const Schema schema_;
  const std::string message_;
  const ProtobufReading reading_;
  const std::shared_ptr<const ProtobufProgram> program_;
  FramedPrograms<ProtobufProgram> programs_;
  ProtobufReader reader_;
  std::vector<int64_t> indexes_;  // of the message being read
};

}  // namespace

absl::StatusOr<ProtobufSchema> ParseProtobuf(const RegisteredSchema& registered) {
  if (registered.type != "PROTOBUF") return BadProtobufSchema(OtherSchemaType(registered.type));
  return ProtobufSchema::FromText(registered.text, registered.references);
}

absl::StatusOr<std::unique_ptr<Decoder>> MakeProtobufDecoder(Schema schema, ProtobufSchema writer,
                                                             const std::string& message) {
  KS_ASSIGN_OR_RETURN(const Descriptor* type, writer.Message(message));
  KS_ASSIGN_OR_RETURN(auto program, CompileProtobuf(std::move(writer), *type, schema));
  return std::make_unique<ProtobufDecoder>(std::move(schema), std::move(program), nullptr, "",
                                           ProtobufReading());
}

std::unique_ptr<Decoder> MakeProtobufDecoder(Schema schema, std::shared_ptr<SchemaStore> store,
                                             std::string message, ProtobufReading reading) {
  return std::make_unique<ProtobufDecoder>(std::move(schema), nullptr, std::move(store),
                                           std::move(message), std::move(reading));
}

}  // namespace ks::formats
