// TargetSchema: the tables that a pipeline writes to, as INFORMATION_SCHEMA describes them.
//
// The client runs SchemaQueries() in one read-only transaction and gives the rows to
// ParseTargetSchema; this module never talks to Spanner. Names are compared without regard to case,
// as Spanner does. Thread safety: plain data. Source:
// https://cloud.google.com/spanner/docs/information-schema
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sql/types/type.h"
#include "sql/types/value.h"

namespace ks::pipeline {

struct TargetColumn {
  std::string name;
  sql::TypeRef type =
      nullptr;  // null: a type that this version does not know (its text is in spanner_type)
  std::string spanner_type;  // `STRING(36)`, `ARRAY<INT64>`
  bool not_null = false;
  bool has_default = false;
  bool generated = false;
  bool commit_timestamp = false;  // OPTIONS (allow_commit_timestamp = true)
};

struct TargetIndex {
  std::string name;
  bool unique = false;
  std::vector<std::string> columns;  // key parts and stored ones
};

struct TargetTable {
  std::string name;  // with its schema, as declared
  bool view = false;
  std::string parent;  // of an interleaved table
  std::vector<TargetColumn> columns;
  std::vector<std::string> primary_key;  // names of columns, in order
  std::vector<TargetIndex> indexes;

  const TargetColumn* Find(std::string_view column) const;
};

struct TargetSchema {
  std::vector<std::string> schemas;  // named schemas
  std::vector<TargetTable> tables;   // views too

  const TargetTable* Find(std::string_view name) const;
  std::vector<std::string> TableNames() const;
};

bool SameName(std::string_view a, std::string_view b);  // without regard to case

// The queries, in the order in which ParseTargetSchema wants their rows.
absl::Span<const std::string_view> SchemaQueries();
// `results[i]` are the rows of query i.
absl::StatusOr<TargetSchema> ParseTargetSchema(
    absl::Span<const std::vector<std::vector<sql::Value>>> results);

}  // namespace ks::pipeline
