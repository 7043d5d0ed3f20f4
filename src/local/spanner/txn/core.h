// DatabaseCore: what all transactions of a database share: the store, the locks, the clock of
// commits, the schema.
//
// Thread safety: store, locks and oracle have their own; the schema is read under `schema_mu_` and
// changed under `gate()`, which every commit holds shared while it writes: no commit straddles a
// schema change.
#pragma once

#include <map>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "local/spanner/schema/schema.h"
#include "local/spanner/storage/store.h"
#include "local/spanner/txn/database.h"
#include "local/spanner/txn/expressions.h"
#include "local/spanner/txn/lock_manager.h"
#include "local/spanner/txn/sequences.h"
#include "local/spanner/txn/split_points.h"
#include "local/spanner/txn/statistics.h"
#include "local/spanner/txn/timestamp_oracle.h"

namespace ks::local {

class DatabaseCore {
 public:
  DatabaseCore(std::unique_ptr<Store> store, env::Clock& clock, bool lock_ranges);
  ~DatabaseCore();

  // Reads the stored schemas, or makes the first, empty one.
  absl::Status Load();
  // What Load asks of a store, for one that is made of another: a schema that held from `since`.
  static void PutSchema(const Schema& schema, Store::Batch* batch);
  // Collects old versions now and then until destroyed.
  void StartJanitor();

  Store& store() { return *store_; }
  LockManager& locks() { return locks_; }
  TimestampOracle& oracle() { return oracle_; }
  ExpressionCache& expressions() { return expressions_; }
  Sequences& sequences() { return sequences_; }
  Statistics& statistics() { return statistics_; }
  SplitPoints& split_points() { return split_points_; }
  absl::Mutex& gate() ABSL_LOCK_RETURNED(gate_) { return gate_; }

  std::shared_ptr<const Schema> schema() const;
  absl::StatusOr<std::shared_ptr<const Schema>> SchemaAt(CommitTimestamp timestamp) const;
  CommitTimestamp oldest_readable() const;
  absl::StatusOr<CommitTimestamp> ChangeSchema(const SchemaEdit& edit);

  // Held while a batch of DDL is applied: batches come one after the other.
  absl::Mutex& ddl_batches() { return ddl_batches_; }

  // One round of what the janitor does.
  absl::Status CollectGarbage();

 private:
  void Publish(std::shared_ptr<const Schema> schema);

  const std::unique_ptr<Store> store_;
  LockManager locks_;
  TimestampOracle oracle_;
  ExpressionCache expressions_;
  Sequences sequences_{*this};
  Statistics statistics_;
  SplitPoints split_points_;
  absl::Mutex gate_;
  absl::Mutex ddl_batches_;
  absl::Mutex ddl_mu_;  // one schema change at a time

  mutable absl::Mutex schema_mu_;
  std::shared_ptr<const Schema> schema_ ABSL_GUARDED_BY(schema_mu_);
  std::map<int64_t, std::shared_ptr<const Schema>> versions_ ABSL_GUARDED_BY(schema_mu_);

  absl::Mutex janitor_mu_;
  bool stop_ ABSL_GUARDED_BY(janitor_mu_) = false;
  std::thread janitor_;
};

}  // namespace ks::local
