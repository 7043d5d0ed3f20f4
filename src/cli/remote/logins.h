// Logins: who is signed in at which control plane from this account of this machine. A file of mode
// 0600, `kafka-spanner/logins.json` under $XDG_CONFIG_HOME (~/.config without): it holds tokens,
// and a file that others can read is refused.
//
// Thread safety: one thread. Processes exclude each other by LoginsLock, which is held while a
// token is renewed: issuers that hand out a new refresh token each time take an old one that comes
// twice for a theft.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "cli/remote/oidc_client.h"

namespace ks::cli {

struct SavedLogin {
  OidcSettings oidc;
  IdTokens tokens;
};

struct Logins {
  std::map<std::string, SavedLogin> servers;  // by their address
  std::string newest;                         // that was signed in at last
};

// None where there is no such file.
absl::StatusOr<Logins> ReadLogins();
absl::Status WriteLogins(const Logins& logins);

class LoginsLock {
 public:
  static absl::StatusOr<LoginsLock> Take();
  LoginsLock(LoginsLock&& other) noexcept;
  LoginsLock& operator=(LoginsLock&&) = delete;
  ~LoginsLock();

 private:
  explicit LoginsLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace ks::cli
