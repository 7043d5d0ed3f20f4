// A JSON value as a tree, for functions that change it. Those that only look use json_scan.h.
//
// Thread safety: a plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ks::sql {

struct JsonTree {
  enum class Kind : uint8_t { kScalar, kArray, kObject };
  Kind kind = Kind::kScalar;
  std::string scalar = "null";  // its JSON text
  std::string key;              // of a member of an object, unescaped
  std::vector<JsonTree> members;

  bool IsNull() const { return kind == Kind::kScalar && scalar == "null"; }
  // Of an object; null when it has no such field.
  JsonTree* Field(std::string_view name);
  std::optional<double> Number() const;
  // Compact JSON text.
  void Append(std::string* out) const;
};

// `text` is well-formed; nesting is bounded by kJsonDepthMax of types/limits.h.
JsonTree ParseJsonTree(std::string_view text);

}  // namespace ks::sql
