#include "local/spanner/schema/schema.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "base/check.h"
#include "base/str_cat.h"

namespace ks::local {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(AbslView(a), AbslView(b));
}

std::string Fold(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

template <typename Objects>
auto FindByName(const Objects& objects, std::string_view name) -> const
    typename Objects::value_type* {
  for (const auto& object : objects) {
    if (SameName(object.name, name)) return &object;
  }
  return nullptr;
}

template <typename Object>
const Object* FindIn(const StringMap<Object*>& by_name, std::string_view name) {
  auto found = by_name.find(Fold(name));
  return found == by_name.end() ? nullptr : found->second;
}

KeyShape ShapeOf(KeySpaceId space, const Table& table, const std::vector<KeyColumn>& key) {
  KeyShape shape{space, {}};
  for (const KeyColumn& part : key) {
    shape.parts.push_back({table.columns[part.column].type, part.descending});
  }
  return shape;
}

// `named`: what stands for a PROTO or ENUM.
std::string TypeText(const Column& column, std::string named) {
  const bool array = column.type->is_array();
  const sql::TypeRef element = array ? column.type->element() : column.type;
  std::string text = element->full_name().empty() ? element->ToString() : std::move(named);
  if (element->Is(sql::TypeKind::kString) || element->Is(sql::TypeKind::kBytes)) {
    text += column.max_length == kMaxLength ? "(MAX)" : StrCat("(", column.max_length, ")");
  }
  if (!array) return text;
  std::string vector =
      column.vector_length ? StrCat("(vector_length=>", *column.vector_length, ")") : "";
  return StrCat("ARRAY<", text, ">", vector);
}

void FinishTable(Table& table) {
  table.shape = ShapeOf(table.space, table, table.key);
  table.key_position.assign(table.columns.size(), -1);
  for (size_t i = 0; i < table.key.size(); ++i) {
    table.key_position[table.key[i].column] = static_cast<int>(i);
  }
  table.column_by_id.clear();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    table.column_by_id[table.columns[i].id] = static_cast<int>(i);
  }
  table.indexes.clear();
  table.children.clear();
  table.referenced_by.clear();
  table.parent_table = nullptr;
}

// False where the name is that of another table too: a schema that validation is about to refuse.
bool IsOn(const Index& index, const Table& table) {
  const int columns = static_cast<int>(table.columns.size());
  return std::all_of(index.key.begin(), index.key.end(),
                     [&](const KeyColumn& part) { return part.column < columns; });
}

void FinishIndex(Index& index, const Table& table) {
  index.full_key = index.key;
  for (const KeyColumn& part : table.key) {
    bool there = std::any_of(index.key.begin(), index.key.end(),
                             [&](const KeyColumn& k) { return k.column == part.column; });
    if (!there) index.full_key.push_back(part);
  }
  index.shape = ShapeOf(index.space, table, index.full_key);
}

}  // namespace

bool Column::DefaultIsCommitTimestamp() const {
  if (!allow_commit_timestamp || default_expression.empty()) return false;
  std::string text;
  for (char c : default_expression) {
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') text += c;
  }
  return SameName(text, "PENDING_COMMIT_TIMESTAMP()");
}

std::string Column::SpannerType() const {
  const sql::TypeRef element = type->is_array() ? type->element() : type;
  std::string_view word = element->Is(sql::TypeKind::kProto) ? "PROTO" : "ENUM";
  return TypeText(*this, StrCat(word, "<", element->full_name(), ">"));
}

std::string Column::DdlType() const {
  const sql::TypeRef element = type->is_array() ? type->element() : type;
  return TypeText(*this, StrCat("`", element->full_name(), "`"));
}

bool Index::Covers(int column) const {
  for (const KeyColumn& part : full_key) {
    if (part.column == column) return true;
  }
  return std::find(storing.begin(), storing.end(), column) != storing.end();
}

int Table::FindColumn(std::string_view column_name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (SameName(columns[i].name, column_name)) return static_cast<int>(i);
  }
  return -1;
}

