#include "sql/eval/plan_node.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ks::sql {

namespace {

using Names = std::unordered_map<int32_t, std::string>;

void Collect(const PlanNode& node, Names* names) {
  for (const auto& [id, name] : node.columns) {
    if (!name.empty()) names->emplace(id, name);
  }
  for (const PlanNode::Child& child : node.children) Collect(child.node, names);
}

// Puts names into `text`, but not into what stands in quotes there.
std::string Named(std::string_view text, const Names& names) {
  std::string out;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0 && c == '\\') {
      out += text.substr(i++, 2);
      continue;
    }
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    }
    const size_t end = text.find_first_not_of("0123456789", i + 1);
    int32_t id = 0;
    if (quote != 0 || c != '#' || !absl::SimpleAtoi(text.substr(i + 1, end - i - 1), &id)) {
      out += c;
      continue;
    }
    const auto known = names.find(id);
    out += known == names.end() ? absl::StrCat("#", id) : absl::StrCat("$", known->second);
    i = std::min(end, text.size()) - 1;
  }
  return out;
}

void Rename(const Names& names, PlanNode* node) {
  for (PlanNode::Scalar& scalar : node->scalars) scalar.text = Named(scalar.text, names);
  for (PlanNode::Child& child : node->children) Rename(names, &child.node);
}

}  // namespace

void NameColumns(PlanNode* root) {
  Names names;
  Collect(*root, &names);
  Rename(names, root);
}

void PlanNode::Add(std::string_view link, PlanNode child) {
  children.push_back({std::string(link), std::move(child)});
}

std::string ToText(const PlanNode& node, int indent) {
  const std::string blanks(indent * 2, ' ');
  std::string out = absl::StrCat(blanks, node.name);
  if (!node.metadata.empty()) {
    absl::StrAppend(&out, " (", absl::StrJoin(node.metadata, ", ", absl::PairFormatter(": ")), ")");
  }
  out += "\n";
  for (const PlanNode::Scalar& scalar : node.scalars) {
    absl::StrAppend(&out, blanks, "  ", scalar.link, scalar.variable, ": ", scalar.text, "\n");
  }
  for (const PlanNode::Child& child : node.children) out += ToText(child.node, indent + 1);
  return out;
}

}  // namespace ks::sql
