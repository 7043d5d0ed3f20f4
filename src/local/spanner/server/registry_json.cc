#include "local/spanner/server/registry_json.h"

#include "absl/strings/str_cat.h"
#include "local/spanner/server/base64.h"
#include "nlohmann/json.hpp"

namespace ks::local {

namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;  // rises when an older program could not read it

template <typename T>
T Get(const Json& object, const char* key, T otherwise) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  if constexpr (std::is_same_v<T, std::string>) {
    return found->is_string() ? found->template get<T>() : otherwise;
  } else if constexpr (std::is_same_v<T, bool>) {
    return found->is_boolean() ? found->template get<T>() : otherwise;
  } else {
    return found->is_number_integer() ? found->template get<T>() : otherwise;
  }
}

std::string ToBase64(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  return text;
}

std::string FromBase64(std::string_view text) {
  std::string bytes(DecodedRoom(text), '\0');
  size_t size = 0;
  if (!DecodeBase64(text, bytes.data(), &size)) return std::string();
  bytes.resize(size);
  return bytes;
}

Json ToJson(const InstanceRecord& instance) {
  return Json{{"name", instance.name},
              {"config", instance.config},
              {"display_name", instance.display_name},
              {"processing_units", instance.processing_units},
              {"labels", instance.labels},
              {"created_nanos", instance.created_nanos},
              {"updated_nanos", instance.updated_nanos},
              {"policy", ToBase64(instance.policy)}};
}

InstanceRecord ToInstance(const Json& json) {
  InstanceRecord instance;
  instance.name = Get<std::string>(json, "name", "");
  instance.config = Get<std::string>(json, "config", "");
  instance.display_name = Get<std::string>(json, "display_name", "");
  instance.processing_units = Get<int64_t>(json, "processing_units", 1000);
  instance.created_nanos = Get<int64_t>(json, "created_nanos", 0);
  instance.updated_nanos = Get<int64_t>(json, "updated_nanos", 0);
  instance.policy = FromBase64(Get<std::string>(json, "policy", ""));
  if (const auto labels = json.find("labels"); labels != json.end() && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      if (value.is_string()) instance.labels[key] = value.get<std::string>();
    }
  }
  return instance;
}

Json ToJson(const DatabaseRecord& database) {
  Json schedules = Json::object();
  for (const auto& [id, schedule] : database.schedules) schedules[id] = ToBase64(schedule);
  return Json{{"name", database.name},
              {"directory", database.directory},
              {"created_nanos", database.created_nanos},
              {"drop_protection", database.drop_protection},
              {"policy", ToBase64(database.policy)},
              {"restore_info", ToBase64(database.restore_info)},
              {"backup_schedules", std::move(schedules)}};
}

DatabaseRecord ToDatabase(const Json& json) {
  DatabaseRecord database;
  database.name = Get<std::string>(json, "name", "");
  database.directory = Get<uint64_t>(json, "directory", 0);
  database.created_nanos = Get<int64_t>(json, "created_nanos", 0);
  database.drop_protection = Get<bool>(json, "drop_protection", false);
  database.policy = FromBase64(Get<std::string>(json, "policy", ""));
  database.restore_info = FromBase64(Get<std::string>(json, "restore_info", ""));
  if (const auto all = json.find("backup_schedules"); all != json.end() && all->is_object()) {
    for (const auto& [id, schedule] : all->items()) {
      if (schedule.is_string()) database.schedules[id] = FromBase64(schedule.get<std::string>());
    }
  }
  return database;
}

Json ToJson(const BackupRecord& backup) {
  return Json{{"name", backup.name},
              {"directory", backup.directory},
              {"database", backup.database},
              {"version_micros", backup.version_micros},
              {"created_nanos", backup.created_nanos},
              {"expires_nanos", backup.expires_nanos},
              {"expires_latest_nanos", backup.expires_latest_nanos},
              {"bytes", backup.bytes},
              {"policy", ToBase64(backup.policy)}};
}

BackupRecord ToBackup(const Json& json) {
  BackupRecord backup;
  backup.name = Get<std::string>(json, "name", "");
  backup.directory = Get<uint64_t>(json, "directory", 0);
  backup.database = Get<std::string>(json, "database", "");
  backup.ready = true;
  backup.version_micros = Get<int64_t>(json, "version_micros", 0);
  backup.created_nanos = Get<int64_t>(json, "created_nanos", 0);
  backup.expires_nanos = Get<int64_t>(json, "expires_nanos", 0);
  backup.expires_latest_nanos = Get<int64_t>(json, "expires_latest_nanos", 0);
  backup.bytes = Get<int64_t>(json, "bytes", 0);
  backup.policy = FromBase64(Get<std::string>(json, "policy", ""));
  return backup;
}

}  // namespace

std::string PrintCatalog(const CatalogContents& contents) {
  Json instances = Json::array(), databases = Json::array(), backups = Json::array();
  for (const InstanceRecord& instance : contents.instances) instances.push_back(ToJson(instance));
  for (const DatabaseRecord& database : contents.databases) databases.push_back(ToJson(database));
  for (const BackupRecord& backup : contents.backups) backups.push_back(ToJson(backup));
  const Json all{{"format", kFormat},
                 {"instances", std::move(instances)},
                 {"databases", std::move(databases)},
                 {"backups", std::move(backups)}};
  return all.dump(2) + "\n";
}

absl::Status ParseCatalog(std::string_view text, CatalogContents* contents) {
  const Json all = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!all.is_object()) return absl::DataLossError("it is not a JSON object");
  const int64_t format = Get<int64_t>(all, "format", 0);
  if (format != kFormat)
    return absl::DataLossError(absl::StrCat("its format is ", format, ", not ", kFormat));
  for (const char* list : {"instances", "databases"}) {
    const auto found = all.find(list);
    if (found == all.end() || !found->is_array())
      return absl::DataLossError(absl::StrCat("it has no list ", list));
  }
  for (const Json& instance : all["instances"]) contents->instances.push_back(ToInstance(instance));
  for (const Json& database : all["databases"]) {
    contents->databases.push_back(ToDatabase(database));
    if (contents->databases.back().name.empty() || contents->databases.back().directory == 0) {
      return absl::DataLossError("a database has no name or no directory");
    }
  }
  if (!all.contains("backups") || !all["backups"].is_array()) return absl::OkStatus();
  for (const Json& backup : all["backups"]) {
    contents->backups.push_back(ToBackup(backup));
    if (contents->backups.back().name.empty() || contents->backups.back().directory == 0) {
      return absl::DataLossError("a backup has no name or no directory");
    }
  }
  return absl::OkStatus();
}

}  // namespace ks::local
