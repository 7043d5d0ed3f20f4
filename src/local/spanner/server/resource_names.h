// Resource names: projects/P/instances/I/databases/D/sessions/S and their parts.
//
// Parsed names are views into the text they were parsed from. Thread safety: pure functions.
// Source: https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.admin.database.v1
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ks::local {

// `projects/P`; INVALID_ARGUMENT when it is something else. So for the others.
absl::StatusOr<std::string_view> ParseProject(std::string_view uri);

struct InstanceName {
  std::string_view project;
  std::string_view instance;
  std::string_view uri;  // the whole
};
absl::StatusOr<InstanceName> ParseInstance(std::string_view uri);

struct DatabaseName {
  InstanceName instance;
  std::string_view database;
  std::string_view uri;
};
absl::StatusOr<DatabaseName> ParseDatabase(std::string_view uri);

struct BackupName {
  InstanceName instance;
  std::string_view backup;
  std::string_view uri;
};
absl::StatusOr<BackupName> ParseBackup(std::string_view uri);

struct ScheduleName {
  DatabaseName database;
  std::string_view schedule;
  std::string_view uri;
};
absl::StatusOr<ScheduleName> ParseSchedule(std::string_view uri);

struct SessionName {
  DatabaseName database;
  std::string_view session;
  std::string_view uri;
};
absl::StatusOr<SessionName> ParseSession(std::string_view uri);

// `<resource>/operations/<id>`: what it belongs to and its id.
struct OperationName {
  std::string_view resource;
  std::string_view operation;
};
absl::StatusOr<OperationName> ParseOperation(std::string_view uri);

// Ids of new resources.
absl::Status CheckInstanceId(std::string_view id);
absl::Status CheckDatabaseId(std::string_view id);
absl::Status CheckBackupId(std::string_view id);  // of schedules too
absl::Status CheckOperationId(std::string_view id);
absl::Status CheckLabel(std::string_view key, std::string_view value);

// The name in `CREATE DATABASE name`, with or without backquotes.
absl::StatusOr<std::string> ParseCreateDatabase(std::string_view statement);

}  // namespace ks::local
