// ALTER TABLE: columns that come, go and change. Rows that are there are validated or filled.
#include "local/spanner/ddl/alter.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/key_text.h"

namespace ks::local {
namespace {

using Action = sql::AlterTableAction;

// ---- Who uses a column ----

// The index that uses column `c`; null: none.
const Index* IndexWith(const Table& table, int c, bool key_only = false) {
  for (const Index* index : table.indexes) {
    if (index->managed) continue;
    bool uses = std::any_of(index->key.begin(), index->key.end(),
                            [c](const KeyColumn& part) { return part.column == c; });
    const auto& storing = index->storing;
    const auto& not_null = index->not_null_columns;
    uses =
        uses || (!key_only && (std::find(storing.begin(), storing.end(), c) != storing.end() ||
                               std::find(not_null.begin(), not_null.end(), c) != not_null.end()));
    if (uses) return index;
  }
  return nullptr;
}

std::vector<std::string> ForeignKeysWith(const Table& table, int c) {
  std::vector<std::string> names;
  for (const ForeignKey& key : table.foreign_keys) {
    if (std::find(key.columns.begin(), key.columns.end(), c) != key.columns.end()) {
      names.push_back(key.name);
    }
  }
  for (const auto& [referencing, key] : table.referenced_by) {
    for (const std::string& name : key->referenced_columns) {
      if (table.FindColumn(name) == c) names.push_back(key->name);
    }
  }
  return names;
}

std::vector<std::string> StreamsWith(const Schema& schema, const Table& table, int c) {
  std::vector<std::string> names;
  for (const ChangeStream& stream : schema.change_streams) {
    for (const auto& watched : stream.watched) {
      if (!absl::EqualsIgnoreCase(watched.table, table.name)) continue;
      for (const std::string& name : watched.columns) {
        if (table.FindColumn(name) == c) names.push_back(stream.name);
      }
    }
  }
  return names;
}

absl::Status CheckDroppable(const Schema& schema, const Table& table, int c) {
  const std::string& name = table.columns[c].name;
  if (table.IsKey(c)) return errors::CannotDropKeyColumn(table.name, name);
  if (table.row_deletion_policy && table.row_deletion_policy->column == c) {
    return errors::RowDeletionBreaks(table.name, name);
  }
  if (const Index* index = IndexWith(table, c)) {
    return errors::ColumnInIndex(table.name, name, index->name);
  }
  const auto keys = ForeignKeysWith(table, c);
  if (!keys.empty()) return errors::ColumnInForeignKeys(table.name, name, keys);
  const auto streams = StreamsWith(schema, table, c);
  if (!streams.empty()) return errors::ColumnInStreams(StrCat(table.name, ".", name), streams);
  const std::string generated = GeneratedFrom(table, c);
  if (!generated.empty()) return errors::ColumnInGenerated(table.name, name, generated);
  const std::string check = CheckedBy(table, c);
  if (!check.empty()) return errors::ColumnInCheck(name, check);
  return absl::OkStatus();
}

// Column numbers above `c` move down by one.
void RemoveColumn(Schema& schema, Table& table, int c) {
  auto shift = [c](int& column) { column -= column > c ? 1 : 0; };
  table.columns.erase(table.columns.begin() + c);
  for (KeyColumn& part : table.key) shift(part.column);
  for (ForeignKey& key : table.foreign_keys) {
    for (int& column : key.columns) shift(column);
  }
  if (table.row_deletion_policy) shift(table.row_deletion_policy->column);
  for (auto& index : schema.indexes) {
    if (!absl::EqualsIgnoreCase(index->table, table.name)) continue;
    for (KeyColumn& part : index->key) shift(part.column);
    for (int& column : index->storing) shift(column);
    for (int& column : index->not_null_columns) shift(column);
  }
}

// ---- What a column may become ----

bool MayBecome(sql::TypeRef from, sql::TypeRef to) {
  if (from == to) return true;
  if (from->is_array() != to->is_array()) return false;
  auto kind = [](sql::TypeRef t) { return t->is_array() ? t->element()->kind() : t->kind(); };
  using sql::TypeKind;
  constexpr TypeKind kFamilies[][2] = {{TypeKind::kString, TypeKind::kBytes},
                                       {TypeKind::kProto, TypeKind::kBytes},
                                       {TypeKind::kEnum, TypeKind::kInt64}};
  const auto in = [&](const TypeKind(&family)[2], sql::TypeRef t) {
    return kind(t) == family[0] || kind(t) == family[1];
  };
  return std::any_of(std::begin(kFamilies), std::end(kFamilies),
                     [&](const auto& f) { return in(f, from) && in(f, to); });
}

bool ValidUtf8(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    unsigned char c = static_cast<unsigned char>(s[i]);
    size_t n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
    if (n == 0 || i + n > s.size()) return false;
    for (size_t k = 1; k < n; ++k) {
      if ((static_cast<unsigned char>(s[i + k]) & 0xc0) != 0x80) return false;
    }
    i += n;
  }
  return true;
}

// `value` fits the column as it is to be; else its length, or -1 where it is not UTF-8.
bool Fits(const Column& column, const sql::Datum& value, int64_t* length) {
  if (value.null()) return true;
  if (column.type->is_array()) {
    Column element = column;
    element.type = column.type->element();
    return std::all_of(value.elements().begin(), value.elements().end(),
                       [&](const sql::Datum& e) { return Fits(element, e, length); });
  }
  bool text = column.type->Is(sql::TypeKind::kString);
  if (!text && !column.type->Is(sql::TypeKind::kBytes)) return true;
  *length = static_cast<int64_t>(value.str().size());
  if (text && !ValidUtf8(value.str())) {
    *length = -1;
    return false;
  }
  if (text) {
    *length = std::count_if(value.str().begin(), value.str().end(),
                            [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  }
  return column.max_length == kMaxLength || *length <= column.max_length;
}

// Rows that do not fit the column as it is to be.
absl::Status CheckExisting(Alter& alter, const Column& column) {
  auto schema = alter.context.schema();
  const Table* table = schema->FindTable(alter.table);
  int c = table->FindColumn(column.name);
  return ForEachRow(alter.context, alter.table,
                    [&](std::string_view key, sql::Datum* row) -> absl::Status {
                      const std::string at = FormatEncodedKey(table->shape, key);
                      if (column.not_null && row[c].null()) {
                        return errors::ExistingNull(table->name, column.name, at);
                      }
                      int64_t length = 0;
                      if (Fits(column, row[c], &length)) return absl::OkStatus();
                      if (length < 0) return errors::ExistingNotUtf8(column.name, at);
                      return errors::ExistingTooLong(column.name, column.max_length, length, at);
                    });
}

// The new definition is published first, so that no new row breaks it, then the old rows are
// checked; if one does not fit, the old definition comes back.
absl::Status TightenColumn(Alter& alter, const std::string& name, const Alter::ColumnEdit& edit) {
  auto before = alter.context.schema();
  int old_c = before->FindTable(alter.table)->FindColumn(name);
  if (old_c < 0) return errors::ColumnMissing(alter.table, name);
  Column old = before->FindTable(alter.table)->columns[old_c];
  Column changed;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) -> absl::Status {
    Column& column = table.columns[table.FindColumn(name)];
    KS_RETURN_IF_ERROR(edit(next, table, column));
    changed = column;
    return CheckExpressions(next, table);
  }));
  bool tighter = (changed.not_null && !old.not_null) || changed.type != old.type ||
                 changed.max_length != old.max_length;
  absl::Status fits = tighter ? CheckExisting(alter, changed) : absl::OkStatus();
  if (fits.ok()) return fits;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema&, Table& table) {
    table.columns[table.FindColumn(name)] = old;
    return absl::OkStatus();
  }));
  return fits;
}

