// One function per kind of DDL statement, found through one table: a new statement is a function
// and a line.
//
// A handler makes its change with DdlContext::Change, once or (where rows must be looked at or
// written) in steps. What the local Spanner does not do has no handler, and its statement is
// UNIMPLEMENTED.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/schema/schema.h"
#include "local/spanner/txn/database.h"
#include "sql/parser/ddl_ast.h"

namespace ks::local {

struct DdlContext {
  Database& database;
  std::string_view text;      // of the statement
  CommitTimestamp committed;  // of the last change
  std::function<void(int percent)> progress;
  std::string_view proto_descriptors;  // came with the statements

  // Applies `edit`, checks the whole schema, publishes it.
  absl::Status Change(const SchemaEdit& edit);
  std::shared_ptr<const Schema> schema() const { return database.schema(); }
};

using Handler = absl::Status (*)(DdlContext& context, const sql::Statement& statement);

// Null: UNIMPLEMENTED.
Handler FindHandler(sql::StatementKind kind);
// What a statement is called in messages: `CREATE MODEL`.
std::string_view NameOf(sql::StatementKind kind);

// tables.cc
absl::Status CreateTable(DdlContext& context, const sql::Statement& statement);
absl::Status DropTable(DdlContext& context, const sql::Statement& statement);
absl::Status RenameTable(DdlContext& context, const sql::Statement& statement);
// alter_table.cc
absl::Status AlterTable(DdlContext& context, const sql::Statement& statement);
// indexes.cc
absl::Status CreateIndex(DdlContext& context, const sql::Statement& statement);
absl::Status AlterIndex(DdlContext& context, const sql::Statement& statement);
absl::Status DropIndex(DdlContext& context, const sql::Statement& statement);
// objects.cc
absl::Status CreateSchema(DdlContext& context, const sql::Statement& statement);
absl::Status DropSchema(DdlContext& context, const sql::Statement& statement);
absl::Status AlterDatabase(DdlContext& context, const sql::Statement& statement);
absl::Status CreateLocalityGroup(DdlContext& context, const sql::Statement& statement);
absl::Status AlterLocalityGroup(DdlContext& context, const sql::Statement& statement);
absl::Status DropLocalityGroup(DdlContext& context, const sql::Statement& statement);
absl::Status CreatePlacement(DdlContext& context, const sql::Statement& statement);
absl::Status AlterPlacement(DdlContext& context, const sql::Statement& statement);
absl::Status DropPlacement(DdlContext& context, const sql::Statement& statement);
// proto_bundles.cc
absl::Status CreateProtoBundle(DdlContext& context, const sql::Statement& statement);
absl::Status AlterProtoBundle(DdlContext& context, const sql::Statement& statement);
absl::Status DropProtoBundle(DdlContext& context, const sql::Statement& statement);
absl::Status AcceptWithoutEffect(DdlContext& context, const sql::Statement& statement);
// views.cc
absl::Status CreateView(DdlContext& context, const sql::Statement& statement);
absl::Status DropView(DdlContext& context, const sql::Statement& statement);
// sequences.cc
absl::Status CreateSequence(DdlContext& context, const sql::Statement& statement);
absl::Status AlterSequence(DdlContext& context, const sql::Statement& statement);
absl::Status DropSequence(DdlContext& context, const sql::Statement& statement);
// change_streams.cc
absl::Status CreateChangeStream(DdlContext& context, const sql::Statement& statement);
absl::Status AlterChangeStream(DdlContext& context, const sql::Statement& statement);
absl::Status DropChangeStream(DdlContext& context, const sql::Statement& statement);
// roles.cc
absl::Status CreateRole(DdlContext& context, const sql::Statement& statement);
absl::Status DropRole(DdlContext& context, const sql::Statement& statement);
absl::Status Grant(DdlContext& context, const sql::Statement& statement);
absl::Status Revoke(DdlContext& context, const sql::Statement& statement);

// ---- Shared by handlers ----

// A mutable object of a schema that is being edited, by name; null when there is none.
Table* EditTable(Schema& schema, std::string_view name);
Index* EditIndex(Schema& schema, std::string_view name);

// options.cc
enum class OptionsOf : uint8_t {
  kColumn,
  kTable,
  kIndex,
  kDatabase,
  kChangeStream,
  kSequence,
  kLocalityGroup,
  kPlacement,
};
// What OPTIONS (…) of the statement `text` changes; a NULL takes the entry away, or (of change
// streams) stands as one.
absl::Status SetOptions(OptionsOf kind, std::string_view text,
                        const std::vector<sql::Option>& options, std::vector<OptionEntry>& entries);
// Null when there is none, or it is NULL.
const OptionEntry* FindOption(const std::vector<OptionEntry>& entries, std::string_view name);
// The text of a string option: without its quotes.
std::string Unquoted(const OptionEntry& option);

// sequences.cc
// `column`: of an identity column, else null.
absl::StatusOr<SequenceParameters> MakeParameters(Schema& schema,
                                                  const sql::SequenceClauses& clauses,
                                                  std::string_view column);
absl::Status ChangeParameters(const sql::SequenceClauses& clauses, SequenceParameters& parameters);
// SEQUENCE names in the DEFAULTs of tables: `T.A` of the first one that uses it.
std::string UserOfSequence(const Schema& schema, std::string_view sequence);

// convert.cc
absl::StatusOr<Column> MakeColumn(const DdlContext& context, Schema& schema, std::string_view table,
                                  const sql::ColumnDefinition& definition);
absl::StatusOr<CheckConstraint> MakeCheck(const Schema& schema, const Table& table,
                                          const sql::CheckConstraint& definition);
absl::Status SetColumnOptions(const DdlContext& context, std::string_view table,
                              const std::vector<sql::Option>& options, Column& column);
absl::Status SetInterleave(const Schema& schema, const sql::Interleave& clause, Table& table);
absl::Status SetRowDeletion(const sql::RowDeletionPolicy& policy, Table& table);
// expressions.cc
// Whether every DEFAULT, generated column and CHECK of the table is one.
absl::Status CheckExpressions(const Schema& schema, const Table& table);
// The generated column or CHECK of `table` that reads column `c`; empty: none.
std::string GeneratedFrom(const Table& table, int c);
std::string CheckedBy(const Table& table, int c);

// views.cc
// The first view that cannot be analyzed (any more) over `schema`, with the reason; else null.
struct BrokenView {
  std::string name;
  std::string reason;
};
std::optional<BrokenView> FindBrokenView(const Schema& schema);
// A name that is free: `CK_Table_0123456789ABCDEF_1`.
std::string MakeConstraintName(const Schema& schema, std::string_view prefix,
                               std::string_view table);

// foreign_keys.cc
// Adds the key and the indexes behind it to `table` of `schema`.
absl::Status AddForeignKey(Schema& schema, Table& table, const sql::ForeignKey& definition,
                           std::string* name);
void DropUnusedManagedIndexes(Schema& schema);
// Existing rows keep the key.
absl::Status VerifyExistingReferences(DdlContext& context, std::string_view table,
                                      std::string_view constraint);

// backfill.cc
// Fills every index that is not, publishes them; on failure (a duplicate under UNIQUE) takes them
// back.
absl::Status FillIndexes(DdlContext& context);
// Calls `visit` with every row (all columns), as of now.
absl::Status ForEachRow(
    DdlContext& context, std::string_view table,
    const std::function<absl::Status(std::string_view key, sql::Datum* row)>& visit);
// Existing rows keep the CHECKs of the table.
absl::Status VerifyExistingChecks(DdlContext& context, std::string_view table);
// Gives every existing row its DEFAULT or generated value of a new column, and publishes nothing.
absl::Status RewriteRows(DdlContext& context, std::string_view table, std::string_view column);

}  // namespace ks::local
