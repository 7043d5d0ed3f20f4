// CREATE TABLE, ALTER TABLE, RENAME TABLE.

#include <utility>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser_impl.h"
#include "sql/types/type.h"

namespace ks::sql {

StatementPtr Parser::CreateTable() {
  auto create = std::make_unique<CreateTableStatement>();
  TableDefinition& table = create->table;
  if (!IfNotExists(&create->if_not_exists) || !NamePath(&table.name) || !ExpectSymbol("("))
    return nullptr;
  bool has_key = false;
  while (!IsSymbol(")")) {
    if (IsWord("PRIMARY") && IsWord("KEY", 1)) {
      at_ += 2;
      has_key = true;
      if (!KeyColumns(&table.primary_key)) return nullptr;
    } else if (!TableElement(&table)) {
      return nullptr;
    }
    if (!TakeSymbol(",")) break;
  }
  if (!ExpectSymbol(")")) return nullptr;
  if (TakeWords({"PRIMARY", "KEY"})) {
    has_key = true;
    if (!KeyColumns(&table.primary_key)) return nullptr;
  }
  for (const ColumnDefinition& column : table.columns) {
    if (!column.primary_key) continue;
    if (has_key || !table.primary_key.empty()) {
      Fail(column.range.begin, has_key ? "Cannot specify both table and column PRIMARY KEY"
                                       : "Multiple columns declared as PRIMARY KEY");
      return nullptr;
    }
    table.primary_key.push_back({column.name});
  }
  if (!has_key && table.primary_key.empty()) {
    Fail(table.name.front().range.begin, "Must specify either table or column PRIMARY KEY");
    return nullptr;
  }
  if (!TableClauses(&table)) return nullptr;
  return create;
}

bool Parser::TableElement(TableDefinition* table) {
  if (IsWord("SYNONYM") && IsSymbol("(", 1)) {
    at_ += 2;
    return Name(&table->synonyms.emplace_back()) && ExpectSymbol(")");
  }
  bool found = false;
  if (!Constraint(table, &found)) return false;
  return found || Column(&table->columns.emplace_back());
}

// [CONSTRAINT name] (FOREIGN KEY … | CHECK (…))
bool Parser::Constraint(TableDefinition* table, bool* found) {
  const uint32_t begin = Peek().begin;
  Identifier name;
  const bool named =
      IsWord("CONSTRAINT") && !IsSymbol("(", 1) && (IsWord("FOREIGN", 2) || IsWord("CHECK", 2));
  if (named) {
    Take();
    if (!Name(&name)) return false;
  }
  if (TakeWords({"FOREIGN", "KEY"})) {
    *found = true;
    ForeignKey& key = table->foreign_keys.emplace_back();
    key.name = std::move(name);
    if (!ForeignKeyRest(&key)) return false;
    Finish(key, begin);
  } else if (IsWord("CHECK") && IsSymbol("(", 1)) {
    *found = true;
    Take();
    CheckConstraint& check = table->checks.emplace_back();
    check.name = std::move(name);
    if (!ExpressionText(&check.expression)) return false;
    Finish(check, begin);
  }
  return true;
}

// (columns) REFERENCES table (columns) [ON DELETE action] [[NOT] ENFORCED]
bool Parser::ForeignKeyRest(ForeignKey* key) {
  if (!NameList(&key->columns) || !ExpectWord("REFERENCES")) return false;
  if (!NamePath(&key->referenced_table) || !NameList(&key->referenced_columns)) return false;
  if (TakeWords({"ON", "DELETE"}) && !OnDeleteAction(&key->on_delete)) return false;
  if (TakeWords({"NOT", "ENFORCED"})) key->enforcement = Enforcement::kNotEnforced;
  if (TakeWord("ENFORCED")) key->enforcement = Enforcement::kEnforced;
  return true;
}

// , INTERLEAVE … , ROW DELETION POLICY … , OPTIONS …
bool Parser::TableClauses(TableDefinition* table) {
  while (TakeSymbol(",")) {
    if (IsWord("INTERLEAVE") && !table->interleave) {
      if (!InterleaveClause(&table->interleave.emplace())) return false;
    } else if (IsWord("ROW") && !table->row_deletion_policy) {
      if (!DeletionPolicy(&table->row_deletion_policy.emplace())) return false;
    } else if (IsWord("OPTIONS")) {
      if (!Options(&table->options)) return false;
    } else {
      return Unexpected();
    }
  }
  return true;
}

// INTERLEAVE IN [PARENT] table [ON DELETE action]
bool Parser::InterleaveClause(Interleave* interleave) {
  if (!ExpectWords({"INTERLEAVE", "IN"})) return false;
  interleave->in_parent = IsWord("PARENT") && IsIdentifier(1);
  if (interleave->in_parent) Take();
  if (!NamePath(&interleave->parent)) return false;
  return !TakeWords({"ON", "DELETE"}) || OnDeleteAction(&interleave->on_delete);
}

// ROW DELETION POLICY (OLDER_THAN(column, INTERVAL n DAY))
bool Parser::DeletionPolicy(RowDeletionPolicy* policy) {
  const uint32_t begin = Peek().begin;
  if (!ExpectWords({"ROW", "DELETION", "POLICY"}) || !ExpectSymbol("(") ||
      !ExpectWord("OLDER_THAN"))
    return false;
  if (!ExpectSymbol("(") || !Name(&policy->column) || !ExpectSymbol(",") || !ExpectWord("INTERVAL"))
    return false;
  if (!Integer(&policy->days) || !ExpectWord("DAY") || !ExpectSymbol(")") || !ExpectSymbol(")"))
    return false;
  Finish(*policy, begin);
  return true;
}

bool Parser::Column(ColumnDefinition* column) {
  const uint32_t begin = Peek().begin;
  if (!Name(&column->name) || !TypeOfColumn(&column->type) || !ColumnAttributes(column))
    return false;
  Finish(*column, begin);
  return true;
}

bool Parser::ColumnAttributes(ColumnDefinition* column) {
  bool found = true;
  while (found) {
    found = false;
    if (!ColumnAttribute(column, &found)) return false;
  }
  return true;
}

bool Parser::ColumnAttribute(ColumnDefinition* column, bool* found) {
  const size_t before = at_;
  bool ok = true;
  if (!column->not_null && IsWord("NOT") && IsWord("NULL", 1)) {
    at_ += 2;
    column->not_null = true;
  } else if (!column->default_value && !column->generated && TakeWord("DEFAULT")) {
    ok = ExpressionText(&column->default_value.emplace());
  } else if (!column->on_update && TakeWords({"ON", "UPDATE"})) {
    ok = ExpressionText(&column->on_update.emplace());
  } else if (!column->generated && !column->default_value && TakeWord("AS")) {
    ok = ExpressionText(&column->generated.emplace());
    column->stored = ok && TakeWord("STORED");
  } else if (!column->identity && TakeWord("GENERATED")) {
    ok = ExpectWords({"BY", "DEFAULT", "AS", "IDENTITY"});
    column->identity.emplace();
    if (ok && TakeSymbol("(")) ok = SequenceParts(&*column->identity) && ExpectSymbol(")");
  } else if (TakeWord("AUTO_INCREMENT")) {
    column->identity.emplace();
  } else if (!column->primary_key && TakeWords({"PRIMARY", "KEY"})) {
    column->primary_key = true;
  } else if (TakeWords({"PLACEMENT", "KEY"})) {
    column->placement_key = true;
  } else if (!column->hidden && TakeWord("HIDDEN")) {
    column->hidden = true;
  } else if (IsWord("OPTIONS")) {
    ok = Options(&column->options);
  }
  *found = at_ != before;
  return ok;
}

bool Parser::TypeOfColumn(ColumnType* type) {
  const uint32_t begin = Peek().begin;
  const TypeNamePtr parsed = Type();
  if (parsed == nullptr) return false;
  const TypeName* inner = parsed.get();
  if (inner->kind == TypeName::Kind::kArray) {
    type->array = true;
    type->vector_length = inner->vector_length;
    inner = inner->element.get();
    if (inner->kind == TypeName::Kind::kArray) {
      return Fail(begin, "Array of arrays type is not supported by the schema.");
    }
  }
  if (inner->kind == TypeName::Kind::kStruct)
    return Fail(begin, "STRUCT is not a type of columns; use ARRAY or JSON");
  type->name = Dotted(inner->name);
  if (const TypeRef simple = Type::FromName(type->name); simple != nullptr)
    type->name = simple->ToString();
  if (absl::AsciiStrToUpper(type->name) == "TOKENLIST") type->name = "TOKENLIST";
  type->length = inner->length;
  type->max_length = inner->max_length;
  Finish(*type, begin);
  const bool sized = type->name == "STRING" || type->name == "BYTES";
  const bool has_size = type->length || type->max_length;
  if (sized && !has_size)
    return Fail(LastEnd(), StrCat("Syntax error: Expected \"(\" after ", type->name, ", as in ",
                                  type->name, "(MAX)"));
  if (!sized && has_size)
    return Fail(begin, StrCat("Syntax error: ", type->name, " has no length"));
  return true;
}

// ---- ALTER TABLE

StatementPtr Parser::AlterTable() {
  auto alter = std::make_unique<AlterTableStatement>();
  if (!IfExists(&alter->if_exists) || !NamePath(&alter->table)) return nullptr;
  bool ok = false;
  if (TakeWord("ADD")) {
    ok = AlterTableAdd(alter.get());
  } else if (TakeWord("DROP")) {
    ok = AlterTableDrop(alter.get());
  } else if (TakeWord("ALTER")) {
    TakeWord("COLUMN");
    ok = AlterColumn(alter.get());
  } else if (IsWord("SET")) {
    ok = AlterTableSet(alter.get());
  } else if (TakeWord("REPLACE")) {
    alter->action = AlterTableAction::kReplaceRowDeletionPolicy;
    ok = DeletionPolicy(&alter->policy);
  } else if (TakeWords({"RENAME", "TO"})) {
    alter->action = AlterTableAction::kRename;
    ok = NamePath(&alter->new_name);
    if (ok && TakeSymbol(",")) ok = ExpectWords({"ADD", "SYNONYM"}) && Name(&alter->name);
  } else {
    Unexpected();
  }
  return ok ? std::move(alter) : nullptr;
}

bool Parser::AlterTableAdd(AlterTableStatement* alter) {
  if (IsWord("ROW") && IsWord("DELETION", 1)) {
    alter->action = AlterTableAction::kAddRowDeletionPolicy;
    return DeletionPolicy(&alter->policy);
  }
  if (IsWord("SYNONYM") && IsIdentifier(1)) {
    Take();
    alter->action = AlterTableAction::kAddSynonym;
    return Name(&alter->name);
  }
  TableDefinition constraints;
  bool found = false;
  if (!Constraint(&constraints, &found)) return false;
  if (found && !constraints.checks.empty()) {
    alter->action = AlterTableAction::kAddCheck;
    alter->check = std::move(constraints.checks[0]);
    return true;
  }
  if (found) {
    alter->action = AlterTableAction::kAddForeignKey;
    alter->foreign_key = std::move(constraints.foreign_keys[0]);
    return true;
  }
  alter->action = AlterTableAction::kAddColumn;
  TakeWord("COLUMN");
  if (!IfNotExists(&alter->if_exists_clause) || !Column(&alter->column)) return false;
  if (alter->column.primary_key) {
    return Fail(alter->column.range.begin, "Unexpected PRIMARY KEY clause");
  }
  return true;
}

bool Parser::AlterTableDrop(AlterTableStatement* alter) {
  if (TakeWords({"ROW", "DELETION", "POLICY"})) {
    alter->action = AlterTableAction::kDropRowDeletionPolicy;
    return true;
  }
  if (TakeWord("CONSTRAINT")) {
    alter->action = AlterTableAction::kDropConstraint;
  } else if (IsWord("SYNONYM") && IsIdentifier(1)) {
    Take();
    alter->action = AlterTableAction::kDropSynonym;
  } else {
    alter->action = AlterTableAction::kDropColumn;
    TakeWord("COLUMN");
  }
  return IfExists(&alter->if_exists_clause) && Name(&alter->name);
}

// SET (ON DELETE action | INTERLEAVE IN … | OPTIONS …)
bool Parser::AlterTableSet(AlterTableStatement* alter) {
  Take();
  if (TakeWords({"ON", "DELETE"})) {
    alter->action = AlterTableAction::kSetOnDelete;
    return OnDeleteAction(&alter->on_delete);
  }
  if (IsWord("INTERLEAVE")) {
    alter->action = AlterTableAction::kSetInterleave;
    return InterleaveClause(&alter->interleave);
  }
  alter->action = AlterTableAction::kSetOptions;
  return Options(&alter->options);
}

bool Parser::AlterColumn(AlterTableStatement* alter) {
  const uint32_t begin = Peek().begin;
  if (IsWord("IF") && !IfExists(&alter->if_exists_clause)) return false;
  if (!Name(&alter->name)) return false;
  if (TakeWord("SET")) return AlterColumnSet(alter);
  if (TakeWords({"DROP", "DEFAULT"})) {
    alter->action = AlterTableAction::kDropColumnDefault;
    return true;
  }
  if (TakeWords({"DROP", "ON", "UPDATE"})) {
    alter->action = AlterTableAction::kDropColumnOnUpdate;
    return true;
  }
  if (TakeWords({"DROP", "NOT", "NULL"})) {
    alter->action = AlterTableAction::kDropColumnNotNull;
    return true;
  }
  if (TakeWords({"ALTER", "IDENTITY"}) || IsWord("RESTART")) {
    alter->action = AlterTableAction::kAlterColumnIdentity;
    return SequenceParts(&alter->identity);
  }
  alter->action = AlterTableAction::kSetColumnType;
  alter->column.name = alter->name;
  if (!TypeOfColumn(&alter->column.type) || !ColumnAttributes(&alter->column)) return false;
  Finish(alter->column, begin);
  return true;
}

bool Parser::AlterColumnSet(AlterTableStatement* alter) {
  if (TakeWord("DEFAULT")) {
    alter->action = AlterTableAction::kSetColumnDefault;
    return ExpressionText(&alter->expression);
  }
  if (TakeWords({"ON", "UPDATE"})) {
    alter->action = AlterTableAction::kSetColumnOnUpdate;
    return ExpressionText(&alter->expression);
  }
  if (TakeWords({"NOT", "NULL"})) {
    alter->action = AlterTableAction::kSetColumnNotNull;
    return true;
  }
  if (IsWord("SKIP") || IsWord("NO")) {
    alter->action = AlterTableAction::kAlterColumnIdentity;
    return SequenceParts(&alter->identity);
  }
  alter->action = AlterTableAction::kSetColumnOptions;
  return Options(&alter->options);
}

// RENAME TABLE a TO b, c TO d
StatementPtr Parser::RenameTable() {
  auto rename = std::make_unique<RenameTableStatement>();
  if (!ExpectWord("TABLE")) return nullptr;
  do {
    auto& [from, to] = rename->renames.emplace_back();
    if (!NamePath(&from) || !ExpectWord("TO") || !NamePath(&to)) return nullptr;
  } while (TakeSymbol(","));
  return rename;
}

}  // namespace ks::sql
