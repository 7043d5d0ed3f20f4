// Database: one Spanner database: its schema, its rows, its transactions.
//
// Thread safety: Database's methods may be called from any thread, and block (on locks, on the
// log's fsync, on reads of the future), no longer than their Patience but for the fsync. A
// transaction object belongs to one thread at a time. Cursors belong to their transaction and must
// go before it. Transactions must go before their Database. Guarantees (tests beside the code):
//   durability         Commit answers after its bytes are synced; concurrent commits share the
//                      sync (crash_test.cc)
//   external order     commit timestamps rise strictly, are not below the wall clock, and a commit
//                      that starts after another answered has the later one
//                      (timestamp_oracle_test.cc)
//   serializability    read-write transactions lock what they read, ranges included; wound-wait
//                      (serializability_test.cc)
//   snapshot reads     a read at t sees exactly the commits with timestamp <= t (database_test.cc)
// ABORTED carries google.rpc.RetryInfo and means a real conflict, a wound, or an idle transaction
// that stood in the way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/schema/schema.h"
#include "local/spanner/storage/timestamp.h"
#include "local/spanner/txn/mutation.h"
#include "local/spanner/txn/patience.h"
#include "sql/catalog.h"

namespace ks::env {
class Clock;
}
namespace rocksdb {
class Env;
}

namespace ks::local {

class DatabaseCore;  // txn/core.h: what transactions share
class ReadyCommit;   // txn/commit.h: a commit that lacks only the write
class RowWriter;
class Store;

struct DatabaseOptions {
  std::string directory;         // made when missing; not used in memory
  bool in_memory = false;        // rows live in this process only
  bool sync = true;              // false: answers before the log is on disk (tests, benches)
  env::Clock* clock = nullptr;   // null: the machine's
  rocksdb::Env* disk = nullptr;  // null: the machine's; tests have simulated ones
  bool lock_ranges = true;       // false only in history_test.cc: phantoms must then be noticed
  bool janitor = true;           // false: nothing expires, versions or rows (a backup)
};

// What to read: rows of a table, by its primary key or through one of its indexes.
struct ScanSpec {
  const Table* table = nullptr;
  const Index* index =
      nullptr;  // null: the primary key. Columns the index lacks are looked up in the table.
  std::vector<int> columns;    // indexes into table->columns; the order of RowBatch::columns
  std::vector<KeySpan> spans;  // encoded with the shape of the table or index; rows come span after
                               // span, sorted within each. See key_codec.h.
  bool reverse = false;        // the last row of the last span first
  int64_t limit = 0;           // stop after so many rows; 0: no limit
  bool exclusive = false;      // read-write transactions: lock for writing (FOR UPDATE, DML)
  // The reader asked for the lock itself (FOR UPDATE, a lock hint): nothing it reads may change
  // before the commit, under REPEATABLE READ too.
  bool hold = false;
};

struct TimestampBound {
  enum class Kind : uint8_t { kStrong, kExact, kMinRead, kMaxStaleness, kExactStaleness };
  Kind kind = Kind::kStrong;
  CommitTimestamp timestamp;     // kExact, kMinRead
  int64_t staleness_micros = 0;  // kMaxStaleness, kExactStaleness
};

// Reads of one moment. Cheap to make, takes no locks, may be used from several threads.
class ReadOnlyTransaction {
 public:
  ReadOnlyTransaction(DatabaseCore& core, CommitTimestamp timestamp,
                      std::shared_ptr<const Schema> schema)
      : core_(core), timestamp_(timestamp), schema_(std::move(schema)) {}

  CommitTimestamp timestamp() const { return timestamp_; }
  DatabaseCore& core() const { return core_; }
  // As it was at timestamp().
  const std::shared_ptr<const Schema>& schema() const { return schema_; }

  // FAILED_PRECONDITION when the timestamp has fallen out of version retention.
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec& spec) const;

 private:
  DatabaseCore& core_;
  const CommitTimestamp timestamp_;
  const std::shared_ptr<const Schema> schema_;
};

struct CommitResult {
  CommitTimestamp timestamp;
  int64_t mutation_count = 0;
  std::optional<CommitTimestamp> snapshot;  // kRepeatableRead: what was read
};

// What a read-write transaction is safe from
// (https://cloud.google.com/spanner/docs/isolation-levels):
//   kSerializable    from everything. Reads lock (kPessimistic), or are of one snapshot and are
//                    checked at the commit to be still true (kOptimistic).
//   kRepeatableRead  reads are of one snapshot and are not checked; of two transactions that write
//                    the same row the first to commit wins. Writes, and reads with `hold`, lock at
//                    once (kPessimistic) or at the commit (kOptimistic).
enum class Isolation : uint8_t { kSerializable, kRepeatableRead };
enum class ReadLockMode : uint8_t { kPessimistic, kOptimistic };

