// ALTER TABLE: one function per action.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/key_text.h"

namespace ks::local {
namespace {

using Action = sql::AlterTableAction;

// One ALTER TABLE on its way.
struct Alter {
  DdlContext& context;
  const sql::AlterTableStatement& statement;
  std::string table;  // as declared

  using TableEdit = std::function<absl::Status(Schema& next, Table& table)>;
  absl::Status Change(const TableEdit& edit) {
    return context.Change([&](Schema& next) -> absl::Status {
      Table* target = EditTable(next, table);
      if (target == nullptr) return errors::TableNotFound(table);
      return edit(next, *target);
    });
  }
  using ColumnEdit = std::function<absl::Status(Table& table, Column& column)>;
  absl::Status ChangeColumn(const ColumnEdit& edit) {
    return Change([&](Schema&, Table& target) -> absl::Status {
      int column = target.FindColumn(statement.name.name);
      if (column < 0) return errors::ColumnMissing(target.name, statement.name.name);
      return edit(target, target.columns[column]);
    });
  }
};

absl::Status AddColumn(Alter& alter) {
  const sql::ColumnDefinition& definition = alter.statement.column;
  auto before = alter.context.schema();
  const Table* old = before->FindTable(alter.table);
  if (alter.statement.if_exists_clause && old->FindColumn(definition.name.name) >= 0) {
    return absl::OkStatus();
  }
  bool fills = false;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) -> absl::Status {
    KS_ASSIGN_OR_RETURN(Column column, MakeColumn(next, table.name, definition));
    bool computed = column.has_default() || column.generated != GeneratedKind::kNone;
    if (column.not_null && !computed) {
      return errors::NotNullWithoutDefault(table.name, column.name);
    }
    fills = computed && column.stored();
    column.id = table.next_column_id++;
    table.columns.push_back(std::move(column));
    return CheckExpressions(table);
  }));
  if (!fills) return absl::OkStatus();
  return RewriteRows(alter.context, alter.table, definition.name.name);
}

