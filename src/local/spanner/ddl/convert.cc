// From the syntax tree's definitions to the schema's.
#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/proto_types.h"
#include "local/spanner/txn/expressions.h"

namespace ks::local {
namespace {

absl::StatusOr<sql::TypeRef> MakeType(const Schema& schema, std::string_view column,
                                      const sql::ColumnType& type) {
  sql::TypeRef simple = sql::Type::FromName(type.name);
  if (simple == nullptr && schema.proto_types != nullptr) {
    simple = schema.proto_types->FindType(type.name);
  }
  if (simple == nullptr || simple->Is(sql::TypeKind::kInterval)) {
    return errors::TypeNotFound(type.name, column);
  }
  return type.array ? sql::Type::Array(simple) : simple;
}

uint64_t Fingerprint(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

bool NameTaken(const Schema& schema, std::string_view name) {
  for (const auto& table : schema.tables) {
    for (const CheckConstraint& check : table->checks) {
      if (check.name == name) return true;
    }
    for (const ForeignKey& key : table->foreign_keys) {
      if (key.name == name) return true;
    }
  }
  return schema.FindIndex(name) != nullptr;
}

}  // namespace

absl::Status SetColumnOptions(const DdlContext& context, std::string_view table,
                              const std::vector<sql::Option>& options, Column& column) {
  std::vector<OptionEntry> entries = column.options;
  constexpr std::string_view kCommitTimestamp = "allow_commit_timestamp";
  const bool was = column.commit_timestamp_written;
  if (was) {
    entries.push_back(
        {std::string(kCommitTimestamp), column.allow_commit_timestamp ? "true" : "false"});
  }
  KS_RETURN_IF_ERROR(SetOptions(OptionsOf::kColumn, context.text, options, entries));
  const OptionEntry* timestamp = FindOption(entries, kCommitTimestamp);
  column.commit_timestamp_written = timestamp != nullptr;
  column.allow_commit_timestamp = timestamp != nullptr && timestamp->value == "true";
  std::erase_if(entries, [&](const OptionEntry& e) { return e.name == kCommitTimestamp; });
  column.options = std::move(entries);
  if (column.commit_timestamp_written && !column.type->Is(sql::TypeKind::kTimestamp)) {
    return errors::CommitTimestampOption(StrCat(table, ".", column.name));
  }
  return absl::OkStatus();
}

absl::StatusOr<Column> MakeColumn(const DdlContext& context, Schema& schema, std::string_view table,
                                  const sql::ColumnDefinition& definition) {
  Column column;
  column.name = definition.name.name;
  KS_ASSIGN_OR_RETURN(column.type, MakeType(schema, column.name, definition.type));
  column.max_length = definition.type.max_length ? kMaxLength : definition.type.length.value_or(0);
  column.vector_length = definition.type.vector_length;
  column.not_null = definition.not_null;
  column.hidden = definition.hidden;
  column.placement_key = definition.placement_key;
  if (definition.default_value) column.default_expression = definition.default_value->text;
  if (definition.on_update) column.on_update_expression = definition.on_update->text;
  if (definition.generated) {
    column.generated = definition.stored ? GeneratedKind::kStored : GeneratedKind::kVirtual;
    column.generated_expression = definition.generated->text;
  }
  if (definition.identity) {
    if (!column.type->Is(sql::TypeKind::kInt64)) {
      return errors::IdentityType(StrCat(table, ".", column.name));
    }
    KS_ASSIGN_OR_RETURN(column.identity, MakeParameters(schema, *definition.identity, column.name));
  }
  KS_RETURN_IF_ERROR(SetColumnOptions(context, table, definition.options, column));
  return column;
}

std::string MakeConstraintName(const Schema& schema, std::string_view prefix,
                               std::string_view table) {
  std::string base(table);
  std::replace(base.begin(), base.end(), '.', '_');
  for (int n = 1;; ++n) {
    uint64_t hash = Fingerprint(StrCat(prefix, table, schema.version, "/", n));
    std::string name = StrCat(prefix, "_", base, "_", absl::Hex(hash, absl::kZeroPad16), "_", n);
    std::transform(name.end() - 18, name.end(), name.end() - 18,
                   [](unsigned char c) { return std::toupper(c); });
    if (!NameTaken(schema, name)) return name;
  }
}

absl::StatusOr<CheckConstraint> MakeCheck(const Schema& schema, const Table& table,
                                          const sql::CheckConstraint& definition) {
  CheckConstraint check;
  check.generated_name = definition.name.empty();
  check.name =
      check.generated_name ? MakeConstraintName(schema, "CK", table.name) : definition.name.name;
  check.expression = definition.expression.text;
  return check;
}

absl::Status SetInterleave(const Schema& schema, const sql::Interleave& clause, Table& table) {
  std::string parent_name = sql::Dotted(clause.parent);
  const Table* parent = schema.FindTable(parent_name);
  if (parent == nullptr) return errors::TableNotFound(parent_name);
  table.parent = parent->name;
  table.interleave = clause.in_parent ? InterleaveKind::kInParent : InterleaveKind::kIn;
  table.on_delete =
      clause.on_delete == sql::OnDelete::kCascade ? OnDelete::kCascade : OnDelete::kNoAction;
  return absl::OkStatus();
}

absl::Status SetRowDeletion(const sql::RowDeletionPolicy& policy, Table& table) {
  int column = table.FindColumn(policy.column.name);
  if (column < 0) return errors::RowDeletionColumnMissing(table.name, policy.column.name);
  table.row_deletion_policy = RowDeletionPolicy{column, policy.days};
  return absl::OkStatus();
}

}  // namespace ks::local
