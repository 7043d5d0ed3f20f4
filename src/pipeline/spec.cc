#include "pipeline/spec.h"

#include <algorithm>

#include <yaml-cpp/yaml.h>

#include "base/nearest_name.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/text.h"
#include "pipeline/errors.h"
#include "pipeline/spec_sections.h"
#include "pipeline/yaml_reader.h"

namespace ks::pipeline {
namespace {

const std::vector<std::pair<std::string, Policy>> kPolicies = {
    {"dead_letter", Policy::kDeadLetter}, {"skip", Policy::kSkip}, {"stop", Policy::kStop}};

absl::Status ReadTarget(const SourceText& file, const ObjectReader::Entry& to, TargetSpec* target) {
  ObjectReader reader(file, to.value, "to", to.position);
  const ObjectReader::Entry* spanner = reader.Find("spanner", ObjectReader::kRequired);
  KS_RETURN_IF_ERROR(reader.Finish());
  ObjectReader fields(file, spanner->value, "to.spanner", spanner->position);
  fields.Text("database", &target->database, ObjectReader::kRequired);
  fields.Text("role", &target->role);
  fields.Text("endpoint", &target->endpoint);
  fields.Choice<Evolve>("evolve", {{"never", Evolve::kNever}, {"add_columns", Evolve::kAddColumns}},
                        &target->evolve);
  target->position = spanner->position;
  if (const auto* database = fields.Find("database"); database != nullptr && fields.ok()) {
    const std::string& name = target->database;
    const bool full = name.starts_with("projects/") &&
                      name.find("/instances/") != std::string::npos &&
                      name.find("/databases/") != std::string::npos;
    if (!full) fields.Fail(database->position, ExpectedDatabase(name), name.size());
  }
  return fields.Finish();
}

absl::Status ReadAssert(const SourceText& file, const YAML::Node& node, size_t index,
                        PipelineSpec* spec) {
  AssertSpec assertion;
  const FilePosition position = PositionOf(node.Mark());
  ObjectReader reader(file, node, StrCat("assert[", index, "]"), position);
  reader.Text("check", &assertion.check.text, ObjectReader::kRequired);
  reader.Choice("else", kPolicies, &assertion.otherwise);
  reader.Text("message", &assertion.message);
  reader.Text("from", &assertion.from);
  if (const auto* check = reader.Find("check")) assertion.check.position = check->position;
  KS_RETURN_IF_ERROR(reader.Finish());
  spec->asserts.push_back(std::move(assertion));
  return absl::OkStatus();
}

absl::Status ReadAsserts(const SourceText& file, const ObjectReader::Entry& entry,
                         PipelineSpec* spec) {
  if (!entry.value.IsSequence()) {
    return file.Error(entry.position, ExpectedList("assert", DescribeNode(entry.value)));
  }
  for (size_t i = 0; i < entry.value.size(); ++i)
    KS_RETURN_IF_ERROR(ReadAssert(file, entry.value[i], i, spec));
  return absl::OkStatus();
}

absl::Status ReadTable(const SourceText& file, const ObjectReader::Entry& entry, TableSpec* table) {
  table->name = entry.name;
  table->position = entry.name_position;
  const std::string path = StrCat("tables.", entry.name);
  if (entry.value.IsScalar()) {
    table->select = {entry.value.Scalar(), entry.position};
  } else {
    ObjectReader reader(file, entry.value, path, entry.position);
    reader.Text("select", &table->select.text, ObjectReader::kRequired);
    if (const auto* select = reader.Find("select")) table->select.position = select->position;
    // Without GROUP BY a snapshot, with it an aggregate: what is written here is checked against
    // the SELECT later.
    reader.Choice<std::optional<TableMode>>("mode",
                                            {{"snapshot", TableMode::kSnapshot},
                                             {"append", TableMode::kAppend},
                                             {"aggregate", TableMode::kAggregate}},
                                            &table->mode);
    reader.Text("order_by", &table->order_by);
    if (const auto* order = reader.Find("order_by")) table->order_by_position = order->position;
    reader.Choice<std::optional<Tombstones>>("tombstones",
                                             {{"delete", Tombstones::kDelete},
                                              {"ignore", Tombstones::kIgnore},
                                              {"dead_letter", Tombstones::kDeadLetter}},
                                             &table->tombstones);
    reader.Choice<std::optional<Over>>("over", {{"rows", Over::kRows}, {"changes", Over::kChanges}},
                                       &table->over);
    reader.Choice<Merge>("merge",
                         {{"partials", Merge::kPartials}, {"transaction", Merge::kTransaction}},
                         &table->merge);
    KS_RETURN_IF_ERROR(reader.Finish());
  }
  if (table->select.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return file.Error(entry.name_position, ExpectedSelect(path), entry.name.size());
  }
  return absl::OkStatus();
}

absl::Status ReadTables(const SourceText& file, const ObjectReader::Entry& entry,
                        PipelineSpec* spec) {
  ObjectReader reader(file, entry.value, "tables", entry.position);
  KS_RETURN_IF_ERROR(reader.FinishOpen());
  for (const ObjectReader::Entry& table : reader.entries()) {
    spec->tables.emplace_back();
    KS_RETURN_IF_ERROR(ReadTable(file, table, &spec->tables.back()));
  }
  if (spec->tables.empty()) return file.Error(entry.position, EmptySection("tables"));
  return absl::OkStatus();
}

absl::Status ReadLimits(const SourceText& file, const ObjectReader::Entry& entry,
                        PipelineSpec* spec) {
  ObjectReader reader(file, entry.value, "limits", entry.position);
  if (const auto* batch = reader.Find("batch"); batch != nullptr && reader.ok()) {
    ObjectReader fields(file, batch->value, "limits.batch", batch->position);
    fields.Number("records", 1, kBatchRecordsMax, &spec->batch.records);
    fields.Bytes("bytes", 1024, kBatchBytesMax, &spec->batch.bytes);
    fields.Number("mutations", 100, kBatchMutationsMax, &spec->batch.mutations);
    reader.Merge(fields.Finish());
  }
  reader.Bytes("memory", kMemoryBytesMin, kMemoryBytesMax, &spec->memory_bytes);
  if (const auto* letters = reader.Find("dead_letters"); letters != nullptr && reader.ok()) {
    ObjectReader fields(file, letters->value, "limits.dead_letters", letters->position);
    fields.Number("max", 0, INT64_MAX, &spec->breaker.max);
    fields.DurationMs("within", 1000, 86400000, &spec->breaker.window_ms);
    reader.Merge(fields.Finish());
  }
  return reader.Finish();
}

// What a file alone shows about names in it.
absl::Status CheckNames(const SourceText& file, const ObjectReader::Entry& name,
                        const PipelineSpec& spec) {
  const bool plain = std::all_of(spec.name.begin(), spec.name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  });
  if (!plain || spec.name.size() > kPipelineNameBytesMax) {
    return file.Error(name.position, ExpectedPipelineName(spec.name), spec.name.size());
  }
  std::vector<std::string> sources;
  for (const SourceSpec& source : spec.sources) sources.push_back(source.name);
  for (const AssertSpec& assertion : spec.asserts) {
    if (assertion.from.empty() ||
        std::find(sources.begin(), sources.end(), assertion.from) != sources.end())
      continue;
    return file.Error(assertion.check.position, UnknownSource(assertion.from, sources));
  }
  return absl::OkStatus();
}

absl::StatusOr<PipelineSpec> ReadPipeline(std::shared_ptr<const SourceText> source,
                                          const YAML::Node& root) {
  const SourceText& file = *source;
  PipelineSpec spec;
  spec.file = std::move(source);
  ObjectReader reader(file, root, "",
                      root.Mark().is_null() ? FilePosition{1, 1} : PositionOf(root.Mark()));
  reader.Text("pipeline", &spec.name, ObjectReader::kRequired);
  const ObjectReader::Entry* name = reader.Find("pipeline");
  const ObjectReader::Entry* kafka = reader.Find("kafka");
  const ObjectReader::Entry* from = reader.Find("from", ObjectReader::kRequired);
  const ObjectReader::Entry* to = reader.Find("to", ObjectReader::kRequired);
  const ObjectReader::Entry* asserts = reader.Find("assert");
  const ObjectReader::Entry* tables = reader.Find("tables", ObjectReader::kRequired);
  const ObjectReader::Entry* limits = reader.Find("limits");
  const ObjectReader::Entry* audit = reader.Find("audit");
  reader.Choice("on_error", kPolicies, &spec.on_error);
  bool continue_on_data_loss = false;
  reader.Choice<bool>("on_data_loss", {{"stop", false}, {"continue", true}},
                      &continue_on_data_loss);
  KS_RETURN_IF_ERROR(reader.Finish());
  KS_RETURN_IF_ERROR(ReadSources(file, kafka, *from, &spec.sources));
  if (continue_on_data_loss) {
    for (SourceSpec& each : spec.sources) each.continue_on_data_loss = true;
  }
  KS_RETURN_IF_ERROR(ReadTarget(file, *to, &spec.target));
  if (asserts != nullptr) KS_RETURN_IF_ERROR(ReadAsserts(file, *asserts, &spec));
  KS_RETURN_IF_ERROR(ReadTables(file, *tables, &spec));
  if (limits != nullptr) KS_RETURN_IF_ERROR(ReadLimits(file, *limits, &spec));
  if (audit != nullptr) {
    KS_ASSIGN_OR_RETURN(spec.audit, ReadAudit(file, *audit));
  }
  KS_RETURN_IF_ERROR(CheckNames(file, *name, spec));
  return spec;
}

}  // namespace

