#include "local/spanner/txn/commit.h"

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/txn/change_streams.h"
#include "local/spanner/txn/index_entries.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local {
namespace {

using sql::Datum;

bool HasPending(const Table& table, const Datum* image) {
  if (image == nullptr) return false;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].allow_commit_timestamp && IsPendingCommitTimestamp(image[c])) return true;
  }
  return false;
}

// Turns rows into store writes: the row itself and what changes in its table's indexes.
class Encoder {
 public:
  explicit Encoder(Store::Batch& batch) : batch_(batch) {}

  void Add(const RowWrite& row) { Add(row, row.key, row.now); }

  // Rows with spanner.commit_timestamp() in them, once it is known.
  void AddResolved(TransactionState& txn, const RowWrite& row, CommitTimestamp timestamp) {
    const Table& table = *row.table;
    Datum* image = txn.writes.NewImage(table);
    std::copy(row.now, row.now + table.columns.size(), image);
    for (size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].allow_commit_timestamp && IsPendingCommitTimestamp(image[c])) {
        image[c] = Datum::Timestamp(ToSqlTimestamp(timestamp));
      }
    }
    std::string key(row.key);
    if (row.pending_key) {
      key.clear();
      AppendRowKey(table, image, &key);
    }
    Add(row, key, image);
  }

 private:
  void Add(const RowWrite& row, std::string_view key, const Datum* now) {
    const Table& table = *row.table;
    if (now != nullptr) {
      value_.clear();
      AppendRowValue(table, now, &value_);
      batch_.Put(key, value_);
    } else if (row.base_state != BaseState::kMissing) {
      batch_.Delete(key);
    }
    for (const Index* index : table.indexes) AddEntry(*index, table, row.base, now);
  }

  void AddEntry(const Index& index, const Table& table, const Datum* before, const Datum* now) {
    bool had = before != nullptr && HasEntry(index, before);
    bool has = now != nullptr && HasEntry(index, now);
    old_key_.clear();
    key_.clear();
    if (had) AppendEntryKey(index, before, &old_key_);
    if (has) AppendEntryKey(index, now, &key_);
    if (had && old_key_ != key_) batch_.Delete(old_key_);
    if (!has) return;
    value_.clear();
    AppendEntryValue(index, table, now, &value_);
    if (had && old_key_ == key_ && index.backfilled) {
      old_value_.clear();
      AppendEntryValue(index, table, before, &old_value_);
      if (old_value_ == value_) return;
    }
    batch_.Put(key_, value_);
  }

  Store::Batch& batch_;
  std::string key_;
  std::string old_key_;
  std::string value_;
  std::string old_value_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ReadyCommit>> ReadyCommit::Make(TransactionState& txn) {
  std::unique_ptr<ReadyCommit> commit(new ReadyCommit(txn));
  KS_RETURN_IF_ERROR(commit->Encode());
  KS_RETURN_IF_ERROR(txn.core.locks().Prepare(txn.owner));
  return commit;
}

ReadyCommit::~ReadyCommit() { txn_.core.locks().Release(txn_.owner); }

absl::Status ReadyCommit::Encode() {
  KS_RETURN_IF_ERROR(rules::CheckMutationCount(txn_.mutation_count));
  Encoder encoder(batch_);
  for (const auto& [key, row] : txn_.writes.rows()) {
    if (!row->written) continue;
    if (row->base_state == BaseState::kMissing && row->now == nullptr) continue;
    if (HasPending(*row->table, row->now)) {
      pending_.push_back(row);
    } else {
      encoder.Add(*row);
    }
  }
  if (static_cast<int64_t>(batch_.bytes()) > limits::kCommitBytes) {
    return errors::CommitTooLarge(static_cast<int64_t>(batch_.bytes()), limits::kCommitBytes);
  }
  return absl::OkStatus();
}

absl::Status ReadyCommit::Stamp() {
  if (txn_.core.schema() != txn_.schema) return errors::AbortedBySchemaChange();
  timestamp_ = txn_.core.oracle().BeginCommit();
  Encoder encoder(batch_);
  for (const RowWrite* row : pending_) encoder.AddResolved(txn_, *row, *timestamp_);
  RecordChanges(txn_, *timestamp_, batch_);
  return absl::OkStatus();
}

void ReadyCommit::End(const absl::Status& written) {
  if (!timestamp_.has_value()) return;
  txn_.core.oracle().EndCommit(*timestamp_);
  if (written.ok()) {
    result_ = CommitResult{*timestamp_, txn_.mutation_count, snapshot_};
  } else {
    result_ = written;
  }
}

void WriteTogether(DatabaseCore& core, absl::Span<ReadyCommit* const> commits) {
  {
    absl::ReaderMutexLock gate(&core.gate());
    std::vector<Store::Stamped> writes;
    for (ReadyCommit* commit : commits) {
      if (absl::Status stamped = commit->Stamp(); !stamped.ok()) {
        commit->result_ = stamped;
      } else if (!commit->batch_.empty()) {
        writes.push_back({commit->batch_, *commit->timestamp_});
      }
    }
    const absl::Status written = core.store().WriteTogether(writes);
    for (ReadyCommit* commit : commits) commit->End(written);
  }
  for (ReadyCommit* commit : commits) core.locks().Release(commit->txn_.owner);
}

absl::StatusOr<CommitResult> CommitWrites(TransactionState& txn) {
  // Without a commit nobody else lets the locks of a failed one go.
  absl::Cleanup release = [&txn] { txn.core.locks().Release(txn.owner); };
  KS_ASSIGN_OR_RETURN(const std::unique_ptr<ReadyCommit> commit, ReadyCommit::Make(txn));
  ReadyCommit* const one = commit.get();
  WriteTogether(txn.core, {&one, 1});
  return commit->result();
}

}  // namespace ks::local
