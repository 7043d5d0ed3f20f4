#include "local/spanner/storage/store.h"

#include <array>
#include <atomic>
#include <cstring>

#include "absl/synchronization/mutex.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/string_map.h"
#include "local/spanner/errors.h"
#include "local/spanner/storage/log_files.h"
#include "rocksdb/cache.h"
#include "rocksdb/compaction_filter.h"
#include "rocksdb/comparator.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/iterator.h"
#include "rocksdb/options.h"
#include "rocksdb/perf_level.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"

namespace ks::local {
namespace {

using rocksdb::Slice;

constexpr size_t kTimestampBytes = 8;
constexpr size_t kSequenceBytes = 8;
constexpr char kRowsFamily[] = "rows";
constexpr char kLastWritePrefix[] = "last_write/";
constexpr char kOldestKey[] = "oldest";
constexpr char kPurgedPrefix[] = "purged/";
constexpr size_t kWriteBufferBytes = size_t{32} << 20;
constexpr size_t kBlockCacheBytes = size_t{64} << 20;
constexpr size_t kWalBytes = size_t{256} << 20;

// See Store::last_write: which commit of the same millisecond was written last is not recorded.
constexpr int64_t kLastWriteGrainMicros = 1'000;
constexpr int64_t kLastWriteSlots = 64;

std::string EncodeU64(uint64_t v) {
  std::string out(kTimestampBytes, '\0');
  std::memcpy(out.data(), &v, kTimestampBytes);
  return out;
}
uint64_t DecodeU64(const char* bytes) {
  uint64_t v;
  std::memcpy(&v, bytes, kTimestampBytes);
  return v;
}
std::string EncodeTimestamp(CommitTimestamp t) {
  return EncodeU64(static_cast<uint64_t>(t.value()));
}

// Bytes upwards, and under one key the newest version first.
class VersionComparator final : public rocksdb::Comparator {
 public:
  VersionComparator() : Comparator(kTimestampBytes) {}
  const char* Name() const override { return "kafka-spanner.versions.1"; }
  int Compare(const Slice& a, const Slice& b) const override {
    int order = CompareWithoutTimestamp(a, true, b, true);
    return order != 0 ? order : -CompareTimestamp(TimestampOf(a), TimestampOf(b));
  }
  int CompareTimestamp(const Slice& a, const Slice& b) const override {
    uint64_t x = DecodeU64(a.data());
    uint64_t y = DecodeU64(b.data());
    return x < y ? -1 : x > y;
  }
  int CompareWithoutTimestamp(const Slice& a, bool a_has, const Slice& b,
                              bool b_has) const override {
    return Key(a, a_has).compare(Key(b, b_has));
  }
  bool CanKeysWithDifferentByteContentsBeEqual() const override { return false; }
  void FindShortestSeparator(std::string*, const Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}

 private:
  static Slice Key(const Slice& s, bool has) {
    return Slice(s.data(), has ? s.size() - kTimestampBytes : s.size());
  }
  static Slice TimestampOf(const Slice& s) {
    return Slice(s.data() + s.size() - kTimestampBytes, kTimestampBytes);
  }
};

const VersionComparator& Versions() {
  static const VersionComparator* comparator = new VersionComparator;
  return *comparator;
}

// Drops the keys of spaces that will never be read again.
class PurgeFilter final : public rocksdb::CompactionFilter {
 public:
  const char* Name() const override { return "kafka-spanner.purge"; }
  bool Filter(int, const Slice& key, const Slice&, std::string*, bool*) const override {
    if (empty_.load(std::memory_order_relaxed) || key.size() < kKeySpaceBytes) return false;
    absl::ReaderMutexLock lock(&mu_);
    return spaces_.contains(std::string_view(key.data(), kKeySpaceBytes));
  }
  void Add(std::string space) {
    absl::MutexLock lock(&mu_);
    spaces_.insert(std::move(space));
    empty_.store(false, std::memory_order_relaxed);
  }

 private:
  std::atomic<bool> empty_{true};
  mutable absl::Mutex mu_;
  StringSet spaces_ ABSL_GUARDED_BY(mu_);
};

absl::Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return errors::StorageFailed(status.ToString());
}

// `iterator` is of a final class, so that nothing here is a virtual call but RocksDB's own.
template <typename Iterator>
void TakeRows(Iterator& iterator, uint32_t rows, RowBlock* block) {
  // RocksDB counts its own steps for every thread unless it is told not to, a tenth of a scan.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  for (; !block->full(rows) && iterator.Valid(); iterator.Next()) {
    block->Add(iterator.key(), iterator.value());
  }
}

