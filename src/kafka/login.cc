#include "kafka/login.h"

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "kafka/errors.h"

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

class LoginConf {
 public:
  LoginConf(rd_kafka_conf_t* conf, identity::Services* services)
      : conf_(conf), services_(services) {}

  void Set(const char* name, std::string_view value) {
    if (!status_.ok() || value.empty()) return;
    if (!Put(name, std::string(value))) status_ = BadProperty(name, value, reason_);
  }

  // librdkafka's reason is not shown: it may repeat what it was given.
  void SetSecret(const char* name, const SecretReference& reference) {
    if (!status_.ok() || reference.empty()) return;
    KS_CHECK(services_ != nullptr);
    auto secret = services_->secrets().Resolve(reference);
    if (!secret.ok()) {
      status_ = secret.status();
    } else if (!Put(name, secret->value.Reveal())) {
      status_ = BadSecretProperty(name, reference.text);
    }
  }

  absl::Status status() const { return status_; }

 private:
  bool Put(const char* name, const std::string& value) {
    return rd_kafka_conf_set(conf_, name, value.c_str(), reason_, sizeof(reason_)) ==
           RD_KAFKA_CONF_OK;
  }

  rd_kafka_conf_t* const conf_;
  identity::Services* const services_;
  char reason_[512] = "";
  absl::Status status_;
};

void SetTls(const TlsSettings& tls, LoginConf* conf) {
  conf->Set("ssl.ca.location", tls.ca);
  conf->Set("ssl.certificate.location", tls.certificate);
  // The password first: librdkafka decrypts the key as it is set.
  conf->SetSecret("ssl.key.password", tls.private_key_password);
  conf->SetSecret("ssl.key.pem", tls.private_key);
}

void SetSasl(const SaslSettings& sasl, LoginConf* conf) {
  conf->Set("sasl.mechanism", NameOf(sasl.mechanism));
  conf->Set("sasl.username", sasl.username);
  conf->SetSecret("sasl.password", sasl.password);
}

}  // namespace

absl::Status PrepareLogin(const LoginOptions& options, rd_kafka_conf_s* conf) {
  const identity::KafkaSecurity& security = options.security;
  const bool sasl = security.sasl.mechanism != SaslMechanism::kNone;
  if (!sasl && !security.tls.enabled) return absl::OkStatus();
  if (NameOf(security.sasl.mechanism) == "OAUTHBEARER") return TokensNotYet();
  LoginConf login(conf, options.services);
  login.Set("security.protocol",
            StrCat(sasl ? "SASL_" : "", security.tls.enabled ? "SSL" : "PLAINTEXT"));
  if (security.tls.enabled) SetTls(security.tls, &login);
  if (sasl) SetSasl(security.sasl, &login);
  return login.status();
}

}  // namespace ks::kafka
