// The part of Registry that keeps backups.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/registry.h"
#include "local/spanner/txn/copy.h"

namespace ks::local {

absl::StatusOr<std::shared_ptr<OpenDatabase>> Registry::PrepareRestore(
    const DatabaseName& name, Database& source, const KeepGoing& keep_going) {
  uint64_t directory = 0;
  {
    absl::MutexLock lock(&mu_);
    KS_RETURN_IF_ERROR(CheckNewDatabase(name));
    directory = next_directory_++;
  }
  KS_ASSIGN_OR_RETURN(const DatabaseOptions store, StoreAt(directory));
  KS_ASSIGN_OR_RETURN(const auto latest, source.BeginReadOnly({}));
  absl::StatusOr<DatabaseCopy> copy = CopyDatabase(source, latest->timestamp(), store, keep_going);
  if (!copy.ok()) {
    RemoveStore(directory);
    return copy.status();
  }
  auto open = std::make_shared<OpenDatabase>(std::string(name.uri), store.directory,
                                             std::move(copy->database));
  absl::MutexLock lock(&mu_);
  prepared_[open.get()] = directory;
  return open;
}

absl::Status Registry::BeginBackup(BackupRecord record, bool is_copy) {
  KS_ASSIGN_OR_RETURN(const BackupName name, ParseBackup(record.name));
  absl::MutexLock lock(&mu_);
  if (instances_.find(name.instance.uri) == instances_.end()) {
    return errors::InstanceNotFound(name.instance.uri);
  }
  if (backups_.find(record.name) != backups_.end()) return errors::BackupExists(record.name);
  for (const auto& [other, entry] : backups_) {
    if (!is_copy && !entry.record.ready && entry.record.database == record.database) {
      return errors::BackupPending(record.database);
    }
  }
  record.directory = next_directory_++;
  record.ready = false;
  std::string key = record.name;
  backups_[key].record = std::move(record);
  return absl::OkStatus();
}

absl::StatusOr<BackupRecord> Registry::FillBackup(const std::string& name, Database& source,
                                                  const KeepGoing& keep_going) {
  KS_ASSIGN_OR_RETURN(const BackupRecord begun, GetBackup(name));
  const auto exists = [&]() -> absl::Status {
    KS_RETURN_IF_ERROR(GetBackup(name).status());  // it may be deleted while it is made
    return keep_going();
  };
  const auto make = [&]() -> absl::StatusOr<DatabaseCopy> {
    KS_ASSIGN_OR_RETURN(DatabaseOptions store, StoreAt(begun.directory));
    store.janitor = false;
    return CopyDatabase(source, CommitTimestamp(begun.version_micros), store, exists);
  };
  absl::StatusOr<DatabaseCopy> copy = make();
  std::shared_ptr<OpenDatabase> open;  // outlives the lock
  if (copy.ok()) {
    open = std::make_shared<OpenDatabase>(name, DirectoryOf(begun.directory),
                                          std::move(copy->database));
  } else {
    RemoveStore(begun.directory);
  }
  absl::MutexLock lock(&mu_);
  const auto found = backups_.find(name);
  if (found == backups_.end()) {
    if (open != nullptr) open->MarkDropped();
    return errors::BackupNotFound(name);
  }
  absl::Status saved = copy.status();
  if (saved.ok()) {
    found->second.record.ready = true;
    found->second.record.bytes = copy->bytes;
    found->second.open = open;
    saved = Save();
  }
  if (saved.ok()) return found->second.record;
  if (open != nullptr) open->MarkDropped();
  backups_.erase(found);
  return saved;
}

absl::StatusOr<BackupRecord> Registry::GetBackup(std::string_view name) {
  KS_ASSIGN_OR_RETURN(const BackupName parsed, ParseBackup(name));
  absl::MutexLock lock(&mu_);
  if (instances_.find(parsed.instance.uri) == instances_.end()) {
    return errors::InstanceNotFound(parsed.instance.uri);
  }
  const auto found = backups_.find(name);
  if (found == backups_.end()) return errors::BackupNotFound(name);
  return found->second.record;
}

std::vector<BackupRecord> Registry::ListBackups(std::string_view instance) {
  const std::string prefix = absl::StrCat(std::string(instance), "/backups/");
  std::vector<BackupRecord> result;
  absl::MutexLock lock(&mu_);
  for (auto it = backups_.lower_bound(prefix);
       it != backups_.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    result.push_back(it->second.record);
  }
  return result;
}

absl::Status Registry::SetBackupExpiry(std::string_view name, int64_t expires_nanos) {
  absl::MutexLock lock(&mu_);
  const auto found = backups_.find(name);
  if (found == backups_.end()) return errors::BackupNotFound(name);
  found->second.record.expires_nanos = expires_nanos;
  return Save();
}

absl::Status Registry::DeleteBackup(std::string_view name) {
  KS_RETURN_IF_ERROR(GetBackup(name).status());
  std::shared_ptr<OpenDatabase> closing;  // outlives the lock
  uint64_t directory = 0;
  {
    absl::MutexLock lock(&mu_);
    const auto found = backups_.find(name);
    if (found == backups_.end()) return errors::BackupNotFound(name);
    closing = std::move(found->second.open);
    if (closing != nullptr) closing->MarkDropped();
    // One that is being made is removed by the one who makes it.
    if (closing == nullptr && found->second.record.ready)
      directory = found->second.record.directory;
    backups_.erase(found);
    KS_RETURN_IF_ERROR(Save());
  }
  if (directory != 0) RemoveStore(directory);
  return absl::OkStatus();
}

void Registry::DeleteExpiredBackups() {
  const int64_t now = options_.clock->NowNanos();
  std::vector<std::string> expired;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [name, entry] : backups_) {
      if (entry.record.ready && entry.record.expires_nanos <= now) expired.push_back(name);
    }
  }
  for (const std::string& name : expired) DeleteBackup(name).IgnoreError();  // tried again
}

absl::StatusOr<std::shared_ptr<OpenDatabase>> Registry::UseBackup(std::string_view name) {
  KS_RETURN_IF_ERROR(GetBackup(name).status());
  absl::MutexLock lock(&mu_);
  const auto found = backups_.find(name);
  if (found == backups_.end()) return errors::BackupNotFound(name);
  BackupEntry& entry = found->second;
  if (!entry.record.ready) return errors::BackupNotReady(name);
  if (entry.open == nullptr) {
    KS_ASSIGN_OR_RETURN(DatabaseOptions store, StoreAt(entry.record.directory));
    store.janitor = false;
    KS_ASSIGN_OR_RETURN(auto database, Database::Open(store));
    entry.open =
        std::make_shared<OpenDatabase>(entry.record.name, store.directory, std::move(database));
  }
  return entry.open;
}

absl::StatusOr<Registry::Schedules> Registry::GetSchedules(const DatabaseName& name) {
  KS_ASSIGN_OR_RETURN(const DatabaseRecord record, GetDatabase(name));
  return record.schedules;
}

absl::Status Registry::EditSchedules(const DatabaseName& name,
                                     const std::function<absl::Status(Schedules&)>& edit) {
  absl::MutexLock lock(&mu_);
  const auto found = databases_.find(name.uri);
  if (found == databases_.end()) return MissingDatabase(name);
  Schedules edited = found->second.record.schedules;
  KS_RETURN_IF_ERROR(edit(edited));
  found->second.record.schedules = std::move(edited);
  return Save();
}

}  // namespace ks::local
