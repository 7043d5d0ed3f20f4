#include "local/spanner/txn/backfill.h"

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/commit.h"
#include "local/spanner/txn/index_entries.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local {
namespace {

constexpr size_t kChunkRows = 1000;

// The next range of about kChunkRows rows that starts at `from`; empty start: none are left.
absl::StatusOr<KeySpan> NextChunk(DatabaseCore& core, const KeySpan& rest) {
  auto rows = core.store().Scan(rest, kLatest);
  KeySpan chunk;
  size_t count = 0;
  for (; rows->Valid() && count < kChunkRows; rows->Next(), ++count) {
    if (count == 0) chunk.start = rest.start;
    chunk.limit = PointSpan(rows->key()).limit;
  }
  KS_RETURN_IF_ERROR(rows->status());
  return chunk;
}

using ChunkWork = std::function<absl::Status(TransactionState& txn, const KeySpan& chunk)>;

// Runs `work` on chunk after chunk, each locked with `mode`, again where it was wounded.
absl::Status ForEachChunk(DatabaseCore& core, KeySpaceId space, LockMode mode,
                          const ChunkWork& work) {
  KeySpan rest = SpaceSpan(space);
  while (true) {
    KS_ASSIGN_OR_RETURN(KeySpan chunk, NextChunk(core, rest));
    if (chunk.start.empty()) return absl::OkStatus();
    uint64_t age = core.locks().NewAge();
    absl::Status done;
    do {
      TransactionState txn(core, age);
      txn.owner.Enter();
      LockRequest lock{chunk.start, chunk.limit, mode};
      done = txn.Lock({&lock, 1});
      if (done.ok()) done = work(txn, chunk);
      core.locks().Release(txn.owner);
    } while (absl::IsAborted(done));
    KS_RETURN_IF_ERROR(done);
    rest.start = chunk.limit;
  }
}

absl::Status FillChunk(TransactionState& txn, const Index& index, const Table& table,
                       const RowReader& reader, const KeySpan& chunk) {
  sql::Arena arena;
  sql::Datum* row = arena.AllocateArray<sql::Datum>(table.columns.size());
  Store::Batch batch;
  std::string key, value;
  auto rows = txn.core.store().Scan(chunk, kLatest);
  for (; rows->Valid(); rows->Next()) {
    KS_RETURN_IF_ERROR(reader.Decode(rows->key(), rows->value(), arena, row));
    if (!HasEntry(index, row)) continue;
    key.clear();
    value.clear();
    AppendEntryKey(index, row, &key);
    AppendEntryValue(index, table, row, &value);
    batch.Put(key, value);
  }
  KS_RETURN_IF_ERROR(rows->status());
  absl::ReaderMutexLock gate(&txn.core.gate());
  KS_RETURN_IF_ERROR(txn.core.locks().Prepare(txn.owner));
  CommitTimestamp timestamp = txn.core.oracle().BeginCommit();
  absl::Cleanup end = [&] { txn.core.oracle().EndCommit(timestamp); };
  return txn.core.store().Write(batch, timestamp);
}

absl::Status VerifyUnique(DatabaseCore& core, const Index& index) {
  sql::Arena arena;
  std::vector<sql::Datum> parts(index.full_key.size());
  std::string prefix, last;
  auto entries = core.store().Scan(SpaceSpan(index.space), core.oracle().ReadTimestamp());
  for (; entries->Valid(); entries->Next()) {
    arena.Reset();
    KS_RETURN_IF_ERROR(DecodeKey(index.shape, entries->key(), arena, parts.data()));
    prefix = EncodeKey(index.shape, absl::MakeSpan(parts).subspan(0, index.key.size()));
    if (prefix == last) {
      return errors::UniqueViolation(
          index.name, FormatEncodedKey(index.shape, entries->key(), index.key.size()));
    }
    last = prefix;
  }
  return entries->status();
}

}  // namespace

absl::Status FillIndex(DatabaseCore& core, const std::string& name) {
  auto schema = core.schema();
  const Index* index = schema->FindIndex(name);
  const Table* table = index == nullptr ? nullptr : schema->TableOf(*index);
  if (table == nullptr) return errors::IndexNotFound(name, "");
  RowReader reader(*table);
  KS_RETURN_IF_ERROR(ForEachChunk(core, table->space, LockMode::Shared(kAllColumns),
                                  [&](TransactionState& txn, const KeySpan& chunk) {
                                    return FillChunk(txn, *index, *table, reader, chunk);
                                  }));
  return index->unique ? VerifyUnique(core, *index) : absl::OkStatus();
}

absl::Status ChangeRows(
    DatabaseCore& core, const std::string& table_name,
    const std::function<absl::Status(TableExpressions&, sql::Datum*, sql::Arena&)>& change) {
  auto schema = core.schema();
  const Table* table = schema->FindTable(table_name);
  if (table == nullptr) return errors::TableNotFound(table_name);
  auto work = [&](TransactionState& txn, const KeySpan& chunk) -> absl::Status {
    std::vector<std::string> keys;
    KS_RETURN_IF_ERROR(txn.LiveKeys(chunk, std::numeric_limits<size_t>::max(), &keys));
    KS_ASSIGN_OR_RETURN(TableExpressions * expressions, txn.Expressions(*table));
    txn.writes.BeginEpoch();
    for (const std::string& key : keys) {
      RowWrite& row = txn.writes.FindOrAdd(*table, key);
      KS_RETURN_IF_ERROR(txn.EnsureBase(row));
      sql::Datum* image = txn.writes.NewImage(*table);
      std::copy(row.base, row.base + table->columns.size(), image);
      KS_RETURN_IF_ERROR(change(*expressions, image, txn.writes.arena()));
      txn.writes.Touch(row);
      row.now = image;
      row.written = true;
    }
    return CommitWrites(txn).status();
  };
  return ForEachChunk(core, table->space, LockMode::Exclusive(kAllColumns), work);
}

absl::Status VisitRows(
    DatabaseCore& core, const std::string& table_name,
    const std::function<absl::Status(std::string_view key, sql::Datum* row)>& visit) {
  auto schema = core.schema();
  const Table* table = schema->FindTable(table_name);
  if (table == nullptr) return errors::TableNotFound(table_name);
  RowReader reader(*table);
  sql::Arena arena;
  auto rows = core.store().Scan(SpaceSpan(table->space), core.oracle().ReadTimestamp());
  for (; rows->Valid(); rows->Next()) {
    arena.Reset();
    sql::Datum* row = arena.AllocateArray<sql::Datum>(table->columns.size());
    KS_RETURN_IF_ERROR(reader.Decode(rows->key(), rows->value(), arena, row));
    KS_RETURN_IF_ERROR(visit(rows->key(), row));
  }
  return rows->status();
}

}  // namespace ks::local