std::string_view PolicyName(Policy policy) {
  for (const auto& [name, value] : kPolicies) {
    if (value == policy) return name;
  }
  return "dead_letter";
}

std::string_view ModeName(TableMode mode) {
  switch (mode) {
    case TableMode::kSnapshot:
      return "snapshot";
    case TableMode::kAppend:
      return "append";
    case TableMode::kAggregate:
      return "aggregate";
  }
  return "snapshot";
}

absl::StatusOr<PipelineSpec> ParsePipeline(std::string file_name, std::string text) {
  auto source = std::make_shared<const SourceText>(std::move(file_name), std::move(text));
  KS_ASSIGN_OR_RETURN(const YAML::Node root, LoadYaml(*source));
  return ReadPipeline(std::move(source), root);
}

absl::StatusOr<KafkaTopic> ParseKafkaTopic(std::string file_name, std::string text) {
  const SourceText file(std::move(file_name), std::move(text));
  KS_ASSIGN_OR_RETURN(const YAML::Node root, LoadYaml(file));
  ObjectReader reader(file, root, "",
                      root.Mark().is_null() ? FilePosition{1, 1} : PositionOf(root.Mark()));
  const ObjectReader::Entry* kafka = reader.Find("kafka", ObjectReader::kRequired);
  KS_RETURN_IF_ERROR(reader.Finish());
  return ReadKafkaTopic(file, "kafka", *kafka);
}

}  // namespace ks::pipeline
