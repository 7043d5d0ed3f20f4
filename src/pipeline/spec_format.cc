// `key:` and `value:` of a source: a format, its fields and its own settings.
#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/url.h"
#include "pipeline/errors.h"
#include "pipeline/spec_sections.h"

namespace ks::pipeline {
namespace {

const std::vector<std::pair<std::string, Format>> kFormats = {
    {"json", Format::kJson},         {"string", Format::kString},
    {"bytes", Format::kBytes},       {"int64", Format::kInt64},
    {"float64", Format::kFloat64},   {"avro", Format::kAvro},
    {"protobuf", Format::kProtobuf}, {"debezium", Format::kDebezium},
    {"csv", Format::kCsv},           {"cloudevents", Format::kCloudEvents}};

sql::TypeRef NaturalType(Format format) {
  switch (format) {
    case Format::kBytes:
      return sql::Type::Bytes();
    case Format::kInt64:
      return sql::Type::Int64();
    case Format::kFloat64:
      return sql::Type::Float64();
    default:
      return sql::Type::String();
  }
}

// One `name: TYPE` of a schema.
absl::StatusOr<formats::Field> ReadField(const SourceText& file, std::string_view path,
                                         const ObjectReader::Entry& entry) {
  if (!entry.value.IsScalar())
    return file.Error(entry.position, ExpectedType(path, DescribeNode(entry.value)));
  const std::string& text = entry.value.Scalar();
  size_t offset = 0;
  auto field = ParseFieldType(text, &offset);
  if (!field.ok()) {
    const FilePosition at = file.Locate(entry.position, text, offset);
    return file.Error(at,
                      StrCat("`", path, ".", entry.name, "`: ", View(field.status().message())));
  }
  field->name = entry.name;
  return field;
}

absl::Status ReadSchema(const SourceText& file, std::string_view path,
                        const ObjectReader::Entry& entry, formats::Schema* columns) {
  ObjectReader reader(file, entry.value, std::string(path), entry.position);
  KS_RETURN_IF_ERROR(reader.FinishOpen());
  for (const ObjectReader::Entry& field : reader.entries()) {
    KS_ASSIGN_OR_RETURN(formats::Field column, ReadField(file, path, field));
    if (column.name.starts_with("_")) {
      return file.Error(field.name_position, ReservedName(column.name), column.name.size());
    }
    columns->push_back(std::move(column));
  }
  if (columns->empty()) return file.Error(entry.position, EmptySection(path));
  return absl::OkStatus();
}

// One character between the values of a line.
void ReadCsv(ObjectReader* reader, PartSpec* part) {
  std::string delimiter(1, part->csv.delimiter);
  reader->Text("delimiter", &delimiter);
  reader->Text("null", &part->csv.null_text);
  if (!reader->ok()) return;
  if (delimiter == "\\t") delimiter = "\t";
  if (delimiter.size() != 1 || std::string_view("\"\r\n").find(delimiter[0]) != std::string::npos) {
    const auto* entry = reader->Find("delimiter");
    return reader->Fail(entry->position, ExpectedDelimiter(delimiter), delimiter.size());
  }
  part->csv.delimiter = delimiter[0];
  for (const formats::Field& field : part->columns) part->csv.header.push_back(field.name);
}

// An event's attributes become columns `ce_NAME`: those of the specification, and what
// `attributes:` adds.
void ReadCloudEvents(const SourceText& file, std::string_view path, ObjectReader* reader,
                     PartSpec* part) {
  using sql::Type;
  if (part->columns.empty()) part->columns.push_back({"data", Type::Json()});
  for (formats::Field field : formats::Schema{{"id", Type::String(), true},
                                              {"source", Type::String(), true},
                                              {"type", Type::String(), true},
                                              {"subject", Type::String()},
                                              {"time", Type::Timestamp()},
                                              {"datacontenttype", Type::String()},
                                              {"dataschema", Type::String()}}) {
    field.name.insert(0, "ce_");
    part->columns.push_back(std::move(field));
  }
  const auto* attributes = reader->Find("attributes");
  if (attributes == nullptr || !reader->ok()) return;
  formats::Schema extensions;
  reader->Merge(ReadSchema(file, StrCat(path, ".attributes"), *attributes, &extensions));
  for (formats::Field& field : extensions) {
    field.name.insert(0, "ce_");
    part->columns.push_back(std::move(field));
  }
}

// `headers:` of a registry; none that would be a secret.
void ReadHeaders(const SourceText& file, ObjectReader* reader,
                 std::map<std::string, std::string>* headers) {
  const auto* entry = reader->Find("headers");
  if (entry == nullptr || !reader->ok()) return;
  ObjectReader names(file, entry->value, reader->PathOf("headers"), entry->position);
  for (const ObjectReader::Entry& each : names.entries()) {
    names.Text(each.name, &(*headers)[each.name]);
    const std::string lower = absl::AsciiStrToLower(each.name);
    if (lower == "authorization" || lower == "cookie")
      names.Fail(each.name_position, HeaderIsSecret(each.name));
  }
  reader->Merge(names.Finish());
}

// How a registry is shown who asks.
void ReadRegistryLogin(const SourceText& file, ObjectReader* reader,
                       formats::RegistrySettings* registry) {
  reader->Text("username", &registry->username);
  reader->Secret("password", &registry->password);
  reader->Secret("token", &registry->token);
  reader->Text("ca", &registry->ca);
  reader->Text("certificate", &registry->certificate);
  reader->Secret("private_key", &registry->private_key);
  reader->Secret("private_key_password", &registry->private_key_password);
  ReadHeaders(file, reader, &registry->headers);
  const auto* oauth = reader->Find("oauth");
  if (oauth != nullptr && reader->ok()) {
    reader->Merge(
        ReadOauthSection(file, reader->PathOf("oauth"), *oauth, &registry->oauth.emplace()));
  }
}

// `registry:`: where, and as whom.
void ReadRegistry(const SourceText& file, std::string_view path, const ObjectReader::Entry& entry,
                  ObjectReader* outer, formats::RegistrySettings* registry) {
  ObjectReader reader(file, entry.value, StrCat(path, ".registry"), entry.position);
  reader.Text("url", &registry->url, ObjectReader::kRequired);
  reader.Text("subject", &registry->subject);
  ReadRegistryLogin(file, &reader, registry);
  const std::string here = StrCat(path, ".registry");
  if (registry->username.empty() != registry->password.empty()) {
    const bool no_name = registry->username.empty();
    reader.Fail(entry.position, MissingRequired(here, no_name ? "username" : "password"));
  }
  if (registry->certificate.empty() != registry->private_key.empty()) {
    const bool no_key = registry->private_key.empty();
    reader.Fail(entry.position, MissingRequired(here, no_key ? "private_key" : "certificate"));
  }
  if (registry->username.empty() + registry->token.empty() + !registry->oauth.has_value() < 2)
    reader.Fail(entry.position, OneCredential(here));
  const auto* place = reader.Find("url");  // that it is missing is said by Finish()
  if (registry->has_credential() && place != nullptr && reader.ok()) {
    const auto url = identity::CheckCredentialUrl(registry->url);
    if (!url.ok()) reader.Fail(place->position, View(url.status().message()));
  }
  outer->Merge(reader.Finish());
}

// Whether messages cannot be read without the schema they were written with.
bool NeedsSchema(Format format) { return format == Format::kAvro || format == Format::kProtobuf; }

// `schema_file:` or `registry:`, as far as the format knows them.
void ReadSchemaPlace(const SourceText& file, std::string_view path, ObjectReader* reader,
                     PartSpec* part) {
  const bool needed = NeedsSchema(part->format);
  if (part->format != Format::kJson && part->format != Format::kDebezium && !needed) return;
  part->schema_position = part->position;
  if (needed) reader->Text("schema_file", &part->schema_file);
  if (const auto* entry = needed ? reader->Find("schema_file") : nullptr; entry != nullptr)
    part->schema_position = entry->position;
  if (part->format == Format::kProtobuf) reader->Text("message", &part->message);
  const auto* registry = reader->Find("registry");
  if (registry != nullptr && reader->ok()) {
    part->schema_position = registry->position;
    ReadRegistry(file, path, *registry, reader, &part->registry);
  }
  if (!reader->ok() || !needed) return;
  if (part->schema_file.empty() == part->registry.empty())
    reader->Fail(part->position, SchemaFileOrRegistry(path));
}

// What fields there are, and what else the format has to know.
void ReadFields(const SourceText& file, std::string_view path, ObjectReader* reader,
                PartSpec* part) {
  const bool free = part->format == Format::kCloudEvents || NeedsSchema(part->format);
  const auto* schema =
      reader->Find("schema", free ? ObjectReader::kOptional : ObjectReader::kRequired);
  if (!reader->ok()) return;
  if (schema != nullptr)
    reader->Merge(ReadSchema(file, StrCat(path, ".schema"), *schema, &part->columns));
  ReadSchemaPlace(file, path, reader, part);
  if (part->format == Format::kDebezium || NeedsSchema(part->format)) {
    reader->Choice<SchemaChange>("on_schema_change",
                                 {{"stop", SchemaChange::kStop},
                                  {"dead_letter", SchemaChange::kDeadLetter},
                                  {"ignore_new_fields", SchemaChange::kIgnoreNewFields}},
                                 &part->on_schema_change);
  }
  if (part->format == Format::kCsv) ReadCsv(reader, part);
  if (part->format == Format::kCloudEvents) ReadCloudEvents(file, path, reader, part);
}

// A message that is one value.
void ReadValue(const SourceText& file, std::string_view path, ObjectReader* reader,
               std::string name, PartSpec* part) {
  reader->Text("name", &name);
  formats::Field field{.name = name, .type = NaturalType(part->format)};
  if (const auto* type = reader->Find("type"); type != nullptr && reader->ok()) {
    auto read = ReadField(file, path, *type);
    reader->Merge(read.status());
    if (read.ok()) {
      field = *std::move(read);
      field.name = name;
    }
  }
  part->columns.push_back(std::move(field));
}

}  // namespace

std::string_view FormatName(Format format) {
  for (const auto& [name, value] : kFormats) {
    if (value == format) return name;
  }
  return "none";
}

bool HasFields(Format format) { return format >= Format::kCsv || format == Format::kJson; }

absl::Status ReadPart(const SourceText& file, std::string_view path,
                      const ObjectReader::Entry& entry, bool is_key, PartSpec* part) {
  ObjectReader reader(file, entry.value, std::string(path), entry.position);
  part->position = entry.position;
  reader.Find("format", ObjectReader::kRequired);
  reader.Choice("format", kFormats, &part->format);
  if (reader.ok() && is_key && part->format == Format::kCloudEvents) {
    const auto* format = reader.Find("format");
    reader.Fail(format->position, NoKeyFormat(format->value.Scalar()),
                format->value.Scalar().size());
  }
  if (HasFields(part->format)) {
    ReadFields(file, path, &reader, part);
    if (!is_key && part->format == Format::kDebezium) {
      for (formats::Field& field : formats::DebeziumColumns(part->columns))
        part->columns.push_back(std::move(field));
    }
  } else {
    ReadValue(file, path, &reader, is_key ? "key" : "value", part);
  }
  return reader.Finish();
}

}  // namespace ks::pipeline
