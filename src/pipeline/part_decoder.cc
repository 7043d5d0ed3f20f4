#include "pipeline/part_decoder.h"

#include "base/status_macros.h"
#include "formats/avro.h"
#include "formats/protobuf.h"
#include "pipeline/errors.h"

namespace ks::pipeline {
namespace {

using DecoderOr = absl::StatusOr<std::unique_ptr<formats::Decoder>>;

DecoderOr MakeAvro(const PartSpec& part, formats::Schema columns) {
  if (part.store != nullptr)
    return formats::MakeAvroDecoder(std::move(columns), part.store, {part.avro, UnfitOf(part)});
  if (part.avro == nullptr) return absl::FailedPreconditionError(UnresolvedSchema());
  return formats::MakeAvroDecoder(std::move(columns), *part.avro);
}

DecoderOr MakeProtobuf(const PartSpec& part, formats::Schema columns) {
  if (part.store != nullptr) {
    formats::ProtobufReading reading{.schema = part.protobuf, .unfit = UnfitOf(part)};
    if (reading.schema != nullptr) {
      KS_ASSIGN_OR_RETURN(reading.message, reading.schema->Message(part.message));
    }
    return formats::MakeProtobufDecoder(std::move(columns), part.store, part.message,
                                        std::move(reading));
  }
  if (part.protobuf == nullptr) return absl::FailedPreconditionError(UnresolvedSchema());
  return formats::MakeProtobufDecoder(std::move(columns), *part.protobuf, part.message);
}

// Change events over Avro where there is a registry, else over JSON.
DecoderOr MakeDebezium(const PartSpec& part, bool is_key, formats::Schema columns) {
  if (part.registry.empty()) {
    return is_key ? formats::MakeDebeziumKeyDecoder(std::move(columns), UnfitOf(part))
                  : formats::MakeDebeziumDecoder(std::move(columns), UnfitOf(part));
  }
  if (is_key) return MakeAvro(part, std::move(columns));
  KS_ASSIGN_OR_RETURN(auto envelope, MakeAvro(part, formats::DebeziumEnvelope(columns)));
  return formats::MakeDebeziumDecoder(std::move(columns), std::move(envelope));
}

}  // namespace

formats::Unfit UnfitOf(const PartSpec& part) {
  return part.on_schema_change == SchemaChange::kIgnoreNewFields ? formats::Unfit::kIgnored
                                                                 : formats::Unfit::kError;
}

DecoderOr MakePartDecoder(const PartSpec& part, bool is_key, formats::Schema columns) {
  switch (part.format) {
    case Format::kJson: {
      KS_ASSIGN_OR_RETURN(auto decoder, formats::MakeJsonDecoder(std::move(columns)));
      if (part.registry.empty()) return decoder;
      return formats::MakeFramedDecoder(std::move(decoder));
    }
    case Format::kString:
      return formats::MakeRawDecoder(columns[0], formats::RawForm::kText);
    case Format::kBytes:
    case Format::kInt64:
    case Format::kFloat64:
      return formats::MakeRawDecoder(columns[0], formats::RawForm::kBinary);
    case Format::kCsv:
      return formats::MakeCsvDecoder(std::move(columns), part.csv);
    case Format::kCloudEvents:
      return formats::MakeCloudEventsDecoder(std::move(columns));
    case Format::kAvro:
      return MakeAvro(part, std::move(columns));
    case Format::kDebezium:
      return MakeDebezium(part, is_key, std::move(columns));
    case Format::kProtobuf:
      return MakeProtobuf(part, std::move(columns));
    case Format::kNone:
      break;
  }
  return absl::InternalError("no format");
}

}  // namespace ks::pipeline
