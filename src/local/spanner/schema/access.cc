#include "local/spanner/schema/access.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

bool Same(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(AbslView(a), AbslView(b));
}

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(AbslView(text)); }

}  // namespace

std::string_view NameOf(Action action) {
  switch (action) {
    case Action::kSelect:
      return "SELECT";
    case Action::kInsert:
      return "INSERT";
    case Action::kUpdate:
      return "UPDATE";
    case Action::kDelete:
      return "DELETE";
    case Action::kExecute:
      return "EXECUTE";
    case Action::kUsage:
      return "USAGE";
  }
  return "";
}

bool IsSystemRole(std::string_view role) {
  return std::any_of(std::begin(kSystemRoles), std::end(kSystemRoles),
                     [&](std::string_view system) { return Same(system, role); });
}

absl::StatusOr<Access> Access::Of(const Schema& schema, std::string_view role) {
  if (schema.FindRole(role) == nullptr && !IsSystemRole(role)) {
    return errors::SessionRoleNotFound(role);
  }
  Access access(role);
  std::vector<std::string> waiting = {Lower(role), "public"};
  while (!waiting.empty()) {
    const std::string next = std::move(waiting.back());
    waiting.pop_back();
    if (!access.roles_.insert(next).second) continue;
    for (const Privilege& p : schema.privileges) {
      if (!Same(p.role, next)) continue;
      if (p.object == GranteeObject::kRole) {
        waiting.push_back(Lower(p.object_name));
      } else {
        access.privileges_.push_back(&p);
      }
    }
  }
  return access;
}

bool Access::Has(std::string_view role) const { return roles_.find(Lower(role)) != roles_.end(); }

bool Access::May(Action action, GranteeObject kind, std::string_view name,
                 std::string_view column) const {
  return std::any_of(privileges_.begin(), privileges_.end(), [&](const Privilege* p) {
    if (p->object != kind || p->action != NameOf(action) || !Same(p->object_name, name)) {
      return false;
    }
    if (p->columns.empty()) return true;
    return std::any_of(p->columns.begin(), p->columns.end(),
                       [&](const std::string& granted) { return Same(granted, column); });
  });
}

bool Access::MayColumn(Action action, const Table& table, int column) const {
  return May(action, GranteeObject::kTable, table.name, table.columns[column].name);
}

bool Access::MayAny(Action action, GranteeObject kind, std::string_view name) const {
  return std::any_of(privileges_.begin(), privileges_.end(), [&](const Privilege* p) {
    return p->object == kind && p->action == NameOf(action) && Same(p->object_name, name);
  });
}

bool Access::MayAnything(GranteeObject kind, std::string_view name) const {
  return std::any_of(privileges_.begin(), privileges_.end(), [&](const Privilege* p) {
    return p->object == kind && Same(p->object_name, name);
  });
}

std::shared_ptr<const Schema> VisibleTo(const std::shared_ptr<const Schema>& schema,
                                        std::string_view role) {
  const auto access = Access::Of(*schema, role);
  if (access.ok() && access->Has("spanner_info_reader")) return schema;
  const auto hidden = [&](GranteeObject kind, std::string_view name) {
    return !access.ok() || !access->MayAnything(kind, name);
  };
  std::shared_ptr<Schema> visible = schema->Copy();
  std::erase_if(visible->indexes,
                [&](const auto& index) { return hidden(GranteeObject::kTable, index->table); });
  std::erase_if(visible->tables,
                [&](const auto& t) { return hidden(GranteeObject::kTable, t->name); });
  std::erase_if(visible->views,
                [&](const auto& v) { return hidden(GranteeObject::kView, v->name); });
  std::erase_if(visible->sequences,
                [&](const auto& s) { return hidden(GranteeObject::kSequence, s.name); });
  std::erase_if(visible->change_streams,
                [&](const auto& s) { return hidden(GranteeObject::kChangeStream, s.name); });
  std::erase_if(visible->roles,
                [&](const Role& r) { return !access.ok() || !access->Has(r.name); });
  std::erase_if(visible->privileges,
                [&](const Privilege& p) { return !access.ok() || !access->Has(p.role); });
  visible->Finish();
  return visible;
}

// A named schema must be open to the role (GRANT USAGE ON SCHEMA).
absl::Status Access::CheckSchema(std::string_view object) const {
  const std::string_view named = SplitName(object).first;
  if (named.empty() || May(Action::kUsage, GranteeObject::kSchema, named, "")) {
    return absl::OkStatus();
  }
  return errors::NoPrivilege(role_, "schema", named);
}

absl::Status Access::CheckColumns(Action action, const Table& table,
                                  absl::Span<const int> columns) const {
  for (int column : columns) {
    if (!MayColumn(action, table, column)) return errors::NoPrivilege(role_, "table", table.name);
  }
  // Without columns (COUNT(*)) the right to any of them is enough.
  if (columns.empty() && !MayAny(action, GranteeObject::kTable, table.name)) {
    return errors::NoPrivilege(role_, "table", table.name);
  }
  return CheckSchema(table.name);
}

absl::Status Access::CheckTable(Action action, const Table& table) const {
  return CheckObject(action, GranteeObject::kTable, table.name);
}

absl::Status Access::CheckView(const View& view) const {
  return CheckObject(Action::kSelect, GranteeObject::kView, view.name);
}

absl::Status Access::CheckObject(Action action, GranteeObject kind, std::string_view name) const {
  static constexpr std::string_view kWords[] = {
      "table", "view", "change stream", "table function", "sequence", "schema", "model", "role"};
  if (!May(action, kind, name, "")) {
    return errors::NoPrivilege(role_, kWords[static_cast<size_t>(kind)], name);
  }
  return CheckSchema(name);
}

}  // namespace ks::local
