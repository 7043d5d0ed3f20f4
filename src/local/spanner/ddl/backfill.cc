// What DDL does to rows that are already there. The work itself is in txn/backfill.h.
#include "local/spanner/txn/backfill.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/key_text.h"

namespace ks::local {

namespace {

// Rows that were there break UNIQUE: another error than a commit's that does.
absl::Status ExistingDuplicate(std::string_view index, const absl::Status& violation) {
  const std::string_view text = ks::View(violation.message());
  constexpr std::string_view kBefore = "duplicate key: ";
  const size_t at = text.find(kBefore);
  return errors::ExistingDuplicate(index,
                                   at == text.npos ? text : text.substr(at + kBefore.size()));
}

}  // namespace

absl::Status FillIndexes(DdlContext& context) {
  std::vector<std::string> names;
  for (const auto& index : context.schema()->indexes) {
    if (!index->backfilled) names.push_back(index->name);
  }
  if (names.empty()) return absl::OkStatus();
  absl::Status filled = absl::OkStatus();
  for (size_t i = 0; i < names.size() && filled.ok(); ++i) {
    filled = FillIndex(context.database.core(), names[i]);
    if (absl::IsAlreadyExists(filled)) filled = ExistingDuplicate(names[i], filled);
    if (context.progress) context.progress(static_cast<int>(100 * (i + 1) / (names.size() + 1)));
  }
  if (filled.ok()) {
    return context.Change([&](Schema& next) {
      for (auto& index : next.indexes) index->backfilled = true;
      return absl::OkStatus();
    });
  }
  KS_RETURN_IF_ERROR(context.Change([&](Schema& next) {
    std::erase_if(next.indexes, [](const auto& index) { return !index->backfilled; });
    return absl::OkStatus();
  }));
  return filled;
}

absl::Status ForEachRow(
    DdlContext& context, std::string_view table,
    const std::function<absl::Status(std::string_view key, sql::Datum* row)>& visit) {
  return VisitRows(context.database.core(), std::string(table), visit);
}

absl::Status VerifyExistingChecks(DdlContext& context, std::string_view table_name) {
  auto schema = context.schema();
  const Table* table = schema->FindTable(table_name);
  if (table == nullptr) return errors::TableNotFound(table_name);
  KS_ASSIGN_OR_RETURN(auto expressions, TableExpressions::Compile(*schema, *table));
  sql::Arena arena;
  return ForEachRow(
      context, table_name, [&](std::string_view key, sql::Datum* row) -> absl::Status {
        arena.Reset();
        KS_ASSIGN_OR_RETURN(auto violation, expressions->VerifyChecks({&row, 1}, arena));
        if (violation.row < 0) return absl::OkStatus();
        return errors::CheckViolation(violation.constraint->name, table->name,
                                      FormatEncodedKey(table->shape, key));
      });
}

absl::Status RewriteRows(DdlContext& context, std::string_view table_name,
                         std::string_view column_name) {
  auto schema = context.schema();
  const Table* table = schema->FindTable(table_name);
  if (table == nullptr) return errors::TableNotFound(table_name);
  int c = table->FindColumn(column_name);
  const Column& column = table->columns[c];
  CommitTimestamp now = context.database.core().oracle().Now();
  SchemaSequences sequences(context.database.core(), *schema, true);
  return ChangeRows(
      context.database.core(), table->name,
      [&](TableExpressions& expressions, sql::Datum* row, sql::Arena& arena) -> absl::Status {
        if (column.generated != GeneratedKind::kNone) {
          return expressions.ComputeGenerated({&row, 1}, arena);
        }
        if (!row[c].null()) return absl::OkStatus();
        KS_ASSIGN_OR_RETURN(row[c], expressions.Default(c, ToSqlTimestamp(now), sequences, arena));
        return absl::OkStatus();
      });
}

}  // namespace ks::local
