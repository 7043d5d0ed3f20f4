// One function per kind of DDL statement, found through one table: a new statement is a function
// and a line.
//
// A handler makes its change with DdlContext::Change, once or (where rows must be looked at or
// written) in steps. What the local Spanner does not do has no handler, and its statement is
// UNIMPLEMENTED.
#pragma once

#include <functional>
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
  CommitTimestamp committed;  // of the last change
  std::function<void(int percent)> progress;

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
absl::Status CreateView(DdlContext& context, const sql::Statement& statement);
absl::Status DropView(DdlContext& context, const sql::Statement& statement);
absl::Status CreateRole(DdlContext& context, const sql::Statement& statement);
absl::Status DropRole(DdlContext& context, const sql::Statement& statement);
absl::Status Grant(DdlContext& context, const sql::Statement& statement);
absl::Status Revoke(DdlContext& context, const sql::Statement& statement);
absl::Status AlterDatabase(DdlContext& context, const sql::Statement& statement);
absl::Status AcceptWithoutEffect(DdlContext& context, const sql::Statement& statement);

// ---- Shared by handlers ----

// A mutable object of a schema that is being edited, by name; null when there is none.
Table* EditTable(Schema& schema, std::string_view name);
Index* EditIndex(Schema& schema, std::string_view name);

// convert.cc
absl::StatusOr<Column> MakeColumn(const Schema& schema, std::string_view table,
                                  const sql::ColumnDefinition& definition);
absl::StatusOr<CheckConstraint> MakeCheck(const Schema& schema, const Table& table,
                                          const sql::CheckConstraint& definition);
absl::Status SetColumnOptions(std::string_view table, const std::vector<sql::Option>& options,
                              Column& column);
absl::Status SetOptions(const std::vector<sql::Option>& options, std::vector<OptionEntry>& entries);
std::string OptionText(const sql::OptionValue& value);
absl::Status SetInterleave(const Schema& schema, const sql::Interleave& clause, Table& table);
absl::Status SetRowDeletion(const sql::RowDeletionPolicy& policy, Table& table);
// Compiles every expression of the table, for their errors.
absl::Status CheckExpressions(const Table& table);
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
