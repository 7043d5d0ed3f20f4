#include "pipeline/pipeline_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/str_cat.h"

namespace ks::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kBegin =
    R"(# The pipeline file, field by field

Made from `src/pipeline/pipeline.schema.json` by `kafka-spanner doc pipeline-file`. The JSON Schema
itself is printed by

    kafka-spanner schema > pipeline.schema.json

With `# yaml-language-server: $schema=pipeline.schema.json` as the first line of a pipeline file,
editors complete and check it. What only the tables and the SQL can tell, `kafka-spanner plan` says.
Files to begin with: `examples/`, and `kafka-spanner init`.
)";

class Page {
 public:
  explicit Page(const Json& root) : root_(root) {}

  std::string Make() {
    Section("The file", root_);
    for (const auto& [name, definition] : root_["$defs"].items()) {
      for (const Json* object : ObjectsOf(definition)) {
        Section(StrCat("`", name, "`"), *object, Text(definition));
      }
      if (ObjectsOf(definition).empty()) {
        text_ += StrCat("\n## `", name, "`\n\n", Text(definition), Values(definition), "\n");
      }
    }
    return StrCat(kBegin, text_);
  }

 private:
  static std::string Text(const Json& node) { return node.value("description", ""); }

  // The objects with fields that `node` is, or may be.
  static std::vector<const Json*> ObjectsOf(const Json& node) {
    std::vector<const Json*> objects;
    if (node.contains("properties")) objects.push_back(&node);
    if (!node.contains("oneOf")) return objects;
    for (const Json& choice : node["oneOf"]) {
      if (choice.contains("properties")) objects.push_back(&choice);
    }
    return objects;
  }

  static std::string Values(const Json& node) {
    std::string text;
    if (node.contains("enum")) {
      for (const Json& value : node["enum"]) {
        text += StrCat(text.empty() ? "" : ", ", "`", value.get<std::string>(), "`");
      }
      text = StrCat(" One of ", text, ".");
    }
    if (node.contains("minimum") && node.contains("maximum")) {
      text += StrCat(" ", node["minimum"].dump(), " to ", node["maximum"].dump(), ".");
    }
    if (node.contains("default")) {
      const Json& value = node["default"];
      text += StrCat(" Without it: `", value.is_string() ? value.get<std::string>() : value.dump(),
                     "`.");
    }
    return text;
  }

  // What stands in a field, with links to what is told elsewhere.
  std::string What(const Json& field) const {
    std::string text = Text(field);
    const auto link = [&](const Json& node) {
      const std::string name = node["$ref"].get<std::string>().substr(8);  // #/$defs/
      if (text.empty()) text = Text(root_["$defs"][name]);
      return StrCat(" ([`", name, "`](#", name, "))");
    };
    std::string links;
    if (field.contains("$ref")) links += link(field);
    if (field.contains("anyOf") && field["anyOf"][0].contains("$ref"))
      links += link(field["anyOf"][0]);
    const Json* others =
        field.contains("additionalProperties") ? &field["additionalProperties"] : nullptr;
    if (others != nullptr && others->is_object() && others->contains("$ref"))
      links += link(*others);
    return StrCat(text, Values(field), links);
  }

  void Section(const std::string& title, const Json& object, std::string text = {}) {
    if (text.empty()) text = Text(object);
    text_ += StrCat("\n## ", title, "\n\n", text, "\n\n| field | what |\n| --- | --- |\n");
    Fields("", object);
  }

  void Fields(const std::string& prefix, const Json& object) {
    const Json required = object.value("required", Json::array());
    for (const auto& [name, field] : object["properties"].items()) {
      const bool needed = std::find(required.begin(), required.end(), name) != required.end();
      text_ +=
          StrCat("| `", prefix, name, "`", needed ? " (required)" : "", " | ", What(field), " |\n");
      if (field.contains("properties")) Fields(StrCat(prefix, name, "."), field);
      if (field.contains("items") && field["items"].contains("properties"))
        Fields(StrCat(prefix, name, "[]."), field["items"]);
    }
  }

  const Json& root_;
  std::string text_;
};

}  // namespace

std::string PipelineFileMarkdown() {
  const Json root = Json::parse(PipelineSchema());
  return Page(root).Make();
}

}  // namespace ks::pipeline
