#include "pipeline/target.h"

#include <algorithm>
#include <cctype>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/errors.h"
#include "pipeline/spec.h"

namespace ks::pipeline {
namespace {

using Row = std::vector<sql::Value>;
using Rows = std::vector<Row>;

// Columns come in their order; OPTIONS apart from them. Index columns without an ordinal are stored
// ones.
constexpr std::string_view kQueries[] = {
    "SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA",
    "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, PARENT_TABLE_NAME FROM INFORMATION_SCHEMA.TABLES "
    "WHERE TABLE_SCHEMA NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS')",
    "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, SPANNER_TYPE, IS_NULLABLE, COLUMN_DEFAULT IS "
    "NOT NULL, "
    "IS_GENERATED FROM INFORMATION_SCHEMA.COLUMNS "
    "WHERE TABLE_SCHEMA NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS') "
    "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
    "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, OPTION_NAME, OPTION_VALUE "
    "FROM INFORMATION_SCHEMA.COLUMN_OPTIONS",
    "SELECT i.TABLE_SCHEMA, i.TABLE_NAME, i.INDEX_NAME, i.INDEX_TYPE, i.IS_UNIQUE, c.COLUMN_NAME "
    "FROM INFORMATION_SCHEMA.INDEXES AS i JOIN INFORMATION_SCHEMA.INDEX_COLUMNS AS c "
    "ON c.TABLE_SCHEMA = i.TABLE_SCHEMA AND c.TABLE_NAME = i.TABLE_NAME AND c.INDEX_NAME = "
    "i.INDEX_NAME "
    "WHERE i.TABLE_SCHEMA NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS') "
    "ORDER BY i.TABLE_SCHEMA, i.TABLE_NAME, i.INDEX_NAME, c.ORDINAL_POSITION IS NULL, "
    "c.ORDINAL_POSITION",
};

std::string Text(const Row& row, size_t column) {
  const sql::Value& value = row[column];
  return value.null() ? std::string() : std::string(value.datum().str());
}

std::string QualifiedName(const Row& row) {
  const std::string schema = Text(row, 0);
  return schema.empty() ? Text(row, 1) : StrCat(schema, ".", Text(row, 1));
}

absl::Status CheckWidth(const Rows& rows, size_t query, size_t columns) {
  for (const Row& row : rows) {
    if (row.size() != columns) return WrongSchemaRow(query, columns, row.size());
  }
  return absl::OkStatus();
}

TargetTable* FindMutable(TargetSchema& schema, std::string_view name) {
  return const_cast<TargetTable*>(schema.Find(name));
}

void AddTable(const Row& row, TargetSchema* schema) {
  TargetTable table{.name = QualifiedName(row), .view = Text(row, 2) == "VIEW"};
  const std::string parent = Text(row, 3);
  if (!parent.empty())
    table.parent = Text(row, 0).empty() ? parent : StrCat(Text(row, 0), ".", parent);
  schema->tables.push_back(std::move(table));
}

void AddColumn(const Row& row, TargetSchema* schema) {
  TargetTable* table = FindMutable(*schema, QualifiedName(row));
  if (table == nullptr) return;
  TargetColumn column{.name = Text(row, 2), .spanner_type = Text(row, 3)};
  size_t unused = 0;
  if (const auto type = ParseFieldType(column.spanner_type, &unused); type.ok())
    column.type = type->type;
  column.not_null = Text(row, 4) == "NO";
  column.has_default = !row[5].null() && row[5].datum().bool_value();
  column.generated = Text(row, 6) == "ALWAYS";
  table->columns.push_back(std::move(column));
}

void AddOption(const Row& row, TargetSchema* schema) {
  TargetTable* table = FindMutable(*schema, QualifiedName(row));
  if (table == nullptr || Text(row, 3) != "allow_commit_timestamp") return;
  auto* column = const_cast<TargetColumn*>(table->Find(Text(row, 2)));
  if (column != nullptr) column->commit_timestamp = SameName(Text(row, 4), "true");
}

void AddIndexColumn(const Row& row, TargetSchema* schema) {
  TargetTable* table = FindMutable(*schema, QualifiedName(row));
  if (table == nullptr) return;
  if (Text(row, 3) == "PRIMARY_KEY") {
    table->primary_key.push_back(Text(row, 5));
    return;
  }
  const std::string index = Text(row, 2);
  if (table->indexes.empty() || table->indexes.back().name != index) {
    table->indexes.push_back(
        {.name = index, .unique = !row[4].null() && row[4].datum().bool_value()});
  }
  table->indexes.back().columns.push_back(Text(row, 5));
}

}  // namespace

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

const TargetColumn* TargetTable::Find(std::string_view column) const {
  for (const TargetColumn& each : columns) {
    if (SameName(each.name, column)) return &each;
  }
  return nullptr;
}

const TargetTable* TargetSchema::Find(std::string_view name) const {
  for (const TargetTable& table : tables) {
    if (SameName(table.name, name)) return &table;
  }
  return nullptr;
}

std::vector<std::string> TargetSchema::TableNames() const {
  std::vector<std::string> names;
  for (const TargetTable& table : tables) names.push_back(table.name);
  return names;
}

absl::Span<const std::string_view> SchemaQueries() { return kQueries; }

absl::StatusOr<TargetSchema> ParseTargetSchema(
    absl::Span<const std::vector<std::vector<sql::Value>>> results) {
  constexpr size_t kWidths[] = {1, 4, 7, 5, 6};
  if (results.size() != std::size(kQueries))
    return WrongSchemaRow(0, std::size(kQueries), results.size());
  for (size_t i = 0; i < results.size(); ++i)
    KS_RETURN_IF_ERROR(CheckWidth(results[i], i, kWidths[i]));
  TargetSchema schema;
  for (const Row& row : results[0]) schema.schemas.push_back(Text(row, 0));
  for (const Row& row : results[1]) AddTable(row, &schema);
  for (const Row& row : results[2]) AddColumn(row, &schema);
  for (const Row& row : results[3]) AddOption(row, &schema);
  for (const Row& row : results[4]) AddIndexColumn(row, &schema);
  return schema;
}

}  // namespace ks::pipeline
