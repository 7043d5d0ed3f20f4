#include <string>
#include <utility>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "local/spanner/query/expression_columns.h"
#include "local/spanner/query/metadata_table.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kTableConstraintsColumns[] = {
    {"CONSTRAINT_CATALOG", "STRING(MAX)"}, {"CONSTRAINT_SCHEMA", "STRING(MAX)"},
    {"CONSTRAINT_NAME", "STRING(MAX)"},    {"TABLE_CATALOG", "STRING(MAX)"},
    {"TABLE_SCHEMA", "STRING(MAX)"},       {"TABLE_NAME", "STRING(MAX)"},
    {"CONSTRAINT_TYPE", "STRING(MAX)"},    {"IS_DEFERRABLE", "STRING(MAX)"},
    {"INITIALLY_DEFERRED", "STRING(MAX)"}, {"ENFORCED", "STRING(MAX)"},
};

constexpr MetadataColumn kKeyColumnUsageColumns[] = {
    {"CONSTRAINT_CATALOG", "STRING(MAX)"},
    {"CONSTRAINT_SCHEMA", "STRING(MAX)"},
    {"CONSTRAINT_NAME", "STRING(MAX)"},
    {"TABLE_CATALOG", "STRING(MAX)"},
    {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},
    {"COLUMN_NAME", "STRING(MAX)"},
    {"ORDINAL_POSITION", "INT64"},
    {"POSITION_IN_UNIQUE_CONSTRAINT", "INT64", true},
};

constexpr MetadataColumn kCheckConstraintsColumns[] = {
    {"CONSTRAINT_CATALOG", "STRING(MAX)"}, {"CONSTRAINT_SCHEMA", "STRING(MAX)"},
    {"CONSTRAINT_NAME", "STRING(MAX)"},    {"CHECK_CLAUSE", "STRING(MAX)"},
    {"SPANNER_STATE", "STRING(MAX)"},
};

constexpr MetadataColumn kReferentialConstraintsColumns[] = {
    {"CONSTRAINT_CATALOG", "STRING(MAX)"},
    {"CONSTRAINT_SCHEMA", "STRING(MAX)"},
    {"CONSTRAINT_NAME", "STRING(MAX)"},
    {"UNIQUE_CONSTRAINT_CATALOG", "STRING(MAX)", true},
    {"UNIQUE_CONSTRAINT_SCHEMA", "STRING(MAX)", true},
    {"UNIQUE_CONSTRAINT_NAME", "STRING(MAX)", true},
    {"MATCH_OPTION", "STRING(MAX)"},
    {"UPDATE_RULE", "STRING(MAX)"},
    {"DELETE_RULE", "STRING(MAX)"},
    {"SPANNER_STATE", "STRING(MAX)"},
};

constexpr MetadataColumn kConstraintTableUsageColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},     {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},        {"CONSTRAINT_CATALOG", "STRING(MAX)"},
    {"CONSTRAINT_SCHEMA", "STRING(MAX)"}, {"CONSTRAINT_NAME", "STRING(MAX)"},
};

constexpr MetadataColumn kConstraintColumnUsageColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},      {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},         {"COLUMN_NAME", "STRING(MAX)"},
    {"CONSTRAINT_CATALOG", "STRING(MAX)"}, {"CONSTRAINT_SCHEMA", "STRING(MAX)"},
    {"CONSTRAINT_NAME", "STRING(MAX)"},
};

// ---- What the tables' constraints are; each table below says another thing about them ----

enum class Kind : uint8_t { kPrimaryKey, kNotNull, kCheck, kForeignKey, kUnique };

struct Constraint {
  Kind kind;
  std::string name;
  const Table* table;
  const Column* column = nullptr;           // kNotNull
  const CheckConstraint* check = nullptr;   // kCheck
  const ForeignKey* foreign_key = nullptr;  // kForeignKey
  const Index* unique =
      nullptr;  // kUnique: what a foreign key refers to, when that is not the primary key
  bool enforced = true;
};

// The unique index that a foreign key's referenced columns need, made by Spanner; null: they are
// the primary key.
const Index* ReferencedIndex(const Schema& schema, const ForeignKey& key) {
  const Table* table = schema.FindTable(key.referenced_table);
  if (table == nullptr) return nullptr;
  std::vector<int> columns;
  for (const std::string& name : key.referenced_columns) columns.push_back(table->FindColumn(name));
  const auto same = [&](const std::vector<KeyColumn>& other) {
    if (other.size() != columns.size()) return false;
    for (const KeyColumn& part : other) {
      if (std::find(columns.begin(), columns.end(), part.column) == columns.end()) return false;
    }
    return true;
  };
  if (same(table->key)) return nullptr;
  for (const Index* index : table->indexes) {
    if (index->managed && index->unique && same(index->key)) return index;
  }
  return nullptr;
}

