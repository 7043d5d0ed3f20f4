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

bool ValidSchemaName(std::string_view name) {
  std::string folded = Fold(name);
  for (std::string_view reserved : {"information_schema", "spanner_sys", "spanner", "default"}) {
    if (folded == reserved) return false;
  }
  return ValidIdentifier(name) && name[0] != '_';
}

// Objects of all kinds share one space of names.
class Names {
 public:
  explicit Names(const Schema& schema) : schema_(schema) {}

  absl::Status Add(std::string_view kind, std::string_view name) {
    auto [named_schema, object] = SplitName(name);
    if (!named_schema.empty() && !schema_.HasNamedSchema(named_schema)) {
      return errors::SchemaNotFound(named_schema);
    }
    if (!ValidIdentifier(object) || object[0] == '_') return errors::InvalidName(kind, name);
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
    if (name.find('.') != std::string::npos) return errors::NotInNamedSchema("Schema", name);
    if (!ValidSchemaName(name)) return errors::InvalidName("Schema", name);
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
    if (!SplitName(stream.name).first.empty()) {
      return errors::NotInNamedSchema("Change Stream", stream.name);
    }
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
    bool vector = column.type->is_array() &&
                  (element->Is(sql::TypeKind::kFloat32) || element->Is(sql::TypeKind::kFloat64));
    if (column.vector_length && !vector) return errors::VectorLengthType(full);
  }
  if (table.columns.size() > static_cast<size_t>(limits::kColumnsPerTable)) {
    return errors::TooMany("columns", StrCat("Table ", table.name), limits::kColumnsPerTable);
  }
  return absl::OkStatus();
}

std::string TypeWord(const Column& column) {
  if (column.type->is_array()) return "ARRAY";
  return column.type->Is(sql::TypeKind::kProto) ? "PROTO" : column.type->ToString();
}

absl::Status ValidateKey(const Table& table) {
  std::vector<int> seen;
  for (const KeyColumn& part : table.key) {
    const Column& column = table.columns[part.column];
    if (std::find(seen.begin(), seen.end(), part.column) != seen.end()) {
      return errors::KeyColumnTwice(table.name, column.name);
    }
    seen.push_back(part.column);
    if (!IsKeyType(column.type)) {
      return errors::KeyColumnType(StrCat(table.name, ".", column.name), TypeWord(column));
    }
  }
  if (table.key.size() > static_cast<size_t>(limits::kKeyColumns)) {
    return errors::TooManyKeys(StrCat("Table ", table.name), static_cast<int64_t>(table.key.size()),
                               limits::kKeyColumns);
  }
  return absl::OkStatus();
}

std::string LengthText(int64_t length) { return length == kMaxLength ? "MAX" : StrCat(length); }

// Of a table in its parent, or of an index in the table around it: the key begins with the
// parent's.
struct KeyInParent {
  std::string object;  // `Table C`, `Index I`
  bool index;
  const Table& table;  // whose columns `key` names
  const std::vector<KeyColumn>& key;
};

absl::Status ValidateParentColumn(const KeyInParent& child, const Table& parent, size_t i) {
  const Column& theirs = parent.columns[parent.key[i].column];
  auto same = [&](const KeyColumn& part) {
    return Fold(child.table.columns[part.column].name) == Fold(theirs.name);
  };
  auto place = std::find_if(child.key.begin(), child.key.end(), same);
  if (place == child.key.end()) {
    return errors::ParentKeyMissing(child.object, child.index, theirs.name);
  }
  if (place - child.key.begin() != static_cast<std::ptrdiff_t>(i)) {
    return errors::ParentKeyPosition(child.object, theirs.name, place - child.key.begin());
  }
  const Column& ours = child.table.columns[place->column];
  if (ours.type != theirs.type) {
    return errors::ParentKeyType(child.object, theirs.name, TypeWord(ours), TypeWord(theirs));
  }
  if (place->descending != parent.key[i].descending) {
    return errors::ParentKeyOrder(child.object, theirs.name, parent.key[i].descending);
  }
  if (!child.index && ours.not_null != theirs.not_null) {
    return errors::ParentKeyNullable(child.object, theirs.name, theirs.not_null);
  }
  if (ours.max_length != theirs.max_length) {
    return errors::ParentKeyLength(child.object, theirs.name, LengthText(ours.max_length),
                                   LengthText(theirs.max_length));
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
      return errors::TooDeep(table.name, limits::kInterleaveDepth);
    }
    bool ages = up->row_deletion_policy && table.interleave == InterleaveKind::kInParent;
    if (ages && table.on_delete == OnDelete::kNoAction) {
      return errors::RowDeletionNoAction(table.name, up->name);
    }
  }
  const KeyInParent child{StrCat("Table ", table.name), false, table, table.key};
  for (size_t i = 0; i < parent->key.size(); ++i) {
    KS_RETURN_IF_ERROR(ValidateParentColumn(child, *parent, i));
  }
  return absl::OkStatus();
}