// Who uses column `c`, in words; empty: nobody.
std::string ColumnUser(const Schema& schema, const Table& table, int c) {
  for (const Index* index : table.indexes) {
    bool in_key = std::any_of(index->key.begin(), index->key.end(),
                              [c](const KeyColumn& part) { return part.column == c; });
    bool elsewhere =
        std::find(index->storing.begin(), index->storing.end(), c) != index->storing.end() ||
        std::find(index->not_null_columns.begin(), index->not_null_columns.end(), c) !=
            index->not_null_columns.end();
    if (!index->managed && (in_key || elsewhere)) return StrCat("index ", index->name);
  }
  for (const ForeignKey& key : table.foreign_keys) {
    if (std::find(key.columns.begin(), key.columns.end(), c) != key.columns.end()) {
      return StrCat("foreign key ", key.name);
    }
  }
  for (const auto& [referencing, key] : table.referenced_by) {
    for (const std::string& name : key->referenced_columns) {
      if (table.FindColumn(name) == c) return StrCat("foreign key ", key->name);
    }
  }
  if (table.row_deletion_policy && table.row_deletion_policy->column == c) {
    return "the row deletion policy";
  }
  for (const ChangeStream& stream : schema.change_streams) {
    for (const auto& watched : stream.watched) {
      for (const std::string& name : watched.columns) {
        bool here = absl::EqualsIgnoreCase(watched.table, table.name);
        if (here && table.FindColumn(name) == c) return StrCat("change stream ", stream.name);
      }
    }
  }
  return "";
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

absl::Status DropColumn(Alter& alter) {
  const std::string& name = alter.statement.name.name;
  auto before = alter.context.schema();
  if (alter.statement.if_exists_clause && before->FindTable(alter.table)->FindColumn(name) < 0) {
    return absl::OkStatus();
  }
  return alter.Change([&](Schema& next, Table& table) -> absl::Status {
    int c = table.FindColumn(name);
    if (c < 0) return errors::ColumnMissing(table.name, name);
    if (table.IsKey(c)) return errors::CannotDropKeyColumn(table.name, name);
    std::string user = ColumnUser(next, table, c);
    if (!user.empty()) return errors::CannotDropColumn(table.name, name, user);
    RemoveColumn(next, table, c);
    // An expression that reads it does not compile any more.
    if (!CheckExpressions(table).ok()) {
      return errors::CannotDropColumn(table.name, name, "a generated column or CHECK constraint");
    }
    return absl::OkStatus();
  });
}

bool MayBecome(sql::TypeRef from, sql::TypeRef to) {
  if (from == to) return true;
  if (from->is_array() != to->is_array()) return false;
  auto kind = [](sql::TypeRef t) { return t->is_array() ? t->element()->kind() : t->kind(); };
  using sql::TypeKind;
  auto bytes_like = [](TypeKind k) {
    return k == TypeKind::kString || k == TypeKind::kBytes || k == TypeKind::kProto;
  };
  auto int_like = [](TypeKind k) { return k == TypeKind::kInt64 || k == TypeKind::kEnum; };
  return (bytes_like(kind(from)) && bytes_like(kind(to))) ||
         (int_like(kind(from)) && int_like(kind(to)));
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

// `value` fits the column as it is to be; else its length.
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
  if (text && !ValidUtf8(value.str())) return false;
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
  std::string full = StrCat(table->name, ".", column.name);
  return ForEachRow(alter.context, alter.table,
                    [&](std::string_view key, sql::Datum* row) -> absl::Status {
                      if (column.not_null && row[c].null()) {
                        return errors::ExistingNull(full, FormatEncodedKey(table->shape, key));
                      }
                      int64_t length = 0;
                      if (Fits(column, row[c], &length)) return absl::OkStatus();
                      return errors::ExistingTooLong(full, column.max_length, length,
                                                     FormatEncodedKey(table->shape, key));
                    });
}

// The new definition is published first, so that no new row breaks it, then the old rows are
// checked; if one does not fit, the old definition comes back.
absl::Status TightenColumn(Alter& alter, const std::string& name,
                           const std::function<absl::Status(Schema&, Table&, Column&)>& edit) {
  auto before = alter.context.schema();
  int old_c = before->FindTable(alter.table)->FindColumn(name);
  if (old_c < 0) return errors::ColumnMissing(alter.table, name);
  Column old = before->FindTable(alter.table)->columns[old_c];
  Column changed;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) -> absl::Status {
    Column& column = table.columns[table.FindColumn(name)];
    KS_RETURN_IF_ERROR(edit(next, table, column));
    changed = column;
    return CheckExpressions(table);
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

absl::Status SetColumnType(Alter& alter) {
  const sql::ColumnDefinition& definition = alter.statement.column;
  return TightenColumn(
      alter, definition.name.name, [&](Schema& next, Table& table, Column& column) -> absl::Status {
        KS_ASSIGN_OR_RETURN(Column made, MakeColumn(next, table.name, definition));
        std::string from = column.SpannerType();
        if (!MayBecome(column.type, made.type) || made.generated != column.generated ||
            made.vector_length != column.vector_length) {
          return errors::CannotChangeType(column.name, from, made.SpannerType());
        }
        bool key = table.IsKey(table.FindColumn(column.name));
        if (key && (made.type != column.type || made.not_null != column.not_null)) {
          return errors::CannotChangeKeyColumn(StrCat(table.name, ".", column.name));
        }
        column.type = made.type;
        column.max_length = made.max_length;
        column.not_null = made.not_null;
        if (made.generated != GeneratedKind::kNone &&
            made.generated_expression != column.generated_expression) {
          return errors::NotImplemented("Changing the expression of a generated column");
        }
        // Options and identity stay; a DEFAULT that is not named goes.
        column.default_expression = made.default_expression;
        column.on_update_expression = made.on_update_expression;
        return SetColumnOptions(table.name, definition.options, column);
      });
}

absl::Status SetNotNull(Alter& alter, bool not_null) {
  const std::string& name = alter.statement.name.name;
  return TightenColumn(alter, name, [&](Schema&, Table& table, Column& column) -> absl::Status {
    if (table.IsKey(table.FindColumn(name))) {
      return errors::CannotChangeKeyColumn(StrCat(table.name, ".", name));
    }
    column.not_null = not_null;
    return absl::OkStatus();
  });
}

absl::Status SetDefault(Alter& alter, const std::string& expression) {
  return alter.ChangeColumn([&](Table& table, Column& column) -> absl::Status {
    if (column.generated != GeneratedKind::kNone) {
      return errors::InvalidExpression(StrCat("column ", table.name, ".", column.name),
                                       "a generated column cannot have a DEFAULT.");
    }
    column.default_expression = expression;
    return CheckExpressions(table);
  });
}

absl::Status AddCheckConstraint(Alter& alter) {
  std::string name;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) -> absl::Status {
    KS_ASSIGN_OR_RETURN(CheckConstraint check, MakeCheck(next, table, alter.statement.check));
    name = check.name;
    table.checks.push_back(std::move(check));
    return CheckExpressions(table);
  }));
  absl::Status kept = VerifyExistingChecks(alter.context, alter.table);
  if (kept.ok()) return kept;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema&, Table& table) {
    std::erase_if(table.checks, [&](const CheckConstraint& c) { return c.name == name; });
    return absl::OkStatus();
  }));
  return kept;
}

absl::Status AddForeignKeyConstraint(Alter& alter) {
  std::string name;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) {
    return AddForeignKey(next, table, alter.statement.foreign_key, &name);
  }));
  absl::Status kept = FillIndexes(alter.context);
  if (kept.ok()) kept = VerifyExistingReferences(alter.context, alter.table, name);
  if (kept.ok()) return kept;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) {
    std::erase_if(table.foreign_keys, [&](const ForeignKey& k) { return k.name == name; });
    next.Finish();
    DropUnusedManagedIndexes(next);
    return absl::OkStatus();
  }));
  return kept;
}

