#include "local/spanner/txn/core.h"

#include <cstring>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/schema/schema_codec.h"
#include "local/spanner/txn/expiry.h"

namespace ks::local {
namespace {

constexpr char kSchemaPrefix[] = "schema/";  // then the timestamp, 20 digits
constexpr char kCreatedKey[] = "created";
constexpr char kDroppedPrefix[] = "dropped/";  // then the key space; the value is when
constexpr absl::Duration kJanitorInterval = absl::Minutes(1);

std::string SchemaKey(CommitTimestamp timestamp) {
  return absl::StrFormat("%s%020d", kSchemaPrefix, timestamp.value());
}

std::string SpaceKey(KeySpaceId space) { return absl::StrFormat("%s%010d", kDroppedPrefix, space); }

// version_retention_period: "7d", "36h", …; DDL has checked it.
int64_t RetentionMicros(const Schema& schema) {
  for (const OptionEntry& option : schema.database_options) {
    if (option.name != "version_retention_period") continue;
    const size_t number = option.value.find_first_of("0123456789");
    const size_t unit = option.value.find_first_of("smhd", number);
    if (number == std::string::npos || unit == std::string::npos) break;
    const int64_t count = std::stoll(option.value.substr(number));
    const char u = option.value[unit];
    const int64_t seconds = u == 's' ? 1 : u == 'm' ? 60 : u == 'h' ? 3'600 : 86'400;
    return count * seconds * 1'000'000;
  }
  return limits::kVersionRetentionMicros;
}

void CollectSpaces(const Schema& schema, std::vector<KeySpaceId>* spaces) {
  for (const auto& table : schema.tables) spaces->push_back(table->space);
  for (const auto& index : schema.indexes) spaces->push_back(index->space);
  for (const ChangeStream& stream : schema.change_streams) spaces->push_back(stream.space);
}

}  // namespace

DatabaseCore::DatabaseCore(std::unique_ptr<Store> store, env::Clock& clock, bool lock_ranges)
    : store_(std::move(store)),
      locks_(clock, lock_ranges),
      oracle_(clock, store_->last_write()),
      statistics_(clock),
      split_points_(clock) {
  locks_.Watch([this](const LockRequest& request, int64_t wait_micros) {
    Statistics::Sums sums;
    sums.count = 1;
    sums.seconds = static_cast<double>(wait_micros) / 1e6;
    sums.locked_shared = request.mode.shared;
    sums.locked_exclusive = request.mode.exclusive;
    sums.locked_range = !request.point();
    statistics_.Add(Statistics::Subject::kLocks, {}, request.key, sums);
  });
}

DatabaseCore::~DatabaseCore() {
  if (!janitor_.joinable()) return;
  {
    absl::MutexLock lock(&janitor_mu_);
    stop_ = true;
  }
  janitor_.join();
}

absl::Status DatabaseCore::Load() {
  absl::Status bad = absl::OkStatus();
  std::map<int64_t, std::shared_ptr<const Schema>> versions;
  KS_RETURN_IF_ERROR(store_->ForEachMeta(kSchemaPrefix, [&](auto, auto value) {
    auto schema = DecodeSchema(value);
    if (!schema.ok()) {
      bad = schema.status();
    } else {
      versions[(*schema)->since.value()] = *schema;
    }
  }));
  KS_RETURN_IF_ERROR(bad);
  KS_ASSIGN_OR_RETURN(auto created, store_->GetMeta(kCreatedKey));
  if (created && !versions.empty()) {
    absl::MutexLock lock(&schema_mu_);
    versions_ = std::move(versions);
    schema_ = versions_.rbegin()->second;
    return absl::OkStatus();
  }
  {
    absl::MutexLock lock(&schema_mu_);
    schema_ = std::make_shared<Schema>();
  }
  KS_ASSIGN_OR_RETURN(CommitTimestamp since,
                      ChangeSchema([](Schema&) { return absl::OkStatus(); }));
  Store::Batch batch;
  batch.PutMeta(kCreatedKey, std::to_string(since.value()));
  return store_->Write(batch, since);
}

void DatabaseCore::PutSchema(const Schema& schema, Store::Batch* batch) {
  batch->PutMeta(SchemaKey(schema.since), EncodeSchema(schema));
  batch->PutMeta(kCreatedKey, std::to_string(schema.since.value()));
}

std::shared_ptr<const Schema> DatabaseCore::schema() const {
  absl::MutexLock lock(&schema_mu_);
  return schema_;
}

absl::StatusOr<std::shared_ptr<const Schema>> DatabaseCore::SchemaAt(
    CommitTimestamp timestamp) const {
  absl::MutexLock lock(&schema_mu_);
  auto after = versions_.upper_bound(timestamp.value());
  // Before it was made, a database is what it is now, without rows: reads a little in the past of
  // a new one find its tables empty.
  if (after == versions_.begin()) return schema_;
  return std::prev(after)->second;
}

CommitTimestamp DatabaseCore::oldest_readable() const {
  const int64_t now = oracle_.Now().value();
  absl::MutexLock lock(&schema_mu_);
  const int64_t horizon = now - RetentionMicros(*schema_);
  return std::max(CommitTimestamp(horizon), store_->oldest());
}

void DatabaseCore::Publish(std::shared_ptr<const Schema> schema) {
  absl::MutexLock lock(&schema_mu_);
  versions_[schema->since.value()] = schema;
  schema_ = std::move(schema);
}

absl::StatusOr<CommitTimestamp> DatabaseCore::ChangeSchema(const SchemaEdit& edit) {
  absl::MutexLock ddl(&ddl_mu_);
  std::shared_ptr<const Schema> before = schema();
  std::shared_ptr<Schema> next = before->Copy();
  KS_RETURN_IF_ERROR(edit(*next));
  next->version = before->version + 1;
  next->Finish();

  // From here no commit is on its way, and those that come find the new schema.
  absl::MutexLock gate(&gate_);
  CommitTimestamp timestamp = oracle_.BeginCommit();
  next->since = timestamp;
  Store::Batch batch;
  batch.PutMeta(SchemaKey(timestamp), EncodeSchema(*next));
  std::vector<KeySpaceId> had, has;
  CollectSpaces(*before, &had);
  CollectSpaces(*next, &has);
  for (KeySpaceId space : had) {
    if (std::find(has.begin(), has.end(), space) != has.end()) continue;
    batch.PutMeta(SpaceKey(space), std::to_string(timestamp.value()));
  }
  absl::Status written = store_->Write(batch, timestamp);
  if (written.ok()) Publish(std::move(next));
  oracle_.EndCommit(timestamp);
  KS_RETURN_IF_ERROR(written);
  return timestamp;
}

absl::Status DatabaseCore::CollectGarbage() {
  CommitTimestamp horizon = oldest_readable();
  KS_RETURN_IF_ERROR(store_->RaiseOldest(horizon));
  std::vector<KeySpaceId> spaces;
  KS_RETURN_IF_ERROR(store_->ForEachMeta(kDroppedPrefix, [&](auto key, auto value) {
    if (std::stoll(std::string(value)) >= horizon.value()) return;
    spaces.push_back(
        static_cast<KeySpaceId>(std::stoul(std::string(key.substr(strlen(kDroppedPrefix))))));
  }));
  Store::Batch batch;
  for (KeySpaceId space : spaces) {
    KS_RETURN_IF_ERROR(store_->PurgeSpace(space));
    batch.DeleteMeta(SpaceKey(space));
  }
  {
    absl::MutexLock lock(&schema_mu_);
    // A version is needed while the next one began after the horizon.
    while (versions_.size() > 1 && std::next(versions_.begin())->first <= horizon.value()) {
      batch.DeleteMeta(SchemaKey(CommitTimestamp(versions_.begin()->first)));
      versions_.erase(versions_.begin());
    }
  }
  if (batch.empty()) return absl::OkStatus();
  CommitTimestamp timestamp = oracle_.BeginCommit();
  absl::Status written = store_->Write(batch, timestamp);
  oracle_.EndCommit(timestamp);
  return written;
}

void DatabaseCore::StartJanitor() {
  janitor_ = std::thread([this] {
    absl::MutexLock lock(&janitor_mu_);
    while (!stop_) {
      auto stopped = [this]() ABSL_SHARED_LOCKS_REQUIRED(janitor_mu_) { return stop_; };
      if (janitor_mu_.AwaitWithTimeout(absl::Condition(&stopped), kJanitorInterval)) return;
      janitor_mu_.Unlock();
      DeleteExpiredRows(*this).IgnoreError();  // the next round tries again
      DeleteExpiredRecords(*this).IgnoreError();
      CollectGarbage().IgnoreError();
      janitor_mu_.Lock();
    }
  });
}

}  // namespace ks::local
