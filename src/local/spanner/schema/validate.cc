#include "local/spanner/schema/validate.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/string_map.h"
#include "local/spanner/limits.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

std::string Fold(std::string_view name) {
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return folded;
}

bool ValidIdentifier(std::string_view name) {
  if (name.empty() || name.size() > static_cast<size_t>(limits::kIdentifierChars)) return false;
  if (!std::isalpha(static_cast<unsigned char>(name[0])) && name[0] != '_') return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

// Objects of all kinds share one space of names.
class Names {
 public:
  explicit Names(const Schema& schema) : schema_(schema) {}

  absl::Status Add(std::string_view kind, std::string_view name) {
    auto [named_schema, object] = SplitName(name);
    bool valid = ValidIdentifier(object) && (named_schema.empty() || ValidIdentifier(named_schema));
    if (!valid) return errors::InvalidName(kind, name);
    if (!named_schema.empty() && !schema_.HasNamedSchema(named_schema)) {
      return errors::SchemaNotFound(named_schema);
    }
    if (!taken_.insert(Fold(name)).second) return errors::DuplicateName(name);
    return absl::OkStatus();
  }

 private:
  const Schema& schema_;
  StringSet taken_;
};

absl::Status ValidateNames(const Schema& schema) {
  Names names(schema);
  for (const std::string& name : schema.named_schemas) {
    KS_RETURN_IF_ERROR(names.Add("Schema", name));
  }
  for (const auto& table : schema.tables) {
    KS_RETURN_IF_ERROR(names.Add("Table", table->name));
    for (const std::string& synonym : table->synonyms) {
      KS_RETURN_IF_ERROR(names.Add("Synonym", synonym));
    }
    for (const CheckConstraint& check : table->checks) {
      KS_RETURN_IF_ERROR(names.Add("Check Constraint", check.name));
    }
    for (const ForeignKey& key : table->foreign_keys) {
      KS_RETURN_IF_ERROR(names.Add("Foreign Key", key.name));
    }
  }
  for (const auto& index : schema.indexes) {
    KS_RETURN_IF_ERROR(names.Add("Index", index->name));
  }
  for (const auto& view : schema.views) KS_RETURN_IF_ERROR(names.Add("View", view->name));
  for (const auto& sequence : schema.sequences) {
    KS_RETURN_IF_ERROR(names.Add("Sequence", sequence.name));
  }
  for (const auto& stream : schema.change_streams) {
    KS_RETURN_IF_ERROR(names.Add("Change Stream", stream.name));
  }
  return absl::OkStatus();
}

absl::Status ValidateColumns(const Table& table) {
  StringSet seen;
  for (const Column& column : table.columns) {
    if (!ValidIdentifier(column.name)) return errors::InvalidName("Column", column.name);
    std::string full = StrCat(table.name, ".", column.name);
    if (!seen.insert(Fold(column.name)).second) return errors::DuplicateColumnName(full);
    if (column.allow_commit_timestamp && !column.type->Is(sql::TypeKind::kTimestamp)) {
      return errors::CommitTimestampOption(full);
    }
    sql::TypeRef element = column.type->is_array() ? column.type->element() : column.type;
    int64_t limit = 0;
    if (element->Is(sql::TypeKind::kString)) limit = limits::kStringChars;
    if (element->Is(sql::TypeKind::kBytes)) limit = limits::kCellBytes;
    bool bounded = limit > 0 && column.max_length != kMaxLength;
    if (bounded && (column.max_length < 1 || column.max_length > limit)) {
      return errors::BadLength(full, column.max_length, limit);
    }
  }
  if (table.columns.size() > static_cast<size_t>(limits::kColumnsPerTable)) {
    return errors::TooMany("columns", StrCat("Table ", table.name), limits::kColumnsPerTable);
  }
  return absl::OkStatus();
}

absl::Status ValidateKey(const Table& table) {
  if (table.key.size() > static_cast<size_t>(limits::kKeyColumns)) {
    return errors::TooMany("keys", StrCat("Table ", table.name), limits::kKeyColumns);
  }
  std::vector<int> seen;
  for (const KeyColumn& part : table.key) {
    const Column& column = table.columns[part.column];
    if (std::find(seen.begin(), seen.end(), part.column) != seen.end()) {
      return errors::KeyColumnTwice("Table", table.name, column.name);
    }
    seen.push_back(part.column);
    if (!IsKeyType(column.type)) {
      return errors::KeyColumnType(StrCat(table.name, ".", column.name), column.type->ToString());
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateInterleaving(const Schema& schema, const Table& table) {
  if (table.interleave == InterleaveKind::kNone) return absl::OkStatus();
  const Table* parent = schema.FindTable(table.parent);
  if (parent == nullptr) return errors::ObjectNotFound("Table", table.parent);
  int depth = 1;
  for (const Table* up = &table; up->interleave != InterleaveKind::kNone; ++depth) {
    up = schema.FindTable(up->parent);
    if (up == nullptr) break;
    if (depth >= limits::kInterleaveDepth) {
      return errors::TooMany("levels of interleaving", StrCat("Table ", table.name),
                             limits::kInterleaveDepth);
    }
  }
  if (table.interleave == InterleaveKind::kIn) return absl::OkStatus();
  for (size_t i = 0; i < parent->key.size(); ++i) {
    const Column& theirs = parent->columns[parent->key[i].column];
    if (i >= table.key.size()) {
      return errors::ParentKeyMismatch(table.name, theirs.name, "it is missing");
    }
    const Column& ours = table.columns[table.key[i].column];
    std::string_view wrong;
    if (Fold(ours.name) != Fold(theirs.name))
      wrong = "another column stands in its place";
    else if (ours.type != theirs.type)
      wrong = "the types differ";
    else if (ours.max_length != theirs.max_length)
      wrong = "the lengths differ";
    else if (ours.not_null != theirs.not_null)
      wrong = "only one of them is NOT NULL";
    else if (table.key[i].descending != parent->key[i].descending)
      wrong = "the orders differ";
    if (!wrong.empty()) return errors::ParentKeyMismatch(table.name, theirs.name, wrong);
  }
  return absl::OkStatus();
}

absl::Status ValidateRowDeletion(const Table& table) {
  if (!table.row_deletion_policy) return absl::OkStatus();
  const Column& column = table.columns[table.row_deletion_policy->column];
  if (column.type->Is(sql::TypeKind::kTimestamp)) return absl::OkStatus();
  return errors::RowDeletionColumn(table.name, column.name);
}

absl::Status ValidateIndex(const Schema& schema, const Index& index) {
  const Table* table = schema.FindTable(index.table);
  if (table == nullptr) return errors::ObjectNotFound("Table", index.table);
  std::vector<int> seen;
  for (const KeyColumn& part : index.key) {
    const Column& column = table->columns[part.column];
    if (std::find(seen.begin(), seen.end(), part.column) != seen.end()) {
      return errors::KeyColumnTwice("Index", index.name, column.name);
    }
    seen.push_back(part.column);
    if (!IsKeyType(column.type)) {
      return errors::IndexColumnType(index.name, column.name, column.type->ToString());
    }
  }
  if (index.full_key.size() > static_cast<size_t>(limits::kKeyColumns)) {
    return errors::TooMany("keys", StrCat("Index ", index.name), limits::kKeyColumns);
  }
  for (int column : index.storing) {
    bool key = std::find(seen.begin(), seen.end(), column) != seen.end() || table->IsKey(column);
    if (key) return errors::StoringKeyColumn(index.name, table->columns[column].name);
  }
  if (table->indexes.size() > static_cast<size_t>(limits::kIndexesPerTable)) {
    return errors::TooMany("indexes", StrCat("Table ", table->name), limits::kIndexesPerTable);
  }
  if (index.interleave_in.empty()) return absl::OkStatus();
  const Table* parent = schema.FindTable(index.interleave_in);
  if (parent == nullptr) return errors::ObjectNotFound("Table", index.interleave_in);
  bool prefix = index.key.size() >= parent->key.size();
  for (size_t i = 0; prefix && i < parent->key.size(); ++i) {
    const Column& ours = table->columns[index.key[i].column];
    prefix = Fold(ours.name) == Fold(parent->columns[parent->key[i].column].name);
  }
  return prefix ? absl::OkStatus() : errors::IndexInterleave(index.name, parent->name);
}

}  // namespace

absl::Status ValidateSchema(const Schema& schema) {
  if (schema.tables.size() > static_cast<size_t>(limits::kTablesPerDatabase)) {
    return errors::TooMany("tables", "The database", limits::kTablesPerDatabase);
  }
  if (schema.indexes.size() > static_cast<size_t>(limits::kIndexesPerDatabase)) {
    return errors::TooMany("indexes", "The database", limits::kIndexesPerDatabase);
  }
  KS_RETURN_IF_ERROR(ValidateNames(schema));
  for (const auto& table : schema.tables) {
    KS_RETURN_IF_ERROR(ValidateColumns(*table));
    KS_RETURN_IF_ERROR(ValidateKey(*table));
    KS_RETURN_IF_ERROR(ValidateInterleaving(schema, *table));
    KS_RETURN_IF_ERROR(ValidateRowDeletion(*table));
  }
  for (const auto& index : schema.indexes) KS_RETURN_IF_ERROR(ValidateIndex(schema, *index));
  return absl::OkStatus();
}

}  // namespace ks::local
