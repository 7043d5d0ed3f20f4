// ConnectionWatch: one librdkafka client's connections to brokers, told to the connection log: an
// entry for every attempt, with librdkafka's reason where it failed.
//
// librdkafka reports the states of each broker's connection to an interceptor, and says why one
// failed on its log just before. The first connection of a client to a broker, each one after a
// disconnection and each re-authentication is an attempt. A broker's state changes on the thread
// that shakes hands with it, so what was agreed is asked of that thread. Thread safety: its
// callbacks run on librdkafka's threads; last_refusal() may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "env/clock.h"
#include "identity/connection_log.h"

struct rd_kafka_conf_s;

namespace ks::kafka {

class ConnectionWatch {
 public:
  // `log` may be null. `who` and `how` go into every entry.
  ConnectionWatch(std::string who, std::string how, identity::ConnectionLog* log,
                  env::Clock& clock);

  // Before rd_kafka_new. The watch outlives the client.
  void Watch(rd_kafka_conf_s* conf);
  // A line of librdkafka's log.
  void OnLog(std::string_view facility, std::string_view text);
  void OnState(std::string_view host, int port, std::string_view state);
  // From here on attempts are made with another version of the credential.
  void SetCredentialVersion(std::string version);

  // Why the last attempt was refused, where the last one was: UNAUTHENTICATED. OK else.
  absl::Status last_refusal() const;

 private:
  struct Attempt {
    int64_t started_at_nanos = 0;  // 0: none
    int64_t started_monotonic = 0;
  };

  const std::string who_;
  const std::string how_;
  identity::ConnectionLog* const log_;
  env::Clock& clock_;

  mutable std::mutex mu_;
  std::map<std::string, Attempt> open_;         // guarded by mu_; by host:port
  std::map<std::string, std::string> reasons_;  // guarded by mu_; the last, by host:port
  // Guarded by mu_; of the connection that stands, by host:port: a re-authentication has none of
  // its own.
  std::map<std::string, identity::TlsHandshake> handshakes_;
  std::string credential_version_;  // guarded by mu_
  absl::Status last_refusal_;       // guarded by mu_
};

}  // namespace ks::kafka
