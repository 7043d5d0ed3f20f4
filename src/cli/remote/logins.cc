#include "cli/remote/logins.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "cli/remote/errors.h"
#include "env/environment.h"
#include "identity/json.h"

namespace ks::cli {
namespace {

using identity::Secret;
using identity::TextOf;
using nlohmann::json;

constexpr mode_t kMode = 0600;
constexpr mode_t kOthers = 077;
constexpr int64_t kLockSeconds = 60;  // a renewal has a deadline that is shorter

absl::StatusOr<std::filesystem::path> Folder() {
  const auto& environment = env::RealEnvironment();
  const auto config = environment.Variable("XDG_CONFIG_HOME");
  if (config && !config->empty()) return std::filesystem::path(*config) / "kafka-spanner";
  const auto home = environment.Variable("HOME");
  if (!home || home->empty()) return NoHome();
  return std::filesystem::path(*home) / ".config/kafka-spanner";
}

absl::StatusOr<std::string> PathOf(const char* name) {
  KS_ASSIGN_OR_RETURN(const auto folder, Folder());
  return (folder / name).string();
}

absl::StatusOr<int> OpenNew(const std::string& path, int flags) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const int fd = ::open(path.c_str(), flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd < 0) return CannotKeepLogins(path, errno);
  return fd;
}

json ToJson(const SavedLogin& login) {
  return {{"issuer", login.oidc.issuer},
          {"client_id", login.oidc.client_id},
          {"scope", login.oidc.scope},
          {"ca", login.oidc.ca},
          {"subject", login.tokens.subject},
          {"expires_at", login.tokens.expires_at_seconds},
          {"id_token", login.tokens.id_token.Reveal()},
          {"refresh_token", login.tokens.refresh_token.Reveal()}};
}

SavedLogin FromJson(const json& from) {
  const json expires = identity::Member(from, "expires_at");
  return {
      .oidc = {.issuer = TextOf(from, "issuer"),
               .client_id = TextOf(from, "client_id"),
               .scope = TextOf(from, "scope"),
               .ca = TextOf(from, "ca")},
      .tokens = {.id_token = Secret(TextOf(from, "id_token")),
                 .refresh_token = Secret(TextOf(from, "refresh_token")),
                 .subject = TextOf(from, "subject"),
                 .expires_at_seconds = expires.is_number_integer() ? expires.get<int64_t>() : 0}};
}

}  // namespace

absl::StatusOr<Logins> ReadLogins() {
  KS_ASSIGN_OR_RETURN(const std::string path, PathOf("logins.json"));
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return Logins();
  if ((found.st_mode & kOthers) != 0) return LoginsAreOpen(path);
  KS_ASSIGN_OR_RETURN(const std::string text, env::RealEnvironment().ReadFile(path));
  const json all = identity::ParseJson(text);
  const json servers = identity::Member(all, "servers");
  if (!servers.is_object()) return NoLogins(path);
  Logins logins;
  for (const auto& [server, login] : servers.items()) logins.servers[server] = FromJson(login);
  logins.newest = TextOf(all, "newest");
  return logins;
}

absl::Status WriteLogins(const Logins& logins) {
  KS_ASSIGN_OR_RETURN(const std::string path, PathOf("logins.json"));
  json servers = json::object();
  for (const auto& [server, login] : logins.servers) servers[server] = ToJson(login);
  const std::string text = json{{"newest", logins.newest}, {"servers", servers}}.dump(2) + "\n";
  const std::string fresh = path + ".new";
  (void)::unlink(fresh.c_str());
  KS_ASSIGN_OR_RETURN(const int fd, OpenNew(fresh, O_WRONLY | O_EXCL));
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool closed = ::close(fd) == 0;
  if (!written || !closed || ::rename(fresh.c_str(), path.c_str()) != 0)
    return CannotKeepLogins(path, errno);
  return absl::OkStatus();
}

absl::StatusOr<LoginsLock> LoginsLock::Take() {
  KS_ASSIGN_OR_RETURN(const std::string path, PathOf("logins.lock"));
  KS_ASSIGN_OR_RETURN(const int fd, OpenNew(path, O_RDWR));
  LoginsLock lock(fd);
  const int64_t until = env::RealClock().MonotonicNanos() + kLockSeconds * env::kNanosPerSecond;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (env::RealClock().MonotonicNanos() > until) return LoginsBusy(path);
    env::SleepFor(10 * env::kNanosPerMilli);
  }
  return lock;
}

LoginsLock::LoginsLock(LoginsLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LoginsLock::~LoginsLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace ks::cli
