#include "local/spanner/txn/copy.h"

#include <utility>

#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/storage/store.h"
#include "local/spanner/txn/core.h"
#include "local/spanner/txn/sequences.h"

namespace ks::local {
namespace {

class Copier {
 public:
  Copier(const Store& from, CommitTimestamp at, Store& to) : from_(from), at_(at), to_(to) {}

  absl::Status Space(KeySpaceId space, const std::function<absl::Status()>& keep_going) {
    auto rows = from_.Scan(SpaceSpan(space), at_);
    for (; rows->Valid(); rows->Next()) {
      batch_.Put(rows->key(), rows->value());
      bytes_ += static_cast<int64_t>(rows->key().size() + rows->value().size());
      if (batch_.bytes() < limits::kCopyBatchBytes) continue;
      KS_RETURN_IF_ERROR(Flush());
      KS_RETURN_IF_ERROR(keep_going());
    }
    return rows->status();
  }

  // The schema goes last: a store without one is no copy.
  absl::Status Finish(const Schema& schema) {
    KS_RETURN_IF_ERROR(from_.ForEachMeta(kSequencePrefix, [&](auto key, auto value) {
      // Not of those made later: their numbers will be given to others.
      if (Sequences::SpaceOf(key) < schema.next_space) batch_.PutMeta(key, value);
    }));
    DatabaseCore::PutSchema(schema, &batch_);
    return Flush();
  }

  int64_t bytes() const { return bytes_; }

 private:
  absl::Status Flush() {
    KS_RETURN_IF_ERROR(to_.Write(batch_, at_));
    batch_ = Store::Batch();
    return absl::OkStatus();
  }

  const Store& from_;
  const CommitTimestamp at_;
  Store& to_;
  Store::Batch batch_;
  int64_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<DatabaseCopy> CopyDatabase(Database& from, CommitTimestamp at,
                                          const DatabaseOptions& to,
                                          const std::function<absl::Status()>& keep_going) {
  KS_ASSIGN_OR_RETURN(const auto snapshot,
                      from.BeginReadOnly({TimestampBound::Kind::kExact, at, 0}));
  const std::shared_ptr<Schema> schema = snapshot->schema()->Copy();
  std::erase_if(schema->indexes, [](const auto& index) { return !index->backfilled; });
  schema->Finish();
  KS_ASSIGN_OR_RETURN(auto store, Store::Open({to.directory, to.in_memory, to.sync, to.disk}));
  Copier copier(from.core().store(), at, *store);
  for (const auto& table : schema->tables) {
    KS_RETURN_IF_ERROR(copier.Space(table->space, keep_going));
  }
  for (const auto& index : schema->indexes) {
    KS_RETURN_IF_ERROR(copier.Space(index->space, keep_going));
  }
  KS_RETURN_IF_ERROR(copier.Finish(*schema));
  // What was collected meanwhile may be missing.
  if (at < from.oldest_readable()) return errors::ReadTooOld(at.value());
  KS_ASSIGN_OR_RETURN(auto database, Database::Over(std::move(store), to));
  return DatabaseCopy{std::move(database), copier.bytes()};
}

}  // namespace ks::local