// Who writes, and what change streams say about it.
struct Writer {
  std::string role;                          // whose rights count; empty: all rights
  std::string transaction_tag;               // in change records
  bool exclude_from_change_streams = false;  // from those with allow_txn_exclusion
  bool system = false;                       // the TTL sweep
};

struct ReadWriteOptions {
  Isolation isolation = Isolation::kSerializable;
  std::optional<ReadLockMode> read_lock_mode;  // none: as the isolation has it by itself
  // The age of the attempt that was aborted before: a retry keeps its place in the queue. 0: a new
  // one.
  uint64_t previous_age = 0;
  Writer writer;
};

// A locking transaction. Everything may return ABORTED, after which only Rollback() is of use. Not
// thread-safe.
class ReadWriteTransaction {
 public:
  virtual ~ReadWriteTransaction() = default;  // rolls back what was not committed

  virtual const std::shared_ptr<const Schema>& schema() const = 0;
  virtual DatabaseCore& core() = 0;
  // What change records say of it; may be set until Commit.
  virtual void SetTag(std::string transaction_tag) = 0;
  // Smaller is older; pass it as `previous_age` when this attempt was aborted.
  virtual uint64_t age() const = 0;
  // A call begins: until the next Attend it waits no longer than this allows, and is not idle.
  // Endless(): the call is over.
  virtual void Attend(const Patience& patience) = 0;

  // Reads the latest committed rows under shared (or exclusive) locks on the spans, and this
  // transaction's own writes.
  virtual absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec& spec) = 0;
  // Applies mutations now, as DML does: locks, checks every constraint, visible to later Scans. An
  // error that is not ABORTED leaves the transaction as it was before the call.
  virtual absl::Status Apply(const MutationList& mutations) = 0;
  // Keeps mutations for Commit (applied there, after everything else).
  virtual absl::Status Buffer(std::unique_ptr<MutationList> mutations) = 0;

  absl::StatusOr<CommitResult> Commit();
  // All of Commit but the write. The commit is to go before the transaction.
  virtual absl::StatusOr<std::unique_ptr<ReadyCommit>> StartCommit() = 0;
  virtual void Rollback() = 0;

  // True when another transaction has taken its locks; the next call will say ABORTED. May be asked
  // from any thread.
  virtual bool aborted() const = 0;
};

struct CommitOptions {
  const Patience& patience = Endless();
  Writer writer;
};

// Makes the next schema from a copy of the present one; runs under the schema lock. See ddl/.
using SchemaEdit = std::function<absl::Status(Schema& next)>;

class Database {
 public:
  static absl::StatusOr<std::unique_ptr<Database>> Open(DatabaseOptions options);
  // The one that a store holds which is open already.
  static absl::StatusOr<std::unique_ptr<Database>> Over(std::unique_ptr<Store> store,
                                                        const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::shared_ptr<const Schema> schema() const;
  // FAILED_PRECONDITION before the database was made or out of retention.
  absl::StatusOr<std::shared_ptr<const Schema>> SchemaAt(CommitTimestamp timestamp) const;

  // A single-use commit: locks, validates, writes, answers when durable. Conflicts with other
  // commits wait; it is tried again inside when wounded, so ABORTED comes out only after a schema
  // change.
  absl::StatusOr<CommitResult> Commit(const MutationList& mutations,
                                      const CommitOptions& options = {});

  // All of Commit but the write, which others may share. `mutations` and the patience are to
  // outlive it.
  absl::StatusOr<std::unique_ptr<ReadyCommit>> StartCommit(const MutationList& mutations,
                                                           const CommitOptions& options);

  // Chooses the timestamp; waits where the bound lies ahead of what is committed.
  absl::StatusOr<std::unique_ptr<ReadOnlyTransaction>> BeginReadOnly(
      const TimestampBound& bound, const Patience& patience = Endless());
  std::unique_ptr<ReadWriteTransaction> BeginReadWrite(const ReadWriteOptions& options = {});

  // Publishes what `edit` makes of the schema, durably, once every transaction of the old one is
  // over or aborted. Returns the timestamp it holds from.
  absl::StatusOr<CommitTimestamp> ChangeSchema(const SchemaEdit& edit);

  // Versions older than this are gone.
  CommitTimestamp oldest_readable() const;
  DatabaseCore& core() { return *core_; }

 private:
  explicit Database(std::unique_ptr<DatabaseCore> core);
  std::unique_ptr<DatabaseCore> core_;
};

}  // namespace ks::local
