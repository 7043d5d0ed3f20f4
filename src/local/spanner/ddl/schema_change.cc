#include "local/spanner/ddl/schema_change.h"

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/validate.h"
#include "local/spanner/txn/core.h"
#include "local/spanner/txn/database.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser.h"

namespace ks::local {
namespace {

using sql::StatementKind;

struct Entry {
  StatementKind kind;
  std::string_view name;
  Handler handler;
};

constexpr Entry kStatements[] = {
    {StatementKind::kCreateTable, "CREATE TABLE", CreateTable},
    {StatementKind::kAlterTable, "ALTER TABLE", AlterTable},
    {StatementKind::kDropTable, "DROP TABLE", DropTable},
    {StatementKind::kRenameTable, "RENAME TABLE", RenameTable},
    {StatementKind::kCreateIndex, "CREATE INDEX", CreateIndex},
    {StatementKind::kAlterIndex, "ALTER INDEX", AlterIndex},
    {StatementKind::kDropIndex, "DROP INDEX", DropIndex},
    {StatementKind::kCreateSchema, "CREATE SCHEMA", CreateSchema},
    {StatementKind::kDropSchema, "DROP SCHEMA", DropSchema},
    {StatementKind::kCreateView, "CREATE VIEW", CreateView},
    {StatementKind::kDropView, "DROP VIEW", DropView},
    {StatementKind::kCreateRole, "CREATE ROLE", CreateRole},
    {StatementKind::kDropRole, "DROP ROLE", DropRole},
    {StatementKind::kGrant, "GRANT", Grant},
    {StatementKind::kRevoke, "REVOKE", Revoke},
    {StatementKind::kAlterDatabase, "ALTER DATABASE", AlterDatabase},
    {StatementKind::kAnalyze, "ANALYZE", AcceptWithoutEffect},
    {StatementKind::kAlterStatistics, "ALTER STATISTICS", AcceptWithoutEffect},
    {StatementKind::kCreateSequence, "CREATE SEQUENCE", CreateSequence},
    {StatementKind::kAlterSequence, "ALTER SEQUENCE", AlterSequence},
    {StatementKind::kDropSequence, "DROP SEQUENCE", DropSequence},
    {StatementKind::kCreateChangeStream, "CREATE CHANGE STREAM", CreateChangeStream},
    {StatementKind::kAlterChangeStream, "ALTER CHANGE STREAM", AlterChangeStream},
    {StatementKind::kDropChangeStream, "DROP CHANGE STREAM", DropChangeStream},
    {StatementKind::kCreateLocalityGroup, "CREATE LOCALITY GROUP", CreateLocalityGroup},
    {StatementKind::kAlterLocalityGroup, "ALTER LOCALITY GROUP", AlterLocalityGroup},
    {StatementKind::kDropLocalityGroup, "DROP LOCALITY GROUP", DropLocalityGroup},
    {StatementKind::kCreatePlacement, "CREATE PLACEMENT", CreatePlacement},
    {StatementKind::kAlterPlacement, "ALTER PLACEMENT", AlterPlacement},
    {StatementKind::kDropPlacement, "DROP PLACEMENT", DropPlacement},
    {StatementKind::kCreateDatabase, "CREATE DATABASE", nullptr},
    {StatementKind::kCreateSearchIndex, "CREATE SEARCH INDEX", nullptr},
    {StatementKind::kCreateVectorIndex, "CREATE VECTOR INDEX", nullptr},
    {StatementKind::kDropSearchIndex, "DROP SEARCH INDEX", nullptr},
    {StatementKind::kDropVectorIndex, "DROP VECTOR INDEX", nullptr},
    {StatementKind::kCreateProtoBundle, "CREATE PROTO BUNDLE", CreateProtoBundle},
    {StatementKind::kAlterProtoBundle, "ALTER PROTO BUNDLE", AlterProtoBundle},
    {StatementKind::kDropProtoBundle, "DROP PROTO BUNDLE", DropProtoBundle},
};

absl::StatusOr<std::vector<sql::StatementPtr>> Parse(absl::Span<const std::string> statements) {
  std::vector<sql::StatementPtr> parsed;
  for (const std::string& text : statements) {
    auto statement = sql::ParseDdlStatement(text);
    if (!statement.ok()) {
      const absl::Status located = sql::WithLocation(text, statement.status());
      const absl::Status bad = errors::BadStatement(text, ks::View(located.message()));
      return absl::Status(located.code(), bad.message());
    }
    parsed.push_back(std::move(*statement));
  }
  return parsed;
}

}  // namespace

Handler FindHandler(StatementKind kind) {
  for (const Entry& entry : kStatements) {
    if (entry.kind == kind) return entry.handler;
  }
  return nullptr;
}

std::string_view NameOf(StatementKind kind) {
  for (const Entry& entry : kStatements) {
    if (entry.kind == kind) return entry.name;
  }
  return "This statement";
}

absl::Status DdlContext::Change(const SchemaEdit& edit) {
  KS_ASSIGN_OR_RETURN(committed, database.ChangeSchema([&](Schema& next) -> absl::Status {
    KS_RETURN_IF_ERROR(edit(next));
    next.Finish();
    return ValidateSchema(next);
  }));
  return absl::OkStatus();
}

Table* EditTable(Schema& schema, std::string_view name) {
  const Table* found = schema.FindTable(name);
  for (auto& table : schema.tables) {
    if (table.get() == found) return table.get();
  }
  return nullptr;
}

Index* EditIndex(Schema& schema, std::string_view name) {
  const Index* found = schema.FindIndex(name);
  for (auto& index : schema.indexes) {
    if (index.get() == found) return index.get();
  }
  return nullptr;
}

absl::Status ApplyDdl(Database& database, const DdlBatch& batch, const DdlObserver& observer) {
  KS_ASSIGN_OR_RETURN(auto parsed, Parse(batch.statements));
  const absl::MutexLock lock(&database.core().ddl_batches());
  for (size_t i = 0; i < parsed.size(); ++i) {
    DdlProgress progress{i, 0, database.core().oracle().Now(), CommitTimestamp(0)};
    auto report = [&](int percent) {
      progress.percent = percent;
      if (observer) observer(progress);
    };
    report(0);
    DdlContext context{database, batch.statements[i], CommitTimestamp(0), report,
                       batch.proto_descriptors};
    Handler handler = FindHandler(parsed[i]->kind);
    if (handler == nullptr) return errors::NotImplemented(NameOf(parsed[i]->kind));
    KS_RETURN_IF_ERROR(handler(context, *parsed[i]));
    // A statement without effect (IF NOT EXISTS) is done at once.
    progress.committed = context.committed.value() != 0 ? context.committed
                                                        : database.core().oracle().ReadTimestamp();
    report(100);
  }
  return absl::OkStatus();
}

absl::Status CheckDdlSyntax(absl::Span<const std::string> statements) {
  return Parse(statements).status();
}

}  // namespace ks::local