absl::Status DropConstraint(Alter& alter) {
  const std::string& name = alter.statement.name.name;
  return alter.Change([&](Schema& next, Table& table) -> absl::Status {
    auto same = [&](const auto& c) {
      return absl::EqualsIgnoreCase(std::string(SplitName(c.name).second), name) ||
             absl::EqualsIgnoreCase(c.name, name);
    };
    size_t dropped = std::erase_if(table.checks, same) + std::erase_if(table.foreign_keys, same);
    if (dropped == 0 && !alter.statement.if_exists_clause) {
      return errors::ConstraintNotFound(name, table.name);
    }
    next.Finish();
    DropUnusedManagedIndexes(next);
    return absl::OkStatus();
  });
}

absl::Status ChangeInterleaving(Alter& alter) {
  return alter.Change([&](Schema& next, Table& table) -> absl::Status {
    const sql::Interleave& clause = alter.statement.interleave;
    bool same_parent = absl::EqualsIgnoreCase(table.parent, sql::Dotted(clause.parent));
    if (table.interleave == InterleaveKind::kNone || !same_parent) {
      return errors::CannotChangeInterleaving(table.name);
    }
    if (clause.in_parent && table.interleave == InterleaveKind::kIn) {
      return errors::NotImplemented("Migrating a table from INTERLEAVE IN to INTERLEAVE IN PARENT");
    }
    return SetInterleave(next, clause, table);
  });
}

absl::Status Rename(Alter& alter) {
  sql::RenameTableStatement rename;
  rename.renames.emplace_back(alter.statement.table, alter.statement.new_name);
  KS_RETURN_IF_ERROR(RenameTable(alter.context, rename));
  if (alter.statement.name.empty()) return absl::OkStatus();
  alter.table = sql::Dotted(alter.statement.new_name);
  return alter.Change([&](Schema&, Table& table) {
    table.synonyms.push_back(alter.statement.name.name);
    return absl::OkStatus();
  });
}

absl::Status RunTableAction(Alter& alter) {
  const sql::AlterTableStatement& s = alter.statement;
  switch (s.action) {
    case Action::kAddForeignKey:
      return AddForeignKeyConstraint(alter);
    case Action::kAddCheck:
      return AddCheckConstraint(alter);
    case Action::kDropConstraint:
      return DropConstraint(alter);
    case Action::kSetOnDelete:
      return alter.Change([&](Schema&, Table& table) -> absl::Status {
        if (table.interleave != InterleaveKind::kInParent)
          return errors::NotInterleaved(table.name);
        table.on_delete =
            s.on_delete == sql::OnDelete::kCascade ? OnDelete::kCascade : OnDelete::kNoAction;
        return absl::OkStatus();
      });
    case Action::kSetInterleave:
      return ChangeInterleaving(alter);
    case Action::kAddRowDeletionPolicy:
    case Action::kReplaceRowDeletionPolicy:
      return alter.Change([&](Schema&, Table& table) { return SetRowDeletion(s.policy, table); });
    case Action::kDropRowDeletionPolicy:
      return alter.Change([&](Schema&, Table& table) {
        table.row_deletion_policy.reset();
        return absl::OkStatus();
      });
    case Action::kAddSynonym:
      return alter.Change([&](Schema&, Table& table) {
        table.synonyms.push_back(s.name.name);
        return absl::OkStatus();
      });
    case Action::kDropSynonym:
      return alter.Change([&](Schema&, Table& table) -> absl::Status {
        size_t n = std::erase_if(table.synonyms, [&](const std::string& synonym) {
          return absl::EqualsIgnoreCase(synonym, s.name.name);
        });
        return n > 0 ? absl::OkStatus() : errors::ObjectNotFound("Synonym", s.name.name);
      });
    case Action::kRename:
      return Rename(alter);
    case Action::kSetOptions:
      return alter.Change(
          [&](Schema&, Table& table) { return SetOptions(s.options, table.options); });
    default:
      return errors::NotImplemented("This form of ALTER TABLE");
  }
}

}  // namespace

absl::Status AlterTable(DdlContext& context, const sql::Statement& statement) {
  const auto& s = sql::As<sql::AlterTableStatement>(statement);
  auto before = context.schema();
  const Table* table = before->FindTable(sql::Dotted(s.table));
  if (table == nullptr && s.if_exists) return absl::OkStatus();
  if (table == nullptr) return errors::TableNotFound(sql::Dotted(s.table));
  Alter alter{context, s, table->name};
  switch (s.action) {
    case Action::kAddColumn:
      return AddColumn(alter);
    case Action::kDropColumn:
      return DropColumn(alter);
    case Action::kSetColumnType:
      return SetColumnType(alter);
    case Action::kSetColumnDefault:
      return SetDefault(alter, s.expression.text);
    case Action::kDropColumnDefault:
      return SetDefault(alter, "");
    case Action::kSetColumnOptions:
      return alter.ChangeColumn([&](Table& target, Column& column) {
        return SetColumnOptions(target.name, s.options, column);
      });
    case Action::kSetColumnNotNull:
      return SetNotNull(alter, true);
    case Action::kDropColumnNotNull:
      return SetNotNull(alter, false);
    default:
      return RunTableAction(alter);
  }
}

}  // namespace ks::local
