// ConnectionLog: every attempt to reach Kafka, Spanner, a token endpoint or a secret manager: when,
// who, where to, how, with which version of which credential (never its value), what came of it.
//
// One JSON object a line, with the fields of OCSF 1.3 (https://schema.ocsf.io/1.3.0), whose own
// schema judges them in tests/identity: class Authentication (3002) where we log in, API Activity
// (6003) where we ask for a credential or a schema, and where others ask our own servers. What
// these classes have no field for stands in `unmapped`: the credential's version, a request's
// `auth_protocol`, and `tls`, an object as OCSF's network classes have it. Attempts are reported by
// decorators (WithConnectionLog below, kafka/connection_watch.h, spanner/log_stub.h,
// http_server.h), never by hand. Thread safety: Record() may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "env/clock.h"
#include "identity/http.h"
#include "identity/tls_handshake.h"

namespace ks::identity {

struct ConnectionAttempt {
  enum class Kind : uint8_t { kLogin, kRequest, kServed };
  Kind kind = Kind::kLogin;
  int64_t started_at_nanos = 0;  // since the Unix epoch
  int64_t duration_nanos = 0;
  std::string service;  // kafka | spanner | vault | token-endpoint | …
  std::string host;     // where to
  int port = 0;
  std::string client_address = {};  // of kServed: where from
  int client_port = 0;
  std::string mechanism;           // SASL_SSL SCRAM-SHA-512; of a request: Basic. Empty: none
  std::string operation;           // of a request: POST https /token
  std::string principal;           // empty: not known
  std::string credential_version;  // empty: not known
  TlsHandshake tls;                // without a version: not through TLS, or not known
  absl::Status result;
};

class ConnectionLog {
 public:
  virtual ~ConnectionLog() = default;
  virtual void Record(const ConnectionAttempt& attempt) = 0;
  // Entries so far that did not get to where they belong.
  virtual int64_t dropped() const { return 0; }
};

// One line, without its end.
std::string ToOcsf(const ConnectionAttempt& attempt);

// Appends to a file, made with mode 0600. From then on TLS handshakes are watched. A line that
// cannot be written is said once on the log: a connection is not stopped for it.
absl::StatusOr<std::unique_ptr<ConnectionLog>> OpenConnectionLog(const std::string& path);

// Reports each request. A status of 400 and more counts as refused.
std::unique_ptr<HttpClient> WithConnectionLog(std::unique_ptr<HttpClient> inner, ConnectionLog& log,
                                              env::Clock& clock);

}  // namespace ks::identity
