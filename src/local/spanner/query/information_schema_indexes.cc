#include <string>
#include <utility>

#include "local/spanner/query/metadata_table.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kIndexesColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},
    {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},
    {"INDEX_NAME", "STRING(MAX)"},
    {"INDEX_TYPE", "STRING(MAX)"},
    {"PARENT_TABLE_NAME", "STRING(MAX)"},
    {"IS_UNIQUE", "BOOL"},
    {"IS_NULL_FILTERED", "BOOL"},
    {"INDEX_STATE", "STRING(100)"},
    {"SPANNER_IS_MANAGED", "BOOL"},
};

constexpr MetadataColumn kIndexColumnsColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},     {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},        {"INDEX_NAME", "STRING(MAX)"},
    {"INDEX_TYPE", "STRING(MAX)"},        {"COLUMN_NAME", "STRING(MAX)"},
    {"ORDINAL_POSITION", "INT64", true},  {"COLUMN_ORDERING", "STRING(MAX)", true},
    {"IS_NULLABLE", "STRING(MAX)", true}, {"SPANNER_TYPE", "STRING(MAX)", true},
};

constexpr MetadataColumn kSpannerStatisticsColumns[] = {
    {"CATALOG_NAME", "STRING(MAX)"},
    {"SCHEMA_NAME", "STRING(MAX)"},
    {"PACKAGE_NAME", "STRING(MAX)"},
    {"ALLOW_GC", "BOOL"},
};

void FillNothing(const Schema&, MetadataRows*) {}

MetadataRow IndexName(const Table& table, std::string_view index, const char* type) {
  const auto [schema, name] = SplitName(table.name);
  return {Text(""), Text(schema), Text(name), Text(SplitName(index).second), Text(type)};
}

void FillIndexes(const Schema& schema, MetadataRows* rows) {
  for (const auto& table : schema.tables) {
    MetadataRow primary = IndexName(*table, "PRIMARY_KEY", "PRIMARY_KEY");
    for (sql::Value value : {Text(""), Flag(true), Flag(false), NullText(), Flag(false)}) {
      primary.push_back(std::move(value));
    }
    rows->push_back(std::move(primary));
    for (const Index* index : table->indexes) {
      MetadataRow row = IndexName(*table, index->name, "INDEX");
      for (sql::Value value :
           {Text(index->interleave_in), Flag(index->unique),
            Flag(index->null_filtered || !index->not_null_columns.empty()),
            Text(index->backfilled ? "READ_WRITE" : "WRITE_ONLY"), Flag(index->managed)}) {
        row.push_back(std::move(value));
      }
      rows->push_back(std::move(row));
    }
  }
}

struct IndexColumn {
  int column;
  size_t position = 0;  // 0: only stored
  bool descending = false;
  bool never_null = false;
};

void AddIndexColumn(const Table& table, std::string_view index, const char* type,
                    const IndexColumn& entry, MetadataRows* rows) {
  const Column& column = table.columns[entry.column];
  const bool key = entry.position > 0;
  MetadataRow row = IndexName(table, index, type);
  for (sql::Value value :
       {Text(column.name), key ? Int(static_cast<int64_t>(entry.position)) : NullInt(),
        key ? Text(entry.descending ? "DESC" : "ASC") : NullText(),
        YesNo(!column.not_null && !entry.never_null), Text(column.SpannerType())}) {
    row.push_back(std::move(value));
  }
  rows->push_back(std::move(row));
}

void FillIndexColumns(const Schema& schema, MetadataRows* rows) {
  for (const auto& table : schema.tables) {
    for (size_t i = 0; i < table->key.size(); ++i) {
      const KeyColumn& part = table->key[i];
      AddIndexColumn(*table, "PRIMARY_KEY", "PRIMARY_KEY", {part.column, i + 1, part.descending},
                     rows);
    }
    for (const Index* index : table->indexes) {
      for (size_t i = 0; i < index->key.size(); ++i) {
        const KeyColumn& part = index->key[i];
        AddIndexColumn(*table, index->name, "INDEX",
                       {part.column, i + 1, part.descending, index->null_filtered}, rows);
      }
      for (const int column : index->storing) {
        AddIndexColumn(*table, index->name, "INDEX", {column}, rows);
      }
    }
  }
}

constexpr MetadataTable kTables[] = {
    {"INFORMATION_SCHEMA", "INDEXES", kIndexesColumns, &FillIndexes},
    {"INFORMATION_SCHEMA", "INDEX_COLUMNS", kIndexColumnsColumns, &FillIndexColumns},
    {"INFORMATION_SCHEMA", "SPANNER_STATISTICS", kSpannerStatisticsColumns, &FillNothing},
};

}  // namespace

absl::Span<const MetadataTable> IndexMetadata() { return kTables; }

}  // namespace ks::local
