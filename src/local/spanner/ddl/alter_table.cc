// ALTER TABLE: one function per action on the table; see alter_column.cc for those on columns.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/alter.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/key_text.h"

namespace ks::local {

using Action = sql::AlterTableAction;

absl::Status Alter::Change(const TableEdit& edit) {
  return context.Change([&](Schema& next) -> absl::Status {
    Table* target = EditTable(next, table);
    if (target == nullptr) return errors::TableNotFound(table);
    KS_RETURN_IF_ERROR(edit(next, *target));
    if (statement.action == Action::kRename || statement.action == Action::kDropColumn) {
      return absl::OkStatus();  // they say more about views
    }
    next.Finish();
    if (auto broken = FindBrokenView(next)) {
      return errors::ViewBreaks("alter TABLE", target->name, broken->name, broken->reason);
    }
    return absl::OkStatus();
  });
}

absl::Status Alter::ChangeColumn(const ColumnEdit& edit) {
  return Change([&](Schema& next, Table& target) -> absl::Status {
    int column = target.FindColumn(statement.name.name);
    if (column < 0) return errors::ColumnMissing(target.name, statement.name.name);
    return edit(next, target, target.columns[column]);
  });
}

namespace {

absl::Status AddCheckConstraint(Alter& alter) {
  std::string name;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) -> absl::Status {
    KS_ASSIGN_OR_RETURN(CheckConstraint check, MakeCheck(next, table, alter.statement.check));
    name = check.name;
    table.checks.push_back(std::move(check));
    return CheckExpressions(next, table);
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

// Every row has its parent.
absl::Status VerifyParents(Alter& alter) {
  auto schema = alter.context.schema();
  const Table* table = schema->FindTable(alter.table);
  const Table* parent = table->parent_table;
  KS_ASSIGN_OR_RETURN(auto reads, alter.context.database.BeginReadOnly({}));
  return ForEachRow(
      alter.context, alter.table, [&](std::string_view key, sql::Datum* row) -> absl::Status {
        std::vector<sql::Datum> values;
        for (size_t i = 0; i < parent->key.size(); ++i) {
          values.push_back(row[table->key[i].column]);
        }
        ScanSpec spec{parent, nullptr, {}, {PointSpan(EncodeKey(parent->shape, values))}};
        KS_ASSIGN_OR_RETURN(auto cursor, reads->Scan(spec));
        sql::RowBatch batch;
        KS_RETURN_IF_ERROR(cursor->Next(&batch));
        if (batch.rows > 0) return absl::OkStatus();
        return errors::MissingParentRow(table->name, FormatEncodedKey(table->shape, key));
      });
}

// Between INTERLEAVE IN and INTERLEAVE IN PARENT, of the same table.
absl::Status ChangeInterleaving(Alter& alter) {
  const sql::Interleave& clause = alter.statement.interleave;
  InterleaveKind before = InterleaveKind::kNone;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema& next, Table& table) -> absl::Status {
    before = table.interleave;
    bool same_parent = absl::EqualsIgnoreCase(table.parent, sql::Dotted(clause.parent));
    if (before == InterleaveKind::kNone || !same_parent) {
      return errors::CannotChangeInterleaving(table.name);
    }
    return SetInterleave(next, clause, table);
  }));
  if (!clause.in_parent || before == InterleaveKind::kInParent) return absl::OkStatus();
  const absl::Status kept = VerifyParents(alter);
  if (kept.ok()) return kept;
  KS_RETURN_IF_ERROR(alter.Change([&](Schema&, Table& table) {
    table.interleave = before;
    return absl::OkStatus();
  }));
  return kept;
}

absl::Status Rename(Alter& alter) {
  sql::RenameTableStatement rename;
  rename.renames.emplace_back(alter.statement.table, alter.statement.new_name);
  rename.synonym = alter.statement.name.name;
  return RenameTable(alter.context, rename);
}

absl::Status ChangeRowDeletion(Alter& alter) {
  const sql::AlterTableStatement& s = alter.statement;
  return alter.Change([&](Schema&, Table& table) -> absl::Status {
    auto& policy = table.row_deletion_policy;
    if (s.action == Action::kAddRowDeletionPolicy) {
      if (policy) return errors::RowDeletionExists(table.name, table.columns[policy->column].name);
    } else if (!policy) {
      return errors::RowDeletionMissing(table.name);
    }
    policy.reset();
    if (s.action == Action::kDropRowDeletionPolicy) return absl::OkStatus();
    KS_RETURN_IF_ERROR(SetRowDeletion(s.policy, table));
    const Column& column = table.columns[policy->column];
    if (column.type->Is(sql::TypeKind::kTimestamp)) return absl::OkStatus();
    return errors::RowDeletionBreaks(table.name, column.name);
  });
}

absl::Status ChangeSynonym(Alter& alter) {
  const std::string& name = alter.statement.name.name;
  return alter.Change([&](Schema&, Table& table) -> absl::Status {
    const auto same = [&](const std::string& s) { return absl::EqualsIgnoreCase(s, name); };
    if (alter.statement.action == Action::kAddSynonym) {
      if (!table.synonyms.empty()) return errors::SynonymExists(table.name, table.synonyms[0]);
      table.synonyms.push_back(name);
      return absl::OkStatus();
    }
    return std::erase_if(table.synonyms, same) > 0 ? absl::OkStatus()
                                                   : errors::SynonymMissing(table.name, name);
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
    case Action::kDropRowDeletionPolicy:
      return ChangeRowDeletion(alter);
    case Action::kAddSynonym:
    case Action::kDropSynonym:
      return ChangeSynonym(alter);
    case Action::kRename:
      return Rename(alter);
    case Action::kSetOptions:
      return alter.Change([&](Schema&, Table& table) {
        return SetOptions(OptionsOf::kTable, alter.context.text, s.options, table.options);
      });
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
    case Action::kDropColumnDefault:
    case Action::kSetColumnOnUpdate:
    case Action::kDropColumnOnUpdate:
    case Action::kSetColumnOptions:
    case Action::kAlterColumnIdentity:
    case Action::kSetColumnNotNull:
    case Action::kDropColumnNotNull:
      return AlterColumnProperty(alter);
    default:
      return RunTableAction(alter);
  }
}

}  // namespace ks::local
