#include "local/spanner/server/resource_names.h"

#include <algorithm>
#include <cctype>

#include "base/status_macros.h"
#include "local/spanner/server/errors.h"

namespace ks::local {

namespace {

bool Lower(char c) { return c >= 'a' && c <= 'z'; }
bool Digit(char c) { return c >= '0' && c <= '9'; }

// Takes `<collection>/<id>` from the front of `rest`, and the slash behind it when more follows.
bool TakePart(std::string_view collection, std::string_view* rest, std::string_view* id) {
  if (rest->substr(0, collection.size()) != collection) return false;
  std::string_view tail = rest->substr(collection.size());
  if (tail.empty() || tail[0] != '/') return false;
  tail.remove_prefix(1);
  const size_t end = std::min(tail.find('/'), tail.size());
  if (end == 0) return false;
  *id = tail.substr(0, end);
  *rest = end == tail.size() ? std::string_view() : tail.substr(end + 1);
  return true;
}

std::string_view Before(std::string_view uri, std::string_view rest) {
  return rest.empty() ? uri : uri.substr(0, uri.size() - rest.size() - 1);
}

absl::StatusOr<InstanceName> TakeInstance(std::string_view uri, std::string_view* rest) {
  InstanceName name;
  *rest = uri;
  if (!TakePart("projects", rest, &name.project)) return errors::InvalidUri("project", uri);
  if (!TakePart("instances", rest, &name.instance)) return errors::InvalidUri("instance", uri);
  name.uri = Before(uri, *rest);
  return name;
}

absl::StatusOr<DatabaseName> TakeDatabase(std::string_view uri, std::string_view* rest) {
  DatabaseName name;
  KS_ASSIGN_OR_RETURN(name.instance, TakeInstance(uri, rest));
  if (!TakePart("databases", rest, &name.database)) return errors::InvalidUri("database", uri);
  name.uri = Before(uri, *rest);
  return name;
}

struct IdRule {
  size_t longest;
  bool underscore;
};

bool IdIsValid(std::string_view id, const IdRule& rule) {
  if (id.size() < 2 || id.size() > rule.longest || !Lower(id.front())) return false;
  if (!Lower(id.back()) && !Digit(id.back())) return false;
  return std::all_of(id.begin(), id.end(), [&](char c) {
    return Lower(c) || Digit(c) || c == '-' || (rule.underscore && c == '_');
  });
}

void SkipSpaces(std::string_view* text) {
  while (!text->empty() && std::isspace(static_cast<unsigned char>(text->front())))
    text->remove_prefix(1);
  while (!text->empty() && std::isspace(static_cast<unsigned char>(text->back())))
    text->remove_suffix(1);
}

bool TakeKeyword(std::string_view keyword, std::string_view* text) {
  if (text->size() <= keyword.size()) return false;
  for (size_t i = 0; i < keyword.size(); ++i) {
    if (std::toupper(static_cast<unsigned char>((*text)[i])) != keyword[i]) return false;
  }
  const char next = (*text)[keyword.size()];
  if (!std::isspace(static_cast<unsigned char>(next)) && next != '`') return false;
  text->remove_prefix(keyword.size());
  SkipSpaces(text);
  return true;
}

}  // namespace

absl::StatusOr<std::string_view> ParseProject(std::string_view uri) {
  std::string_view rest = uri, project;
  if (!TakePart("projects", &rest, &project) || !rest.empty())
    return errors::InvalidUri("project", uri);
  return project;
}

absl::StatusOr<InstanceName> ParseInstance(std::string_view uri) {
  std::string_view rest;
  KS_ASSIGN_OR_RETURN(InstanceName name, TakeInstance(uri, &rest));
  if (!rest.empty()) return errors::InvalidUri("instance", uri);
  return name;
}

absl::StatusOr<DatabaseName> ParseDatabase(std::string_view uri) {
  std::string_view rest;
  KS_ASSIGN_OR_RETURN(DatabaseName name, TakeDatabase(uri, &rest));
  if (!rest.empty()) return errors::InvalidUri("database", uri);
  return name;
}

absl::StatusOr<BackupName> ParseBackup(std::string_view uri) {
  std::string_view rest;
  BackupName name;
  KS_ASSIGN_OR_RETURN(name.instance, TakeInstance(uri, &rest));
  if (!TakePart("backups", &rest, &name.backup) || !rest.empty())
    return errors::InvalidUri("backup", uri);
  name.uri = uri;
  return name;
}

absl::StatusOr<ScheduleName> ParseSchedule(std::string_view uri) {
  std::string_view rest;
  ScheduleName name;
  KS_ASSIGN_OR_RETURN(name.database, TakeDatabase(uri, &rest));
  if (!TakePart("backupSchedules", &rest, &name.schedule) || !rest.empty())
    return errors::InvalidUri("backup schedule", uri);
  name.uri = uri;
  return name;
}

absl::StatusOr<SessionName> ParseSession(std::string_view uri) {
  std::string_view rest;
  SessionName name;
  KS_ASSIGN_OR_RETURN(name.database, TakeDatabase(uri, &rest));
  if (!TakePart("sessions", &rest, &name.session) || !rest.empty())
    return errors::InvalidUri("session", uri);
  name.uri = uri;
  return name;
}

absl::StatusOr<OperationName> ParseOperation(std::string_view uri) {
  std::string_view rest;
  KS_RETURN_IF_ERROR(TakeInstance(uri, &rest).status());
  const size_t at = uri.rfind("/operations/");
  if (at == std::string_view::npos) return errors::InvalidUri("operation", uri);
  OperationName name{uri.substr(0, at), uri.substr(at + 12)};
  if (name.operation.empty() || name.operation.find('/') != std::string_view::npos) {
    return errors::InvalidUri("operation", uri);
  }
  return name;
}

absl::Status CheckInstanceId(std::string_view id) {
  return IdIsValid(id, {64, false}) ? absl::OkStatus() : errors::InvalidInstanceId(id);
}
absl::Status CheckDatabaseId(std::string_view id) {
  return IdIsValid(id, {30, true}) ? absl::OkStatus() : errors::InvalidDatabaseId(id);
}
absl::Status CheckBackupId(std::string_view id) {
  return IdIsValid(id, {60, true}) ? absl::OkStatus() : errors::InvalidBackupId(id);
}
absl::Status CheckOperationId(std::string_view id) {
  const bool valid =
      !id.empty() && id.size() <= 128 && Lower(id.front()) &&
      std::all_of(id.begin(), id.end(), [](char c) { return Lower(c) || Digit(c) || c == '_'; });
  return valid ? absl::OkStatus() : errors::InvalidOperationId(id);
}

absl::Status CheckLabel(std::string_view key, std::string_view value) {
  const auto allowed = [](char c) { return Lower(c) || Digit(c) || c == '_' || c == '-'; };
  if (key.empty() || key.size() > 63 || !Lower(key.front()) ||
      !std::all_of(key.begin(), key.end(), allowed)) {
    return errors::InvalidLabelKey(key);
  }
  if (value.size() > 63 || !std::all_of(value.begin(), value.end(), allowed)) {
    return errors::InvalidLabelValue(key, value);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ParseCreateDatabase(std::string_view statement) {
  std::string_view text = statement;
  SkipSpaces(&text);
  if (text.empty()) return errors::MissingCreateStatement();
  if (text.back() == ';') text.remove_suffix(1);
  if (!TakeKeyword("CREATE", &text) || !TakeKeyword("DATABASE", &text))
    return errors::BadCreateStatement(statement);
  SkipSpaces(&text);
  const bool quoted = text.size() > 2 && text.front() == '`' && text.back() == '`';
  if (quoted) text = text.substr(1, text.size() - 2);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
  if (text.empty() || (!quoted && !plain)) return errors::BadCreateStatement(statement);
  KS_RETURN_IF_ERROR(CheckDatabaseId(text));
  return std::string(text);
}

}  // namespace ks::local
