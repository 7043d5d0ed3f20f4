#include "local/spanner/txn/validation.h"

#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/storage/row_codec.h"

namespace ks::local {
namespace {

using sql::Datum;

const Table* TableOf(const Schema& schema, std::string_view key) {
  for (const auto& table : schema.tables) {
    if (SpaceSpan(table->space).start == key.substr(0, kKeySpaceBytes)) return table.get();
  }
  return nullptr;
}

// One version of one row, decoded; null where there is none.
absl::StatusOr<const Datum*> RowAt(TransactionState& txn, const Table& table, std::string_view key,
                                   CommitTimestamp at, sql::Arena& arena) {
  std::string value;
  KS_ASSIGN_OR_RETURN(const bool there, txn.core.store().Get(key, at, &value));
  if (!there) return nullptr;
  Datum* row = arena.AllocateArray<Datum>(table.columns.size());
  KS_RETURN_IF_ERROR(txn.ReaderOf(table).Decode(arena.Copy(key), arena.Copy(value), arena, row));
  return row;
}

bool SameCell(const Column& column, const Datum& a, const Datum& b) {
  std::string x, y;
  AppendCell(column.id, column.type, a, &x);
  AppendCell(column.id, column.type, b, &y);
  return x == y;
}

// Whether the row differs, between the snapshot and now, in a column of `mask`.
absl::StatusOr<bool> CellsDiffer(TransactionState& txn, const Table& table, std::string_view key,
                                 ColumnMask mask) {
  sql::Arena arena(1024);
  KS_ASSIGN_OR_RETURN(const Datum* then, RowAt(txn, table, key, *txn.snapshot, arena));
  KS_ASSIGN_OR_RETURN(const Datum* now, RowAt(txn, table, key, kLatest, arena));
  if (then == nullptr || now == nullptr) return then != now;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if ((mask & ColumnBit(static_cast<int>(c))) == 0 || !table.columns[c].stored()) continue;
    if (!SameCell(table.columns[c], then[c], now[c])) return true;
  }
  return false;
}

absl::StatusOr<bool> Changed(TransactionState& txn, const LockRequest& request) {
  const KeySpan span = request.point()
                           ? PointSpan(std::string(request.key))
                           : KeySpan{std::string(request.key), std::string(request.limit)};
  const bool whole = request.mode.exclusive != 0 || request.mode.shared == kAllColumns;
  const Table* table = whole ? nullptr : TableOf(*txn.schema, request.key);
  absl::StatusOr<bool> changed = false;
  KS_RETURN_IF_ERROR(
      txn.core.store().ForEachChanged(span, *txn.snapshot, [&](std::string_view key) {
        changed = true;  // an index entry is written only when it changes
        if (table != nullptr) changed = CellsDiffer(txn, *table, key, request.mode.shared);
        return changed.ok() && !*changed;
      }));
  return changed;
}

}  // namespace

absl::Status ValidateUnchanged(TransactionState& txn, absl::Span<const LockRequest> requests) {
  for (const LockRequest& request : requests) {
    KS_ASSIGN_OR_RETURN(const bool changed, Changed(txn, request));
    if (changed) return errors::AbortedByChange();
  }
  return absl::OkStatus();
}

}  // namespace ks::local