std::string TypeName(sql::TypeRef type) { return type->ToString(); }

absl::Status CheckGeneration(const Table& table, const Column& column, const Column& made) {
  const std::string full = StrCat(table.name, ".", column.name);
  const bool was = column.generated != GeneratedKind::kNone;
  const bool is = made.generated != GeneratedKind::kNone;
  if (was && !is) return errors::GeneratedToRegular(full);
  if (!was && is) return errors::RegularToGenerated(full);
  if (is && made.generated_expression != column.generated_expression) {
    return errors::GeneratedExpressionChange(full);
  }
  if (is && made.generated != column.generated) return errors::GeneratedExpressionChange(full);
  return absl::OkStatus();
}

absl::Status CheckKeyChange(const Table& table, int c, const Column& made) {
  const Column& column = table.columns[c];
  const std::string full = StrCat(table.name, ".", column.name);
  const bool shape = made.type != column.type || made.max_length != column.max_length;
  const bool inherited = table.parent_table != nullptr &&
                         table.key_position[c] < static_cast<int>(table.parent_table->key.size());
  if (inherited && (shape || made.not_null != column.not_null)) {
    return errors::CannotChangeParentKey(full);
  }
  if (made.not_null != column.not_null) return errors::CannotChangeKeyColumn(full);
  if (shape && (!table.children.empty() || made.type != column.type)) {
    return errors::CannotChangeKeyType(full);
  }
  return absl::OkStatus();
}

