// CREATE INDEX, ALTER INDEX, DROP INDEX.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

absl::StatusOr<std::unique_ptr<Index>> MakeIndex(const DdlContext& context, Schema& schema,
                                                 const sql::IndexDefinition& definition) {
  std::string table_name = sql::Dotted(definition.table);
  const Table* table = schema.FindTable(table_name);
  if (table == nullptr) return errors::TableNotFound(table_name);
  auto index = std::make_unique<Index>();
  index->name = sql::Dotted(definition.name);
  index->space = schema.next_space++;
  index->table = table->name;
  index->unique = definition.unique;
  index->null_filtered = definition.null_filtered;
  index->backfilled = false;
  for (const sql::KeyColumn& part : definition.columns) {
    int column = table->FindColumn(part.name.name);
    if (column < 0) return errors::IndexColumnMissing(index->name, part.name.name);
    if (!table->columns[column].stored()) {
      return errors::NotImplemented("An index on a generated column that is not STORED");
    }
    index->key.push_back({column, part.descending});
  }
  for (const sql::Identifier& name : definition.storing) {
    int column = table->FindColumn(name.name);
    if (column < 0) return errors::IndexColumnMissing(index->name, name.name);
    index->storing.push_back(column);
  }
  for (const sql::Identifier& name : definition.not_null_columns) {
    int column = table->FindColumn(name.name);
    if (column < 0) return errors::IndexColumnMissing(index->name, name.name);
    index->not_null_columns.push_back(column);
  }
  if (!definition.interleave_in.empty())
    index->interleave_in = sql::Dotted(definition.interleave_in);
  KS_RETURN_IF_ERROR(
      SetOptions(OptionsOf::kIndex, context.text, definition.options, index->options));
  return index;
}

}  // namespace

absl::Status CreateIndex(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateIndexStatement>(statement);
  if (create.index.kind == sql::IndexKind::kSearch) {
    return errors::NotImplemented("CREATE SEARCH INDEX");
  }
  if (create.index.kind == sql::IndexKind::kVector) {
    return errors::NotImplemented("CREATE VECTOR INDEX");
  }
  std::string name = sql::Dotted(create.index.name);
  if (create.if_not_exists && context.schema()->FindIndex(name) != nullptr) return absl::OkStatus();
  KS_RETURN_IF_ERROR(context.Change([&](Schema& next) -> absl::Status {
    KS_ASSIGN_OR_RETURN(auto index, MakeIndex(context, next, create.index));
    next.indexes.push_back(std::move(index));
    return absl::OkStatus();
  }));
  return FillIndexes(context);
}

absl::Status AlterIndex(DdlContext& context, const sql::Statement& statement) {
  const auto& alter = sql::As<sql::AlterIndexStatement>(statement);
  std::string name = sql::Dotted(alter.name);
  if (alter.index_kind == sql::IndexKind::kSecondary &&
      alter.action == sql::AlterIndexAction::kSetOptions) {
    return context.Change([&](Schema& next) -> absl::Status {
      Index* index = EditIndex(next, name);
      if (index == nullptr) return errors::ObjectNotFound("Index", name);
      return SetOptions(OptionsOf::kIndex, context.text, alter.options, index->options);
    });
  }
  bool add = alter.action == sql::AlterIndexAction::kAddStoredColumn;
  bool drop = alter.action == sql::AlterIndexAction::kDropStoredColumn;
  if (alter.index_kind != sql::IndexKind::kSecondary || (!add && !drop)) {
    return errors::NotImplemented("This form of ALTER INDEX");
  }
  // Entries are written anew in a key space of their own, while the index as it was goes on
  // serving.
  std::string fresh = name + "__altered";
  KS_RETURN_IF_ERROR(context.Change([&](Schema& next) -> absl::Status {
    const Index* index = next.FindIndex(name);
    if (index == nullptr || index->managed) return errors::ObjectNotFound("Index", name);
    const Table* table = next.TableOf(*index);
    int column = table->FindColumn(alter.column.name);
    if (column < 0) return errors::ColumnMissing(table->name, alter.column.name);
    auto copy = std::make_unique<Index>(*index);
    auto stored = std::find(copy->storing.begin(), copy->storing.end(), column);
    if (add && index->Covers(column)) {
      return errors::StoredTwice(index->name, alter.column.name);
    }
    if (drop && stored == copy->storing.end()) {
      return errors::NotStored(index->name, alter.column.name);
    }
    if (add) copy->storing.push_back(column);
    if (drop) copy->storing.erase(stored);
    copy->name = fresh;
    copy->space = next.next_space++;
    copy->backfilled = false;
    next.indexes.push_back(std::move(copy));
    return absl::OkStatus();
  }));
  KS_RETURN_IF_ERROR(FillIndexes(context));
  return context.Change([&](Schema& next) -> absl::Status {
    Index* old_index = EditIndex(next, name);
    Index* new_index = EditIndex(next, fresh);
    if (old_index == nullptr || new_index == nullptr) return errors::IndexNotFound(name, "");
    std::string declared = old_index->name;
    *old_index = *new_index;
    old_index->name = declared;
    std::erase_if(next.indexes, [&](const auto& index) { return index.get() == new_index; });
    return absl::OkStatus();
  });
}

absl::Status DropIndex(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropIndexStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && context.schema()->FindIndex(name) == nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    const Index* index = next.FindIndex(name);
    if (index == nullptr) return errors::ObjectNotFound("Index", name);
    if (index->managed) return errors::IndexOfForeignKeys(index->name, {"(its own)"});
    std::erase_if(next.indexes, [&](const auto& i) { return i.get() == index; });
    next.Finish();
    return absl::OkStatus();
  });
}

}  // namespace ks::local
