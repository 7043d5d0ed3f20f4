#include "local/spanner/server/registry.h"

#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "local/spanner/server/durable_file.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/registry_json.h"
#include "local/spanner/txn/database.h"

namespace ks::local {

namespace {

constexpr std::string_view kCatalogFile = "/catalog.json";

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

OpenDatabase::OpenDatabase(std::string name, std::string directory,
                           std::unique_ptr<Database> database)
    : name_(std::move(name)), directory_(std::move(directory)), database_(std::move(database)) {}

OpenDatabase::~OpenDatabase() {
  database_.reset();
  if (!dropped_ || directory_.empty()) return;
  std::error_code ignored;  // a leftover is removed at the next start
  std::filesystem::remove_all(directory_, ignored);
}

Registry::Registry(RegistryOptions options) : options_(std::move(options)) {}
Registry::~Registry() = default;

absl::StatusOr<std::unique_ptr<Registry>> Registry::Open(RegistryOptions options) {
  std::unique_ptr<Registry> registry(new Registry(std::move(options)));
  if (!registry->options_.data_dir.empty()) {
    KS_ASSIGN_OR_RETURN(registry->lock_, DirectoryLock::Take(registry->options_.data_dir));
    KS_RETURN_IF_ERROR(registry->Load());
    registry->RemoveStrays();
  }
  return registry;
}

absl::Status Registry::Load() {
  const std::string path =
      absl::StrCat(options_.data_dir, absl::string_view(kCatalogFile.data(), kCatalogFile.size()));
  absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  KS_RETURN_IF_ERROR(text.status());
  CatalogContents contents;
  if (absl::Status parsed = ParseCatalog(*text, &contents); !parsed.ok()) {
    return errors::CatalogUnreadable(path, std::string(parsed.message()));
  }
  absl::MutexLock lock(&mu_);
  for (InstanceRecord& instance : contents.instances)
    instances_[instance.name] = std::move(instance);
  for (DatabaseRecord& database : contents.databases) {
    next_directory_ = std::max(next_directory_, database.directory + 1);
    std::string name = database.name;
    databases_[name].record = std::move(database);
  }
  for (BackupRecord& backup : contents.backups) {
    next_directory_ = std::max(next_directory_, backup.directory + 1);
    std::string name = backup.name;
    backups_[name].record = std::move(backup);
  }
  return absl::OkStatus();
}

void Registry::RemoveStrays() {
  std::set<std::string> known;
  absl::MutexLock lock(&mu_);
  for (const auto& [name, entry] : databases_) known.insert(std::to_string(entry.record.directory));
  for (const auto& [name, entry] : backups_) known.insert(std::to_string(entry.record.directory));
  std::error_code ignored;
  for (const auto& found :
       std::filesystem::directory_iterator(options_.data_dir + "/databases", ignored)) {
    const std::string number = found.path().filename().string();
    if (known.count(number) == 0) std::filesystem::remove_all(found.path(), ignored);
    next_directory_ =
        std::max<uint64_t>(next_directory_, std::strtoull(number.c_str(), nullptr, 10) + 1);
  }
}

absl::Status Registry::Save() {
  if (options_.data_dir.empty()) return absl::OkStatus();
  CatalogContents contents;
  for (const auto& [name, instance] : instances_) contents.instances.push_back(instance);
  for (const auto& [name, entry] : databases_) contents.databases.push_back(entry.record);
  for (const auto& [name, entry] : backups_) {
    if (entry.record.ready) contents.backups.push_back(entry.record);
  }
  return ReplaceFile(
      absl::StrCat(options_.data_dir, absl::string_view(kCatalogFile.data(), kCatalogFile.size())),
      PrintCatalog(contents));
}

std::string Registry::DirectoryOf(uint64_t number) const {
  if (options_.data_dir.empty()) return std::string();
  return absl::StrCat(options_.data_dir, "/databases/", number);
}

void Registry::RemoveStore(uint64_t number) const {
  if (options_.data_dir.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(DirectoryOf(number), ignored);
}

// ---- Instances ----

absl::Status Registry::CreateInstance(InstanceRecord instance) {
  absl::MutexLock lock(&mu_);
  const std::string name = instance.name;
  if (!instances_.emplace(name, std::move(instance)).second) return errors::InstanceExists(name);
  absl::Status saved = Save();
  if (!saved.ok()) instances_.erase(name);
  return saved;
}

absl::StatusOr<InstanceRecord> Registry::GetInstance(std::string_view name) {
  absl::MutexLock lock(&mu_);
  const auto found = instances_.find(name);
  if (found == instances_.end()) return errors::InstanceNotFound(name);
  return found->second;
}

std::vector<InstanceRecord> Registry::ListInstances(std::string_view project) {
  const std::string prefix =
      absl::StrCat(absl::string_view(project.data(), project.size()), "/instances/");
  std::vector<InstanceRecord> result;
  absl::MutexLock lock(&mu_);
  for (auto it = instances_.lower_bound(prefix);
       it != instances_.end() && StartsWith(it->first, prefix); ++it) {
    result.push_back(it->second);
  }
  return result;
}

absl::Status Registry::UpdateInstance(const InstanceRecord& instance) {
  absl::MutexLock lock(&mu_);
  const auto found = instances_.find(instance.name);
  if (found == instances_.end()) return errors::InstanceNotFound(instance.name);
  found->second = instance;
  return Save();
}

absl::Status Registry::DeleteInstance(std::string_view name) {
  const std::string prefix =
      absl::StrCat(absl::string_view(name.data(), name.size()), "/databases/");
  std::vector<std::shared_ptr<OpenDatabase>> closing;  // outlives the lock
  absl::MutexLock lock(&mu_);
  const std::string backups =
      absl::StrCat(absl::string_view(name.data(), name.size()), "/backups/");
  const auto backup = backups_.lower_bound(backups);
  if (backup != backups_.end() && StartsWith(backup->first, backups)) {
    return errors::InstanceHasBackups(name);
  }
  const auto first = databases_.lower_bound(prefix);
  auto last = first;
  for (; last != databases_.end() && StartsWith(last->first, prefix); ++last) {
    if (last->second.record.drop_protection) return errors::InstanceNotEmpty(name);
  }
  for (auto going = first; going != last; ++going) {
    if (going->second.open != nullptr) going->second.open->MarkDropped();
    closing.push_back(std::move(going->second.open));
  }
  databases_.erase(first, last);
  if (const auto found = instances_.find(name); found != instances_.end()) instances_.erase(found);
  return Save();
}

// ---- Databases ----

absl::Status Registry::MissingDatabase(const DatabaseName& name) {
  if (instances_.find(name.instance.uri) == instances_.end())
    return errors::InstanceNotFound(name.instance.uri);
  return errors::DatabaseNotFound(name.uri);
}

absl::Status Registry::CheckNewDatabase(const DatabaseName& name) {
  if (instances_.find(name.instance.uri) == instances_.end())
    return errors::InstanceNotFound(name.instance.uri);
  if (databases_.find(name.uri) != databases_.end()) return errors::DatabaseExists(name.uri);
  const std::string prefix = absl::StrCat(std::string(name.instance.uri), "/databases/");
  int count = 0;
  for (auto it = databases_.lower_bound(prefix);
       it != databases_.end() && StartsWith(it->first, prefix); ++it)
    ++count;
  if (count >= limits::kDatabasesPerInstance)
    return errors::TooManyDatabases(limits::kDatabasesPerInstance);
  return absl::OkStatus();
}

absl::StatusOr<DatabaseOptions> Registry::StoreAt(uint64_t directory) const {
  DatabaseOptions store;
  store.directory = DirectoryOf(directory);
  store.in_memory = options_.data_dir.empty();
  store.sync = options_.sync;
  store.clock = options_.clock;
  if (store.in_memory) return store;
  std::error_code error;
  std::filesystem::create_directories(store.directory, error);
  if (!error) return store;
  return absl::InternalError(
      absl::StrCat("Cannot create ", store.directory, ": ", error.message()));
}

absl::StatusOr<std::shared_ptr<OpenDatabase>> Registry::OpenStore(std::string name,
                                                                  uint64_t directory) {
  KS_ASSIGN_OR_RETURN(const DatabaseOptions store, StoreAt(directory));
  KS_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(store));
  return std::make_shared<OpenDatabase>(std::move(name), store.directory, std::move(database));
}

absl::StatusOr<std::shared_ptr<OpenDatabase>> Registry::PrepareDatabase(const DatabaseName& name) {
  uint64_t directory = 0;
  {
    absl::MutexLock lock(&mu_);
    KS_RETURN_IF_ERROR(CheckNewDatabase(name));
    directory = next_directory_++;
  }
  KS_ASSIGN_OR_RETURN(std::shared_ptr<OpenDatabase> open,
                      OpenStore(std::string(name.uri), directory));
  absl::MutexLock lock(&mu_);
  prepared_[open.get()] = directory;
  return open;
}

absl::StatusOr<DatabaseRecord> Registry::PublishDatabase(std::shared_ptr<OpenDatabase> database,
                                                         std::string restore_info) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(database->name()));
  absl::MutexLock lock(&mu_);
  KS_RETURN_IF_ERROR(CheckNewDatabase(name));
  Entry entry;
  entry.record.name = database->name();
  entry.record.directory = prepared_[database.get()];
  entry.record.created_nanos = options_.clock->NowNanos();
  entry.record.restore_info = std::move(restore_info);
  entry.open = database;
  const DatabaseRecord record = entry.record;
  databases_.emplace(record.name, std::move(entry));
  prepared_.erase(database.get());
  if (absl::Status saved = Save(); !saved.ok()) {
    databases_.erase(record.name);
    return saved;
  }
  return record;
}

