// Foreign keys: their declaration, and the indexes that find rows by them. See
// txn/rules/foreign_keys.cc for the rule.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/key_text.h"

namespace ks::local {
namespace {

// The key's first columns are these, in any order: rows can be found by them.
bool Finds(const std::vector<KeyColumn>& key, const std::vector<int>& columns) {
  if (key.size() < columns.size()) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), key[i].column) == columns.end()) return false;
  }
  return true;
}

bool SameColumns(const std::vector<KeyColumn>& key, const std::vector<int>& columns) {
  return key.size() == columns.size() && Finds(key, columns);
}

absl::StatusOr<std::vector<int>> Resolve(const Table& table, std::string_view constraint,
                                         const std::vector<sql::Identifier>& names) {
  std::vector<int> columns;
  for (const sql::Identifier& name : names) {
    int column = table.FindColumn(name.name);
    if (column < 0) return errors::ForeignKeyColumnMissing(constraint, table.name, name.name);
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return errors::ForeignKeyColumnTwice(constraint, table.name, name.name);
    }
    if (!IsKeyType(table.columns[column].type)) {
      return errors::ForeignKeyColumnType(constraint, table.name, name.name);
    }
    columns.push_back(column);
  }
  return columns;
}

void AddManagedIndex(Schema& schema, const Table& table, const std::vector<int>& columns,
                     bool unique) {
  bool found = unique ? SameColumns(table.key, columns) : Finds(table.key, columns);
  for (const Index* index : table.indexes) {
    bool filtered = index->null_filtered || !index->not_null_columns.empty();
    if (unique) {
      found = found || (index->unique && SameColumns(index->key, columns));
    } else {
      found = found || (!filtered && Finds(index->key, columns));
    }
  }
  if (found) return;
  auto index = std::make_unique<Index>();
  std::vector<int> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  std::string suffix;
  for (int column : sorted) StrAppend(&suffix, "_", table.columns[column].name);
  StrAppend(&suffix, unique ? "_U" : "_N");
  std::string base = table.name;
  std::replace(base.begin(), base.end(), '.', '_');
  auto [named_schema, unqualified] = SplitName(table.name);
  std::string dot = named_schema.empty() ? "" : StrCat(named_schema, ".");
  index->name = MakeConstraintName(schema, StrCat(dot, "IDX"), StrCat(base, suffix));
  index->name.resize(index->name.rfind('_'));  // indexes have no number behind the hash
  index->space = schema.next_space++;
  index->table = table.name;
  for (int column : columns) index->key.push_back({column, false});
  index->unique = unique;
  index->null_filtered = true;
  index->managed = true;
  index->backfilled = false;
  schema.indexes.push_back(std::move(index));
}

}  // namespace

absl::Status AddForeignKey(Schema& schema, Table& table, const sql::ForeignKey& definition,
                           std::string* name) {
  ForeignKey key;
  std::string referenced_name = sql::Dotted(definition.referenced_table);
  const Table* referenced = schema.FindTable(referenced_name);
  if (referenced == nullptr) return errors::TableNotFound(referenced_name);
  key.generated_name = definition.name.empty();
  key.name = key.generated_name
                 ? MakeConstraintName(schema, StrCat("FK_", SplitName(table.name).second),
                                      SplitName(referenced->name).second)
                 : definition.name.name;
  *name = key.name;
  KS_ASSIGN_OR_RETURN(key.columns, Resolve(table, key.name, definition.columns));
  KS_ASSIGN_OR_RETURN(auto theirs, Resolve(*referenced, key.name, definition.referenced_columns));
  if (key.columns.empty() || key.columns.size() != theirs.size()) {
    return errors::ForeignKeyCounts(key.name, table.name, referenced->name);
  }
  for (size_t i = 0; i < theirs.size(); ++i) {
    const Column& here = table.columns[key.columns[i]];
    const Column& there = referenced->columns[theirs[i]];
    if (here.type != there.type) {
      return errors::ForeignKeyTypes(key.name, table.name, here.name, referenced->name, there.name);
    }
    key.referenced_columns.push_back(there.name);
  }
  key.referenced_table = referenced->name;
  key.on_delete =
      definition.on_delete == sql::OnDelete::kCascade ? OnDelete::kCascade : OnDelete::kNoAction;
  key.on_delete_written = definition.on_delete != sql::OnDelete::kUnspecified;
  key.enforced = definition.enforcement != sql::Enforcement::kNotEnforced;
  key.enforcement_written = definition.enforcement != sql::Enforcement::kUnspecified;
  if (!key.enforced && key.on_delete == OnDelete::kCascade) {
    return errors::ForeignKeyCascadeNotEnforced(key.name);
  }
  if (key.enforced) {
    AddManagedIndex(schema, *referenced, theirs, true);
    schema.Finish();
    AddManagedIndex(schema, table, key.columns, false);
  }
  table.foreign_keys.push_back(std::move(key));
  schema.Finish();
  return absl::OkStatus();
}