class VersionIterator final : public StoreIterator {
 public:
  VersionIterator(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, const KeySpan& span,
                  CommitTimestamp at)
      : limit_(span.limit), at_(EncodeTimestamp(at)), limit_slice_(limit_), at_slice_(at_) {
    rocksdb::ReadOptions options;
    options.timestamp = &at_slice_;
    options.iterate_upper_bound = &limit_slice_;
    options.total_order_seek = true;
    iterator_.reset(db.NewIterator(options, family));
    iterator_->Seek(span.start);
  }
  bool Valid() const override { return iterator_->Valid(); }
  void Next() override { iterator_->Next(); }
  void Seek(std::string_view key) override { iterator_->Seek(Slice(key.data(), key.size())); }
  std::string_view key() const override { return iterator_->key().ToStringView(); }
  std::string_view value() const override { return iterator_->value().ToStringView(); }
  void Take(uint32_t rows, RowBlock* block) override { TakeRows(*this, rows, block); }
  absl::Status status() const override { return FromRocks(iterator_->status()); }

 private:
  const std::string limit_;
  const std::string at_;
  const Slice limit_slice_;
  const Slice at_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class BackwardIterator final : public StoreIterator {
 public:
  BackwardIterator(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, const KeySpan& span,
                   CommitTimestamp at)
      : span_(span),
        at_(EncodeTimestamp(at)),
        start_slice_(span_.start),
        limit_slice_(span_.limit),
        at_slice_(at_) {
    rocksdb::ReadOptions options;
    options.timestamp = &at_slice_;
    options.iterate_lower_bound = &start_slice_;
    options.iterate_upper_bound = &limit_slice_;
    options.total_order_seek = true;
    iterator_.reset(db.NewIterator(options, family));
    iterator_->SeekToLast();
  }
  bool Valid() const override { return iterator_->Valid(); }
  void Next() override { iterator_->Prev(); }
  void Seek(std::string_view key) override {
    iterator_->SeekForPrev(Slice(key.data(), key.size()));
  }
  std::string_view key() const override { return iterator_->key().ToStringView(); }
  std::string_view value() const override { return iterator_->value().ToStringView(); }
  void Take(uint32_t rows, RowBlock* block) override { TakeRows(*this, rows, block); }
  absl::Status status() const override { return FromRocks(iterator_->status()); }

 private:
  const KeySpan span_;
  const std::string at_;
  const Slice start_slice_;
  const Slice limit_slice_;
  const Slice at_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

rocksdb::ColumnFamilyOptions RowsOptions(const PurgeFilter& filter) {
  rocksdb::ColumnFamilyOptions options;
  options.comparator = &Versions();
  options.compaction_filter = &filter;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = 3;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.block_size = 16 << 10;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions EngineOptions(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.env = env;
  options.max_total_wal_size = kWalBytes;
  options.enable_pipelined_write = true;
  // A commit waits for a sync, milliseconds: yielding meanwhile only takes others' processor.
  options.enable_write_thread_adaptive_yield = false;
  options.keep_log_file_num = 4;
  options.max_background_jobs = 2;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

}  // namespace

struct Store::Batch::Rep {
  rocksdb::WriteBatch writes;
  std::vector<std::pair<std::string, std::optional<std::string>>> meta;
};

struct Store::Rep {
  bool sync = true;
  PurgeFilter purge;
  std::unique_ptr<rocksdb::Env> own_env;  // before db: outlives it
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  rocksdb::ColumnFamilyHandle* rows = nullptr;
  std::atomic<int64_t> last_write{0};
  std::atomic<int64_t> oldest{0};

  // Puts the timestamp into the batch, and the metadata beside it.
  absl::Status Stamp(Batch& batch, CommitTimestamp at) const;
  // `last`: the latest timestamp in there.
  absl::Status Write(rocksdb::WriteBatch& writes, CommitTimestamp last);

  ~Rep() {
    if (db == nullptr) return;
    db->DestroyColumnFamilyHandle(rows);
    db->DestroyColumnFamilyHandle(meta);
    db->Close();
  }
};

Store::Store(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Store::~Store() = default;

Store::Batch::Batch() : rep_(std::make_unique<Rep>()) {}
Store::Batch::~Batch() = default;
Store::Batch::Batch(Batch&&) noexcept = default;
Store::Batch& Store::Batch::operator=(Batch&&) noexcept = default;

namespace {
// WriteBatch wants a handle to know that the family has timestamps; its own id and comparator are
// all it asks for.
class RowsHandle final : public rocksdb::ColumnFamilyHandle {
 public:
  const std::string& GetName() const override {
    static const std::string* name = new std::string(kRowsFamily);
    return *name;
  }
  uint32_t GetID() const override { return 1; }
  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override {
    return rocksdb::Status::NotSupported();
  }
  const rocksdb::Comparator* GetComparator() const override { return &Versions(); }
};

rocksdb::ColumnFamilyHandle* RowsFamily() {
  static RowsHandle* handle = new RowsHandle;
  return handle;
}
}  // namespace

void Store::Batch::Put(std::string_view key, std::string_view value) {
  auto status = rep_->writes.Put(RowsFamily(), Slice(key.data(), key.size()),
                                 Slice(value.data(), value.size()));
  KS_CHECK(status.ok());
}
void Store::Batch::Delete(std::string_view key) {
  auto status = rep_->writes.Delete(RowsFamily(), Slice(key.data(), key.size()));
  KS_CHECK(status.ok());
}
void Store::Batch::PutMeta(std::string_view key, std::string_view value) {
  rep_->meta.emplace_back(key, std::string(value));
}
void Store::Batch::DeleteMeta(std::string_view key) { rep_->meta.emplace_back(key, std::nullopt); }
size_t Store::Batch::bytes() const { return rep_->writes.GetDataSize(); }
bool Store::Batch::empty() const { return rep_->writes.Count() == 0 && rep_->meta.empty(); }

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  auto rep = std::make_unique<Rep>();
  rep->sync = options.sync && !options.in_memory;
  rocksdb::Env* env = options.disk != nullptr ? options.disk : rocksdb::Env::Default();
  std::string directory = options.directory;
  if (options.in_memory) {
    rep->own_env.reset(rocksdb::NewMemEnv(env));
    directory = "/memory";
  } else {
    rep->own_env = WithLogsWrittenInPlace(env);
  }
  env = rep->own_env.get();
  env->CreateDirIfMissing(directory).PermitUncheckedError();
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
      {kRowsFamily, RowsOptions(rep->purge)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  auto opened = rocksdb::DB::Open(EngineOptions(env), directory, families, &handles, &db);
  if (!opened.ok()) return errors::CannotOpenStore(directory, opened.ToString());
  rep->db.reset(db);
  rep->meta = handles[0];
  rep->rows = handles[1];
  KS_CHECK(rep->rows->GetID() == RowsFamily()->GetID());
  auto store = std::unique_ptr<Store>(new Store(std::move(rep)));
  KS_RETURN_IF_ERROR(store->ForEachMeta(kPurgedPrefix, [&](auto key, auto) {
    store->rep_->purge.Add(std::string(key.substr(strlen(kPurgedPrefix))));
  }));
  int64_t last = 0;
  KS_RETURN_IF_ERROR(store->ForEachMeta(kLastWritePrefix, [&](auto, auto value) {
    int64_t at = static_cast<int64_t>(DecodeU64(value.data()));
    last = std::max(last, at + kLastWriteGrainMicros);
  }));
  store->rep_->last_write = last;
  KS_ASSIGN_OR_RETURN(const auto oldest, store->GetMeta(kOldestKey));
  if (oldest) store->rep_->oldest = static_cast<int64_t>(DecodeU64(oldest->data()));
  return store;
}

absl::StatusOr<bool> Store::Get(std::string_view key, CommitTimestamp at,
                                std::string* value) const {
  uint64_t raw = static_cast<uint64_t>(at.value());
  Slice timestamp(reinterpret_cast<const char*>(&raw), kTimestampBytes);
  rocksdb::ReadOptions options;
  options.timestamp = &timestamp;
  rocksdb::PinnableSlice found;
  auto status = rep_->db->Get(options, rep_->rows, Slice(key.data(), key.size()), &found);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return FromRocks(status);
  value->append(found.data(), found.size());
  return true;
}

absl::Status Store::MultiGet(const std::vector<std::string_view>& keys, CommitTimestamp at,
                             std::vector<std::optional<std::string>>* values) const {
  values->assign(keys.size(), std::nullopt);
  uint64_t raw = static_cast<uint64_t>(at.value());
  Slice timestamp(reinterpret_cast<const char*>(&raw), kTimestampBytes);
  rocksdb::ReadOptions options;
  options.timestamp = &timestamp;
  constexpr size_t kChunk = 32;
  std::array<Slice, kChunk> slices;
  std::array<rocksdb::PinnableSlice, kChunk> found;
  std::array<rocksdb::Status, kChunk> statuses;
  for (size_t from = 0; from < keys.size(); from += kChunk) {
    size_t n = std::min(kChunk, keys.size() - from);
    for (size_t i = 0; i < n; ++i) slices[i] = Slice(keys[from + i].data(), keys[from + i].size());
    rep_->db->MultiGet(options, rep_->rows, n, slices.data(), found.data(), statuses.data(), true);
    for (size_t i = 0; i < n; ++i) {
      if (statuses[i].ok()) {
        (*values)[from + i].emplace(found[i].data(), found[i].size());
      } else if (!statuses[i].IsNotFound()) {
        return FromRocks(statuses[i]);
      }
      found[i].Reset();
    }
  }
  return absl::OkStatus();
}

std::unique_ptr<StoreIterator> Store::Scan(const KeySpan& span, CommitTimestamp at) const {
  return std::make_unique<VersionIterator>(*rep_->db, rep_->rows, span, at);
}

std::unique_ptr<StoreIterator> Store::ScanBack(const KeySpan& span, CommitTimestamp at) const {
  return std::make_unique<BackwardIterator>(*rep_->db, rep_->rows, span, at);
}

absl::Status Store::ForEachChanged(const KeySpan& span, CommitTimestamp since,
                                   const std::function<bool(std::string_view)>& visit) const {
  const std::string from = EncodeU64(static_cast<uint64_t>(since.value()) + 1);
  const std::string to = EncodeTimestamp(kLatest);
  const Slice from_slice(from), to_slice(to), limit(span.limit);
  rocksdb::ReadOptions options;
  options.iter_start_ts = &from_slice;
  options.timestamp = &to_slice;
  options.iterate_upper_bound = &limit;
  options.total_order_seek = true;
  std::unique_ptr<rocksdb::Iterator> iterator(rep_->db->NewIterator(options, rep_->rows));
  std::string last;
  for (iterator->Seek(span.start); iterator->Valid(); iterator->Next()) {
    // With a lower bound RocksDB gives its own form of the key: timestamp and sequence behind it.
    std::string_view key = iterator->key().ToStringView();
    key.remove_suffix(kTimestampBytes + kSequenceBytes);
    if (key == last) continue;
    last = key;
    if (!visit(key)) break;
  }
  return FromRocks(iterator->status());
}

absl::StatusOr<bool> Store::AnyIn(const KeySpan& span, CommitTimestamp at) const {
  VersionIterator iterator(*rep_->db, rep_->rows, span, at);
  if (iterator.Valid()) return true;
  KS_RETURN_IF_ERROR(iterator.status());
  return false;
}

int64_t Store::ApproximateBytes(const KeySpan& span) const {
  const rocksdb::Range range(span.start, span.limit);
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  uint64_t bytes = 0;
  rep_->db->GetApproximateSizes(options, rep_->rows, &range, 1, &bytes).PermitUncheckedError();
  return static_cast<int64_t>(bytes);
}

absl::Status Store::Rep::Stamp(Batch& batch, CommitTimestamp at) const {
  uint64_t raw = static_cast<uint64_t>(at.value());
  Slice timestamp(reinterpret_cast<const char*>(&raw), kTimestampBytes);
  rocksdb::WriteBatch& writes = batch.rep_->writes;
  if (writes.Count() > 0) {
    KS_RETURN_IF_ERROR(FromRocks(writes.UpdateTimestamps(
        timestamp, [](uint32_t family) { return family == 1 ? kTimestampBytes : 0; })));
  }
  for (const auto& [key, value] : batch.rep_->meta) {
    auto status = value ? writes.Put(meta, key, *value) : writes.Delete(meta, key);
    KS_RETURN_IF_ERROR(FromRocks(status));
  }
  return absl::OkStatus();
}

absl::Status Store::Rep::Write(rocksdb::WriteBatch& writes, CommitTimestamp last) {
  uint64_t raw = static_cast<uint64_t>(last.value());
  Slice timestamp(reinterpret_cast<const char*>(&raw), kTimestampBytes);
  int64_t slot = last.value() / kLastWriteGrainMicros % kLastWriteSlots;
  KS_RETURN_IF_ERROR(FromRocks(writes.Put(meta, StrCat(kLastWritePrefix, slot), timestamp)));
  rocksdb::WriteOptions options;
  options.sync = sync;
  KS_RETURN_IF_ERROR(FromRocks(db->Write(options, &writes)));
  int64_t before = last_write.load();
  while (before < last.value() && !last_write.compare_exchange_weak(before, last.value())) {
  }
  return absl::OkStatus();
}

absl::Status Store::Write(Batch& batch, CommitTimestamp at) {
  KS_RETURN_IF_ERROR(rep_->Stamp(batch, at));
  return rep_->Write(batch.rep_->writes, at);
}

// A WriteBatch's bytes are a header (a sequence number, the number of records) and its records, as
// they stand in the log, so batches are put together by their bytes.
absl::Status Store::WriteTogether(absl::Span<const Stamped> batches) {
  if (batches.empty()) return absl::OkStatus();
  if (batches.size() == 1) return Write(batches[0].batch, batches[0].at);
  constexpr size_t kCountAt = 8, kHeaderBytes = 12;
  std::string bytes(kHeaderBytes, '\0');
  uint32_t records = 0;
  CommitTimestamp last = batches[0].at;
  for (const auto& [batch, at] : batches) {
    KS_RETURN_IF_ERROR(rep_->Stamp(batch, at));
    bytes.append(batch.rep_->writes.Data(), kHeaderBytes);
    records += batch.rep_->writes.Count();
    last = std::max(last, at);
  }
  std::memcpy(bytes.data() + kCountAt, &records, sizeof(records));
  rocksdb::WriteBatch together(std::move(bytes));
  return rep_->Write(together, last);
}

absl::StatusOr<std::optional<std::string>> Store::GetMeta(std::string_view key) const {
  std::string value;
  auto status = rep_->db->Get({}, rep_->meta, Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::nullopt;
  KS_RETURN_IF_ERROR(FromRocks(status));
  return value;
}

absl::Status Store::ForEachMeta(
    std::string_view prefix,
    const std::function<void(std::string_view, std::string_view)>& visit) const {
  std::unique_ptr<rocksdb::Iterator> iterator(rep_->db->NewIterator({}, rep_->meta));
  Slice start(prefix.data(), prefix.size());
  for (iterator->Seek(start); iterator->Valid() && iterator->key().starts_with(start);
       iterator->Next()) {
    visit(iterator->key().ToStringView(), iterator->value().ToStringView());
  }
  return FromRocks(iterator->status());
}

CommitTimestamp Store::last_write() const { return CommitTimestamp(rep_->last_write.load()); }

absl::Status Store::RaiseOldest(CommitTimestamp oldest) {
  auto status = rep_->db->IncreaseFullHistoryTsLow(rep_->rows, EncodeTimestamp(oldest));
  if (status.IsInvalidArgument()) return absl::OkStatus();  // it is further on already
  KS_RETURN_IF_ERROR(FromRocks(status));
  rep_->oldest = oldest.value();
  return FromRocks(rep_->db->Put({}, rep_->meta, kOldestKey, EncodeTimestamp(oldest)));
}

CommitTimestamp Store::oldest() const { return CommitTimestamp(rep_->oldest.load()); }

absl::Status Store::PurgeSpace(KeySpaceId space) {
  std::string prefix;
  AppendKeySpace(space, &prefix);
  rocksdb::WriteOptions options;
  options.sync = rep_->sync;
  KS_RETURN_IF_ERROR(FromRocks(rep_->db->Put(options, rep_->meta, kPurgedPrefix + prefix, "")));
  rep_->purge.Add(prefix);
  return absl::OkStatus();
}

absl::Status Store::Compact() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return FromRocks(rep_->db->CompactRange(options, rep_->rows, nullptr, nullptr));
}

}  // namespace ks::local
