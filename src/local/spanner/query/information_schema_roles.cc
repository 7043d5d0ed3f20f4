#include <string>
#include <utility>

#include "local/spanner/query/metadata_table.h"
#include "local/spanner/schema/access.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kRolesColumns[] = {
    {"ROLE_NAME", "STRING(MAX)"},
    {"IS_SYSTEM", "BOOL"},
};

constexpr MetadataColumn kRoleGranteesColumns[] = {
    {"ROLE_NAME", "STRING(MAX)"},
    {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kTablePrivilegesColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"}, {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},    {"PRIVILEGE_TYPE", "STRING(MAX)"},
    {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kRoleTableGrantsColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"}, {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},    {"PRIVILEGE_TYPE", "STRING(MAX)"},
    {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kColumnPrivilegesColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},  {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},     {"COLUMN_NAME", "STRING(MAX)"},
    {"PRIVILEGE_TYPE", "STRING(MAX)"}, {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kRoleColumnGrantsColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},  {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},     {"COLUMN_NAME", "STRING(MAX)"},
    {"PRIVILEGE_TYPE", "STRING(MAX)"}, {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kChangeStreamPrivilegesColumns[] = {
    {"CHANGE_STREAM_CATALOG", "STRING(MAX)"},
    {"CHANGE_STREAM_SCHEMA", "STRING(MAX)"},
    {"CHANGE_STREAM_NAME", "STRING(MAX)"},
    {"PRIVILEGE_TYPE", "STRING(MAX)"},
    {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kRoleChangeStreamGrantsColumns[] = {
    {"CHANGE_STREAM_CATALOG", "STRING(MAX)"},
    {"CHANGE_STREAM_SCHEMA", "STRING(MAX)"},
    {"CHANGE_STREAM_NAME", "STRING(MAX)"},
    {"PRIVILEGE_TYPE", "STRING(MAX)"},
    {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kRoutinePrivilegesColumns[] = {
    {"SPECIFIC_CATALOG", "STRING(MAX)"}, {"SPECIFIC_SCHEMA", "STRING(MAX)"},
    {"SPECIFIC_NAME", "STRING(MAX)"},    {"PRIVILEGE_TYPE", "STRING(MAX)"},
    {"GRANTEE", "STRING(MAX)"},
};

constexpr MetadataColumn kRoleRoutineGrantsColumns[] = {
    {"SPECIFIC_CATALOG", "STRING(MAX)"}, {"SPECIFIC_SCHEMA", "STRING(MAX)"},
    {"SPECIFIC_NAME", "STRING(MAX)"},    {"PRIVILEGE_TYPE", "STRING(MAX)"},
    {"GRANTEE", "STRING(MAX)"},
};

void FillRoles(const Schema& schema, MetadataRows* rows) {
  for (std::string_view role : kSystemRoles) rows->push_back({Text(role), Flag(true)});
  for (const Role& role : schema.roles) rows->push_back({Text(role.name), Flag(false)});
}

void FillRoleGrantees(const Schema& schema, MetadataRows* rows) {
  for (const Privilege& privilege : schema.privileges) {
    if (privilege.object == GranteeObject::kRole) {
      rows->push_back({Text(privilege.object_name), Text(privilege.role)});
    }
  }
}

void AddPrivilege(const Privilege& privilege, MetadataRows* rows) {
  const auto [schema, name] = SplitName(privilege.object_name);
  rows->push_back(
      {Text(""), Text(schema), Text(name), Text(privilege.action), Text(privilege.role)});
}

bool OnTable(const Privilege& privilege) {
  return privilege.object == GranteeObject::kTable || privilege.object == GranteeObject::kView;
}

void FillTablePrivileges(const Schema& schema, MetadataRows* rows) {
  for (const Privilege& privilege : schema.privileges) {
    if (OnTable(privilege) && privilege.columns.empty()) AddPrivilege(privilege, rows);
  }
}

// A privilege on a table is one on each of its columns (DELETE has no columns).
void FillColumnPrivileges(const Schema& schema, MetadataRows* rows) {
  for (const Privilege& privilege : schema.privileges) {
    if (!OnTable(privilege) || privilege.action == "DELETE") continue;
    const auto [schema_name, name] = SplitName(privilege.object_name);
    std::vector<std::string> columns = privilege.columns;
    const Table* table = schema.FindTable(privilege.object_name);
    if (columns.empty() && table != nullptr) {
      for (const Column& column : table->columns) columns.push_back(column.name);
    }
    for (const std::string& column : columns) {
      rows->push_back({Text(""), Text(schema_name), Text(name), Text(column),
                       Text(privilege.action), Text(privilege.role)});
    }
  }
}

void FillChangeStreamPrivileges(const Schema& schema, MetadataRows* rows) {
  for (const Privilege& privilege : schema.privileges) {
    if (privilege.object == GranteeObject::kChangeStream) AddPrivilege(privilege, rows);
  }
}

void FillRoutinePrivileges(const Schema& schema, MetadataRows* rows) {
  for (const Privilege& privilege : schema.privileges) {
    if (privilege.object == GranteeObject::kTableFunction) AddPrivilege(privilege, rows);
  }
}

constexpr MetadataTable kTables[] = {
    {"INFORMATION_SCHEMA", "ROLES", kRolesColumns, &FillRoles},
    {"INFORMATION_SCHEMA", "ROLE_GRANTEES", kRoleGranteesColumns, &FillRoleGrantees},
    {"INFORMATION_SCHEMA", "TABLE_PRIVILEGES", kTablePrivilegesColumns, &FillTablePrivileges},
    {"INFORMATION_SCHEMA", "ROLE_TABLE_GRANTS", kRoleTableGrantsColumns, &FillTablePrivileges},
    {"INFORMATION_SCHEMA", "COLUMN_PRIVILEGES", kColumnPrivilegesColumns, &FillColumnPrivileges},
    {"INFORMATION_SCHEMA", "ROLE_COLUMN_GRANTS", kRoleColumnGrantsColumns, &FillColumnPrivileges},
    {"INFORMATION_SCHEMA", "CHANGE_STREAM_PRIVILEGES", kChangeStreamPrivilegesColumns,
     &FillChangeStreamPrivileges},
    {"INFORMATION_SCHEMA", "ROLE_CHANGE_STREAM_GRANTS", kRoleChangeStreamGrantsColumns,
     &FillChangeStreamPrivileges},
    {"INFORMATION_SCHEMA", "ROUTINE_PRIVILEGES", kRoutinePrivilegesColumns, &FillRoutinePrivileges},
    {"INFORMATION_SCHEMA", "ROLE_ROUTINE_GRANTS", kRoleRoutineGrantsColumns,
     &FillRoutinePrivileges},
};

}  // namespace

absl::Span<const MetadataTable> RoleMetadata() { return kTables; }

}  // namespace ks::local
