#include "pipeline/spec_schemas.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/avro.h"
#include "formats/avro_program.h"
#include "pipeline/errors.h"

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
      const auto fits = formats::CompileAvro(*schema, columns);
      if (!fits.ok()) return At(*part, fits.status());
    } else {
      auto natural = schema->Columns();
      if (!natural.ok()) return At(*part, natural.status());
      for (const formats::Field& field : *natural) {
        if (field.name.starts_with("_"))
          return At(*part, absl::InvalidArgumentError(ReservedName(field.name)));
      }
      part->columns = *std::move(natural);
    }
    part->avro = std::make_shared<const formats::AvroSchema>(*std::move(schema));
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
