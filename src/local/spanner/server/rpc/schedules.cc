// Backup schedules: kept and given back. Backups are made by whoever asks for one: the local
// Spanner is for developing and testing, where nobody waits for 02:00.
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/spanner/admin/database/v1/backup_schedule.pb.h"
#include "local/spanner/server/backup_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/paging.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/timestamps.h"

namespace ks::local {

namespace pb = google::spanner::admin::database::v1;

namespace {

absl::Status Check(const pb::BackupSchedule& schedule) {
  const std::string& text = schedule.spec().cron_spec().text();
  const std::vector<absl::string_view> fields = absl::StrSplit(text, ' ', absl::SkipEmpty());
  const bool cron = fields.size() == 5 && text.find_first_not_of("0123456789*/,- ") == text.npos;
  if (!cron) return errors::BadCrontab(text);
  const int64_t kept = schedule.retention_duration().seconds() * env::kNanosPerSecond;
  if (kept < limits::kBackupLifeMinNanos || kept > limits::kBackupLifeMaxNanos) {
    return errors::BadRetention();
  }
  return absl::OkStatus();
}

// As it is stored: output-only fields are the server's.
std::string Stamped(Call& call, pb::BackupSchedule* schedule) {
  pb::CrontabSpec& cron = *schedule->mutable_spec()->mutable_cron_spec();
  cron.set_time_zone("UTC");
  cron.mutable_creation_window()->set_seconds(4 * 3600);
  SetNanos(call.server().clock.NowNanos(), schedule->mutable_update_time());
  return schedule->SerializeAsString();
}

absl::StatusOr<pb::BackupSchedule> Find(const Registry::Schedules& schedules,
                                        const ScheduleName& name) {
  const auto found = schedules.find(std::string(name.schedule));
  if (found == schedules.end()) return errors::ScheduleNotFound(name.uri);
  pb::BackupSchedule schedule;
  schedule.ParseFromString(found->second);
  return schedule;
}

}  // namespace

absl::Status ScheduleRpcs::CreateBackupSchedule(Call& call,
                                                const pb::CreateBackupScheduleRequest& request,
                                                pb::BackupSchedule* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName database, ParseDatabase(request.parent()));
  KS_RETURN_IF_ERROR(CheckBackupId(request.backup_schedule_id()));
  KS_RETURN_IF_ERROR(Check(request.backup_schedule()));
  *response = request.backup_schedule();
  response->set_name(request.parent() + "/backupSchedules/" + request.backup_schedule_id());
  if (response->backup_type_spec_case() == pb::BackupSchedule::BACKUP_TYPE_SPEC_NOT_SET) {
    response->mutable_full_backup_spec();
  }
  return call.server().registry->EditSchedules(database, [&](Registry::Schedules& schedules) {
    const std::string bytes = Stamped(call, response);
    const bool added = schedules.emplace(request.backup_schedule_id(), bytes).second;
    return added ? absl::OkStatus() : errors::ScheduleExists(response->name());
  });
}

absl::Status ScheduleRpcs::GetBackupSchedule(Call& call,
                                             const pb::GetBackupScheduleRequest& request,
                                             pb::BackupSchedule* response) {
  KS_ASSIGN_OR_RETURN(const ScheduleName name, ParseSchedule(request.name()));
  KS_ASSIGN_OR_RETURN(const auto schedules, call.server().registry->GetSchedules(name.database));
  KS_ASSIGN_OR_RETURN(*response, Find(schedules, name));
  return absl::OkStatus();
}

absl::Status ScheduleRpcs::UpdateBackupSchedule(Call& call,
                                                const pb::UpdateBackupScheduleRequest& request,
                                                pb::BackupSchedule* response) {
  KS_ASSIGN_OR_RETURN(const ScheduleName name, ParseSchedule(request.backup_schedule().name()));
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "name" ||
        !google::protobuf::util::FieldMaskUtil::IsValidPath<pb::BackupSchedule>(path)) {
      return errors::UnknownFieldInMask(path);
    }
  }
  const auto edit = [&](Registry::Schedules& schedules) -> absl::Status {
    KS_ASSIGN_OR_RETURN(*response, Find(schedules, name));
    google::protobuf::util::FieldMaskUtil::MergeOptions replace;
    replace.set_replace_message_fields(true);
    google::protobuf::util::FieldMaskUtil::MergeMessageTo(request.backup_schedule(),
                                                          request.update_mask(), replace, response);
    KS_RETURN_IF_ERROR(Check(*response));
    schedules[std::string(name.schedule)] = Stamped(call, response);
    return absl::OkStatus();
  };
  return call.server().registry->EditSchedules(name.database, edit);
}

absl::Status ScheduleRpcs::DeleteBackupSchedule(Call& call,
                                                const pb::DeleteBackupScheduleRequest& request,
                                                google::protobuf::Empty*) {
  KS_ASSIGN_OR_RETURN(const ScheduleName name, ParseSchedule(request.name()));
  return call.server().registry->EditSchedules(name.database, [&](Registry::Schedules& schedules) {
    const bool gone = schedules.erase(std::string(name.schedule)) > 0;
    return gone ? absl::OkStatus() : errors::ScheduleNotFound(name.uri);
  });
}

absl::Status ScheduleRpcs::ListBackupSchedules(Call& call,
                                               const pb::ListBackupSchedulesRequest& request,
                                               pb::ListBackupSchedulesResponse* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName database, ParseDatabase(request.parent()));
  KS_ASSIGN_OR_RETURN(const auto schedules, call.server().registry->GetSchedules(database));
  KS_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      EmitPage(
          schedules, request.page_token(), request.page_size(),
          [](const auto& s) { return s.first; },
          [&](const auto& s) { response->add_backup_schedules()->ParseFromString(s.second); }));
  return absl::OkStatus();
}

}  // namespace ks::local
