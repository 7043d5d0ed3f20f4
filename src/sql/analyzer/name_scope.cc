#include "sql/analyzer/name_scope.h"

#include "absl/strings/match.h"

namespace ks::sql {

bool SameName(std::string_view a, std::string_view b) { return absl::EqualsIgnoreCase(a, b); }

int FindField(TypeRef type, std::string_view name) {
  int found = -1;
  for (size_t i = 0; i < type->fields().size(); ++i) {
    if (!SameName(type->fields()[i].name, name)) continue;
    if (found >= 0) return -2;
    found = static_cast<int>(i);
  }
  return found;
}

const RangeVariable* NameScope::FindRange(std::string_view alias) const {
  for (const RangeVariable& range : ranges) {
    if (!range.alias.empty() && SameName(range.alias, alias)) return &range;
  }
  return nullptr;
}

const ScopeColumn* NameScope::FindColumn(std::string_view name, bool* ambiguous) const {
  const ScopeColumn* found = nullptr;
  *ambiguous = false;
  for (const ScopeColumn& column : columns) {
    if (!SameName(column.name, name)) continue;
    if (found != nullptr && found->id != column.id) *ambiguous = true;
    found = &column;
  }
  return found;
}

NameMatch NameScope::FindHere(std::string_view name) const {
  NameMatch match;
  for (const ScopeAlias& alias : aliases) {
    if (!SameName(alias.name, name)) continue;
    if (match.kind == NameMatch::Kind::kAlias && !SameExpr(*match.alias->expr, *alias.expr)) {
      match.kind = NameMatch::Kind::kAmbiguous;
      return match;
    }
    match.kind = NameMatch::Kind::kAlias;
    match.alias = &alias;
  }
  if (match.kind != NameMatch::Kind::kNone) return match;
  if (const RangeVariable* range = FindRange(name)) {
    match.kind = range->value ? NameMatch::Kind::kColumn : NameMatch::Kind::kRange;
    match.range = range;
    if (range->value) match.column = &range->columns[0];
    return match;
  }
  bool ambiguous = false;
  match.column = FindColumn(name, &ambiguous);
  if (match.column != nullptr) match.kind = NameMatch::Kind::kColumn;
  for (const ScopeColumn& column : columns) {
    if (!column.value || !column.type->is_struct()) continue;
    const int field = FindField(column.type, name);
    if (field == -1) continue;
    if (match.kind != NameMatch::Kind::kNone || field == -2) ambiguous = true;
    match.kind = NameMatch::Kind::kField;
    match.column = &column;
    match.field = field;
  }
  if (ambiguous) match.kind = NameMatch::Kind::kAmbiguous;
  return match;
}

NameMatch NameScope::Find(std::string_view name) const {
  for (const NameScope* scope = this; scope != nullptr; scope = scope->parent_) {
    NameMatch match = scope->FindHere(name);
    if (match.kind != NameMatch::Kind::kNone) return match;
  }
  return {};
}

std::vector<std::string> NameScope::Names() const {
  std::vector<std::string> names;
  for (const NameScope* scope = this; scope != nullptr; scope = scope->parent_) {
    for (const ScopeAlias& alias : scope->aliases) names.push_back(alias.name);
    for (const RangeVariable& range : scope->ranges) names.push_back(range.alias);
    for (const ScopeColumn& column : scope->columns) names.push_back(column.name);
  }
  return names;
}

}  // namespace ks::sql
