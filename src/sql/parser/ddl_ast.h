// The syntax tree of DDL.
//
// Definitions (TableDefinition and so on) are plain values, so a schema can keep them, change them
// and print them again with ddl_printer.h. Expressions and queries are kept as the text that was
// written, as Spanner keeps them; the parser has made sure that they parse. Names are as written,
// without backticks. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/data-definition-language
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sql/parser/ast.h"

namespace ks::sql {

// `a.b.c` without backticks: the key of a name in a schema.
std::string Dotted(const Path& path);

// Text of an expression (without the parentheses around it) or of a query, and where it stood.
struct SqlText {
  std::string text;
  SourceRange range;
};

// NULL, TRUE, 5, 1.5, 'x'
using OptionValue = std::variant<std::monostate, bool, int64_t, double, std::string>;
struct Option {
  Identifier name;
  OptionValue value;
};

struct ColumnType {
  std::string name;                      // INT64, my.Proto: simple types in upper case
  bool array = false;                    // ARRAY<name>
  bool max_length = false;               // STRING(MAX)
  std::optional<int64_t> length;         // STRING(10)
  std::optional<int64_t> vector_length;  // ARRAY<FLOAT32>(vector_length=>128)
  SourceRange range;
};

// Of sequences and identity columns.
struct SequenceClauses {
  bool bit_reversed_positive = false;
  std::optional<std::pair<int64_t, int64_t>> skip_range;
  bool no_skip_range = false;              // ALTER … SET NO SKIP RANGE
  std::optional<int64_t> start_counter;    // START COUNTER WITH
  std::optional<int64_t> restart_counter;  // ALTER … RESTART COUNTER WITH
  bool empty() const {
    return !bit_reversed_positive && !skip_range && !no_skip_range && !start_counter &&
           !restart_counter;
  }
};

struct ColumnDefinition {
  Identifier name;
  ColumnType type;
  bool not_null = false;
  bool primary_key = false;  // `a INT64 PRIMARY KEY` in the column's own definition
  bool hidden = false;
  bool placement_key = false;
  std::optional<SqlText> default_value;
  std::optional<SqlText> on_update;
  std::optional<SqlText> generated;  // AS (…)
  bool stored = false;               // of a generated column
  std::optional<SequenceClauses> identity;
  std::vector<Option> options;
  SourceRange range;
};

struct KeyColumn {
  Identifier name;
  bool descending = false;
  NullsOrder nulls = NullsOrder::kDefault;
};

enum class OnDelete : uint8_t { kUnspecified, kNoAction, kCascade };
enum class Enforcement : uint8_t { kUnspecified, kEnforced, kNotEnforced };

struct ForeignKey {
  Identifier name;  // may be empty
  std::vector<Identifier> columns;
  Path referenced_table;
  std::vector<Identifier> referenced_columns;
  OnDelete on_delete = OnDelete::kUnspecified;
  Enforcement enforcement = Enforcement::kUnspecified;
  SourceRange range;
};

struct CheckConstraint {
  Identifier name;  // may be empty
  SqlText expression;
  SourceRange range;
};

struct Interleave {
  Path parent;
  bool in_parent = true;  // INTERLEAVE IN PARENT; else INTERLEAVE IN
  OnDelete on_delete = OnDelete::kUnspecified;
};

// ROW DELETION POLICY (OLDER_THAN(column, INTERVAL days DAY))
struct RowDeletionPolicy {
  Identifier column;
  int64_t days = 0;
  SourceRange range;
};

struct TableDefinition {
  Path name;
  std::vector<ColumnDefinition> columns;
  std::vector<ForeignKey> foreign_keys;
  std::vector<CheckConstraint> checks;
  std::vector<Identifier> synonyms;
  std::vector<KeyColumn> primary_key;  // also where a column's own definition says PRIMARY KEY
  std::optional<Interleave> interleave;
  std::optional<RowDeletionPolicy> row_deletion_policy;
  std::vector<Option> options;
};

enum class IndexKind : uint8_t { kSecondary, kSearch, kVector };
struct IndexDefinition {
  IndexKind kind = IndexKind::kSecondary;
  Path name;
  Path table;
  bool unique = false;
  bool null_filtered = false;
  std::vector<KeyColumn> columns;
  std::vector<Identifier> storing;
  std::vector<Identifier> not_null_columns;  // WHERE a IS NOT NULL AND …
  Path interleave_in;                        // may be empty
  std::vector<Identifier> partition_by;      // search indexes
  std::vector<KeyColumn> order_by;           // search indexes
  std::vector<Option> options;
};

enum class SqlSecurity : uint8_t { kUnspecified, kInvoker, kDefiner };
struct ViewDefinition {
  Path name;
  SqlSecurity security = SqlSecurity::kUnspecified;
  SqlText query;
};

struct SequenceDefinition {
  Path name;
  SequenceClauses clauses;
  std::vector<Option> options;
};

struct TrackedTable {
  Path table;
  bool all_columns = true;  // `T`; else only `columns` (none for `T()`) and the key
  std::vector<Identifier> columns;
};
struct ChangeStreamDefinition {
  Path name;
  bool for_all = false;
  std::vector<TrackedTable> tables;
  std::vector<Option> options;
};

// ---- Statements

struct CreateDatabaseStatement : StatementOf<StatementKind::kCreateDatabase> {
  Identifier name;
};
struct AlterDatabaseStatement : StatementOf<StatementKind::kAlterDatabase> {
  Identifier name;
  std::vector<Option> options;
};

struct CreateSchemaStatement : StatementOf<StatementKind::kCreateSchema> {
  Path name;
  bool if_not_exists = false;
  bool or_replace = false;
};

struct CreateTableStatement : StatementOf<StatementKind::kCreateTable> {
  bool if_not_exists = false;
  TableDefinition table;
};

enum class AlterTableAction : uint8_t {
  kAddColumn,             // column, if_exists_clause (IF NOT EXISTS)
  kDropColumn,            // name, if_exists_clause
  kSetColumnType,         // column: its whole new definition
  kSetColumnDefault,      // name, expression
  kDropColumnDefault,     // name
  kSetColumnOnUpdate,     // name, expression
  kDropColumnOnUpdate,    // name
  kSetColumnOptions,      // name, options
  kAlterColumnIdentity,   // name, identity
  kSetColumnNotNull,      // name
  kDropColumnNotNull,     // name
  kAddForeignKey,         // foreign_key, if_exists_clause
  kAddCheck,              // check, if_exists_clause
  kDropConstraint,        // name, if_exists_clause
  kSetOnDelete,           // on_delete
  kSetInterleave,         // interleave
  kAddRowDeletionPolicy,  // policy
  kReplaceRowDeletionPolicy,
  kDropRowDeletionPolicy,
  kAddSynonym,   // name
  kDropSynonym,  // name
  kRename,       // new_name; name: a synonym to add, may be empty
  kSetOptions,   // options
};
struct AlterTableStatement : StatementOf<StatementKind::kAlterTable> {
  Path table;
  bool if_exists = false;
  AlterTableAction action = AlterTableAction::kAddColumn;
  bool if_exists_clause = false;
  Identifier name;
  ColumnDefinition column;
  SqlText expression;
  std::vector<Option> options;
  SequenceClauses identity;
  ForeignKey foreign_key;
  CheckConstraint check;
  OnDelete on_delete = OnDelete::kUnspecified;
  Interleave interleave;
  RowDeletionPolicy policy;
  Path new_name;
};

struct RenameTableStatement : StatementOf<StatementKind::kRenameTable> {
  std::vector<std::pair<Path, Path>> renames;
  std::string synonym;  // ALTER TABLE … RENAME TO …, ADD SYNONYM
};

struct CreateIndexStatement : StatementOf<StatementKind::kCreateIndex> {
  bool if_not_exists = false;
  IndexDefinition index;  // of any kind
};

enum class AlterIndexAction : uint8_t {
  kAddStoredColumn,
  kDropStoredColumn,
  kAddColumn,
  kDropColumn,
  kSetOptions
};
struct AlterIndexStatement : StatementOf<StatementKind::kAlterIndex> {
  IndexKind index_kind = IndexKind::kSecondary;
  Path name;
  AlterIndexAction action = AlterIndexAction::kAddStoredColumn;
  Identifier column;
  std::vector<Option> options;
};

struct CreateViewStatement : StatementOf<StatementKind::kCreateView> {
  bool or_replace = false;
  bool if_not_exists = false;
  ViewDefinition view;
};

struct CreateSequenceStatement : StatementOf<StatementKind::kCreateSequence> {
  bool if_not_exists = false;
  SequenceDefinition sequence;
};
struct AlterSequenceStatement : StatementOf<StatementKind::kAlterSequence> {
  Path name;
  bool if_exists = false;
  SequenceClauses clauses;
  std::vector<Option> options;
};

struct CreateChangeStreamStatement : StatementOf<StatementKind::kCreateChangeStream> {
  bool if_not_exists = false;
  ChangeStreamDefinition stream;
};
enum class AlterChangeStreamAction : uint8_t { kSetFor, kSetOptions, kDropForAll };
struct AlterChangeStreamStatement : StatementOf<StatementKind::kAlterChangeStream> {
  AlterChangeStreamAction action = AlterChangeStreamAction::kSetFor;
  ChangeStreamDefinition stream;  // its name, and what the action changes
};

// DROP <kind> [IF EXISTS] name
template <StatementKind K>
struct DropStatement : StatementOf<K> {
  Path name;  // empty for DROP PROTO BUNDLE
  bool if_exists = false;
  bool cascade = false;
};
using DropTableStatement = DropStatement<StatementKind::kDropTable>;
using DropIndexStatement = DropStatement<StatementKind::kDropIndex>;
using DropSearchIndexStatement = DropStatement<StatementKind::kDropSearchIndex>;
using DropVectorIndexStatement = DropStatement<StatementKind::kDropVectorIndex>;
using DropViewStatement = DropStatement<StatementKind::kDropView>;
using DropSequenceStatement = DropStatement<StatementKind::kDropSequence>;
using DropChangeStreamStatement = DropStatement<StatementKind::kDropChangeStream>;
using DropSchemaStatement = DropStatement<StatementKind::kDropSchema>;
using DropRoleStatement = DropStatement<StatementKind::kDropRole>;
using DropProtoBundleStatement = DropStatement<StatementKind::kDropProtoBundle>;

struct CreateRoleStatement : StatementOf<StatementKind::kCreateRole> {
  Identifier name;
};

enum class PrivilegeKind : uint8_t { kSelect, kInsert, kUpdate, kDelete, kExecute, kUsage };
struct Privilege {
  PrivilegeKind kind = PrivilegeKind::kSelect;
  std::vector<Identifier> columns;  // empty: the whole object
};
enum class GrantTarget : uint8_t {
  kTable,
  kView,
  kChangeStream,
  kTableFunction,
  kSchema,
  kSequence,
  kModel,
  kRole,
  kAllTablesInSchema,
  kAllViewsInSchema,
  kAllChangeStreamsInSchema,
  kAllSequencesInSchema,
};
struct GrantBody {
  std::vector<Privilege> privileges;  // none for kRole
  GrantTarget target = GrantTarget::kTable;
  std::vector<Path> targets;      // the schemas for kAll…
  std::vector<Identifier> roles;  // who gets or loses it
};
struct GrantStatement : StatementOf<StatementKind::kGrant> {
  GrantBody body;
};
struct RevokeStatement : StatementOf<StatementKind::kRevoke> {
  GrantBody body;
};

struct AnalyzeStatement : StatementOf<StatementKind::kAnalyze> {};
struct AlterStatisticsStatement : StatementOf<StatementKind::kAlterStatistics> {
  Identifier package;
  std::vector<Option> options;
};

// CREATE, ALTER and DROP of LOCALITY GROUP and PLACEMENT.
struct StorageClauses {
  Identifier name;
  bool if_clause = false;  // IF EXISTS, of CREATE: IF NOT EXISTS
  std::vector<Option> options;
};
using StorageStatement = StorageClauses;
template <StatementKind K>
struct StorageStatementOf : StatementOf<K>, StorageClauses {};
using CreateLocalityGroupStatement = StorageStatementOf<StatementKind::kCreateLocalityGroup>;
using AlterLocalityGroupStatement = StorageStatementOf<StatementKind::kAlterLocalityGroup>;
using DropLocalityGroupStatement = StorageStatementOf<StatementKind::kDropLocalityGroup>;
using CreatePlacementStatement = StorageStatementOf<StatementKind::kCreatePlacement>;
using AlterPlacementStatement = StorageStatementOf<StatementKind::kAlterPlacement>;
using DropPlacementStatement = StorageStatementOf<StatementKind::kDropPlacement>;

struct CreateProtoBundleStatement : StatementOf<StatementKind::kCreateProtoBundle> {
  std::vector<Path> types;
};
struct AlterProtoBundleStatement : StatementOf<StatementKind::kAlterProtoBundle> {
  std::vector<Path> insert;
  std::vector<Path> update;
  std::vector<Path> erase;
};

}  // namespace ks::sql