// Whether `column` may become `made`, as far as the schema knows.
absl::Status CheckChange(const Table& table, int c, const Column& made) {
  const Column& column = table.columns[c];
  KS_RETURN_IF_ERROR(CheckGeneration(table, column, made));
  const bool retyped = made.type != column.type;
  if (retyped && !GeneratedFrom(table, c).empty()) {
    return errors::ColumnTypeInGenerated(column.name);
  }
  if (!MayBecome(column.type, made.type) || made.vector_length != column.vector_length) {
    return errors::CannotChangeType(column.name, TypeName(column.type), TypeName(made.type));
  }
  if (table.IsKey(c)) KS_RETURN_IF_ERROR(CheckKeyChange(table, c, made));
  const Index* index = IndexWith(table, c, true);
  if (index != nullptr && made.not_null != column.not_null) {
    return errors::ColumnNullabilityInIndex(column.name, index->name);
  }
  const auto keys = ForeignKeysWith(table, c);
  if (retyped && !keys.empty()) {
    return errors::ColumnTypeInForeignKeys(table.name, column.name, keys);
  }
  return absl::OkStatus();
}

absl::Status SetDefault(Alter& alter, const std::string& expression) {
  return alter.ChangeColumn([&](Schema& next, Table& table, Column& column) -> absl::Status {
    const std::string full = StrCat(table.name, ".", column.name);
    if (column.identity) {
      return expression.empty() ? absl::OkStatus() : errors::IdentityWithDefault(full);
    }
    if (column.generated != GeneratedKind::kNone && !expression.empty()) {
      return errors::GeneratedWithDefault(full);
    }
    column.default_expression = expression;
    return CheckExpressions(next, table);
  });
}

absl::Status SetOnUpdate(Alter& alter, const std::string& expression) {
  return alter.ChangeColumn([&](Schema& next, Table& table, Column& column) -> absl::Status {
    column.on_update_expression = expression;
    return CheckExpressions(next, table);
  });
}

