// CREATE TABLE, DROP TABLE, RENAME TABLE.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

absl::Status AddColumns(const DdlContext& context, Schema& schema,
                        const sql::TableDefinition& definition, Table& table) {
  for (const sql::ColumnDefinition& column : definition.columns) {
    KS_ASSIGN_OR_RETURN(Column made, MakeColumn(context, schema, table.name, column));
    made.id = table.next_column_id++;
    table.columns.push_back(std::move(made));
  }
  return absl::OkStatus();
}

absl::Status AddKey(const sql::TableDefinition& definition, Table& table) {
  for (const sql::KeyColumn& part : definition.primary_key) {
    int column = table.FindColumn(part.name.name);
    if (column < 0) return errors::KeyColumnUnknown(table.name, part.name.name);
    table.key.push_back({column, part.descending});
    if (part.nulls == sql::NullsOrder::kLast && !part.descending) {
      return errors::NotImplemented("NULLS LAST in a primary key");
    }
  }
  return absl::OkStatus();
}

// What the table may know without the rest of the schema.
absl::StatusOr<std::unique_ptr<Table>> MakeTable(const DdlContext& context, Schema& schema,
                                                 const sql::TableDefinition& definition) {
  auto table = std::make_unique<Table>();
  table->name = sql::Dotted(definition.name);
  table->space = schema.next_space++;
  KS_RETURN_IF_ERROR(AddColumns(context, schema, definition, *table));
  KS_RETURN_IF_ERROR(AddKey(definition, *table));
  if (definition.interleave) {
    KS_RETURN_IF_ERROR(SetInterleave(schema, *definition.interleave, *table));
  }
  for (const sql::CheckConstraint& check : definition.checks) {
    KS_ASSIGN_OR_RETURN(CheckConstraint made, MakeCheck(schema, *table, check));
    // Two unnamed ones must not get one name.
    while (std::any_of(table->checks.begin(), table->checks.end(),
                       [&](const CheckConstraint& c) { return c.name == made.name; })) {
      made.name.back() = static_cast<char>(made.name.back() + 1);
    }
    table->checks.push_back(std::move(made));
  }
  if (definition.row_deletion_policy) {
    KS_RETURN_IF_ERROR(SetRowDeletion(*definition.row_deletion_policy, *table));
  }
  for (const sql::Identifier& synonym : definition.synonyms) {
    table->synonyms.push_back(synonym.name);
  }
  KS_RETURN_IF_ERROR(
      SetOptions(OptionsOf::kTable, context.text, definition.options, table->options));
  return table;
}

// Whatever keeps the table from being dropped.
absl::Status CheckDroppable(const Schema& schema, const Table& table) {
  std::vector<std::string> children, indexes, references, streams;
  for (const auto& other : schema.tables) {
    bool below = other->interleave != InterleaveKind::kNone &&
                 absl::EqualsIgnoreCase(other->parent, table.name);
    if (below) children.push_back(other->name);
  }
  for (const auto& index : schema.indexes) {
    bool its = !index->managed && (absl::EqualsIgnoreCase(index->table, table.name) ||
                                   absl::EqualsIgnoreCase(index->interleave_in, table.name));
    if (its) indexes.push_back(index->name);
  }
  std::sort(indexes.begin(), indexes.end());
  for (const auto& [referencing, key] : table.referenced_by) {
    if (referencing != &table) references.push_back(key->name);
  }
  for (const ChangeStream& stream : schema.change_streams) {
    for (const auto& watched : stream.watched) {
      if (absl::EqualsIgnoreCase(watched.table, table.name)) streams.push_back(stream.name);
    }
  }
  if (!children.empty()) return errors::TableHasChildren(table.name, children);
  if (!indexes.empty()) return errors::TableHasIndexes(table.name, indexes);
  if (!streams.empty()) return errors::TableHasStreams(table.name, streams);
  if (!references.empty()) return errors::TableHasForeignKeys(table.name, references);
  return absl::OkStatus();
}

}  // namespace

absl::Status CreateTable(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateTableStatement>(statement);
  std::string name = sql::Dotted(create.table.name);
  auto before = context.schema();
  if (create.if_not_exists && before->FindTable(name) != nullptr) return absl::OkStatus();
  KS_RETURN_IF_ERROR(context.Change([&](Schema& next) -> absl::Status {
    KS_ASSIGN_OR_RETURN(auto table, MakeTable(context, next, create.table));
    Table& added = *table;
    next.tables.push_back(std::move(table));
    next.Finish();
    for (const sql::ForeignKey& key : create.table.foreign_keys) {
      std::string ignored;
      KS_RETURN_IF_ERROR(AddForeignKey(next, added, key, &ignored));
    }
    next.Finish();
    return CheckExpressions(next, added);
  }));
  return FillIndexes(context);
}

absl::Status DropTable(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropTableStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && context.schema()->FindTable(name) == nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    const Table* table = next.FindTable(name);
    if (table == nullptr) return errors::TableNotFound(name);
    KS_RETURN_IF_ERROR(CheckDroppable(next, *table));
    std::string declared = table->name;
    std::erase_if(next.privileges, [&](const Privilege& p) {
      return p.object == GranteeObject::kTable && absl::EqualsIgnoreCase(p.object_name, declared);
    });
    std::erase_if(next.indexes, [&](const auto& index) {
      return index->managed && absl::EqualsIgnoreCase(index->table, declared);
    });
    std::erase_if(next.tables, [&](const auto& t) { return t.get() == table; });
    next.Finish();
    DropUnusedManagedIndexes(next);
    if (auto broken = FindBrokenView(next)) {
      return errors::DependentView("TABLE", declared, broken->name);
    }
    return absl::OkStatus();
  });
}

namespace {

void RenameEverywhere(Schema& schema, const std::string& from, const std::string& to) {
  auto rename = [&](std::string& name) {
    if (absl::EqualsIgnoreCase(name, from)) name = to;
  };
  for (auto& table : schema.tables) {
    rename(table->name);
    rename(table->parent);
    for (ForeignKey& key : table->foreign_keys) rename(key.referenced_table);
  }
  for (auto& index : schema.indexes) {
    rename(index->table);
    rename(index->interleave_in);
  }
  for (ChangeStream& stream : schema.change_streams) {
    for (auto& watched : stream.watched) rename(watched.table);
  }
  for (Privilege& privilege : schema.privileges) {
    if (privilege.object == GranteeObject::kTable) rename(privilege.object_name);
  }
}

}  // namespace

absl::Status RenameTable(DdlContext& context, const sql::Statement& statement) {
  const auto& rename = sql::As<sql::RenameTableStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    for (const auto& [from, to] : rename.renames) {
      const Table* table = next.FindTable(sql::Dotted(from));
      if (table == nullptr) return errors::TableNotFound(sql::Dotted(from));
      std::string old_name = table->name;
      std::string new_name = sql::Dotted(to);
      if (old_name == new_name) return errors::RenameToSelf(old_name);
      if (!absl::EqualsIgnoreCase(AbslView(SplitName(old_name).first),
                                  AbslView(SplitName(new_name).first))) {
        return errors::RenameAcrossSchemas(old_name, new_name);
      }
      RenameEverywhere(next, old_name, new_name);
      next.Finish();
      if (!rename.synonym.empty()) EditTable(next, new_name)->synonyms.push_back(rename.synonym);
      next.Finish();
      if (auto broken = FindBrokenView(next)) {
        return errors::ViewBreaks("alter TABLE", old_name, broken->name, broken->reason);
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace ks::local
