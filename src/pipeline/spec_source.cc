// The section `from:`: one source, or several by name.
#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/text.h"
#include "pipeline/errors.h"
#include "pipeline/spec_sections.h"

namespace ks::pipeline {
namespace {

const std::vector<std::pair<std::string, Format>> kFormats = {
    {"json", Format::kJson},         {"string", Format::kString},    {"bytes", Format::kBytes},
    {"int64", Format::kInt64},       {"float64", Format::kFloat64},  {"avro", Format::kAvro},
    {"protobuf", Format::kProtobuf}, {"debezium", Format::kDebezium}};

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

// `key:` or `value:`.
absl::Status ReadPart(const SourceText& file, std::string_view path,
                      const ObjectReader::Entry& entry, bool is_key, PartSpec* part) {
  ObjectReader reader(file, entry.value, std::string(path), entry.position);
  part->position = entry.position;
  reader.Find("format", ObjectReader::kRequired);
  reader.Choice("format", kFormats, &part->format);
  const bool structured = part->format == Format::kJson;
  std::string name = is_key ? "key" : "value";
  if (!structured) {
    reader.Text("name", &name);
    formats::Field field{.name = name, .type = NaturalType(part->format)};
    if (const auto* type = reader.Find("type"); type != nullptr && reader.ok()) {
      auto read = ReadField(file, path, *type);
      reader.Merge(read.status());
      if (read.ok()) field = {.name = name, .type = read->type, .not_null = read->not_null};
    }
    part->columns.push_back(std::move(field));
  } else if (const auto* schema = reader.Find("schema", ObjectReader::kRequired);
             schema != nullptr && reader.ok()) {
    reader.Merge(ReadSchema(file, StrCat(path, ".schema"), *schema, &part->columns));
  }
  if (reader.ok() && (part->format == Format::kAvro || part->format == Format::kProtobuf ||
                      part->format == Format::kDebezium)) {
    const auto* format = reader.Find("format");
    reader.Fail(format->position, FormatNotYet(format->value.Scalar()),
                format->value.Scalar().size());
  }
  return reader.Finish();
}

void ReadStart(const SourceText& file, ObjectReader* reader, SourceSpec* source) {
  std::string start;
  reader->Text("start", &start);
  const auto* entry = reader->Find("start");
  if (entry == nullptr || !reader->ok()) return;
  sql::TimestampValue time{};
  if (start == "earliest" || start == "latest") {
    source->start = start == "earliest" ? StartAt::kEarliest : StartAt::kLatest;
  } else if (formats::ParseTimestampExact(start, &time) == formats::Parsed::kOk) {
    source->start = StartAt::kTimestamp;
    source->start_timestamp_ms = time.seconds * 1000 + time.nanos / 1000000;
  } else {
    reader->Merge(file.Error(entry->position, ExpectedTimestamp(reader->PathOf("start"), start),
                             start.size()));
  }
}

void ReadTopics(ObjectReader* reader, SourceSpec* source) {
  std::string topic;
  reader->Text("topic", &topic);
  if (!topic.empty()) source->topics.push_back(topic);
  const auto* topics = reader->Find("topics");
  if (topics == nullptr || !reader->ok()) return;
  if (!topic.empty())
    return reader->Fail(topics->name_position, TopicAndTopics(), topics->name.size());
  if (!topics->value.IsSequence() || topics->value.size() == 0) {
    return reader->Fail(topics->position,
                        ExpectedList(reader->PathOf("topics"), DescribeNode(topics->value)));
  }
  for (const auto& each : topics->value) {
    if (!each.IsScalar() || each.Scalar().empty()) {
      return reader->Fail(PositionOf(each.Mark()),
                          ExpectedText(reader->PathOf("topics"), DescribeNode(each)));
    }
    source->topics.push_back(each.Scalar());
  }
}

void ReadProperties(const SourceText& file, ObjectReader* reader, SourceSpec* source) {
  const auto* properties = reader->Find("properties");
  if (properties == nullptr || !reader->ok()) return;
  ObjectReader names(file, properties->value, reader->PathOf("properties"), properties->position);
  for (const ObjectReader::Entry& entry : names.entries()) {
    if (!entry.value.IsScalar()) {
      names.Fail(entry.position, ExpectedText(names.PathOf(entry.name), DescribeNode(entry.value)));
      break;
    }
    if (const std::string_view field = FieldOfProperty(entry.name); !field.empty()) {
      names.Fail(entry.name_position, PropertyHasField(entry.name, field), entry.name.size());
      break;
    }
    source->properties[entry.name] = entry.value.Scalar();
  }
  reader->Merge(names.FinishOpen());
}

// Settings that a source and the shared section both may have.
void ReadConnection(const SourceText& file, ObjectReader* reader, SourceSpec* source) {
  reader->Text("brokers", &source->brokers);
  ReadStart(file, reader, source);
  int64_t lanes = source->lanes;
  reader->Number("lanes", 1, kPipelineLanesMax, &lanes);
  source->lanes = static_cast<int>(lanes);
  reader->Choice<bool>("on_data_loss", {{"stop", false}, {"continue", true}},
                       &source->continue_on_data_loss);
  ReadKafkaSecurity(file, reader, &source->security);
  ReadProperties(file, reader, source);
}

absl::Status ReadKafka(const SourceText& file, std::string_view path,
                       const ObjectReader::Entry& entry, SourceSpec* source) {
  ObjectReader reader(file, entry.value, std::string(path), entry.position);
  ReadConnection(file, &reader, source);
  ReadTopics(&reader, source);
  KS_RETURN_IF_ERROR(reader.Finish());
  if (source->brokers.empty()) return file.Error(entry.position, MissingRequired(path, "brokers"));
  if (source->topics.empty()) return file.Error(entry.position, MissingRequired(path, "topic"));
  return absl::OkStatus();
}

absl::Status CheckColumns(const SourceText& file, const SourceSpec& source) {
  for (const PartSpec* part : {&source.key, &source.value}) {
    for (size_t i = 0; i < part->columns.size(); ++i) {
      const std::string& name = part->columns[i].name;
      if (name.empty() || name.starts_with("_"))
        return file.Error(part->position, ReservedName(name));
      for (size_t j = 0; j < i; ++j) {
        if (part->columns[j].name == name)
          return file.Error(part->position, RepeatedField("schema", name));
      }
    }
  }
  return absl::OkStatus();
}

// The fields of a source. `path` is "from" or "from.NAME".
absl::Status ReadSource(const SourceText& file, std::string_view path,
                        const ObjectReader::Entry& entry, SourceSpec* source) {
  ObjectReader reader(file, entry.value, std::string(path), entry.position);
  const auto* kafka = reader.Find("kafka", ObjectReader::kRequired);
  const auto* key = reader.Find("key");
  const auto* value = reader.Find("value", ObjectReader::kRequired);
  KS_RETURN_IF_ERROR(reader.Finish());
  source->position = entry.position;
  KS_RETURN_IF_ERROR(ReadKafka(file, StrCat(path, ".kafka"), *kafka, source));
  if (key != nullptr)
    KS_RETURN_IF_ERROR(ReadPart(file, StrCat(path, ".key"), *key, true, &source->key));
  KS_RETURN_IF_ERROR(ReadPart(file, StrCat(path, ".value"), *value, false, &source->value));
  return CheckColumns(file, *source);
}

}  // namespace

std::string_view FormatName(Format format) {
  for (const auto& [name, value] : kFormats) {
    if (value == format) return name;
  }
  return "none";
}

absl::Status ReadSources(const SourceText& file, const ObjectReader::Entry* shared,
                         const ObjectReader::Entry& from, std::vector<SourceSpec>* sources) {
  SourceSpec defaults;
  if (shared != nullptr) {
    ObjectReader reader(file, shared->value, "kafka", shared->position);
    ReadConnection(file, &reader, &defaults);
    KS_RETURN_IF_ERROR(reader.Finish());
  }
  ObjectReader reader(file, from.value, "from", from.position);
  KS_RETURN_IF_ERROR(reader.FinishOpen());
  const auto& entries = reader.entries();
  if (entries.empty()) return file.Error(from.position, EmptySection("from"));
  // A single source has the fields of a source; anything else is a map of names to such.
  const bool single =
      std::any_of(entries.begin(), entries.end(), [](const ObjectReader::Entry& entry) {
        return entry.name == "kafka" ||
               (entry.name == "value" &&
                !(entry.value.IsMap() && entry.value["value"].IsDefined()));
      });
  if (single) {
    sources->push_back(defaults);
    KS_RETURN_IF_ERROR(ReadSource(file, "from", from, &sources->back()));
    sources->back().name = sources->back().topics.front();
    return absl::OkStatus();
  }
  for (const ObjectReader::Entry& entry : entries) {
    sources->push_back(defaults);
    sources->back().name = entry.name;
    KS_RETURN_IF_ERROR(ReadSource(file, StrCat("from.", entry.name), entry, &sources->back()));
  }
  return absl::OkStatus();
}

}  // namespace ks::pipeline
