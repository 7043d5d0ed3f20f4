#include "kafka/client_certificate.h"

#include <librdkafka/rdkafka.h>
#include <openssl/ssl.h>

#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "kafka/errors.h"

namespace ks::kafka {
namespace {

constexpr char kName[] = "client_certificate";

// Whose client is being made on this thread.
thread_local ClientCertificate* being_made = nullptr;

}  // namespace

struct ClientCertificateHooks {
  static void OnNewContext(void* context, void*, CRYPTO_EX_DATA*, int, long, void*) {
    if (being_made == nullptr) return;
    std::exchange(being_made, nullptr)->context_ = static_cast<SSL_CTX*>(context);
  }
  static rd_kafka_resp_err_t OnThreadStart(rd_kafka_t*, rd_kafka_thread_type_t type, const char*,
                                           void* self) {
    if (type == RD_KAFKA_THREAD_BROKER) static_cast<ClientCertificate*>(self)->Install();
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  static rd_kafka_resp_err_t OnNew(rd_kafka_t* handle, const rd_kafka_conf_t*, void* self, char*,
                                   size_t) {
    being_made = static_cast<ClientCertificate*>(self);
    return rd_kafka_interceptor_add_on_thread_start(handle, kName, &OnThreadStart, self);
  }
};

ClientCertificate::~ClientCertificate() {
  if (being_made == this) being_made = nullptr;  // rd_kafka_new failed
}

void ClientCertificate::Watch(rd_kafka_conf_t* conf) {
  static const int once =
      SSL_CTX_get_ex_new_index(0, nullptr, &ClientCertificateHooks::OnNewContext, nullptr, nullptr);
  KS_CHECK(once >= 0);
  rd_kafka_conf_interceptor_add_on_new(conf, kName, &ClientCertificateHooks::OnNew, this);
}

// Before the first thread that connects does anything.
void ClientCertificate::Install() {
  std::call_once(installed_, [this] {
    KS_CHECK(context_ != nullptr);
    SSL_CTX_set_cert_cb(context_, &OnHandshake, this);
  });
}

absl::StatusOr<std::shared_ptr<const identity::CertificatePair>> ClientCertificate::Parse(
    const CertificatePem& pem) {
  auto parsed = identity::CertificatePair::Parse(pem);
  if (!parsed.ok()) return BadClientCertificate();
  return parsed;
}

absl::Status ClientCertificate::Check(const CertificatePem& pem) { return Parse(pem).status(); }

absl::StatusOr<int64_t> ClientCertificate::ExpiresAt(const CertificatePem& pem) {
  KS_ASSIGN_OR_RETURN(const auto parsed, Parse(pem));
  return parsed->expires_at();
}

absl::Status ClientCertificate::Use(const CertificatePem& pem) {
  KS_ASSIGN_OR_RETURN(auto parsed, Parse(pem));
  std::lock_guard lock(mu_);
  current_ = std::move(parsed);
  return absl::OkStatus();
}

int ClientCertificate::OnHandshake(SSL* ssl, void* self) {
  auto* certificate = static_cast<ClientCertificate*>(self);
  std::shared_ptr<const identity::CertificatePair> current;
  {
    std::lock_guard lock(certificate->mu_);
    current = certificate->current_;
  }
  return current == nullptr || current->ShowIn(ssl) ? 1 : 0;
}

}  // namespace ks::kafka
