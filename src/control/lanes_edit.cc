#include "control/lanes_edit.h"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "identity/json.h"
#include "pipeline/limits.h"
#include "pipeline/yaml_reader.h"

namespace ks::control {
namespace {

constexpr char kBody[] = R"({"lanes": 4, "source": "where there are several"})";

bool IsMap(const YAML::Node& node) { return node.IsDefined() && node.IsMap(); }

// The `kafka:` section that is meant; not defined where it is not clear.
YAML::Node KafkaOf(const YAML::Node& root, const std::string& source) {
  const YAML::Node none(YAML::NodeType::Undefined);
  if (!IsMap(root) || !IsMap(root["from"])) return none;
  const YAML::Node from = root["from"];
  if (from["kafka"].IsDefined()) return source.empty() ? from["kafka"] : none;
  if (source.empty() && from.size() != 1) return none;
  const YAML::Node chosen = source.empty() ? from.begin()->second : from[source];
  return IsMap(chosen) ? chosen["kafka"] : none;
}

}  // namespace

absl::StatusOr<LanesEdit> LanesEditOf(const nlohmann::json& options) {
  const nlohmann::json lanes = identity::Member(options, "lanes");
  if (!lanes.is_number_unsigned() || lanes == 0 || lanes > pipeline::kPipelineLanesMax)
    return BadBody(kBody);
  return LanesEdit{lanes.get<int64_t>(), identity::TextOf(options, "source")};
}

absl::StatusOr<std::string> WithLanes(const std::string& name, const std::string& file,
                                      const LanesEdit& edit) {
  const pipeline::SourceText source(StrCat(name, ".yaml"), file);
  KS_ASSIGN_OR_RETURN(const YAML::Node root, pipeline::LoadYaml(source));
  const YAML::Node kafka = KafkaOf(root, edit.source);
  if (!IsMap(kafka) || kafka.size() == 0) return NoSourceForLanes(edit.source);
  std::string edited = file;
  if (const YAML::Node lanes = kafka["lanes"]; lanes.IsDefined()) {
    if (!lanes.IsScalar()) return NoSourceForLanes(edit.source);
    edited.replace(static_cast<size_t>(lanes.Mark().pos), lanes.Scalar().size(),
                   StrCat(edit.lanes));
    return edited;
  }
  // Before the first field, which a map in braces and one of lines have at the same place.
  const auto first = static_cast<size_t>(kafka.begin()->first.Mark().pos);
  const size_t line = file.rfind('\n', first) + 1;
  const bool braces = kafka.Style() == YAML::EmitterStyle::Flow;
  edited.insert(first, braces
                           ? StrCat("lanes: ", edit.lanes, ", ")
                           : StrCat("lanes: ", edit.lanes, "\n", std::string(first - line, ' ')));
  return edited;
}

}  // namespace ks::control
