// The statements about objects without rows of their own: schemas, views, roles and grants,
// database options.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

bool InSchema(std::string_view object, std::string_view schema) {
  return absl::EqualsIgnoreCase(SplitName(object).first, schema);
}

}  // namespace

absl::Status CreateSchema(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateSchemaStatement>(statement);
  std::string name = sql::Dotted(create.name);
  if (create.if_not_exists && context.schema()->HasNamedSchema(name)) return absl::OkStatus();
  return context.Change([&](Schema& next) {
    next.named_schemas.push_back(name);
    return absl::OkStatus();
  });
}

absl::Status DropSchema(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropSchemaStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && !context.schema()->HasNamedSchema(name)) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    if (!next.HasNamedSchema(name)) return errors::SchemaNotFound(name);
    std::string what = StrCat("schema ", name);
    for (const auto& table : next.tables) {
      if (InSchema(table->name, name)) return errors::DropBlocked(what, "table " + table->name);
    }
    for (const auto& view : next.views) {
      if (InSchema(view->name, name)) return errors::DropBlocked(what, "view " + view->name);
    }
    std::erase_if(next.named_schemas,
                  [&](const std::string& s) { return absl::EqualsIgnoreCase(s, name); });
    return absl::OkStatus();
  });
}

absl::Status CreateView(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateViewStatement>(statement);
  std::string name = sql::Dotted(create.view.name);
  if (create.if_not_exists && context.schema()->FindView(name) != nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    auto view = std::make_unique<View>();
    view->name = name;
    view->query = create.view.query.text;
    view->security_invoker = create.view.security == sql::SqlSecurity::kInvoker;
    const View* old = next.FindView(name);
    if (old != nullptr && create.or_replace) {
      for (auto& slot : next.views) {
        if (slot.get() == old) slot = std::move(view);
      }
      return absl::OkStatus();
    }
    next.views.push_back(std::move(view));
    return absl::OkStatus();
  });
}

absl::Status DropView(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropViewStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && context.schema()->FindView(name) == nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    const View* view = next.FindView(name);
    if (view == nullptr) return errors::ObjectNotFound("View", name);
    std::erase_if(next.views, [&](const auto& v) { return v.get() == view; });
    return absl::OkStatus();
  });
}

// ---- Roles ----

absl::Status CreateRole(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateRoleStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    if (next.FindRole(create.name.name) != nullptr) return errors::DuplicateName(create.name.name);
    next.roles.push_back({create.name.name});
    return absl::OkStatus();
  });
}

absl::Status DropRole(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropRoleStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  return context.Change([&](Schema& next) -> absl::Status {
    if (next.FindRole(name) == nullptr) return errors::ObjectNotFound("Role", name);
    for (const Privilege& p : next.privileges) {
      bool its = absl::EqualsIgnoreCase(p.role, name) ||
                 (p.object == GranteeObject::kRole && absl::EqualsIgnoreCase(p.object_name, name));
      if (its) return errors::DropBlocked(StrCat("role ", name), "grants; REVOKE them first");
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
      return GranteeObject::kTable;
    case sql::GrantTarget::kView:
      return GranteeObject::kView;
    case sql::GrantTarget::kChangeStream:
      return GranteeObject::kChangeStream;
    case sql::GrantTarget::kTableFunction:
      return GranteeObject::kTableFunction;
    case sql::GrantTarget::kSchema:
      return GranteeObject::kSchema;
    case sql::GrantTarget::kSequence:
      return GranteeObject::kSequence;
    case sql::GrantTarget::kRole:
      return GranteeObject::kRole;
    default:
      return errors::NotImplemented("GRANT and REVOKE on all objects of a schema, and on models,");
  }
}

absl::StatusOr<std::string> ObjectName(const Schema& schema, GranteeObject kind,
                                       const std::string& name) {
  switch (kind) {
    case GranteeObject::kTable: {
      const Table* table = schema.FindTable(name);
      if (table == nullptr) return errors::TableNotFound(name);
      return table->name;
    }
    case GranteeObject::kView:
      if (schema.FindView(name) == nullptr) return errors::ObjectNotFound("View", name);
      return schema.FindView(name)->name;
    case GranteeObject::kChangeStream:
      if (schema.FindChangeStream(name) == nullptr) {
        return errors::ObjectNotFound("Change stream", name);
      }
      return schema.FindChangeStream(name)->name;
    case GranteeObject::kSchema:
      if (name != "DEFAULT" && !schema.HasNamedSchema(name)) return errors::SchemaNotFound(name);
      return name;
    case GranteeObject::kRole:
      if (schema.FindRole(name) == nullptr) return errors::ObjectNotFound("Role", name);
      return schema.FindRole(name)->name;
    default:
      return name;
  }
}

// The single privileges that a GRANT or REVOKE names.
absl::StatusOr<std::vector<Privilege>> Expand(const Schema& schema, const sql::GrantBody& body) {
  KS_ASSIGN_OR_RETURN(GranteeObject kind, ObjectKind(body.target));
  std::vector<Privilege> privileges;
  for (const sql::Identifier& role : body.roles) {
    bool system =
        absl::EqualsIgnoreCase(role.name, "public") || absl::StartsWith(role.name, "spanner_");
    if (!system && schema.FindRole(role.name) == nullptr) {
      return errors::ObjectNotFound("Role", role.name);
    }
    for (const sql::Path& target : body.targets) {
      KS_ASSIGN_OR_RETURN(std::string object, ObjectName(schema, kind, sql::Dotted(target)));
      if (kind == GranteeObject::kRole) privileges.push_back({"", {}, kind, object, role.name});
      for (const sql::Privilege& p : body.privileges) {
        std::vector<std::string> columns;
        const Table* table = schema.FindTable(object);
        for (const sql::Identifier& column : p.columns) {
          bool missing = kind == GranteeObject::kTable && table->FindColumn(column.name) < 0;
          if (missing) return errors::ColumnMissing(object, column.name);
          columns.push_back(column.name);
        }
        privileges.push_back({std::string(ActionName(p.kind)), columns, kind, object, role.name});
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

absl::Status AlterDatabase(DdlContext& context, const sql::Statement& statement) {
  const auto& alter = sql::As<sql::AlterDatabaseStatement>(statement);
  return context.Change(
      [&](Schema& next) { return SetOptions(alter.options, next.database_options); });
}

absl::Status AcceptWithoutEffect(DdlContext&, const sql::Statement&) { return absl::OkStatus(); }

}  // namespace ks::local
