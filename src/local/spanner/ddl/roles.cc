// Roles and what they may do: CREATE and DROP ROLE, GRANT, REVOKE.
// Source: https://cloud.google.com/spanner/docs/fgac-about
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/schema/access.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {

absl::Status CreateRole(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateRoleStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    const std::string& name = create.name.name;
    if (next.FindRole(name) != nullptr) return errors::DuplicateName(name);
    if (IsSystemRole(name) || absl::StartsWithIgnoreCase(name, "spanner_")) {
      return errors::InvalidName("Role", name);
    }
    next.roles.push_back({create.name.name});
    return absl::OkStatus();
  });
}

absl::Status DropRole(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropRoleStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  return context.Change([&](Schema& next) -> absl::Status {
    if (next.FindRole(name) == nullptr) return errors::RoleNotFound(name);
    for (const Privilege& p : next.privileges) {
      bool its = absl::EqualsIgnoreCase(p.role, name) ||
                 (p.object == GranteeObject::kRole && absl::EqualsIgnoreCase(p.object_name, name));
      if (its) return errors::RoleInUse(name, "it has grants; REVOKE them first");
    }
    std::erase_if(next.roles, [&](const Role& r) { return absl::EqualsIgnoreCase(r.name, name); });
    return absl::OkStatus();
  });
}

namespace {

std::string_view ActionName(sql::PrivilegeKind kind) {
  switch (kind) {
    case sql::PrivilegeKind::kSelect:
      return "SELECT";
    case sql::PrivilegeKind::kInsert:
      return "INSERT";
    case sql::PrivilegeKind::kUpdate:
      return "UPDATE";
    case sql::PrivilegeKind::kDelete:
      return "DELETE";
    case sql::PrivilegeKind::kExecute:
      return "EXECUTE";
    case sql::PrivilegeKind::kUsage:
      return "USAGE";
  }
  return "";
}

absl::StatusOr<GranteeObject> ObjectKind(sql::GrantTarget target) {
  switch (target) {
    case sql::GrantTarget::kTable:
    case sql::GrantTarget::kAllTablesInSchema:
      return GranteeObject::kTable;
    case sql::GrantTarget::kView:
    case sql::GrantTarget::kAllViewsInSchema:
      return GranteeObject::kView;
    case sql::GrantTarget::kChangeStream:
    case sql::GrantTarget::kAllChangeStreamsInSchema:
      return GranteeObject::kChangeStream;
    case sql::GrantTarget::kTableFunction:
      return GranteeObject::kTableFunction;
    case sql::GrantTarget::kSchema:
      return GranteeObject::kSchema;
    case sql::GrantTarget::kSequence:
    case sql::GrantTarget::kAllSequencesInSchema:
      return GranteeObject::kSequence;
    case sql::GrantTarget::kRole:
      return GranteeObject::kRole;
    case sql::GrantTarget::kModel:
      return errors::NotImplemented("GRANT and REVOKE on models");
  }
  return errors::NotImplemented("This form of GRANT and REVOKE");
}

template <typename Object>
absl::StatusOr<std::string> NameOrError(const Object* object, std::string_view kind,
                                        const std::string& name) {
  if (object == nullptr) return errors::ObjectNotFound(kind, name);
  return object->name;
}

// The name of the object as it is declared.
absl::StatusOr<std::string> ObjectName(const Schema& schema, GranteeObject kind,
                                       const std::string& name) {
  switch (kind) {
    case GranteeObject::kTable:
      return NameOrError(schema.FindTable(name), "Table", name);
    case GranteeObject::kView:
      return NameOrError(schema.FindView(name), "View", name);
    case GranteeObject::kChangeStream:
      return NameOrError(schema.FindChangeStream(name), "Change Stream", name);
    case GranteeObject::kSequence:
      return NameOrError(schema.FindSequence(name), "Sequence", name);
    case GranteeObject::kTableFunction: {
      const bool reads = absl::StartsWithIgnoreCase(name, "READ_");
      const ChangeStream* stream = reads ? schema.FindChangeStream(name.substr(5)) : nullptr;
      if (stream == nullptr) return errors::ObjectNotFound("Table function", name);
      return StrCat("READ_", stream->name);
    }
    case GranteeObject::kSchema:
      if (name != "DEFAULT" && !schema.HasNamedSchema(name)) return errors::SchemaNotFound(name);
      return name;
    case GranteeObject::kRole:
      if (IsSystemRole(name)) return name;
      if (schema.FindRole(name) == nullptr) return errors::RoleNotFound(name);
      return schema.FindRole(name)->name;
    case GranteeObject::kModel:
      break;
  }
  return name;
}

// ON ALL TABLES IN SCHEMA s: those that are there now.
std::vector<std::string> AllInSchema(const Schema& schema, GranteeObject kind,
                                     std::string_view named) {
  std::vector<std::string> names;
  const std::string_view wanted = named == "DEFAULT" ? "" : named;
  const auto add = [&](const std::string& name) {
    if (absl::EqualsIgnoreCase(AbslView(SplitName(name).first), AbslView(wanted))) {
      names.push_back(name);
    }
  };
  if (kind == GranteeObject::kTable) {
    for (const auto& table : schema.tables) add(table->name);
  } else if (kind == GranteeObject::kView) {
    for (const auto& view : schema.views) add(view->name);
  } else if (kind == GranteeObject::kSequence) {
    for (const Sequence& sequence : schema.sequences) add(sequence.name);
  } else if (kind == GranteeObject::kChangeStream) {
    for (const ChangeStream& stream : schema.change_streams) add(stream.name);
  }
  return names;
}

bool IsAll(sql::GrantTarget target) {
  return target == sql::GrantTarget::kAllTablesInSchema ||
         target == sql::GrantTarget::kAllViewsInSchema ||
         target == sql::GrantTarget::kAllSequencesInSchema ||
         target == sql::GrantTarget::kAllChangeStreamsInSchema;
}

absl::StatusOr<std::vector<std::string>> Objects(const Schema& schema, GranteeObject kind,
                                                 const sql::GrantBody& body) {
  std::vector<std::string> objects;
  for (const sql::Path& target : body.targets) {
    const std::string name = sql::Dotted(target);
    if (!IsAll(body.target)) {
      KS_ASSIGN_OR_RETURN(objects.emplace_back(), ObjectName(schema, kind, name));
      continue;
    }
    if (name != "DEFAULT" && !schema.HasNamedSchema(name)) return errors::SchemaNotFound(name);
    for (std::string& found : AllInSchema(schema, kind, name)) {
      objects.push_back(std::move(found));
    }
  }
  return objects;
}

absl::StatusOr<std::vector<std::string>> ColumnsOf(const Schema& schema, GranteeObject kind,
                                                   const std::string& object,
                                                   const sql::Privilege& privilege) {
  std::vector<std::string> columns;
  const Table* table = kind == GranteeObject::kTable ? schema.FindTable(object) : nullptr;
  for (const sql::Identifier& name : privilege.columns) {
    const int c = table == nullptr ? -1 : table->FindColumn(name.name);
    if (table != nullptr && c < 0) return errors::ColumnMissing(object, name.name);
    columns.push_back(table == nullptr ? name.name : table->columns[c].name);
  }
  return columns;
}

// The single privileges that a GRANT or REVOKE names.
absl::StatusOr<std::vector<Privilege>> Expand(const Schema& schema, const sql::GrantBody& body) {
  KS_ASSIGN_OR_RETURN(GranteeObject kind, ObjectKind(body.target));
  KS_ASSIGN_OR_RETURN(const auto objects, Objects(schema, kind, body));
  std::vector<Privilege> privileges;
  for (const sql::Identifier& role : body.roles) {
    if (!IsSystemRole(role.name) && schema.FindRole(role.name) == nullptr) {
      return errors::RoleNotFound(role.name);
    }
    for (const std::string& object : objects) {
      if (kind == GranteeObject::kRole) privileges.push_back({"", {}, kind, object, role.name});
      for (const sql::Privilege& p : body.privileges) {
        KS_ASSIGN_OR_RETURN(auto columns, ColumnsOf(schema, kind, object, p));
        privileges.push_back(
            {std::string(ActionName(p.kind)), std::move(columns), kind, object, role.name});
      }
    }
  }
  return privileges;
}

bool SameTarget(const Privilege& a, const Privilege& b) {
  return a.action == b.action && a.object == b.object &&
         absl::EqualsIgnoreCase(a.object_name, b.object_name) &&
         absl::EqualsIgnoreCase(a.role, b.role);
}

}  // namespace

