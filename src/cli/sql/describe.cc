#include "cli/sql/describe.h"

#include <google/spanner/v1/spanner.pb.h>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/sql/errors.h"

namespace ks::cli {
namespace {

namespace v1 = google::spanner::v1;

constexpr char kTables[] = R"(
SELECT IF(t.TABLE_SCHEMA = '', '', t.TABLE_SCHEMA || '.') || t.TABLE_NAME AS name,
  LOWER(REPLACE(t.TABLE_TYPE, 'BASE ', '')) AS kind,
  IFNULL('in ' || t.PARENT_TABLE_NAME, '') AS place
FROM INFORMATION_SCHEMA.TABLES AS t
WHERE t.TABLE_SCHEMA NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS'))";

constexpr char kOtherObjects[] = R"(
UNION ALL
SELECT IF(i.TABLE_SCHEMA = '', '', i.TABLE_SCHEMA || '.') || i.INDEX_NAME,
  IF(i.IS_UNIQUE, 'unique index', 'index'), 'on ' || i.TABLE_NAME
FROM INFORMATION_SCHEMA.INDEXES AS i
WHERE i.INDEX_TYPE != 'PRIMARY_KEY' AND i.TABLE_SCHEMA NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS')
UNION ALL
SELECT IF(c.CHANGE_STREAM_SCHEMA = '', '', c.CHANGE_STREAM_SCHEMA || '.') || c.CHANGE_STREAM_NAME,
  'change stream', IF(c.`ALL`, 'for all', '')
FROM INFORMATION_SCHEMA.CHANGE_STREAMS AS c
UNION ALL
SELECT IF(s.SCHEMA = '', '', s.SCHEMA || '.') || s.NAME, 'sequence', ''
FROM INFORMATION_SCHEMA.SEQUENCES AS s)";

// A table's own things are asked for by schema and name.
constexpr char kOfTable[] = "x.TABLE_SCHEMA = @schema AND x.TABLE_NAME = @name";

constexpr char kColumns[] = R"(
SELECT x.COLUMN_NAME AS column, x.SPANNER_TYPE AS type,
  IF(x.IS_NULLABLE = 'YES', '', 'NOT NULL') AS nullable,
  CASE
    WHEN x.GENERATION_EXPRESSION IS NOT NULL
      THEN 'AS (' || x.GENERATION_EXPRESSION || ')' || IF(x.IS_STORED = 'YES', ' STORED', '')
    WHEN x.COLUMN_DEFAULT IS NOT NULL THEN 'DEFAULT (' || x.COLUMN_DEFAULT || ')'
    WHEN x.IS_IDENTITY = 'YES' THEN 'IDENTITY'
    ELSE ''
  END AS value
FROM INFORMATION_SCHEMA.COLUMNS AS x WHERE )";

// The rest of a description: each query gives lines of text under a heading.
constexpr struct {
  const char* heading;
  const char* select;
  const char* order;
} kParts[] = {
    {"Primary key", R"(
SELECT x.COLUMN_NAME || IF(x.COLUMN_ORDERING = 'DESC', ' DESC', '')
FROM INFORMATION_SCHEMA.INDEX_COLUMNS AS x
WHERE x.INDEX_TYPE = 'PRIMARY_KEY' AND )",
     " ORDER BY x.ORDINAL_POSITION"},
    {"Interleaved in", R"(
SELECT x.PARENT_TABLE_NAME || IFNULL(' ON DELETE ' || x.ON_DELETE_ACTION, '')
FROM INFORMATION_SCHEMA.TABLES AS x
WHERE x.PARENT_TABLE_NAME IS NOT NULL AND )",
     ""},
    {"Rows are deleted when", R"(
SELECT x.ROW_DELETION_POLICY_EXPRESSION FROM INFORMATION_SCHEMA.TABLES AS x
WHERE x.ROW_DELETION_POLICY_EXPRESSION IS NOT NULL AND )",
     ""},
    {"Indexes", R"(
SELECT x.INDEX_NAME || ' (' || ARRAY_TO_STRING(ARRAY(
    SELECT c.COLUMN_NAME || IF(c.COLUMN_ORDERING = 'DESC', ' DESC', '')
    FROM INFORMATION_SCHEMA.INDEX_COLUMNS AS c
    WHERE c.TABLE_SCHEMA = x.TABLE_SCHEMA AND c.TABLE_NAME = x.TABLE_NAME
      AND c.INDEX_NAME = x.INDEX_NAME AND c.ORDINAL_POSITION IS NOT NULL
    ORDER BY c.ORDINAL_POSITION), ', ') || ')'
  || IF(x.IS_UNIQUE, ' UNIQUE', '') || IF(x.IS_NULL_FILTERED, ' NULL_FILTERED', '')
  || IF(x.INDEX_STATE = 'READ_WRITE', '', ' ' || IFNULL(x.INDEX_STATE, ''))
FROM INFORMATION_SCHEMA.INDEXES AS x
WHERE x.INDEX_TYPE != 'PRIMARY_KEY' AND NOT x.SPANNER_IS_MANAGED AND )",
     " ORDER BY x.INDEX_NAME"},
    {"Foreign keys", R"(
SELECT x.CONSTRAINT_NAME || ' (' || ARRAY_TO_STRING(ARRAY(
    SELECT k.COLUMN_NAME FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS k
    WHERE k.CONSTRAINT_SCHEMA = x.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = x.CONSTRAINT_NAME
    ORDER BY k.ORDINAL_POSITION), ', ')
  || ') REFERENCES ' || (
    SELECT ANY_VALUE(u.TABLE_NAME) || ' (' || STRING_AGG(u.COLUMN_NAME, ', ') || ')'
    FROM INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE AS u
    WHERE u.CONSTRAINT_SCHEMA = x.CONSTRAINT_SCHEMA AND u.CONSTRAINT_NAME = x.CONSTRAINT_NAME)
FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS AS x
WHERE x.CONSTRAINT_TYPE = 'FOREIGN KEY' AND )",
     " ORDER BY x.CONSTRAINT_NAME"},
    {"Checks", R"(
SELECT x.CONSTRAINT_NAME || ' CHECK (' || (
    SELECT c.CHECK_CLAUSE FROM INFORMATION_SCHEMA.CHECK_CONSTRAINTS AS c
    WHERE c.CONSTRAINT_SCHEMA = x.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = x.CONSTRAINT_NAME)
  || ')'
FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS AS x
WHERE x.CONSTRAINT_TYPE = 'CHECK' AND NOT STARTS_WITH(x.CONSTRAINT_NAME, 'CK_IS_NOT_NULL_') AND )",
     " ORDER BY x.CONSTRAINT_NAME"},
};

