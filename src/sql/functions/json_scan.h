// Finding values in JSON text without building a tree.
//
// All functions work on text that may be malformed (a STRING given to JSON_VALUE); they answer
// false or nullopt then and never read past the end. Text of a JSON value is normalized, so pieces
// of it are JSON values as they stand. No allocation except where said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sql/types/arena.h"

namespace ks::sql {

// One step of a JSONPath: a field or an element.
struct JsonStep {
  std::string key;
  int64_t index = 0;
  bool is_index = false;
};
using JsonPath = std::vector<JsonStep>;
// `$`, `$.a."b.c"[0]`.
// https://cloud.google.com/spanner/docs/reference/standard-sql/json_functions#JSONPath_format
absl::StatusOr<JsonPath> ParseJsonPath(std::string_view path);

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  // The value at the path as it stands in the text. nullopt: there is none, or the text up to it is
  // malformed. Of equal keys the first counts.
  std::optional<std::string_view> Find(const JsonPath& path);
  // The elements of the array that the text is, without spaces around them; false when it is none.
  bool Elements(std::vector<std::string_view>* elements);
  // Keys (with quotes) and values of the object that the text is.
  bool Fields(std::vector<std::pair<std::string_view, std::string_view>>* fields);
  // The whole text is one well-formed value.
  bool Valid();

 private:
  void SkipSpace();
  bool Skip(char c);
  bool SkipString();
  bool SkipNumber();
  bool SkipWord(std::string_view word);
  bool SkipValue(int depth);
  bool EnterField(const std::string& key);
  bool EnterElement(int64_t index);

  std::string_view text_;
  size_t at_ = 0;
};

// What a JSON string (with its quotes) says. Copies into the arena only when there are escapes.
std::string_view UnescapeJsonString(std::string_view quoted, Arena& arena);
// The value without spaces and with Spanner's escapes; `value` is well-formed.
void AppendCompactJson(std::string_view value, std::string* out);
// With line breaks and two spaces a level; `value` is compact and well-formed.
void AppendPrettyJson(std::string_view value, std::string* out);

}  // namespace ks::sql
