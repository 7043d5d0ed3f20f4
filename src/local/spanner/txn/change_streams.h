// Change streams: what commits leave in the streams that watch their tables, and where it lies.
//
// A data change record is one entry of the stream's key space: the commit timestamp (8 bytes,
// big-endian), its number in the commit (4 bytes), and as value the record as CBOR. It is written
// in the commit's own batch, so a record is there exactly when its rows are. Entries older than the
// stream's retention are deleted by the janitor.
//
// Partitions need no state: time since the stream was made is cut into periods of
// kStreamPartitionMicros, which have one and two partitions by turns, so that readers see
// partitions split and merge; a row belongs to the partition that its key's hash chooses. A token
// names stream, period and partition. Thread safety: pure functions; a ChangeRecorder belongs to
// one transaction. Source: https://cloud.google.com/spanner/docs/change-streams/details
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "local/spanner/schema/schema.h"
#include "local/spanner/storage/store.h"
#include "local/spanner/txn/transaction_state.h"

namespace ks::local {

// ---- Partitions ----

struct StreamPartition {
  int64_t period = 0;
  int number = 0;
  bool operator==(const StreamPartition&) const = default;
};

int64_t PeriodOf(const ChangeStream& stream, CommitTimestamp timestamp);
CommitTimestamp PeriodStart(const ChangeStream& stream, int64_t period);
int PartitionsIn(int64_t period);
// Those of the next period that go on where this one ends.
std::vector<StreamPartition> ChildrenOf(const StreamPartition& partition);
std::vector<StreamPartition> ParentsOf(const StreamPartition& partition);
std::string PrintToken(const ChangeStream& stream, const StreamPartition& partition);
// Nothing when it is no token of this stream.
std::optional<StreamPartition> ParseToken(const ChangeStream& stream, std::string_view token);

int64_t RetentionMicros(const ChangeStream& stream);

// ---- Entries ----

// Keys of entries with from <= commit timestamp < to.
KeySpan EntriesBetween(const ChangeStream& stream, CommitTimestamp from, CommitTimestamp to);
CommitTimestamp TimestampOfEntry(std::string_view key);

// A data change record as it is stored; what depends on its commit timestamp is the key's.
struct ChangeRecord {
  struct Mod {
    std::string keys;  // JSON texts
    std::string new_values;
    std::string old_values;
  };
  struct ColumnType {
    std::string name;
    std::string type;  // JSON text: {"code":"INT64"}
    bool is_key = false;
    int64_t ordinal = 0;
  };
  int partition = 0;
  int64_t sequence = 0;  // in the transaction
  bool last_in_partition = false;
  std::string table;
  std::vector<ColumnType> columns;
  std::vector<Mod> mods;
  std::string mod_type;
  std::string capture_type;
  int64_t records_in_transaction = 0;
  int64_t partitions_in_transaction = 0;
  std::string transaction_tag;
  bool system = false;
};
absl::StatusOr<ChangeRecord> DecodeChangeRecord(std::string_view value);

// ---- Writing ----

// Adds to `batch` what the commit at `timestamp` leaves in the streams of its schema.
void RecordChanges(TransactionState& txn, CommitTimestamp timestamp, Store::Batch& batch);

}  // namespace ks::local
