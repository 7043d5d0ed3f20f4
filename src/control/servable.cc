#include "control/servable.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "governance/policy/policy.h"
#include "pipeline/yaml_reader.h"

namespace ks::control {
namespace {

// What a pipeline says of a Kafka beside which connection it is.
constexpr const char* kKafkaFields[] = {"topic", "topics", "start", "lanes"};

bool IsKafkaField(const std::string& name) {
  return std::any_of(std::begin(kKafkaFields), std::end(kKafkaFields),
                     [&](const char* known) { return name == known; });
}

absl::Status CheckKafka(const YAML::Node& kafka) {
  if (!kafka.IsMap()) return absl::OkStatus();  // the parser's to say
  for (const auto& field : kafka) {
    const std::string name = field.first.IsScalar() ? field.first.Scalar() : "";
    if (!IsKafkaField(name)) return ServersOwn(StrCat("from.kafka.", name));
  }
  return absl::OkStatus();
}

absl::Status CheckText(const YAML::Node& root) {
  if (!root.IsMap()) return absl::OkStatus();
  for (const char* name : {"kafka", "audit"}) {
    if (root[name].IsDefined()) return ServersOwn(name);
  }
  const YAML::Node from = root["from"];
  // One that is not there may be asked for nothing else.
  if (!from.IsDefined() || !from.IsMap()) return absl::OkStatus();
  if (from["kafka"].IsDefined()) return CheckKafka(from["kafka"]);
  for (const auto& source : from) {
    if (source.second.IsMap() && source.second["kafka"].IsDefined())
      KS_RETURN_IF_ERROR(CheckKafka(source.second["kafka"]));
  }
  return absl::OkStatus();
}

absl::Status CheckPart(const pipeline::PartSpec& part) {
  if (!part.schema_file.empty()) return ServersOwn("a schema in a file");
  if (!part.registry.empty()) return ServersOwn("a schema registry");
  return absl::OkStatus();
}

absl::Status CheckSpec(const pipeline::PipelineSpec& spec, const ServedConnections& connections) {
  for (const pipeline::SourceSpec& source : spec.sources) {
    KS_RETURN_IF_ERROR(CheckPart(source.key));
    KS_RETURN_IF_ERROR(CheckPart(source.value));
  }
  if (!spec.target.endpoint.empty()) return ServersOwn("to.spanner.endpoint");
  const bool known = std::any_of(connections.databases.begin(), connections.databases.end(),
                                 [&](const std::string& pattern) {
                                   return governance::NameMatches(pattern, spec.target.database);
                                 });
  return known ? absl::OkStatus() : DatabaseNotServed(spec.target.database);
}

// The server's own section, a level deeper.
std::string Indented(const std::string& text) {
  std::string out;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    StrAppend(&out, "  ", text.substr(begin, end - begin), "\n");
    begin = end + 1;
  }
  return out;
}

}  // namespace

absl::StatusOr<pipeline::PipelineSpec> MakeServable(const std::string& name,
                                                    const std::string& text,
                                                    const ServedConnections& connections) {
  const std::string file_name = StrCat(name, ".yaml");
  {
    const pipeline::SourceText source(file_name, text);
    KS_ASSIGN_OR_RETURN(const YAML::Node root, pipeline::LoadYaml(source));
    KS_RETURN_IF_ERROR(CheckText(root));
  }
  KS_ASSIGN_OR_RETURN(
      pipeline::PipelineSpec spec,
      pipeline::ParsePipeline(file_name, StrCat(text, "\nkafka:\n", Indented(connections.kafka))));
  if (spec.name != name) return OtherName(name, spec.name);
  KS_RETURN_IF_ERROR(CheckSpec(spec, connections));
  return spec;
}

}  // namespace ks::control
