// Metadata tables: INFORMATION_SCHEMA and SPANNER_SYS, computed from the schema, or from what has
// run (txn/statistics.h), when they are read.
//
// Each table is one entry of a list (information_schema_*.cc): its columns, and a function that
// emits its rows. Columns, their types and order are Spanner's (test_information_schema.py compares
// all with recorded ones). Thread safety: the lists are constant; a table made here is as
// sql::Table. Source: https://cloud.google.com/spanner/docs/information-schema
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "local/spanner/schema/schema.h"
#include "sql/catalog.h"
#include "sql/types/value.h"

namespace ks::local {

class DatabaseCore;

struct MetadataColumn {
  const char* name;
  const char* type;  // as SPANNER_TYPE prints it: "STRING(MAX)"
  bool nullable = false;
};

using MetadataRow = std::vector<sql::Value>;
using MetadataRows = std::vector<MetadataRow>;

struct MetadataTable {
  const char* schema;  // "INFORMATION_SCHEMA"
  const char* name;
  absl::Span<const MetadataColumn> columns;
  void (*fill)(const Schema& schema, MetadataRows* rows);
  // Instead, where rows are of what happens and not of the schema (spanner_sys_statistics.cc).
  void (*fill_live)(DatabaseCore& core, const Schema& schema, int minutes,
                    MetadataRows* rows) = nullptr;
  int minutes = 0;  // of statistics by interval: how long each is
};

// All of them: INFORMATION_SCHEMA's in the order of their names, then SPANNER_SYS's.
absl::Span<const MetadataTable* const> MetadataTables();
// Names in any case; null when there is none.
const MetadataTable* FindMetadataTable(std::string_view schema, std::string_view name);
sql::TypeRef TypeOf(const MetadataColumn& column);

// null when there is none of this name.
std::unique_ptr<sql::Table> MakeMetadataTable(std::string_view schema_name, std::string_view name,
                                              std::shared_ptr<const Schema> schema,
                                              DatabaseCore* core);

// ---- For the functions that emit rows ----
sql::Value Text(std::string_view text);
sql::Value TextOrNull(std::string_view text);  // empty: NULL
sql::Value NullText();
sql::Value NullInt();
sql::Value YesNo(bool yes);
sql::Value Int(int64_t value);
sql::Value Flag(bool value);

// The lists, one per file.
absl::Span<const MetadataTable> TableMetadata();       // information_schema_tables.cc
absl::Span<const MetadataTable> ConstraintMetadata();  // information_schema_constraints.cc
absl::Span<const MetadataTable> IndexMetadata();       // information_schema_indexes.cc
absl::Span<const MetadataTable> ObjectMetadata();      // information_schema_objects.cc
absl::Span<const MetadataTable> RoleMetadata();        // information_schema_roles.cc
absl::Span<const MetadataTable> StatisticsMetadata();  // spanner_sys_statistics.cc
absl::Span<const MetadataTable> SystemMetadata();      // spanner_sys.cc

}  // namespace ks::local
