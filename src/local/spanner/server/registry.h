// Registry: which instances, databases and backups there are, on disk and in memory.
//
// Layout of a data directory: LOCK; catalog.json (all of them, replaced as a whole); databases/<n>/
// (one store for each database and backup, opened on first use, so that starting does not depend on
// how many there are). A directory that catalog.json does not name is what a crash left of a
// half-made or half-dropped database, and is removed at start. Guarantees
// (tests/conformance/python/test_admin.py): what a create or drop answered survives kill -9; a
// dropped database's files go when the last call that uses it is over. Thread safety: all methods
// may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "local/spanner/server/resource_names.h"

namespace ks::env {
class Clock;
}

namespace ks::local {

class Database;
class DirectoryLock;
struct DatabaseOptions;

struct InstanceRecord {
  std::string name;  // projects/P/instances/I
  std::string config;
  std::string display_name;
  int64_t processing_units = 1000;
  std::map<std::string, std::string> labels;
  int64_t created_nanos = 0;
  int64_t updated_nanos = 0;
  std::string policy;  // a google.iam.v1.Policy in wire form
};

struct DatabaseRecord {
  std::string name;  // projects/P/instances/I/databases/D
  uint64_t directory = 0;
  int64_t created_nanos = 0;
  bool drop_protection = false;
  std::string policy;        // as an instance's
  std::string restore_info;  // a RestoreInfo in wire form; empty: it was created
  std::map<std::string, std::string> schedules;  // of backups: id to BackupSchedule in wire form
};

struct BackupRecord {
  std::string name;  // projects/P/instances/I/backups/B
  uint64_t directory = 0;
  std::string database;  // what it is of
  bool ready = false;
  int64_t version_micros = 0;
  int64_t created_nanos = 0;
  int64_t expires_nanos = 0;
  int64_t expires_latest_nanos = 0;  // what expires_nanos may be set to
  int64_t bytes = 0;
  std::string policy;
};

// A database that calls may use as long as they hold the pointer.
class OpenDatabase {
 public:
  OpenDatabase(std::string name, std::string directory, std::unique_ptr<Database> database);
  ~OpenDatabase();  // removes the files of a dropped one

  const std::string& name() const { return name_; }
  Database& database() const { return *database_; }
  void MarkDropped() { dropped_ = true; }

 private:
  const std::string name_;
  const std::string directory_;  // empty: in memory
  std::unique_ptr<Database> database_;
  std::atomic<bool> dropped_ = false;
};

struct RegistryOptions {
  std::string data_dir;  // empty: in memory
  bool sync = true;
  bool auto_create = false;  // a database that is asked for and missing is made, with its instance
  env::Clock* clock = nullptr;
};

class Registry {
 public:
  // Asked now and then while something is copied; an error ends the copying.
  using KeepGoing = std::function<absl::Status()>;

  static absl::StatusOr<std::unique_ptr<Registry>> Open(RegistryOptions options);
  ~Registry();

  // ---- Instances ----
  // ALREADY_EXISTS.
  absl::Status CreateInstance(InstanceRecord instance);
  absl::StatusOr<InstanceRecord> GetInstance(std::string_view name);
  std::vector<InstanceRecord> ListInstances(std::string_view project);
  absl::Status UpdateInstance(const InstanceRecord& instance);
  // With its databases; OK when there is none. FAILED_PRECONDITION when one of them is protected.
  absl::Status DeleteInstance(std::string_view name);

  // ---- Databases ----
  // An empty one that nobody finds until Publish.
  absl::StatusOr<std::shared_ptr<OpenDatabase>> PrepareDatabase(const DatabaseName& name);
  absl::StatusOr<DatabaseRecord> PublishDatabase(std::shared_ptr<OpenDatabase> database,
                                                 std::string restore_info = std::string());
  // One with the contents of `source` at `at`, under the name, likewise.
  absl::StatusOr<std::shared_ptr<OpenDatabase>> PrepareRestore(const DatabaseName& name,
                                                               Database& source,
                                                               const KeepGoing& keep_going);
  // Gives up what Prepare made.
  void AbandonDatabase(const std::shared_ptr<OpenDatabase>& database);
  absl::StatusOr<DatabaseRecord> GetDatabase(const DatabaseName& name);
  std::vector<DatabaseRecord> ListDatabases(std::string_view instance);
  absl::Status SetDropProtection(const DatabaseName& name, bool on);
  // OK when there is none. FAILED_PRECONDITION when it is protected.
  absl::Status DropDatabase(const DatabaseName& name);

