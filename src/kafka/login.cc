#include "kafka/login.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/credential_metrics.h"
#include "kafka/errors.h"
#include "kafka/handle.h"
#include "kafka/limits.h"
#include "kafka/producer.h"
#include "observe/log.h"

namespace ks::kafka {
namespace {

using identity::SaslMechanism;
using identity::SaslSettings;
using identity::Secret;
using identity::SecretReference;
using identity::TlsSettings;

// librdkafka's word for each mechanism.
std::string_view NameOf(SaslMechanism mechanism) {
  switch (mechanism) {
    case SaslMechanism::kNone:
      return "";
    case SaslMechanism::kPlain:
      return "PLAIN";
    case SaslMechanism::kScramSha256:
      return "SCRAM-SHA-256";
    case SaslMechanism::kScramSha512:
      return "SCRAM-SHA-512";
    case SaslMechanism::kOauthBearer:
    case SaslMechanism::kAwsMskIam:
      return "OAUTHBEARER";  // MSK takes a signed request in the place of a token
  }
  return "";
}

std::string ProtocolOf(const identity::KafkaSecurity& security) {
  const bool sasl = security.sasl.mechanism != SaslMechanism::kNone;
  return StrCat(sasl ? "SASL_" : "", security.tls.enabled ? "SSL" : "PLAINTEXT");
}

class LoginConf {
 public:
  explicit LoginConf(rd_kafka_conf_t* conf) : conf_(conf) {}

  void Set(const char* name, std::string_view value) {
    if (!status_.ok() || value.empty()) return;
    if (!Put(name, std::string(value))) status_ = BadProperty(name, value, reason_);
  }

  // `where` it lies. librdkafka's reason is not shown: it may repeat what it was given.
  void SetSecret(const char* name, const Secret& value, std::string_view where) {
    if (!status_.ok() || value.empty()) return;
    if (!Put(name, value.Reveal())) status_ = BadSecretProperty(name, where);
  }

  std::string Get(const char* name) const {
    char value[4096] = "";
    size_t size = sizeof(value);
    rd_kafka_conf_get(conf_, name, value, &size);
    return value;
  }

  absl::Status status() const { return status_; }

 private:
  bool Put(const char* name, const std::string& value) {
    return rd_kafka_conf_set(conf_, name, value.c_str(), reason_, sizeof(reason_)) ==
           RD_KAFKA_CONF_OK;
  }

  rd_kafka_conf_t* const conf_;
  char reason_[512] = "";
  absl::Status status_;
};

void SetTls(const TlsSettings& tls, const CertificatePem& certificate, LoginConf* conf) {
  conf->Set("ssl.ca.location", tls.ca);
  conf->SetSecret("ssl.certificate.pem", Secret(certificate.chain), tls.certificate);
  // The password first: librdkafka decrypts the key as it is set.
  conf->SetSecret("ssl.key.password", certificate.key_password, tls.private_key_password.text);
  conf->SetSecret("ssl.key.pem", certificate.key, tls.private_key.text);
}

void SetSasl(const SaslSettings& sasl, const Secret& password, LoginConf* conf) {
  conf->Set("sasl.mechanism", NameOf(sasl.mechanism));
  conf->Set("sasl.username", sasl.username);
  conf->SetSecret("sasl.password", password, sasl.password.text);
}

// Reads secrets one after the other and keeps their versions.
class Reader {
 public:
  explicit Reader(identity::Services* services) : services_(services) {}

  absl::Status Read(const SecretReference& reference, Secret* secret) {
    if (reference.empty()) return absl::OkStatus();
    KS_CHECK(services_ != nullptr);
    KS_ASSIGN_OR_RETURN(identity::SecretVersion read, services_->secrets().Resolve(reference));
    *secret = std::move(read.value);
    Add(read.version);
    return absl::OkStatus();
  }
  absl::Status ReadFile(const std::string& path, std::string* text) {
    if (path.empty()) return absl::OkStatus();
    KS_CHECK(services_ != nullptr);
    KS_ASSIGN_OR_RETURN(*text, services_->environment().ReadFile(path));
    Add(Secret(*text).Fingerprint());
    return absl::OkStatus();
  }
  const std::string& version() const { return version_; }

 private:
  void Add(std::string_view version) { StrAppend(&version_, version_.empty() ? "" : "+", version); }

