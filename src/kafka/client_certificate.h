// ClientCertificate: the certificate that one librdkafka client shows, changeable while the client
// lives: Use() takes effect in the next TLS handshake. No handle is replaced for it, so the group,
// what was fetched and the connections that stand know nothing of it.
//
// librdkafka reads certificates once, into an SSL_CTX that it keeps to itself. We learn of that
// SSL_CTX by OpenSSL's own hook for new ones (CRYPTO_get_ex_new_index), which runs on the thread
// that is inside rd_kafka_new, and give it a certificate callback before a thread of librdkafka
// can connect. https://www.openssl.org/docs/man3.0/man3/SSL_CTX_set_cert_cb.html
//
// Outlives its client. Watch() and the destructor belong to the thread that makes the client; Use()
// may be called from any. Test: client_certificate_test.cc.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "identity/certificate_pair.h"
#include "identity/certificate_pem.h"

struct rd_kafka_conf_s;
struct ssl_ctx_st;
struct ssl_st;

namespace ks::kafka {

using identity::CertificatePem;

class ClientCertificate {
 public:
  ClientCertificate() = default;
  ~ClientCertificate();
  ClientCertificate(const ClientCertificate&) = delete;

  // Before rd_kafka_new, for a client whose configuration has the first certificate.
  void Watch(rd_kafka_conf_s* conf);

  // INVALID_ARGUMENT where the texts are no certificate and its key.
  static absl::Status Check(const CertificatePem& pem);
  // When the certificate expires: seconds since the Unix epoch.
  static absl::StatusOr<int64_t> ExpiresAt(const CertificatePem& pem);
  // As Check; then nothing changes.
  absl::Status Use(const CertificatePem& pem);

 private:
  static absl::StatusOr<std::shared_ptr<const identity::CertificatePair>> Parse(
      const CertificatePem& pem);
  static int OnHandshake(ssl_st* ssl, void* self);
  void Install();

  friend struct ClientCertificateHooks;
  ssl_ctx_st* context_ = nullptr;  // librdkafka's; set on the thread of rd_kafka_new
  std::once_flag installed_;
  std::mutex mu_;
  std::shared_ptr<const identity::CertificatePair>
      current_;  // guarded by mu_; null: the configuration's
};

}  // namespace ks::kafka