void Registry::AbandonDatabase(const std::shared_ptr<OpenDatabase>& database) {
  absl::MutexLock lock(&mu_);
  prepared_.erase(database.get());
  database->MarkDropped();
}

absl::StatusOr<DatabaseRecord> Registry::GetDatabase(const DatabaseName& name) {
  absl::MutexLock lock(&mu_);
  const auto found = databases_.find(name.uri);
  if (found == databases_.end()) return MissingDatabase(name);
  return found->second.record;
}

std::vector<DatabaseRecord> Registry::ListDatabases(std::string_view instance) {
  const std::string prefix = absl::StrCat(std::string(instance), "/databases/");
  std::vector<DatabaseRecord> result;
  absl::MutexLock lock(&mu_);
  for (auto it = databases_.lower_bound(prefix);
       it != databases_.end() && StartsWith(it->first, prefix); ++it) {
    result.push_back(it->second.record);
  }
  return result;
}

absl::Status Registry::SetDropProtection(const DatabaseName& name, bool on) {
  absl::MutexLock lock(&mu_);
  const auto found = databases_.find(name.uri);
  if (found == databases_.end()) return MissingDatabase(name);
  found->second.record.drop_protection = on;
  return Save();
}

absl::StatusOr<std::string*> Registry::FindPolicy(std::string_view resource) {
  if (const auto instance = instances_.find(resource); instance != instances_.end()) {
    return &instance->second.policy;
  }
  if (ParseInstance(resource).ok()) return errors::InstanceNotFound(resource);
  if (ParseBackup(resource).ok()) {
    const auto backup = backups_.find(resource);
    if (backup == backups_.end()) return errors::BackupNotFound(resource);
    return &backup->second.record.policy;
  }
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(resource));
  const auto database = databases_.find(resource);
  if (database == databases_.end()) return MissingDatabase(name);
  return &database->second.record.policy;
}