absl::Status AlterIdentity(Alter& alter) {
  const sql::SequenceClauses& clauses = alter.statement.identity;
  return alter.ChangeColumn([&](Schema& next, Table& table, Column& column) -> absl::Status {
    if (!column.identity) return errors::NotIdentity(table.name, column.name);
    KS_RETURN_IF_ERROR(ChangeParameters(clauses, *column.identity));
    // A counter that starts anew is another counter.
    if (clauses.restart_counter) column.identity->space = next.next_space++;
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status AddColumn(Alter& alter) {
  const sql::ColumnDefinition& definition = alter.statement.column;
  auto before = alter.context.schema();
  const Table* old = before->FindTable(alter.table);
  const int there = old->FindColumn(definition.name.name);
  if (alter.statement.if_exists_clause && there >= 0) return absl::OkStatus();
  bool fills = false;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) -> absl::Status {
    KS_ASSIGN_OR_RETURN(Column column, MakeColumn(alter.context, next, table.name, definition));
    bool computed = column.has_default() || column.generated != GeneratedKind::kNone;
    if (there >= 0) return errors::DuplicateColumnName(StrCat(table.name, ".", column.name));
    if (column.not_null && !computed) {
      return errors::NotNullWithoutDefault(table.name, column.name);
    }
    fills = computed && column.stored();
    column.id = table.next_column_id++;
    table.columns.push_back(std::move(column));
    return CheckExpressions(next, table);
  }));
  if (!fills) return absl::OkStatus();
  return RewriteRows(alter.context, alter.table, definition.name.name);
}

absl::Status DropColumn(Alter& alter) {
  const std::string& name = alter.statement.name.name;
  auto before = alter.context.schema();
  if (alter.statement.if_exists_clause && before->FindTable(alter.table)->FindColumn(name) < 0) {
    return absl::OkStatus();
  }
  return alter.Change([&](Schema& next, Table& table) -> absl::Status {
    int c = table.FindColumn(name);
    if (c < 0) return errors::ColumnMissing(table.name, name);
    KS_RETURN_IF_ERROR(CheckDroppable(next, table, c));
    const std::string declared = table.columns[c].name;
    RemoveColumn(next, table, c);
    next.Finish();
    if (auto broken = FindBrokenView(next)) {
      return errors::DependentView("column", declared, broken->name);
    }
    return absl::OkStatus();
  });
}

absl::Status SetColumnType(Alter& alter) {
  const sql::ColumnDefinition& definition = alter.statement.column;
  return TightenColumn(
      alter, definition.name.name, [&](Schema& next, Table& table, Column& column) -> absl::Status {
        KS_ASSIGN_OR_RETURN(Column made, MakeColumn(alter.context, next, table.name, definition));
        int c = table.FindColumn(column.name);
        bool ages = table.row_deletion_policy && table.row_deletion_policy->column == c;
        if (ages && made.type != column.type) {
          return errors::RowDeletionBreaks(table.name, column.name);
        }
        KS_RETURN_IF_ERROR(CheckChange(table, c, made));
        column.type = made.type;
        column.max_length = made.max_length;
        column.not_null = made.not_null;
        // Options and identity stay; a DEFAULT that is not named goes.
        column.default_expression = made.default_expression;
        column.on_update_expression = made.on_update_expression;
        return SetColumnOptions(alter.context, table.name, definition.options, column);
      });
}

absl::Status AlterColumnProperty(Alter& alter) {
  const sql::AlterTableStatement& s = alter.statement;
  switch (s.action) {
    case Action::kSetColumnDefault:
      return SetDefault(alter, s.expression.text);
    case Action::kDropColumnDefault:
      return SetDefault(alter, "");
    case Action::kSetColumnOnUpdate:
      return SetOnUpdate(alter, s.expression.text);
    case Action::kDropColumnOnUpdate:
      return SetOnUpdate(alter, "");
    case Action::kSetColumnOptions:
      return alter.ChangeColumn([&](Schema&, Table& table, Column& column) {
        return SetColumnOptions(alter.context, table.name, s.options, column);
      });
    case Action::kAlterColumnIdentity:
      return AlterIdentity(alter);
    case Action::kSetColumnNotNull:
      return errors::BadStatement(alter.context.text,
                                  "ALTER COLUMN SET NOT NULL not supported without a column type");
    case Action::kDropColumnNotNull:
      return errors::BadStatement(alter.context.text,
                                  "ALTER COLUMN DROP NOT NULL not supported without a column type");
    default:
      return errors::NotImplemented("This form of ALTER COLUMN");
  }
}

}  // namespace ks::local