absl::Status Grant(DdlContext& context, const sql::Statement& statement) {
  const auto& grant = sql::As<sql::GrantStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    KS_ASSIGN_OR_RETURN(auto privileges, Expand(next, grant.body));
    for (Privilege& p : privileges) {
      bool there = std::any_of(
          next.privileges.begin(), next.privileges.end(),
          [&](const auto& had) { return SameTarget(had, p) && had.columns == p.columns; });
      if (!there) next.privileges.push_back(std::move(p));
    }
    return absl::OkStatus();
  });
}

absl::Status Revoke(DdlContext& context, const sql::Statement& statement) {
  const auto& revoke = sql::As<sql::RevokeStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    KS_ASSIGN_OR_RETURN(auto privileges, Expand(next, revoke.body));
    for (const Privilege& p : privileges) {
      // Without columns the whole grant goes; with columns just those.
      for (Privilege& had : next.privileges) {
        if (!SameTarget(had, p) || p.columns.empty() || had.columns.empty()) continue;
        std::erase_if(had.columns, [&](const std::string& c) {
          return std::any_of(p.columns.begin(), p.columns.end(),
                             [&](const std::string& d) { return absl::EqualsIgnoreCase(c, d); });
        });
        if (had.columns.empty()) had.action = "REVOKED";
      }
      std::erase_if(next.privileges, [&](const Privilege& had) {
        return had.action == "REVOKED" || (SameTarget(had, p) && p.columns.empty());
      });
    }
    return absl::OkStatus();
  });
}

}  // namespace ks::local