struct TableName {
  std::string schema;
  std::string name;
};

absl::StatusOr<spanner::ResultPtr> Ask(spanner::Client& client, const std::string& sql,
                                       const TableName& of) {
  v1::ExecuteSqlRequest request;
  request.set_sql(sql);
  auto& parameters = *request.mutable_params()->mutable_fields();
  parameters["schema"].set_string_value(of.schema);
  parameters["name"].set_string_value(of.name);
  for (const char* name : {"schema", "name"}) {
    (*request.mutable_param_types())[name].set_code(v1::STRING);
  }
  return client.QueryNow(request);
}

// The name as the schema has it.
absl::StatusOr<TableName> Find(spanner::Client& client, const std::string& name) {
  std::string bare = name;
  bare.erase(std::remove(bare.begin(), bare.end(), '`'), bare.end());
  const size_t dot = bare.find('.');
  const TableName asked = dot == std::string::npos
                              ? TableName{"", bare}
                              : TableName{bare.substr(0, dot), bare.substr(dot + 1)};
  KS_ASSIGN_OR_RETURN(const auto found, Ask(client, R"(
SELECT t.TABLE_SCHEMA, t.TABLE_NAME FROM INFORMATION_SCHEMA.TABLES AS t
WHERE LOWER(t.TABLE_SCHEMA) = LOWER(@schema) AND LOWER(t.TABLE_NAME) = LOWER(@name))",
                                            asked));
  if (found->rows_size() == 0) return NothingOfThatName(name);
  return TableName{found->rows(0).values(0).string_value(),
                   found->rows(0).values(1).string_value()};
}

}  // namespace

absl::Status ListObjects(spanner::Client& client, bool tables_only, RowFormat format,
                         std::ostream& out) {
  std::string sql = kTables;
  sql += tables_only ? " AND t.TABLE_TYPE = 'BASE TABLE'" : kOtherObjects;
  KS_ASSIGN_OR_RETURN(const auto result, client.QueryNow(sql + "\nORDER BY 1, 2"));
  PrintResult(*result, format, out);
  return absl::OkStatus();
}

absl::Status DescribeTable(spanner::Client& client, const std::string& name, RowFormat format,
                           std::ostream& out) {
  KS_ASSIGN_OR_RETURN(const TableName table, Find(client, name));
  KS_ASSIGN_OR_RETURN(
      const auto columns,
      Ask(client, StrCat(kColumns, kOfTable, " ORDER BY x.ORDINAL_POSITION"), table));
  PrintResult(*columns, format, out);
  if (format != RowFormat::kTable) return absl::OkStatus();
  for (const auto& part : kParts) {
    KS_ASSIGN_OR_RETURN(const auto lines,
                        Ask(client, StrCat(part.select, kOfTable, part.order), table));
    if (lines->rows_size() == 0) continue;
    out << part.heading << ":\n";
    for (const auto& row : lines->rows()) out << "  " << row.values(0).string_value() << "\n";
  }
  return absl::OkStatus();
}

}  // namespace ks::cli
