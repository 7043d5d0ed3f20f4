#include "sql/functions/json_tree.h"

#include <charconv>
#include <utility>

#include "sql/functions/json_scan.h"
#include "sql/types/json_text.h"

namespace ks::sql {

JsonTree* JsonTree::Field(std::string_view name) {
  for (JsonTree& member : members) {
    if (member.key == name) return &member;
  }
  return nullptr;
}

std::optional<double> JsonTree::Number() const {
  double value = 0;
  const auto [end, error] = std::from_chars(scalar.data(), scalar.data() + scalar.size(), value);
  if (kind != Kind::kScalar || error != std::errc()) return std::nullopt;
  return value;
}

void JsonTree::Append(std::string* out) const {
  if (kind == Kind::kScalar) {
    *out += scalar;
    return;
  }
  const bool object = kind == Kind::kObject;
  out->push_back(object ? '{' : '[');
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out->push_back(',');
    if (object) {
      AppendJsonString(members[i].key, out);
      out->push_back(':');
    }
    members[i].Append(out);
  }
  out->push_back(object ? '}' : ']');
}

JsonTree ParseJsonTree(std::string_view text) {
  JsonTree tree;
  std::vector<std::string_view> elements;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  if (text.starts_with('[') && JsonScanner(text).Elements(&elements)) {
    tree.kind = JsonTree::Kind::kArray;
    for (const std::string_view element : elements) {
      tree.members.push_back(ParseJsonTree(element));
    }
  } else if (text.starts_with('{') && JsonScanner(text).Fields(&fields)) {
    tree.kind = JsonTree::Kind::kObject;
    Arena arena;
    for (const auto& [name, value] : fields) {
      tree.members.push_back(ParseJsonTree(value));
      tree.members.back().key = std::string(UnescapeJsonString(name, arena));
    }
  } else {
    tree.scalar = std::string(text);
  }
  return tree;
}

}  // namespace ks::sql
