// Callback: where the issuer sends the browser back to after a login that began in a terminal: a
// port of this machine's loopback, for one answer (RFC 8252, 7.3). Thread safety: one thread; the
// browser's requests are served by others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "identity/connection_log.h"

namespace ks::cli {

class Callback {
 public:
  static absl::StatusOr<std::unique_ptr<Callback>> Listen(identity::ConnectionLog* log);
  ~Callback();

  const std::string& redirect() const;  // `http://127.0.0.1:PORT/callback`
  // The code that came with this state. UNAUTHENTICATED for the issuer's refusal,
  // DEADLINE_EXCEEDED where nobody came.
  absl::StatusOr<std::string> WaitForCode(std::string_view issuer, const std::string& state,
                                          int64_t seconds);

 private:
  struct State;
  explicit Callback(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

// Tries to show an address in the person's browser; whether it did is theirs to see.
void OpenBrowser(const std::string& address);

}  // namespace ks::cli