absl::Status ValidateRowDeletion(const Table& table) {
  if (!table.row_deletion_policy) return absl::OkStatus();
  const Column& column = table.columns[table.row_deletion_policy->column];
  if (column.type->Is(sql::TypeKind::kTimestamp)) return absl::OkStatus();
  return errors::RowDeletionColumnType(table.name, column.name);
}

absl::Status ValidateIndexColumns(const Index& index, const Table& table) {
  std::vector<int> seen;
  if (index.key.empty()) return errors::IndexWithoutColumns(index.name);
  for (const KeyColumn& part : index.key) {
    const Column& column = table.columns[part.column];
    if (std::find(seen.begin(), seen.end(), part.column) != seen.end()) {
      return errors::IndexColumnTwice(index.name, column.name);
    }
    seen.push_back(part.column);
    if (!IsKeyType(column.type)) {
      return errors::IndexColumnType(index.name, column.name, TypeWord(column));
    }
  }
  if (index.full_key.size() > static_cast<size_t>(limits::kKeyColumns)) {
    return errors::TooManyKeys(StrCat("Index ", index.name),
                               static_cast<int64_t>(index.full_key.size()), limits::kKeyColumns);
  }
  const size_t keys = seen.size();
  for (int column : index.storing) {
    const std::string& name = table.columns[column].name;
    if (table.IsKey(column)) return errors::StoredInTableKey(index.name, table.name, name);
    auto at = std::find(seen.begin(), seen.end(), column);
    if (at != seen.end()) {
      return static_cast<size_t>(at - seen.begin()) < keys
                 ? errors::StoredInKey(index.name, name)
                 : errors::IndexColumnTwice(index.name, name);
    }
    seen.push_back(column);
  }
  return absl::OkStatus();
}

bool IsAncestor(const Schema& schema, const Table& ancestor, const Table& table) {
  for (const Table* t = &table; t != nullptr && t->interleave != InterleaveKind::kNone;) {
    t = schema.FindTable(t->parent);
    if (t == &ancestor) return true;
  }
  return false;
}

absl::Status ValidateIndex(const Schema& schema, const Index& index) {
  const Table* table = schema.FindTable(index.table);
  if (table == nullptr) return errors::ObjectNotFound("Table", index.table);
  if (Fold(SplitName(index.name).first) != Fold(SplitName(table->name).first)) {
    return errors::IndexSchema(index.name, table->name);
  }
  KS_RETURN_IF_ERROR(ValidateIndexColumns(index, *table));
  if (table->indexes.size() > static_cast<size_t>(limits::kIndexesPerTable)) {
    return errors::TooMany("indexes", StrCat("Table ", table->name), limits::kIndexesPerTable);
  }
  if (index.interleave_in.empty()) return absl::OkStatus();
  const Table* parent = schema.FindTable(index.interleave_in);
  if (parent == nullptr) return errors::IndexParentMissing(index.name, index.interleave_in);
  if (!IsAncestor(schema, *parent, *table)) {
    return errors::IndexParentNoAncestor(index.name, table->name, parent->name);
  }
  const KeyInParent child{StrCat("Index ", index.name), true, *table, index.key};
  for (size_t i = 0; i < parent->key.size(); ++i) {
    KS_RETURN_IF_ERROR(ValidateParentColumn(child, *parent, i));
  }
  return absl::OkStatus();
}

