// Login: how one librdkafka client proves to Kafka who it is, and has Kafka prove itself: TLS and
// SASL, from the settings of a pipeline file and the secrets behind them.
//
// Passwords and keys are set before the client is made. Tokens are fetched by our own code (any
// grant; a changed secret is read at the next fetch), on a thread of Login's, whenever librdkafka
// asks: at 80 % of a token's life. A fetch that fails is tried again ten seconds later, and the
// token at hand serves on.
//
// On the same thread the versions of password, certificate and key are watched: new ones are tried
// on a connection of its own first, and only when Kafka took them the client gets them, for the
// connections it makes from then on (those that stand stay; no handle is replaced, so the group
// does not notice). Ones that are refused are said once and tried again with growing pauses (a
// store may have them before Kafka has), and the old ones stay. Secrets go from the resolver
// straight into librdkafka: never through `Properties`, which errors may show.
//
// Life: Prepare() before rd_kafka_new, Start() behind it, Stop() before rd_kafka_destroy; a Login
// outlives its client (it hears of connections until the end). Thread safety: none needed; last
// refusals may be asked for from any thread. Names of the properties:
// https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "identity/kafka_security.h"
#include "identity/services.h"
#include "kafka/client_certificate.h"
#include "kafka/connection_watch.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_queue_s;

namespace ks::kafka {

// The secrets of one version.
struct Credentials {
  CertificatePem certificate;  // empty: none is shown
  identity::Secret password;   // empty: none is given
  std::string version;         // of all of them; empty: there are none
};

// What a client needs to log in. `services` may be null where nothing is to be proved.
struct LoginOptions {
  identity::KafkaSecurity security;
  identity::Services* services = nullptr;
  // For the trial of new ones: these, and no watching. Null: they are read, and watched.
  std::shared_ptr<const Credentials> given = nullptr;
};

class Login {
 public:
  // Sets TLS and SASL on `conf`. Blocks while secrets are read and the first token is fetched.
  static absl::StatusOr<std::unique_ptr<Login>> Prepare(const LoginOptions& options,
                                                        rd_kafka_conf_s* conf);
  ~Login() { Stop(); }
  Login(const Login&) = delete;

  absl::Status Start(rd_kafka_s* handle);
  void Stop();

  // librdkafka's log, for the reasons of failed connections.
  void OnLog(std::string_view facility, std::string_view text) { watch_.OnLog(facility, text); }
  // UNAUTHENTICATED where Kafka has refused the last attempt to connect; waiting will not help.
  absl::Status last_refusal() const { return watch_.last_refusal(); }

 private:
  explicit Login(const LoginOptions& options);
  absl::Status FetchFirstToken();
  absl::Status GiveToken();
  void Serve();
  void RefreshWhenDue();
  bool watches() const { return options_.given == nullptr && !version_.empty(); }
  void LookAtCredentials();
  absl::Status Try(const Credentials& credentials);
  absl::Status Use(const Credentials& credentials);
  // Who is told of one kind of credential; null for a trial, and where nobody listens.
  observe::Series* Told(std::string_view kind) const;
  void TellOf(const Credentials& credentials) const;

  const LoginOptions options_;
  std::string brokers_;
  ClientCertificate certificate_;
  std::string version_;          // of the credentials that the client has; empty: it has none
  std::string refused_version_;  // that Kafka did not take
  int64_t refused_pause_ = 0;    // ms
  int64_t try_again_at_ = 0;     // monotonic
  std::string unreadable_;       // why there are none, as last said
  int64_t look_at_ = 0;          // monotonic
  ConnectionWatch watch_;
  std::unique_ptr<identity::TokenSource> tokens_;  // null: a mechanism without
  identity::Token token_;                          // the last; empty: none yet
  int64_t given_at_nanos_ = 0;                     // token_, or the last try; since the Unix epoch
  int64_t refresh_at_nanos_ = 0;                   // of token_; since the Unix epoch
  int token_failures_ = 0;                         // since there was one
  rd_kafka_s* handle_ = nullptr;
  rd_kafka_queue_s* queue_ = nullptr;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace ks::kafka
