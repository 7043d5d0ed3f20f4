#include "cli/dev/dev_file.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "base/nearest_name.h"
#include "base/str_cat.h"

namespace ks::cli {
namespace {

absl::Status Wrong(const std::string& path, const YAML::Node& node, const std::string& what) {
  return absl::InvalidArgumentError(
      StrCat(path, ":", node.Mark().line + 1, ":", node.Mark().column + 1, ": ", what));
}

absl::StatusOr<LoadSpec> ParseLoad(const std::string& path, const YAML::Node& node,
                                   const std::string& directory) {
  LoadSpec load;
  for (const auto& entry : node) {
    const auto field = entry.first.as<std::string>();
    if (field == "topic") {
      load.topic = entry.second.as<std::string>();
    } else if (field == "partitions") {
      load.partitions = entry.second.as<int>();
    } else if (field == "csv" || field == "jsonl") {
      load.csv = field == "csv";
      load.file =
          (std::filesystem::path(directory) / entry.second.as<std::string>()).lexically_normal();
    } else if (field == "null") {
      load.null_text = entry.second.as<std::string>();
    } else if (field == "key") {
      load.key = entry.second.as<std::string>();
    } else {
      const std::string near =
          NearestName(field, {"topic", "partitions", "csv", "jsonl", "null", "key"});
      return Wrong(path, entry.first,
                   StrCat("unknown field `", field, "`",
                          near.empty() ? "" : StrCat("; did you mean `", near, "`?")));
    }
  }
  if (load.topic.empty() || load.file.empty())
    return Wrong(path, node, "a load needs `topic:` and `csv:` or `jsonl:`");
  return load;
}

}  // namespace

absl::StatusOr<DevFile> ReadDevFile(const std::string& pipeline_path) {
  DevFile file;
  file.directory = std::filesystem::path(pipeline_path).parent_path();
  if (file.directory.empty()) file.directory = ".";
  const std::string path = std::filesystem::path(file.directory) / "dev.yaml";
  if (!std::filesystem::exists(path)) return file;
  try {
    const YAML::Node root = YAML::LoadFile(path);
    for (const auto& node : root["load"]) {
      auto load = ParseLoad(path, node, file.directory);
      if (!load.ok()) return load.status();
      file.loads.push_back(*std::move(load));
    }
    for (const auto& word : root["check"]) file.check.push_back(word.as<std::string>());
    if (root["try"]) file.try_sql = root["try"].as<std::string>();
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(StrCat(path, ": ", error.what()));
  }
  return file;
}

}  // namespace ks::cli
