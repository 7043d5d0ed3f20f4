#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.pb.h"
#include "local/spanner/server/backup_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/list_filter.h"
#include "local/spanner/server/paging.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/timestamps.h"
#include "local/spanner/txn/database.h"

namespace ks::local {

namespace pb = google::spanner::admin::database::v1;

namespace {

std::string TimeText(int64_t nanos) {
  return absl::FormatTime(absl::FromUnixNanos(nanos), absl::UTCTimeZone());
}

void Fill(const BackupRecord& record, pb::Backup* out) {
  out->set_name(record.name);
  out->set_database(record.database);
  out->set_state(record.ready ? pb::Backup::READY : pb::Backup::CREATING);
  SetTimestamp(CommitTimestamp(record.version_micros), out->mutable_version_time());
  SetTimestamp(CommitTimestamp(record.version_micros), out->mutable_oldest_version_time());
  SetNanos(record.created_nanos, out->mutable_create_time());
  SetNanos(record.expires_nanos, out->mutable_expire_time());
  SetNanos(record.expires_latest_nanos, out->mutable_max_expire_time());
  out->set_size_bytes(record.bytes);
  out->set_freeable_size_bytes(record.bytes);
  out->set_exclusive_size_bytes(record.bytes);
  out->set_database_dialect(pb::GOOGLE_STANDARD_SQL);
  pb::EncryptionInfo encryption;
  encryption.set_encryption_type(pb::EncryptionInfo::GOOGLE_DEFAULT_ENCRYPTION);
  *out->mutable_encryption_info() = encryption;
  *out->add_encryption_information() = encryption;
}

// The expire_time that was asked for, of a backup that may live from `born` on.
absl::StatusOr<int64_t> Expiry(const google::protobuf::Timestamp& asked, int64_t born) {
  const int64_t nanos = ToNanos(asked);
  if (nanos < born + limits::kBackupLifeMinNanos || nanos > born + limits::kBackupLifeMaxNanos) {
    return errors::BackupExpiry(TimeText(nanos));
  }
  return nanos;
}

// An operation's own part of its metadata: what it does, and how far it is.
template <typename Metadata>
class Progress {
 public:
  Progress(OperationState& operation, env::Clock& clock, Metadata metadata)
      : operation_(operation), clock_(clock), metadata_(std::move(metadata)) {
    SetNanos(clock_.NowNanos(), metadata_.mutable_progress()->mutable_start_time());
    operation_.SetMetadata(metadata_);
  }

  absl::Status KeepGoing() {
    if (!operation_.cancel_requested()) return absl::OkStatus();
    SetNanos(clock_.NowNanos(), metadata_.mutable_cancel_time());
    operation_.SetMetadata(metadata_);
    return errors::CopyCancelled(metadata_.name());
  }

  void Finish(const absl::Status& status, const google::protobuf::Message& response) {
    SetNanos(clock_.NowNanos(), metadata_.mutable_progress()->mutable_end_time());
    if (status.ok()) metadata_.mutable_progress()->set_progress_percent(100);
    operation_.SetMetadata(metadata_);
    status.ok() ? operation_.Succeed(response) : operation_.Fail(status);
  }