  identity::Services* const services_;
  std::string version_;
};

absl::StatusOr<std::shared_ptr<const Credentials>> ReadCredentials(const LoginOptions& options) {
  const TlsSettings& tls = options.security.tls;
  auto credentials = std::make_shared<Credentials>();
  Reader reader(options.services);
  if (tls.enabled) {
    KS_RETURN_IF_ERROR(reader.ReadFile(tls.certificate, &credentials->certificate.chain));
    KS_RETURN_IF_ERROR(reader.Read(tls.private_key, &credentials->certificate.key));
    KS_RETURN_IF_ERROR(
        reader.Read(tls.private_key_password, &credentials->certificate.key_password));
  }
  KS_RETURN_IF_ERROR(reader.Read(options.security.sasl.password, &credentials->password));
  credentials->version = reader.version();
  return std::shared_ptr<const Credentials>(std::move(credentials));
}

// What the connection log says of how we connect.
std::string HowOf(const identity::KafkaSecurity& security) {
  const SaslMechanism mechanism = security.sasl.mechanism;
  const bool msk = mechanism == SaslMechanism::kAwsMskIam;
  return StrCat(ProtocolOf(security), mechanism == SaslMechanism::kNone ? "" : " ",
                msk ? "AWS_MSK_IAM" : NameOf(mechanism));
}

std::string WhoOf(const identity::KafkaSecurity& security) {
  const SaslSettings& sasl = security.sasl;
  return !sasl.username.empty() ? sasl.username : sasl.oauth.client_id;
}

env::Clock& ClockOf(const LoginOptions& options) {
  return options.services != nullptr ? options.services->clock() : env::RealClock();
}

}  // namespace

Login::Login(const LoginOptions& options)
    : options_(options),
      watch_(WhoOf(options.security), HowOf(options.security),
             options.services == nullptr ? nullptr : options.services->log(), ClockOf(options)) {}

absl::StatusOr<std::unique_ptr<Login>> Login::Prepare(const LoginOptions& options,
                                                      rd_kafka_conf_t* conf) {
  std::unique_ptr<Login> login(new Login(options));
  login->watch_.Watch(conf);
  const identity::KafkaSecurity& security = options.security;
  const bool sasl = security.sasl.mechanism != SaslMechanism::kNone;
  if (!sasl && !security.tls.enabled) return login;
  std::shared_ptr<const Credentials> credentials = options.given;
  if (credentials == nullptr) {
    KS_ASSIGN_OR_RETURN(credentials, ReadCredentials(options));
  }
  LoginConf settings(conf);
  settings.Set("security.protocol", ProtocolOf(security));
  if (!credentials->certificate.key.empty()) {
    // Before librdkafka: it loses what interceptors hold where it refuses a key.
    KS_RETURN_IF_ERROR(ClientCertificate::Check(credentials->certificate));
  }
  if (security.tls.enabled) SetTls(security.tls, credentials->certificate, &settings);
  if (sasl) SetSasl(security.sasl, credentials->password, &settings);
  KS_RETURN_IF_ERROR(settings.status());
  login->brokers_ = settings.Get("bootstrap.servers");
  login->version_ = credentials->version;
  login->watch_.SetCredentialVersion(credentials->version);
  login->TellOf(*credentials);
  if (!credentials->certificate.chain.empty()) login->certificate_.Watch(conf);
  if (options.services != nullptr) login->tokens_ = options.services->TokensFor(security.sasl);
  if (login->tokens_ == nullptr) return login;
  rd_kafka_conf_enable_sasl_queue(conf, 1);
  rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH);
  KS_RETURN_IF_ERROR(login->FetchFirstToken());
  return login;
}

observe::Series* Login::Told(std::string_view kind) const {
  if (options_.given != nullptr || options_.services == nullptr) return nullptr;
  const std::string who = WhoOf(options_.security);
  return options_.services->CredentialSeries(
      StrCat(kind, who.empty() ? "" : " of ", who, " for Kafka ", brokers_));
}

void Login::TellOf(const Credentials& credentials) const {
  const int64_t now = ClockOf(options_).NowNanos();
  if (!credentials.password.empty()) {
    identity::TellCredential(Told("password"), now, identity::kNeverExpires);
  }
  const auto expires = ClientCertificate::ExpiresAt(credentials.certificate);
  if (!expires.ok()) return;  // there is none
  identity::TellCredential(Told("certificate"), now, *expires * env::kNanosPerSecond);
}

// An endpoint that is down is waited for, as a broker is; one that refuses us is not.
absl::Status Login::FetchFirstToken() {
  auto token = tokens_->Fetch();
  if (token.ok()) {
    token_ = *std::move(token);
    return absl::OkStatus();
  }
  if (!absl::IsUnavailable(token.status()) && !absl::IsDeadlineExceeded(token.status())) {
    return token.status();
  }
  observe::LogWarning(StrCat("waiting for a token: ", View(token.status().message())));
  return absl::OkStatus();
}

absl::Status Login::Start(rd_kafka_t* handle) {
  handle_ = handle;
  if (tokens_ == nullptr && !watches()) return absl::OkStatus();
  if (tokens_ != nullptr) {
    if (!token_.value.empty()) KS_RETURN_IF_ERROR(GiveToken());
    queue_ = rd_kafka_queue_get_sasl(handle_);
    KS_CHECK(queue_ != nullptr);
  } else {
    queue_ = rd_kafka_queue_new(handle_);  // only to wait on
  }
  thread_ = std::thread([this] { Serve(); });
  return absl::OkStatus();
}

void Login::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  if (queue_ != nullptr) rd_kafka_queue_destroy(std::exchange(queue_, nullptr));
}

