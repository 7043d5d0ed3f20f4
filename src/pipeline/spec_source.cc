// The section `from:`: one source, or several by name; its `key:` and `value:` stand in
// spec_format.cc.
#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/text.h"
#include "pipeline/errors.h"
#include "pipeline/spec_sections.h"

namespace ks::pipeline {
namespace {

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
      const bool own = part->format == Format::kDebezium;  // has columns of its own
      if (name.empty() || (name.starts_with("_") && !own))
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

absl::StatusOr<KafkaTopic> ReadKafkaTopic(const SourceText& file, std::string_view path,
                                          const ObjectReader::Entry& entry) {
  ObjectReader reader(file, entry.value, std::string(path), entry.position);
  SourceSpec source;
  KafkaTopic topic;
  reader.Text("brokers", &source.brokers, ObjectReader::kRequired);
  reader.Text("topic", &topic.topic, ObjectReader::kRequired);
  ReadKafkaSecurity(file, &reader, &source.security);
  ReadProperties(file, &reader, &source);
  KS_RETURN_IF_ERROR(reader.Finish());
  topic.brokers = source.brokers;
  topic.security = source.security;
  topic.properties = source.properties;
  return topic;
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
