#include "local/spanner/txn/expiry.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "base/status_macros.h"
#include "local/spanner/limits.h"
#include "local/spanner/txn/backfill.h"
#include "local/spanner/txn/change_streams.h"
#include "local/spanner/txn/core.h"
#include "local/spanner/txn/read_write.h"

namespace ks::local {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;

// Rows whose column is older than this are over.
sql::TimestampValue CutOff(DatabaseCore& core, const RowDeletionPolicy& policy) {
  const sql::TimestampValue now = ToSqlTimestamp(core.oracle().Now());
  return {now.seconds - policy.days * kSecondsPerDay, now.nanos};
}

bool IsOver(const sql::Datum& value, sql::TimestampValue cut_off) {
  return !value.null() && value.timestamp() < cut_off;
}

// Those of the keys whose rows are over, as read under exclusive locks.
absl::StatusOr<std::vector<KeySpan>> StillOver(ReadWriteTransaction& transaction,
                                               const Table& table,
                                               absl::Span<const std::string> keys,
                                               sql::TimestampValue cut_off) {
  std::vector<KeySpan> over;
  for (const std::string& key : keys) {
    ScanSpec spec;
    spec.table = &table;
    spec.columns = {table.row_deletion_policy->column};
    spec.spans = {PointSpan(key)};
    spec.exclusive = true;
    KS_ASSIGN_OR_RETURN(auto cursor, transaction.Scan(spec));
    sql::RowBatch batch;
    KS_RETURN_IF_ERROR(cursor->Next(&batch));
    if (batch.rows > 0 && IsOver(batch.columns[0][0], cut_off)) over.push_back(spec.spans[0]);
  }
  return over;
}

absl::Status DeleteRows(DatabaseCore& core, const std::string& table_name,
                        absl::Span<const std::string> keys) {
  ReadWriteOptions options;
  options.writer.system = true;
  options.writer.transaction_tag = "RowDeletionPolicy";
  auto transaction = NewReadWriteTransaction(core, options);
  const Table* table = transaction->schema()->FindTable(table_name);
  if (table == nullptr || !table->row_deletion_policy) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(
      auto over, StillOver(*transaction, *table, keys, CutOff(core, *table->row_deletion_policy)));
  if (over.empty()) return absl::OkStatus();
  MutationList list(transaction->schema());
  KS_ASSIGN_OR_RETURN(Mutation * mutation, list.AddDelete(table->name));
  mutation->spans = std::move(over);
  KS_RETURN_IF_ERROR(transaction->Apply(list));
  return transaction->Commit().status();
}

struct OldRow {
  std::string key;
  sql::TimestampValue since;
};

// A row that a child or a foreign key holds stays, and keeps no other from going. Whoever conflicts
// goes first; the next round tries again.
absl::Status DeleteBatch(DatabaseCore& core, const std::string& table,
                         absl::Span<const OldRow> rows, Statistics::Expiry* round) {
  std::vector<std::string> keys;
  for (const OldRow& row : rows) keys.push_back(row.key);
  const absl::Status deleted = DeleteRows(core, table, keys);
  if (!absl::IsFailedPrecondition(deleted)) {
    return absl::IsAborted(deleted) ? absl::OkStatus() : deleted;
  }
  if (rows.size() == 1) {
    const bool oldest = round->undeletable == 0 || rows[0].since < round->oldest_undeletable;
    if (oldest) round->oldest_undeletable = rows[0].since;
    ++round->undeletable;
    return absl::OkStatus();
  }
  const size_t half = rows.size() / 2;
  KS_RETURN_IF_ERROR(DeleteBatch(core, table, rows.subspan(0, half), round));
  return DeleteBatch(core, table, rows.subspan(half), round);
}

}  // namespace

absl::Status DeleteExpiredRows(DatabaseCore& core) {
  const auto schema = core.schema();
  for (const auto& table : schema->tables) {
    if (!table->row_deletion_policy) continue;
    const sql::TimestampValue cut_off = CutOff(core, *table->row_deletion_policy);
    const int column = table->row_deletion_policy->column;
    Statistics::Expiry round;
    round.began_nanos = core.statistics().NowNanos();
    std::vector<OldRow> rows;
    KS_RETURN_IF_ERROR(VisitRows(core, table->name, [&](std::string_view key, sql::Datum* row) {
      if (IsOver(row[column], cut_off)) rows.push_back({std::string(key), row[column].timestamp()});
      return absl::OkStatus();
    }));
    for (size_t i = 0; i < rows.size(); i += limits::kRowDeletionBatch) {
      KS_RETURN_IF_ERROR(
          DeleteBatch(core, table->name,
                      absl::MakeConstSpan(rows).subspan(i, limits::kRowDeletionBatch), &round));
    }
    core.statistics().NoteExpiry(table->name, round);
  }
  return absl::OkStatus();
}

absl::Status DeleteExpiredRecords(DatabaseCore& core) {
  const auto schema = core.schema();
  for (const ChangeStream& stream : schema->change_streams) {
    const CommitTimestamp oldest(core.oracle().Now().value() - RetentionMicros(stream));
    Store::Batch batch;
    auto entries = core.store().Scan(EntriesBetween(stream, CommitTimestamp(0), oldest), kLatest);
    for (; entries->Valid(); entries->Next()) batch.Delete(entries->key());
    KS_RETURN_IF_ERROR(entries->status());
    if (batch.empty()) continue;
    const CommitTimestamp timestamp = core.oracle().BeginCommit();
    absl::Cleanup end = [&] { core.oracle().EndCommit(timestamp); };
    KS_RETURN_IF_ERROR(core.store().Write(batch, timestamp));
  }
  return absl::OkStatus();
}

}  // namespace ks::local