std::vector<Constraint> ConstraintsOf(const Schema& schema, const Table& table) {
  std::vector<Constraint> all;
  const std::string own(SplitName(table.name).second);
  all.push_back({Kind::kPrimaryKey, "PK_" + own, &table});
  for (const Column& column : table.columns) {
    if (!column.not_null) continue;
    all.push_back({Kind::kNotNull, "CK_IS_NOT_NULL_" + own + "_" + column.name, &table, &column});
  }
  for (const CheckConstraint& check : table.checks) {
    all.push_back({Kind::kCheck, std::string(SplitName(check.name).second), &table});
    all.back().check = &check;
    all.back().enforced = check.enforced;
  }
  for (const ForeignKey& key : table.foreign_keys) {
    all.push_back({Kind::kForeignKey, std::string(SplitName(key.name).second), &table});
    all.back().foreign_key = &key;
    all.back().enforced = key.enforced;
  }
  for (const auto& [referrer, key] : table.referenced_by) {
    const Index* index = ReferencedIndex(schema, *key);
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const Constraint& c) { return c.unique == index; });
    if (index == nullptr || known) continue;
    all.push_back({Kind::kUnique, std::string(SplitName(index->name).second), &table});
    all.back().unique = index;
  }
  return all;
}

template <typename Emit>
void ForEachConstraint(const Schema& schema, Emit emit) {
  for (const auto& table : schema.tables) {
    for (const Constraint& constraint : ConstraintsOf(schema, *table)) emit(constraint);
  }
}

// The same, for Spanner's own tables: NOT NULL columns.
template <typename Emit>
void ForEachMetadataConstraint(Emit emit) {
  for (const MetadataTable* table : MetadataTables()) {
    for (const MetadataColumn& column : table->columns) {
      if (!column.nullable) {
        emit(*table, column, absl::StrCat("CK_IS_NOT_NULL_", table->name, "_", column.name));
      }
    }
  }
}

sql::Value SchemaOf(const Table& table) { return Text(SplitName(table.name).first); }
sql::Value NameOf(const Table& table) { return Text(SplitName(table.name).second); }

const char* TypeText(Kind kind) {
  switch (kind) {
    case Kind::kPrimaryKey:
      return "PRIMARY KEY";
    case Kind::kNotNull:
    case Kind::kCheck:
      return "CHECK";
    case Kind::kForeignKey:
      return "FOREIGN KEY";
    case Kind::kUnique:
      return "UNIQUE";
  }
  return "";
}

void FillTableConstraints(const Schema& schema, MetadataRows* rows) {
  ForEachConstraint(schema, [&](const Constraint& c) {
    rows->push_back({Text(""), SchemaOf(*c.table), Text(c.name), Text(""), SchemaOf(*c.table),
                     NameOf(*c.table), Text(TypeText(c.kind)), Text("NO"), Text("NO"),
                     YesNo(c.enforced)});
  });
  ForEachMetadataConstraint(
      [&](const MetadataTable& table, const MetadataColumn&, std::string name) {
        rows->push_back({Text(""), Text(table.schema), Text(name), Text(""), Text(table.schema),
                         Text(table.name), Text("CHECK"), Text("NO"), Text("NO"), Text("YES")});
      });
}

void AddKeyColumn(const Constraint& c, int column, size_t position, sql::Value in_unique,
                  MetadataRows* rows) {
  rows->push_back({Text(""), SchemaOf(*c.table), Text(c.name), Text(""), SchemaOf(*c.table),
                   NameOf(*c.table), Text(c.table->columns[column].name),
                   Int(static_cast<int64_t>(position) + 1), std::move(in_unique)});
}

void FillKeyColumnUsage(const Schema& schema, MetadataRows* rows) {
  ForEachConstraint(schema, [&](const Constraint& c) {
    if (c.kind == Kind::kPrimaryKey) {
      for (size_t i = 0; i < c.table->key.size(); ++i) {
        AddKeyColumn(c, c.table->key[i].column, i, NullInt(), rows);
      }
    } else if (c.kind == Kind::kForeignKey) {
      for (size_t i = 0; i < c.foreign_key->columns.size(); ++i) {
        AddKeyColumn(c, c.foreign_key->columns[i], i, Int(static_cast<int64_t>(i) + 1), rows);
      }
    } else if (c.kind == Kind::kUnique) {
      for (size_t i = 0; i < c.unique->key.size(); ++i) {
        AddKeyColumn(c, c.unique->key[i].column, i, NullInt(), rows);
      }
    }
  });
}