bool ChangeStream::Watches(const Table& table) const {
  return for_all || std::any_of(watched.begin(), watched.end(),
                                [&](const Watched& w) { return SameName(w.table, table.name); });
}

bool ChangeStream::Watches(const Table& table, int column) const {
  if (table.columns[column].generated != GeneratedKind::kNone) return false;
  if (for_all) return true;
  for (const Watched& w : watched) {
    if (!SameName(w.table, table.name)) continue;
    return w.all_columns ||
           std::any_of(w.columns.begin(), w.columns.end(), [&](const std::string& name) {
             return SameName(name, table.columns[column].name);
           });
  }
  return false;
}

std::shared_ptr<Schema> Schema::Copy() const {
  auto copy = std::make_shared<Schema>();
  copy->version = version;
  copy->since = since;
  copy->next_space = next_space;
  copy->named_schemas = named_schemas;
  for (const auto& table : tables) copy->tables.push_back(std::make_unique<Table>(*table));
  for (const auto& index : indexes) copy->indexes.push_back(std::make_unique<Index>(*index));
  for (const auto& view : views) copy->views.push_back(std::make_unique<View>(*view));
  copy->sequences = sequences;
  copy->change_streams = change_streams;
  copy->roles = roles;
  copy->privileges = privileges;
  copy->locality_groups = locality_groups;
  copy->placements = placements;
  copy->database_name = database_name;
  copy->database_options = database_options;
  copy->proto_types = proto_types;
  copy->Finish();
  return copy;
}

void Schema::Finish() {
  tables_by_name_.clear();
  indexes_by_name_.clear();
  views_by_name_.clear();
  for (auto& table : tables) {
    FinishTable(*table);
    tables_by_name_[Fold(table->name)] = table.get();
    for (const std::string& synonym : table->synonyms) {
      tables_by_name_[Fold(synonym)] = table.get();
    }
  }
  for (auto& view : views) views_by_name_[Fold(view->name)] = view.get();
  for (auto& index : indexes) {
    indexes_by_name_[Fold(index->name)] = index.get();
    auto table = tables_by_name_.find(Fold(index->table));
    if (table == tables_by_name_.end() || !IsOn(*index, *table->second)) continue;
    FinishIndex(*index, *table->second);
    table->second->indexes.push_back(index.get());
  }
  for (auto& table : tables) {
    table->watched = std::any_of(change_streams.begin(), change_streams.end(),
                                 [&](const ChangeStream& s) { return s.Watches(*table); });
    for (const ForeignKey& key : table->foreign_keys) {
      auto referenced = tables_by_name_.find(Fold(key.referenced_table));
      if (referenced == tables_by_name_.end()) continue;
      referenced->second->referenced_by.emplace_back(table.get(), &key);
    }
    if (table->interleave != InterleaveKind::kInParent) continue;
    auto parent = tables_by_name_.find(Fold(table->parent));
    if (parent == tables_by_name_.end()) continue;
    table->parent_table = parent->second;
    parent->second->children.push_back(table.get());
  }
}

const Table* Schema::FindTable(std::string_view name) const {
  return FindIn<Table>(tables_by_name_, name);
}
const Index* Schema::FindIndex(std::string_view name) const {
  return FindIn<Index>(indexes_by_name_, name);
}
const View* Schema::FindView(std::string_view name) const {
  return FindIn<View>(views_by_name_, name);
}
const Sequence* Schema::FindSequence(std::string_view name) const {
  return FindByName(sequences, name);
}
const ChangeStream* Schema::FindChangeStream(std::string_view name) const {
  return FindByName(change_streams, name);
}
const Role* Schema::FindRole(std::string_view name) const { return FindByName(roles, name); }

bool Schema::HasNamedSchema(std::string_view name) const {
  for (const std::string& schema : named_schemas) {
    if (SameName(schema, name)) return true;
  }
  return false;
}

std::vector<std::string> Schema::TableNames() const {
  std::vector<std::string> names;
  for (const auto& table : tables) names.push_back(table->name);
  return names;
}

std::pair<std::string_view, std::string_view> SplitName(std::string_view name) {
  size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {{}, name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

}  // namespace ks::local