// ---- Change streams ----

absl::Status ValidateStream(const Schema& schema, const ChangeStream& stream);

}  // namespace

absl::Status ValidateStreamCount(const Schema& schema, const ChangeStream& stream) {
  KS_RETURN_IF_ERROR(ValidateStream(schema, stream));
  for (const auto& table : schema.tables) {
    for (int c = 0; c < static_cast<int>(table->columns.size()); ++c) {
      if (table->IsKey(c) || !stream.Watches(*table, c)) continue;
      auto count = std::count_if(schema.change_streams.begin(), schema.change_streams.end(),
                                 [&](const ChangeStream& s) { return s.Watches(*table, c); });
      if (count > limits::kChangeStreamsPerColumn) {
        return errors::TooManyStreamsOf(stream.name, limits::kChangeStreamsPerColumn,
                                        table->columns[c].name);
      }
    }
  }
  return absl::OkStatus();
}

namespace {

absl::Status ValidateStream(const Schema& schema, const ChangeStream& stream) {
  StringSet tables;
  for (const auto& watched : stream.watched) {
    const Table* table = schema.FindTable(watched.table);
    if (table == nullptr) return errors::StreamTableMissing(stream.name, watched.table);
    if (!tables.insert(Fold(watched.table)).second) {
      return errors::StreamTableTwice(stream.name, table->name);
    }
    StringSet columns;
    for (const std::string& name : watched.columns) {
      int c = table->FindColumn(name);
      if (c < 0) return errors::StreamColumnMissing(stream.name, table->name, name);
      if (!columns.insert(Fold(name)).second) {
        return errors::StreamColumnTwice(stream.name, table->name, name);
      }
      if (table->IsKey(c)) return errors::StreamKeyColumn(stream.name, table->name, name);
      if (table->columns[c].generated != GeneratedKind::kNone) {
        return errors::StreamGeneratedColumn(stream.name, table->name, name);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

namespace {

absl::Status ValidateCounts(const Schema& schema) {
  const struct {
    size_t count;
    const limits::Limit& limit;
    std::string_view what;
  } counts[] = {
      {schema.tables.size(), limits::kTablesPerDatabase, "tables"},
      {schema.indexes.size(), limits::kIndexesPerDatabase, "indexes"},
      {schema.views.size(), limits::kViewsPerDatabase, "views"},
      {schema.roles.size(), limits::kRolesPerDatabase, "roles"},
  };
  for (const auto& [count, limit, what] : counts) {
    if (static_cast<int64_t>(count) > limit) return errors::TooMany(what, "The database", limit);
  }
  if (static_cast<int64_t>(schema.change_streams.size()) > limits::kChangeStreamsPerDatabase) {
    return errors::TooManyStreams(schema.change_streams.back().name,
                                  limits::kChangeStreamsPerDatabase);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateSchema(const Schema& schema) {
  KS_RETURN_IF_ERROR(ValidateCounts(schema));
  KS_RETURN_IF_ERROR(ValidateNames(schema));
  for (const auto& table : schema.tables) {
    KS_RETURN_IF_ERROR(ValidateColumns(*table));
    KS_RETURN_IF_ERROR(ValidateKey(*table));
    KS_RETURN_IF_ERROR(ValidateInterleaving(schema, *table));
    KS_RETURN_IF_ERROR(ValidateRowDeletion(*table));
  }
  for (const auto& index : schema.indexes) KS_RETURN_IF_ERROR(ValidateIndex(schema, *index));
  for (const ChangeStream& s : schema.change_streams) {
    KS_RETURN_IF_ERROR(ValidateStream(schema, s));
  }
  return absl::OkStatus();
}

}  // namespace ks::local