  // ---- Backups (registry_backups.cc) ----
  // A backup is a database of its own that nobody writes to.
  // Enters it as one that is not ready. ALREADY_EXISTS; FAILED_PRECONDITION while another one of
  // its database is not ready, unless it is a copy of a backup.
  absl::Status BeginBackup(BackupRecord record, bool is_copy);
  // Makes it of `source`, and ready; where that fails, it goes.
  absl::StatusOr<BackupRecord> FillBackup(const std::string& name, Database& source,
                                          const KeepGoing& keep_going);
  absl::StatusOr<BackupRecord> GetBackup(std::string_view name);
  std::vector<BackupRecord> ListBackups(std::string_view instance);
  absl::Status SetBackupExpiry(std::string_view name, int64_t expires_nanos);
  absl::Status DeleteBackup(std::string_view name);
  void DeleteExpiredBackups();
  // FAILED_PRECONDITION when it is not ready.
  absl::StatusOr<std::shared_ptr<OpenDatabase>> UseBackup(std::string_view name);

  // ---- Schedules of backups: kept and given back (registry_backups.cc) ----
  using Schedules = std::map<std::string, std::string>;
  absl::StatusOr<Schedules> GetSchedules(const DatabaseName& name);
  // Changes them under the lock and saves what `edit` made of them unless it fails.
  absl::Status EditSchedules(const DatabaseName& name,
                             const std::function<absl::Status(Schedules&)>& edit);

  // ---- Policies of all three, in wire form; empty until set ----
  absl::StatusOr<std::string> GetPolicy(std::string_view resource);
  absl::Status SetPolicy(std::string_view resource, std::string policy);

  // Opens it where that has not happened yet. NOT_FOUND names what is missing, the instance or the
  // database.
  absl::StatusOr<std::shared_ptr<OpenDatabase>> UseDatabase(const DatabaseName& name);

 private:
  struct Entry {
    DatabaseRecord record;
    std::shared_ptr<OpenDatabase> open;  // null until used
  };

  struct BackupEntry {
    BackupRecord record;
    std::shared_ptr<OpenDatabase> open;  // null until used
  };

  explicit Registry(RegistryOptions options);
  absl::Status Load();
  void RemoveStrays();
  absl::Status Save() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The policy's place in the record of an instance or database.
  absl::StatusOr<std::string*> FindPolicy(std::string_view resource)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status MissingDatabase(const DatabaseName& name) ABSL_SHARED_LOCKS_REQUIRED(mu_);
  absl::Status CheckNewDatabase(const DatabaseName& name) ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // Where the store of that number is, made if it is missing.
  absl::StatusOr<DatabaseOptions> StoreAt(uint64_t directory) const;
  absl::StatusOr<std::shared_ptr<OpenDatabase>> OpenStore(std::string name, uint64_t directory);
  absl::StatusOr<std::shared_ptr<OpenDatabase>> AutoCreate(const DatabaseName& name);
  std::string DirectoryOf(uint64_t number) const;
  // What is left of it goes at the next start.
  void RemoveStore(uint64_t number) const;

  const RegistryOptions options_;
  std::unique_ptr<DirectoryLock> lock_;

  absl::Mutex mu_;
  std::map<std::string, InstanceRecord, std::less<>> instances_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Entry, std::less<>> databases_ ABSL_GUARDED_BY(mu_);
  std::map<const OpenDatabase*, uint64_t> prepared_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, BackupEntry, std::less<>> backups_ ABSL_GUARDED_BY(mu_);
  uint64_t next_directory_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace ks::local