absl::StatusOr<std::string> Registry::GetPolicy(std::string_view resource) {
  absl::MutexLock lock(&mu_);
  KS_ASSIGN_OR_RETURN(const std::string* policy, FindPolicy(resource));
  return *policy;
}

absl::Status Registry::SetPolicy(std::string_view resource, std::string policy) {
  absl::MutexLock lock(&mu_);
  KS_ASSIGN_OR_RETURN(std::string * kept, FindPolicy(resource));
  *kept = std::move(policy);
  return Save();
}

absl::Status Registry::DropDatabase(const DatabaseName& name) {
  std::shared_ptr<OpenDatabase> closing;  // outlives the lock
  absl::MutexLock lock(&mu_);
  const auto found = databases_.find(name.uri);
  if (found == databases_.end()) {
    const absl::Status missing = MissingDatabase(name);
    return instances_.find(name.instance.uri) == instances_.end() ? missing : absl::OkStatus();
  }
  if (found->second.record.drop_protection) return errors::DropProtected(name.uri);
  closing = std::move(found->second.open);
  const uint64_t directory = found->second.record.directory;
  databases_.erase(found);
  KS_RETURN_IF_ERROR(Save());
  if (closing != nullptr) {
    closing->MarkDropped();
  } else {
    RemoveStore(directory);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<OpenDatabase>> Registry::UseDatabase(const DatabaseName& name) {
  {
    absl::MutexLock lock(&mu_);
    const auto found = databases_.find(name.uri);
    if (found != databases_.end()) {
      Entry& entry = found->second;
      if (entry.open == nullptr) {
        KS_ASSIGN_OR_RETURN(entry.open, OpenStore(entry.record.name, entry.record.directory));
      }
      return entry.open;
    }
    if (!options_.auto_create) return MissingDatabase(name);
  }
  return AutoCreate(name);
}

absl::StatusOr<std::shared_ptr<OpenDatabase>> Registry::AutoCreate(const DatabaseName& name) {
  InstanceRecord instance;
  instance.name = std::string(name.instance.uri);
  instance.config =
      absl::StrCat("projects/", std::string(name.instance.project), "/instanceConfigs/local");
  instance.display_name = std::string(name.instance.instance);
  instance.created_nanos = instance.updated_nanos = options_.clock->NowNanos();
  if (absl::Status made = CreateInstance(instance); !made.ok() && !absl::IsAlreadyExists(made))
    return made;
  absl::StatusOr<std::shared_ptr<OpenDatabase>> open = PrepareDatabase(name);
  if (absl::IsAlreadyExists(open.status())) return UseDatabase(name);  // somebody else was quicker
  KS_RETURN_IF_ERROR(open.status());
  const absl::StatusOr<DatabaseRecord> published = PublishDatabase(*open);
  if (published.ok()) return *std::move(open);
  AbandonDatabase(*open);
  if (absl::IsAlreadyExists(published.status())) return UseDatabase(name);
  return published.status();
}

}  // namespace ks::local