 private:
  OperationState& operation_;
  env::Clock& clock_;
  Metadata metadata_;
};

absl::Status Start(Call& call, const std::string& resource, OperationStore::Work work,
                   google::longrunning::Operation* response) {
  KS_ASSIGN_OR_RETURN(auto operation,
                      call.server().operations.Start(resource, "", std::move(work)));
  operation->Wait(limits::kOperationPatienceNanos);
  *response = operation->Snapshot();
  return absl::OkStatus();
}

// Enters the backup and starts filling it.
template <typename Metadata>
absl::Status StartBackup(Call& call, const BackupRecord& record, bool is_copy,
                         std::shared_ptr<OpenDatabase> source, Metadata metadata,
                         google::longrunning::Operation* response) {
  ServerState& server = call.server();
  KS_RETURN_IF_ERROR(server.registry->BeginBackup(record, is_copy));
  const auto work = [&server, name = record.name, source = std::move(source),
                     metadata = std::move(metadata)](OperationState& operation) {
    Progress<Metadata> progress(operation, server.clock, metadata);
    const auto made =
        server.registry->FillBackup(name, source->database(), [&] { return progress.KeepGoing(); });
    pb::Backup backup;
    if (made.ok()) Fill(*made, &backup);
    progress.Finish(made.status(), backup);
  };
  return Start(call, record.name, work, response);
}

absl::StatusOr<std::string> NewName(const std::string& parent, const std::string& id) {
  KS_RETURN_IF_ERROR(ParseInstance(parent).status());
  KS_RETURN_IF_ERROR(CheckBackupId(id));
  return absl::StrCat(parent, "/backups/", id);
}

// The moment to copy: the one asked for, which must be past and retained, or now.
absl::StatusOr<CommitTimestamp> VersionTime(Call& call, const pb::Backup& backup,
                                            Database& database) {
  TimestampBound bound;
  if (backup.has_version_time()) {
    const int64_t nanos = ToNanos(backup.version_time());
    if (nanos > call.server().clock.NowNanos()) return errors::FutureVersionTime(TimeText(nanos));
    bound = {TimestampBound::Kind::kExact, CommitTimestamp(nanos / env::kNanosPerMicro), 0};
  }
  KS_ASSIGN_OR_RETURN(const auto snapshot, database.BeginReadOnly(bound, call));
  return snapshot->timestamp();
}

}  // namespace

absl::Status BackupRpcs::CreateBackup(Call& call, const pb::CreateBackupRequest& request,
                                      google::longrunning::Operation* response) {
  BackupRecord record;
  KS_ASSIGN_OR_RETURN(record.name, NewName(request.parent(), request.backup_id()));
  const pb::Backup& asked = request.backup();
  KS_ASSIGN_OR_RETURN(const DatabaseName database, ParseDatabase(asked.database()));
  if (database.instance.uri != request.parent()) {
    return errors::OtherInstance(asked.database(), request.parent());
  }
  record.database = asked.database();
  record.created_nanos = call.server().clock.NowNanos();
  if (!asked.has_expire_time()) return errors::MissingField("backup.expire_time");
  KS_ASSIGN_OR_RETURN(record.expires_nanos, Expiry(asked.expire_time(), record.created_nanos));
  record.expires_latest_nanos = record.created_nanos + limits::kBackupLifeMaxNanos;
  KS_ASSIGN_OR_RETURN(auto source, call.server().registry->UseDatabase(database));
  KS_ASSIGN_OR_RETURN(const CommitTimestamp version, VersionTime(call, asked, source->database()));
  record.version_micros = version.value();
  pb::CreateBackupMetadata metadata;
  metadata.set_name(record.name);
  metadata.set_database(record.database);
  return StartBackup(call, record, false, std::move(source), std::move(metadata), response);
}

absl::Status BackupRpcs::CopyBackup(Call& call, const pb::CopyBackupRequest& request,
                                    google::longrunning::Operation* response) {
  KS_ASSIGN_OR_RETURN(const std::string name, NewName(request.parent(), request.backup_id()));
  KS_ASSIGN_OR_RETURN(const BackupRecord original,
                      call.server().registry->GetBackup(request.source_backup()));
  KS_ASSIGN_OR_RETURN(auto source, call.server().registry->UseBackup(request.source_backup()));
  BackupRecord record = original;  // of the same database and moment
  record.name = name;
  record.created_nanos = call.server().clock.NowNanos();
  if (!request.has_expire_time()) return errors::MissingField("expire_time");
  KS_ASSIGN_OR_RETURN(record.expires_nanos, Expiry(request.expire_time(), original.created_nanos));
  record.expires_latest_nanos = original.created_nanos + limits::kBackupLifeMaxNanos;
  record.policy.clear();
  pb::CopyBackupMetadata metadata;
  metadata.set_name(name);
  metadata.set_source_backup(request.source_backup());
  return StartBackup(call, record, true, std::move(source), std::move(metadata), response);
}

absl::Status BackupRpcs::RestoreDatabase(Call& call, const pb::RestoreDatabaseRequest& request,
                                         google::longrunning::Operation* response) {
  ServerState& server = call.server();
  KS_ASSIGN_OR_RETURN(const InstanceName instance, ParseInstance(request.parent()));
  KS_RETURN_IF_ERROR(CheckDatabaseId(request.database_id()));
  KS_ASSIGN_OR_RETURN(const BackupName backup, ParseBackup(request.backup()));
  if (backup.instance.project != instance.project) {
    return errors::OtherProject(request.backup(), request.parent());
  }
  KS_ASSIGN_OR_RETURN(const BackupRecord record, server.registry->GetBackup(request.backup()));
  KS_ASSIGN_OR_RETURN(auto source, server.registry->UseBackup(request.backup()));
  const std::string uri = absl::StrCat(request.parent(), "/databases/", request.database_id());
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(uri));
  if (server.registry->GetDatabase(name).ok()) return errors::DatabaseExists(uri);
  KS_RETURN_IF_ERROR(server.registry->GetInstance(request.parent()).status());