// Hands token_ to librdkafka.
absl::Status Login::GiveToken() {
  std::vector<const char*> extensions;
  for (const auto& [name, value] : options_.security.sasl.oauth.extensions) {
    extensions.push_back(name.c_str());
    extensions.push_back(value.c_str());
  }
  char reason[512];
  const auto code = rd_kafka_oauthbearer_set_token(
      handle_, token_.value.Reveal().c_str(), token_.expires_at_nanos / env::kNanosPerMilli,
      token_.principal.c_str(), extensions.data(), extensions.size(), reason, sizeof(reason));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return TokenNotTaken(reason);
  const int64_t now = ClockOf(options_).NowNanos();
  given_at_nanos_ = now;
  refresh_at_nanos_ = now + std::max((token_.expires_at_nanos - now) / 2, kTokenRetryNanos);
  watch_.SetCredentialVersion(token_.value.Fingerprint());
  identity::TellCredential(Told("token"), now, token_.expires_at_nanos);
  return absl::OkStatus();
}

void Login::Serve() {
  while (!stopping_) {
    const EventPtr event(rd_kafka_queue_poll(queue_, kLoginPollMillis));
    if (tokens_ != nullptr) RefreshWhenDue();
    if (watches()) LookAtCredentials();
  }
}

void Login::LookAtCredentials() {
  const int64_t now = options_.services->clock().MonotonicNanos();
  if (now < look_at_) return;
  look_at_ = now + kCredentialsLookMillis * env::kNanosPerMilli;
  const auto read = ReadCredentials(options_);
  if (!read.ok()) {  // what the client has serves on
    const std::string reason(read.status().message());
    if (reason != unreadable_) observe::LogWarning(StrCat("no news of credentials: ", reason));
    unreadable_ = reason;
    return;
  }
  unreadable_.clear();
  const Credentials& credentials = **read;
  if (credentials.version == version_) return;
  const bool refused_before = credentials.version == refused_version_;
  if (refused_before && now < try_again_at_) return;
  absl::Status status = Try(credentials);
  if (status.ok()) status = Use(credentials);
  if (absl::IsUnauthenticated(status) || absl::IsInvalidArgument(status)) {
    if (!refused_before) {
      identity::TellFailure(Told(credentials.password.empty() ? "certificate" : "password"));
      observe::LogError(NewCredentialsRefused(credentials.version, status.message()).message());
    }
    refused_pause_ =
        refused_before ? std::min(2 * refused_pause_, kRefusedPauseMillisMax) : kRefusedPauseMillis;
    refused_version_ = credentials.version;
    try_again_at_ = now + refused_pause_ * env::kNanosPerMilli;
  }
  if (!status.ok()) return;  // a broker that is down: at the next look
  version_ = credentials.version;
  watch_.SetCredentialVersion(version_);
  TellOf(credentials);
  const std::string who = WhoOf(options_.security);
  observe::LogInfo(StrCat("Kafka took the new credentials", who.empty() ? "" : " of ", who,
                          " (version ", version_, ")"));
}

// Logs in with `credentials`, on a connection of its own.
absl::Status Login::Try(const Credentials& credentials) {
  LoginOptions options = options_;
  options.given = std::make_shared<const Credentials>(credentials);
  KS_ASSIGN_OR_RETURN(const auto producer,
                      Producer::Create({.brokers = brokers_, .login = std::move(options)}));
  return producer->Connect();
}

absl::Status Login::Use(const Credentials& credentials) {
  if (!credentials.certificate.chain.empty()) {
    KS_RETURN_IF_ERROR(certificate_.Use(credentials.certificate));
  }
  if (credentials.password.empty()) return absl::OkStatus();
  return FromError(rd_kafka_sasl_set_credentials(handle_, options_.security.sasl.username.c_str(),
                                                 credentials.password.Reveal().c_str()),
                   "the Kafka client did not take its new password");
}

// By our own clock, not when librdkafka asks: it asks at four fifths of a token's life and looks
// only once a second. A connection that logs in again with a token about to end must do so once
// more at once, which the broker refuses within a second of the last time (KIP-368). One that Kafka
// refuses is not kept until its end: another may be had by now.
void Login::RefreshWhenDue() {
  const int64_t now = ClockOf(options_).NowNanos();
  const bool refused = !watch_.last_refusal().ok() && now >= given_at_nanos_ + kTokenRetryNanosMax;
  if (now < refresh_at_nanos_ && !refused) return;
  given_at_nanos_ = now;
  auto token = tokens_->Fetch();
  absl::Status status = token.status();
  if (token.ok()) {
    token_ = *std::move(token);
    status = GiveToken();
  }
  if (status.ok()) {
    token_failures_ = 0;
    return;
  }
  identity::TellFailure(Told("token"));
  const std::string message(status.message());
  observe::LogWarning(StrCat("no new token for Kafka: ", message));
  rd_kafka_oauthbearer_set_token_failure(handle_, message.c_str());
  const int64_t left = token_.expires_at_nanos - now;
  // Without any, often at first: our session in the group ends while we wait.
  if (left <= 0) ++token_failures_;
  const int64_t pause = left <= 0 ? kTokenRetryNanos
                                        << std::min(token_failures_ - 1, kTokenRetryDoublings)
                                  : left / 2;
  refresh_at_nanos_ = now + std::clamp(pause, kTokenRetryNanos, kTokenRetryNanosMax);
}

}  // namespace ks::kafka
