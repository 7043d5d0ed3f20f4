// Store: versions of keys on disk. The only file that knows RocksDB is store.cc.
//
// A version is (key, commit timestamp) -> value or tombstone. RocksDB keeps them as user-defined
// timestamps: the newest first under each key, so a read at t is one seek. A batch is written at
// one timestamp, atomically; with `sync` the call returns when the write-ahead log is on disk, and
// concurrent calls share one sync. Beside the versions there is a small unversioned map for
// metadata (schemas, counters), written in the same atomic batches. Invariants (store_test.cc,
// crash_test.cc): a read at t gives the newest version with timestamp <= t; a batch is seen whole
// or not at all, also after SIGKILL; what a synced Write answered is there after reopening;
// versions that a read at or after `oldest` can need are never collected. Thread safety: all
// methods from any thread; a Batch and an iterator by one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "local/spanner/storage/key_codec.h"
#include "local/spanner/storage/row_blocks.h"
#include "local/spanner/storage/timestamp.h"

namespace rocksdb {
class Env;
}

namespace ks::local {

struct StoreOptions {
  std::string directory;
  bool in_memory = false;
  bool sync = true;
  rocksdb::Env* disk = nullptr;  // null: the machine's
};

// Moves through the keys of a span as of one timestamp. Tombstones are not shown.
class StoreIterator {
 public:
  virtual ~StoreIterator() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual void Seek(std::string_view key) = 0;
  // Good until Next() or Seek().
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  // Adds this and the next ones to `block` until it has `rows` or is full, and moves on.
  virtual void Take(uint32_t rows, RowBlock* block) = 0;
  // Not OK when Valid() became false for another reason than the end.
  virtual absl::Status status() const = 0;
};

class Store {
 public:
  // Writes of one commit. Keys may be put before the timestamp is known.
  class Batch {
   public:
    Batch();
    ~Batch();
    Batch(Batch&&) noexcept;
    Batch& operator=(Batch&&) noexcept;
    void Put(std::string_view key, std::string_view value);
    void Delete(std::string_view key);
    void PutMeta(std::string_view key, std::string_view value);
    void DeleteMeta(std::string_view key);
    size_t bytes() const;
    bool empty() const;

   private:
    friend class Store;
    struct Rep;
    std::unique_ptr<Rep> rep_;
  };

  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;

  // Appends nothing and returns false when there is no live version at `at`.
  absl::StatusOr<bool> Get(std::string_view key, CommitTimestamp at, std::string* value) const;
  // Many at once: found[i] and values[i] for keys[i], which must be sorted. Cheaper than so many
  // Gets.
  absl::Status MultiGet(const std::vector<std::string_view>& keys, CommitTimestamp at,
                        std::vector<std::optional<std::string>>* values) const;
  std::unique_ptr<StoreIterator> Scan(const KeySpan& span, CommitTimestamp at) const;
  // From the last key to the first: Next() goes back, Seek() to the last key that is not above.
  std::unique_ptr<StoreIterator> ScanBack(const KeySpan& span, CommitTimestamp at) const;
  // The keys of the span that have a version (also a tombstone) later than `since`, each once, in
  // order, until `visit` says false.
  absl::Status ForEachChanged(const KeySpan& span, CommitTimestamp since,
                              const std::function<bool(std::string_view)>& visit) const;
  // True when a key of the span has a live version.
  absl::StatusOr<bool> AnyIn(const KeySpan& span, CommitTimestamp at) const;

  // About how many bytes the keys of the span take, all versions together.
  int64_t ApproximateBytes(const KeySpan& span) const;

  // UNAVAILABLE when the disk refuses; nothing of the batch will then be seen.
  absl::Status Write(Batch& batch, CommitTimestamp at);
  // Several batches as if they were one, each at its own timestamp: one write, one sync, all or
  // nothing.
  struct Stamped {
    Batch& batch;
    CommitTimestamp at;
  };
  absl::Status WriteTogether(absl::Span<const Stamped> batches);

  absl::StatusOr<std::optional<std::string>> GetMeta(std::string_view key) const;
  absl::Status ForEachMeta(
      std::string_view prefix,
      const std::function<void(std::string_view, std::string_view)>& visit) const;

  // The timestamp of the last batch that was ever written.
  CommitTimestamp last_write() const;
  // Lets versions go that no read at or after `oldest` can see. Never moves back.
  absl::Status RaiseOldest(CommitTimestamp oldest);
  // What it was raised to, also before a restart.
  CommitTimestamp oldest() const;
  // Removes a key space with all its versions for good (a dropped table whose retention is over).
  absl::Status PurgeSpace(KeySpaceId space);
  // Writes memtables out and collects garbage now (tests, shutdown).
  absl::Status Compact();

 private:
  struct Rep;
  explicit Store(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace ks::local