void FillCheckConstraints(const Schema& schema, MetadataRows* rows) {
  ForEachConstraint(schema, [&](const Constraint& c) {
    if (c.kind != Kind::kNotNull && c.kind != Kind::kCheck) return;
    const std::string clause =
        c.kind == Kind::kCheck ? c.check->expression : c.column->name + " IS NOT NULL";
    rows->push_back({Text(""), SchemaOf(*c.table), Text(c.name), Text(clause), Text("COMMITTED")});
  });
  ForEachMetadataConstraint(
      [&](const MetadataTable& table, const MetadataColumn& column, std::string name) {
        rows->push_back({Text(""), Text(table.schema), Text(name),
                         Text(absl::StrCat(column.name, " IS NOT NULL")), Text("COMMITTED")});
      });
}

void FillReferentialConstraints(const Schema& schema, MetadataRows* rows) {
  ForEachConstraint(schema, [&](const Constraint& c) {
    if (c.kind != Kind::kForeignKey) return;
    const auto [referenced_schema, referenced] = SplitName(c.foreign_key->referenced_table);
    const Index* index = ReferencedIndex(schema, *c.foreign_key);
    const std::string unique = index != nullptr ? std::string(SplitName(index->name).second)
                                                : absl::StrCat("PK_", referenced);
    const bool cascade = c.foreign_key->on_delete == OnDelete::kCascade;
    rows->push_back({Text(""), SchemaOf(*c.table), Text(c.name), Text(""), Text(referenced_schema),
                     Text(unique), Text("SIMPLE"), Text("NO ACTION"),
                     Text(cascade ? "CASCADE" : "NO ACTION"), Text("COMMITTED")});
  });
}

const Table* UsedTable(const Schema& schema, const Constraint& c) {
  if (c.kind != Kind::kForeignKey) return c.table;
  return schema.FindTable(c.foreign_key->referenced_table);
}

void FillConstraintTableUsage(const Schema& schema, MetadataRows* rows) {
  ForEachConstraint(schema, [&](const Constraint& c) {
    const Table* used = UsedTable(schema, c);
    if (used == nullptr) return;
    rows->push_back(
        {Text(""), SchemaOf(*used), NameOf(*used), Text(""), SchemaOf(*c.table), Text(c.name)});
  });
  ForEachMetadataConstraint(
      [&](const MetadataTable& table, const MetadataColumn&, std::string name) {
        rows->push_back({Text(""), Text(table.schema), Text(table.name), Text(""),
                         Text(table.schema), Text(name)});
      });
}

std::vector<int> UsedColumns(const Table& used, const Constraint& c) {
  std::vector<int> columns;
  switch (c.kind) {
    case Kind::kPrimaryKey:
      for (const KeyColumn& part : used.key) columns.push_back(part.column);
      break;
    case Kind::kNotNull:
      columns.push_back(used.FindColumn(c.column->name));
      break;
    case Kind::kCheck:
      return ColumnsNamedIn(used, c.check->expression);
    case Kind::kForeignKey:
      for (const std::string& name : c.foreign_key->referenced_columns) {
        columns.push_back(used.FindColumn(name));
      }
      break;
    case Kind::kUnique:
      for (const KeyColumn& part : c.unique->key) columns.push_back(part.column);
      break;
  }
  return columns;
}

void FillConstraintColumnUsage(const Schema& schema, MetadataRows* rows) {
  ForEachConstraint(schema, [&](const Constraint& c) {
    const Table* used = UsedTable(schema, c);
    if (used == nullptr) return;
    for (const int column : UsedColumns(*used, c)) {
      if (column < 0) continue;
      rows->push_back({Text(""), SchemaOf(*used), NameOf(*used), Text(used->columns[column].name),
                       Text(""), SchemaOf(*c.table), Text(c.name)});
    }
  });
  ForEachMetadataConstraint(
      [&](const MetadataTable& table, const MetadataColumn& column, std::string name) {
        rows->push_back({Text(""), Text(table.schema), Text(table.name), Text(column.name),
                         Text(""), Text(table.schema), Text(name)});
      });
}

constexpr MetadataTable kTables[] = {
    {"INFORMATION_SCHEMA", "TABLE_CONSTRAINTS", kTableConstraintsColumns, &FillTableConstraints},
    {"INFORMATION_SCHEMA", "KEY_COLUMN_USAGE", kKeyColumnUsageColumns, &FillKeyColumnUsage},
    {"INFORMATION_SCHEMA", "CHECK_CONSTRAINTS", kCheckConstraintsColumns, &FillCheckConstraints},
    {"INFORMATION_SCHEMA", "REFERENTIAL_CONSTRAINTS", kReferentialConstraintsColumns,
     &FillReferentialConstraints},
    {"INFORMATION_SCHEMA", "CONSTRAINT_TABLE_USAGE", kConstraintTableUsageColumns,
     &FillConstraintTableUsage},
    {"INFORMATION_SCHEMA", "CONSTRAINT_COLUMN_USAGE", kConstraintColumnUsageColumns,
     &FillConstraintColumnUsage},
};

}  // namespace

absl::Span<const MetadataTable> ConstraintMetadata() { return kTables; }

}  // namespace ks::local
