// From the syntax tree's definitions to the schema's.
#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/txn/expressions.h"

namespace ks::local {
namespace {

absl::StatusOr<sql::TypeRef> MakeType(const Schema& schema, std::string_view column,
                                      const sql::ColumnType& type) {
  sql::TypeRef simple = sql::Type::FromName(type.name);
  if (simple == nullptr) {
    auto known = std::find(schema.proto_bundle.begin(), schema.proto_bundle.end(), type.name);
    if (known == schema.proto_bundle.end()) return errors::TypeNotFound(type.name, column);
    simple = sql::Type::Proto(type.name);
  }
  return type.array ? sql::Type::Array(simple) : simple;
}

IdentityOptions MakeIdentity(const sql::SequenceClauses& clauses) {
  IdentityOptions identity;
  if (clauses.skip_range) {
    identity.skip_min = clauses.skip_range->first;
    identity.skip_max = clauses.skip_range->second;
  }
  identity.start_counter = clauses.start_counter;
  return identity;
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

std::string OptionText(const sql::OptionValue& value) {
  struct Printer {
    std::string operator()(std::monostate) const { return "NULL"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return StrCat(v); }
    std::string operator()(double v) const { return StrCat(v); }
    std::string operator()(const std::string& v) const {
      return StrCat("'", absl::CEscape(v), "'");
    }
  };
  return std::visit(Printer(), value);
}

absl::Status SetOptions(const std::vector<sql::Option>& options,
                        std::vector<OptionEntry>& entries) {
  for (const sql::Option& option : options) {
    std::erase_if(entries, [&](const OptionEntry& e) { return e.name == option.name.name; });
    if (std::holds_alternative<std::monostate>(option.value)) continue;
    entries.push_back({option.name.name, OptionText(option.value)});
  }
  return absl::OkStatus();
}

absl::Status SetColumnOptions(std::string_view table, const std::vector<sql::Option>& options,
                              Column& column) {
  std::vector<sql::Option> others;
  for (const sql::Option& option : options) {
    if (!absl::EqualsIgnoreCase(option.name.name, "allow_commit_timestamp")) {
      others.push_back(option);
      continue;
    }
    const bool* on = std::get_if<bool>(&option.value);
    bool null = std::holds_alternative<std::monostate>(option.value);
    if (on == nullptr && !null) return errors::InvalidOption("a column", option.name.name);
    if (!column.type->Is(sql::TypeKind::kTimestamp)) {
      return errors::CommitTimestampOption(StrCat(table, ".", column.name));
    }
    column.allow_commit_timestamp = on != nullptr && *on;
  }
  return SetOptions(others, column.options);
}

absl::StatusOr<Column> MakeColumn(const Schema& schema, std::string_view table,
                                  const sql::ColumnDefinition& definition) {
  Column column;
  column.name = definition.name.name;
  KS_ASSIGN_OR_RETURN(column.type, MakeType(schema, column.name, definition.type));
  column.max_length = definition.type.max_length ? kMaxLength : definition.type.length.value_or(0);
  column.vector_length = definition.type.vector_length;
  column.not_null = definition.not_null;
  column.hidden = definition.hidden;
  if (definition.default_value) column.default_expression = definition.default_value->text;
  if (definition.on_update) column.on_update_expression = definition.on_update->text;
  if (definition.generated) {
    column.generated = definition.stored ? GeneratedKind::kStored : GeneratedKind::kVirtual;
    column.generated_expression = definition.generated->text;
  }
  if (definition.identity) column.identity = MakeIdentity(*definition.identity);
  if (definition.placement_key) return errors::NotImplemented("PLACEMENT KEY");
  KS_RETURN_IF_ERROR(SetColumnOptions(table, definition.options, column));
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
  check.name = check.generated_name ? MakeConstraintName(schema, "CK", table.name)
                                    : definition.name.name;
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
  if (column < 0) return errors::RowDeletionColumn(table.name, policy.column.name);
  table.row_deletion_policy = RowDeletionPolicy{column, policy.days};
  return absl::OkStatus();
}

absl::Status CheckExpressions(const Table& table) {
  auto compiled = TableExpressions::Compile(table);
  if (compiled.ok()) return absl::OkStatus();
  return errors::InvalidExpression(StrCat("table ", table.name),
                                   std::string(compiled.status().message()));
}

}  // namespace ks::local
