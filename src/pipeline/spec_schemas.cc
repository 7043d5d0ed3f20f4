#include "pipeline/spec_schemas.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/avro.h"
#include "formats/protobuf.h"
#include "pipeline/errors.h"
#include "pipeline/part_decoder.h"

namespace ks::pipeline {
namespace {

class Resolver {
 public:
  Resolver(SchemaDoor& door, const PipelineSpec& spec) : door_(door), spec_(spec) {}

  absl::Status Resolve(const std::string& topic, bool is_key, PartSpec* part) {
    if (!part->registry.empty()) {
      auto store = door_.OpenRegistry(part->registry);
      if (!store.ok()) return At(*part, store.status());
      part->store = *std::move(store);
    }
    if (part->format == Format::kDebezium && is_key && part->store != nullptr) {
      return ResolveAvro(Subject(topic, is_key, *part), part->columns, part);
    }
    if (part->format == Format::kDebezium && part->store != nullptr) {
      return ResolveAvro(Subject(topic, is_key, *part), formats::DebeziumEnvelope(part->columns),
                         part);
    }
    if (part->format == Format::kProtobuf)
      return ResolveProtobuf(Subject(topic, is_key, *part), part);
    if (part->format != Format::kAvro) return absl::OkStatus();
    return ResolveAvro(Subject(topic, is_key, *part), part->columns, part);
  }

 private:
  absl::Status At(const PartSpec& part, const absl::Status& status) const {
    return spec_.file->Error(part.schema_position, View(status.message()));
  }

  static std::string Subject(const std::string& topic, bool is_key, const PartSpec& part) {
    if (!part.registry.subject.empty()) return part.registry.subject;
    return StrCat(topic, is_key ? "-key" : "-value");
  }

  absl::StatusOr<formats::AvroSchema> ReadAvro(const std::string& subject, const PartSpec& part) {
    if (!part.schema_file.empty()) {
      KS_ASSIGN_OR_RETURN(const std::string text, door_.ReadFile(part.schema_file));
      return formats::AvroSchema::Parse(text);
    }
    KS_ASSIGN_OR_RETURN(const auto registered, part.store->Latest(subject));
    return formats::ParseAvro(*registered);
  }

  absl::Status ResolveAvro(const std::string& subject, const formats::Schema& columns,
                           PartSpec* part) {
    auto schema = ReadAvro(subject, *part);
    // Columns that are declared need no schema before there is a record.
    const bool declared = !part->columns.empty();
    if (declared && part->schema_file.empty() &&
        schema.status().code() == absl::StatusCode::kNotFound)
      return absl::OkStatus();
    if (!schema.ok()) return At(*part, schema.status());
    if (declared) {
      const auto fits = formats::CompileAvro(*schema, columns, {.unfit = UnfitOf(*part)});
      if (!fits.ok()) return At(*part, fits.status());
    } else {
      auto natural = schema->Columns();
      if (!natural.ok()) return At(*part, natural.status());
      KS_RETURN_IF_ERROR(SetColumns(*std::move(natural), part));
    }
    part->avro = std::make_shared<const formats::AvroSchema>(*std::move(schema));
    return absl::OkStatus();
  }

  absl::Status SetColumns(formats::Schema natural, PartSpec* part) const {
    for (const formats::Field& field : natural) {
      if (field.name.starts_with("_"))
        return At(*part, absl::InvalidArgumentError(ReservedName(field.name)));
    }
    if (natural.empty()) return At(*part, absl::InvalidArgumentError(NoFieldsInSchema()));
    part->columns = std::move(natural);
    return absl::OkStatus();
  }

  absl::StatusOr<formats::ProtobufSchema> ReadProtobuf(const std::string& subject,
                                                       const PartSpec& part) {
    if (part.schema_file.empty()) {
      KS_ASSIGN_OR_RETURN(const auto registered, part.store->Latest(subject));
      return formats::ParseProtobuf(*registered);
    }
    KS_ASSIGN_OR_RETURN(const std::string text, door_.ReadFile(part.schema_file));
    if (!part.schema_file.ends_with(".proto"))
      return formats::ProtobufSchema::FromDescriptorSet(text);
    const size_t folder = part.schema_file.rfind('/') + 1;
    Imports imports;
    KS_RETURN_IF_ERROR(ReadImports(part.schema_file.substr(0, folder), text, 0, &imports));
    return formats::ProtobufSchema::FromText(text, imports);
  }

  // Files that `text` imports, where they lie in the schema file's folder.
  using Imports = std::vector<std::pair<std::string, std::string>>;
  absl::Status ReadImports(const std::string& folder, const std::string& text, size_t depth,
                           Imports* imports) {
    if (depth > kSchemaImportDepthMax) return absl::OkStatus();
    KS_ASSIGN_OR_RETURN(const auto names, formats::ProtobufImports(text));
    for (const std::string& name : names) {
      const bool known = std::any_of(imports->begin(), imports->end(),
                                     [&](const auto& import) { return import.first == name; });
      auto import = known ? absl::StatusOr<std::string>(absl::NotFoundError(""))
                          : door_.ReadFile(folder + name);
      if (!import.ok()) continue;  // an error where a type of it is used
      imports->emplace_back(name, *import);
      KS_RETURN_IF_ERROR(ReadImports(folder, *import, depth + 1, imports));
    }
    return absl::OkStatus();
  }

  absl::Status ResolveProtobuf(const std::string& subject, PartSpec* part) {
    auto schema = ReadProtobuf(subject, *part);
    if (!part->columns.empty() && part->schema_file.empty() &&
        schema.status().code() == absl::StatusCode::kNotFound)
      return absl::OkStatus();
    if (!schema.ok()) return At(*part, schema.status());
    const auto message = schema->Message(part->message);
    if (!message.ok()) return At(*part, message.status());
    part->message = (*message)->full_name();
    if (part->columns.empty()) {
      KS_RETURN_IF_ERROR(SetColumns(formats::ProtobufColumns(**message), part));
    } else {
      const auto fits =
          formats::CompileProtobuf(*schema, **message, part->columns, {.unfit = UnfitOf(*part)});
      if (!fits.ok()) return At(*part, fits.status());
    }
    part->protobuf = std::make_shared<const formats::ProtobufSchema>(*std::move(schema));
    return absl::OkStatus();
  }

  SchemaDoor& door_;
  const PipelineSpec& spec_;
};

}  // namespace

absl::Status ResolveSchemas(SchemaDoor& door, PipelineSpec* spec) {
  Resolver resolver(door, *spec);
  for (SourceSpec& source : spec->sources) {
    KS_RETURN_IF_ERROR(resolver.Resolve(source.topics.front(), true, &source.key));
    KS_RETURN_IF_ERROR(resolver.Resolve(source.topics.front(), false, &source.value));
  }
  return absl::OkStatus();
}

}  // namespace ks::pipeline