void DropUnusedManagedIndexes(Schema& schema) {
  auto used = [&](const Index& index) {
    for (const auto& table : schema.tables) {
      for (const ForeignKey& key : table->foreign_keys) {
        if (!key.enforced) continue;
        bool ours = absl::EqualsIgnoreCase(table->name, index.table);
        if (ours && Finds(index.key, key.columns)) return true;
        const Table* referenced = schema.FindTable(key.referenced_table);
        if (referenced == nullptr || !absl::EqualsIgnoreCase(referenced->name, index.table)) {
          continue;
        }
        std::vector<int> columns;
        for (const std::string& name : key.referenced_columns) {
          columns.push_back(referenced->FindColumn(name));
        }
        if (SameColumns(index.key, columns)) return true;
      }
    }
    return false;
  };
  std::erase_if(schema.indexes, [&](const auto& index) { return index->managed && !used(*index); });
  schema.Finish();
}

absl::Status VerifyExistingReferences(DdlContext& context, std::string_view table_name,
                                      std::string_view constraint) {
  auto schema = context.schema();
  const Table* table = schema->FindTable(table_name);
  auto key = std::find_if(table->foreign_keys.begin(), table->foreign_keys.end(),
                          [&](const ForeignKey& k) { return k.name == constraint; });
  if (key == table->foreign_keys.end() || !key->enforced) return absl::OkStatus();
  const Table* referenced = schema->FindTable(key->referenced_table);
  const Index* index = nullptr;
  std::vector<int> theirs;
  for (const std::string& name : key->referenced_columns) {
    theirs.push_back(referenced->FindColumn(name));
  }
  bool by_key = SameColumns(referenced->key, theirs);
  for (const Index* candidate : referenced->indexes) {
    if (!by_key && candidate->unique && SameColumns(candidate->key, theirs)) index = candidate;
  }
  const auto& parts = by_key ? referenced->key : index->key;
  const KeyShape& shape = by_key ? referenced->shape : index->shape;
  KS_ASSIGN_OR_RETURN(auto reads, context.database.BeginReadOnly({}));
  return ForEachRow(context, table_name, [&](std::string_view, sql::Datum* row) -> absl::Status {
    std::vector<sql::Datum> values;
    for (const KeyColumn& part : parts) {
      auto at = std::find(theirs.begin(), theirs.end(), part.column) - theirs.begin();
      values.push_back(row[key->columns[at]]);
      if (values.back().null()) return absl::OkStatus();
    }
    ScanSpec spec{referenced, by_key ? nullptr : index, {}, {PrefixSpan(EncodeKey(shape, values))}};
    spec.columns.push_back(referenced->key[0].column);
    KS_ASSIGN_OR_RETURN(auto cursor, reads->Scan(spec));
    sql::RowBatch batch;
    KS_RETURN_IF_ERROR(cursor->Next(&batch));
    if (batch.rows > 0) return absl::OkStatus();
    KeyShape plain{shape.space, {shape.parts.begin(), shape.parts.begin() + values.size()}};
    return errors::ExistingForeignKey(key->name, table->name, referenced->name,
                                      FormatKey(plain, values));
  });
}

}  // namespace ks::local