  pb::RestoreDatabaseMetadata metadata;
  metadata.set_name(uri);
  metadata.set_source_type(pb::BACKUP);
  pb::BackupInfo& info = *metadata.mutable_backup_info();
  info.set_backup(record.name);
  info.set_source_database(record.database);
  SetTimestamp(CommitTimestamp(record.version_micros), info.mutable_version_time());
  SetNanos(record.created_nanos, info.mutable_create_time());

  const auto work = [&server, uri, source, metadata](OperationState& operation) {
    Progress<pb::RestoreDatabaseMetadata> progress(operation, server.clock, metadata);
    pb::Database database;
    const auto restore = [&]() -> absl::Status {
      KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(uri));
      KS_ASSIGN_OR_RETURN(auto open, server.registry->PrepareRestore(name, source->database(), [&] {
        return progress.KeepGoing();
      }));
      pb::RestoreInfo restored;
      restored.set_source_type(pb::BACKUP);
      *restored.mutable_backup_info() = metadata.backup_info();
      auto record = server.registry->PublishDatabase(open, restored.SerializeAsString());
      if (!record.ok()) {
        server.registry->AbandonDatabase(open);
        return record.status();
      }
      FillDatabase(*record, &database);
      return absl::OkStatus();
    };
    progress.Finish(restore(), database);
  };
  return Start(call, uri, work, response);
}

absl::Status BackupRpcs::GetBackup(Call& call, const pb::GetBackupRequest& request,
                                   pb::Backup* response) {
  KS_ASSIGN_OR_RETURN(const BackupRecord record, call.server().registry->GetBackup(request.name()));
  Fill(record, response);
  return absl::OkStatus();
}

absl::Status BackupRpcs::UpdateBackup(Call& call, const pb::UpdateBackupRequest& request,
                                      pb::Backup* response) {
  Registry& registry = *call.server().registry;
  KS_ASSIGN_OR_RETURN(const BackupRecord record, registry.GetBackup(request.backup().name()));
  for (const std::string& path : request.update_mask().paths()) {
    if (path != "expire_time") return errors::UnknownFieldInMask(path);
    KS_ASSIGN_OR_RETURN(const int64_t expires,
                        Expiry(request.backup().expire_time(), record.created_nanos));
    if (expires > record.expires_latest_nanos) {
      return errors::BackupExpiryOfSource(TimeText(record.expires_latest_nanos));
    }
    KS_RETURN_IF_ERROR(registry.SetBackupExpiry(record.name, expires));
  }
  KS_ASSIGN_OR_RETURN(const BackupRecord updated, registry.GetBackup(record.name));
  Fill(updated, response);
  return absl::OkStatus();
}

absl::Status BackupRpcs::DeleteBackup(Call& call, const pb::DeleteBackupRequest& request,
                                      google::protobuf::Empty*) {
  return call.server().registry->DeleteBackup(request.name());
}

absl::Status BackupRpcs::ListBackups(Call& call, const pb::ListBackupsRequest& request,
                                     pb::ListBackupsResponse* response) {
  KS_RETURN_IF_ERROR(call.server().registry->GetInstance(request.parent()).status());
  KS_ASSIGN_OR_RETURN(const ListFilter filter, ListFilter::Parse(request.filter()));
  std::map<std::string, pb::Backup> matching;  // the newest first
  for (const BackupRecord& record : call.server().registry->ListBackups(request.parent())) {
    pb::Backup backup;
    Fill(record, &backup);
    if (!filter.Matches(backup)) continue;
    matching[absl::StrFormat("%020d %s", INT64_MAX - record.created_nanos, record.name)] = backup;
  }
  KS_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                      EmitPage(
                          matching, request.page_token(), request.page_size(),
                          [](const auto& b) { return b.first; },
                          [&](const auto& b) { *response->add_backups() = b.second; }));
  return absl::OkStatus();
}

absl::Status BackupRpcs::ListBackupOperations(Call& call,
                                              const pb::ListBackupOperationsRequest& request,
                                              pb::ListBackupOperationsResponse* response) {
  KS_RETURN_IF_ERROR(ParseInstance(request.parent()).status());
  KS_RETURN_IF_ERROR(call.server().registry->GetInstance(request.parent()).status());
  auto operations = call.server().operations.List(absl::StrCat(request.parent(), "/backups"));
  KS_RETURN_IF_ERROR(KeepMatching(request.filter(), &operations));
  KS_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                      EmitPage(
                          operations, request.page_token(), request.page_size(),
                          [](const auto& o) { return o.name(); },
                          [&](const auto& o) { *response->add_operations() = o; }));
  return absl::OkStatus();
}

}  // namespace ks::local
