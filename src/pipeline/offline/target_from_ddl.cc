#include "pipeline/offline/target_from_ddl.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/spec.h"
#include "sql/parser/ddl_ast.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser.h"

namespace ks::pipeline {
namespace {

std::string TypeText(const sql::ColumnType& type) {
  std::string text = type.name;
  if (type.max_length) StrAppend(&text, "(MAX)");
  if (type.length) StrAppend(&text, "(", *type.length, ")");
  return type.array ? StrCat("ARRAY<", text, ">") : text;
}

TargetColumn ColumnOf(const sql::ColumnDefinition& definition) {
  TargetColumn column{.name = definition.name.name, .spanner_type = TypeText(definition.type)};
  size_t unused = 0;
  if (const auto type = ParseFieldType(column.spanner_type, &unused); type.ok())
    column.type = type->type;
  column.not_null = definition.not_null;
  column.has_default = definition.default_value.has_value() || definition.identity.has_value();
  column.generated = definition.generated.has_value();
  for (const sql::Option& option : definition.options) {
    const bool* value = std::get_if<bool>(&option.value);
    if (option.name.name == "allow_commit_timestamp")
      column.commit_timestamp = value != nullptr && *value;
  }
  return column;
}

void AddTable(const sql::TableDefinition& definition, TargetSchema* schema) {
  TargetTable table{.name = sql::Dotted(definition.name)};
  for (const sql::ColumnDefinition& column : definition.columns)
    table.columns.push_back(ColumnOf(column));
  for (const sql::KeyColumn& key : definition.primary_key)
    table.primary_key.push_back(key.name.name);
  if (definition.interleave && definition.interleave->in_parent)
    table.parent = sql::Dotted(definition.interleave->parent);
  schema->tables.push_back(std::move(table));
}

void AddIndex(const sql::IndexDefinition& definition, TargetSchema* schema) {
  auto* table = const_cast<TargetTable*>(schema->Find(sql::Dotted(definition.table)));
  if (table == nullptr) return;
  TargetIndex index{.name = sql::Dotted(definition.name), .unique = definition.unique};
  for (const sql::KeyColumn& column : definition.columns) index.columns.push_back(column.name.name);
  for (const sql::Identifier& column : definition.storing) index.columns.push_back(column.name);
  table->indexes.push_back(std::move(index));
}

}  // namespace

absl::StatusOr<TargetSchema> TargetFromDdl(std::string_view script) {
  TargetSchema schema;
  for (const std::string_view text : sql::SplitStatements(script)) {
    auto statement = sql::ParseDdlStatement(text);
    if (!statement.ok()) return sql::WithLocation(text, statement.status());
    switch ((*statement)->kind) {
      case sql::StatementKind::kCreateSchema:
        schema.schemas.push_back(
            sql::Dotted(static_cast<const sql::CreateSchemaStatement&>(**statement).name));
        break;
      case sql::StatementKind::kCreateTable:
        AddTable(static_cast<const sql::CreateTableStatement&>(**statement).table, &schema);
        break;
      case sql::StatementKind::kCreateIndex:
        AddIndex(static_cast<const sql::CreateIndexStatement&>(**statement).index, &schema);
        break;
      case sql::StatementKind::kCreateView:
        schema.tables.push_back(
            {.name =
                 sql::Dotted(static_cast<const sql::CreateViewStatement&>(**statement).view.name),
             .view = true});
        break;
      default:
        break;
    }
  }
  return schema;
}

}  // namespace ks::pipeline
