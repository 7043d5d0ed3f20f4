// ObjectReader: one mapping of a YAML file, read field by field.
//
// The reader learns which fields there are from what it is asked, so Finish() can name the nearest
// to an unknown one. The first error is kept and everything after it does nothing, so callers check
// once, at the end. Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "identity/secret_reference.h"
#include "pipeline/source_text.h"

namespace ks::pipeline {

// Where a YAML node begins in the file.
FilePosition PositionOf(const YAML::Mark& mark);
// The file as YAML; INVALID_ARGUMENT with the place where it is none, or too large.
absl::StatusOr<YAML::Node> LoadYaml(const SourceText& file);
// What a node is, in words: "a list", "nothing", "`abc`".
std::string DescribeNode(const YAML::Node& node);

class ObjectReader {
 public:
  struct Entry {
    std::string name;
    YAML::Node value;
    FilePosition name_position;
    FilePosition position;  // of the value
  };

  // `path` is how errors call this mapping: "from.kafka"; empty for the file.
  ObjectReader(const SourceText& file, const YAML::Node& node, std::string path,
               FilePosition position);

  enum Presence : uint8_t { kOptional, kRequired };

  // Each leaves `out` alone when the field is absent.
  void Text(std::string_view name, std::string* out, Presence presence = kOptional);
  // A secret by reference; what is no reference is refused, without showing it.
  void Secret(std::string_view name, identity::SecretReference* out, Presence presence = kOptional);
  void Number(std::string_view name, int64_t min, int64_t max, int64_t* out);
  void Bytes(std::string_view name, int64_t min, int64_t max, int64_t* out);  // 8MiB, 64MB, 100000
  void DurationMs(std::string_view name, int64_t min, int64_t max,
                  int64_t* out);  // 500ms, 30s, 5m, 1h
  template <typename E>
  void Choice(std::string_view name, const std::vector<std::pair<std::string, E>>& choices,
              E* out) {
    std::vector<std::string> names;
    for (const auto& [word, unused] : choices) names.push_back(word);
    const int index = ChoiceIndex(name, names);
    if (index >= 0) *out = choices[static_cast<size_t>(index)].second;
  }
  // A field that the caller reads itself; null when absent.
  const Entry* Find(std::string_view name, Presence presence = kOptional);
  // Every entry: for mappings whose names are free.
  const std::vector<Entry>& entries() const { return entries_; }

  std::string PathOf(std::string_view name) const;
  void Fail(FilePosition at, std::string_view message, size_t length = 1);
  void Merge(const absl::Status& status);
  bool ok() const { return status_.ok(); }

  // The first error. Unknown fields come before missing ones: the one is most likely the other,
  // mistyped.
  absl::Status Finish();
  // The same without a look for unknown fields.
  absl::Status FinishOpen() const { return status_.ok() ? missing_ : status_; }

 private:
  int ChoiceIndex(std::string_view name, const std::vector<std::string>& choices);
  // The field as text; null when absent or an error.
  const Entry* Scalar(std::string_view name);

  const SourceText& file_;
  const std::string path_;
  const FilePosition position_;
  std::vector<Entry> entries_;
  std::vector<std::string> known_;
  absl::Status status_;
  absl::Status missing_;
};

}  // namespace ks::pipeline
