#include "kafka/client_certificate.h"

#include <librdkafka/rdkafka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/status_macros.h"
#include "identity/openssl_owned.h"
#include "kafka/errors.h"

namespace ks::kafka {
namespace {

constexpr char kName[] = "client_certificate";

// Whose client is being made on this thread.
thread_local ClientCertificate* being_made = nullptr;

using identity::Owned;

Owned<BIO> Reading(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL's way of asking for a password: `password` is a Secret*. An empty one is none.
int GivePassword(char* buffer, int size, int, void* password) {
  const std::string& text = static_cast<const identity::Secret*>(password)->Reveal();
  if (static_cast<int>(text.size()) > size) return 0;
  text.copy(buffer, text.size());
  return static_cast<int>(text.size());
}

}  // namespace

struct ClientCertificate::Parsed {
  Owned<X509> leaf;
  std::vector<Owned<X509>> chain;
  Owned<EVP_PKEY> key;
};

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

absl::StatusOr<std::shared_ptr<const ClientCertificate::Parsed>> ClientCertificate::Parse(
    const CertificatePem& pem) {
  auto parsed = std::make_shared<Parsed>();
  const Owned<BIO> chain = Reading(pem.chain);
  parsed->leaf.reset(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    parsed->chain.emplace_back(next);
  }
  identity::Secret password = pem.key_password;
  parsed->key.reset(
      PEM_read_bio_PrivateKey(Reading(pem.key.Reveal()).get(), nullptr, &GivePassword, &password));
  if (parsed->leaf == nullptr || parsed->key == nullptr ||
      X509_check_private_key(parsed->leaf.get(), parsed->key.get()) != 1) {
    return BadClientCertificate();
  }
  return std::shared_ptr<const Parsed>(std::move(parsed));
}

absl::Status ClientCertificate::Check(const CertificatePem& pem) { return Parse(pem).status(); }

absl::StatusOr<int64_t> ClientCertificate::ExpiresAt(const CertificatePem& pem) {
  KS_ASSIGN_OR_RETURN(const auto parsed, Parse(pem));
  std::tm when{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(parsed->leaf.get()), &when) != 1) {
    return BadClientCertificate();
  }
  return static_cast<int64_t>(timegm(&when));
}

absl::Status ClientCertificate::Use(const CertificatePem& pem) {
  KS_ASSIGN_OR_RETURN(auto parsed, Parse(pem));
  std::lock_guard lock(mu_);
  current_ = std::move(parsed);
  return absl::OkStatus();
}

int ClientCertificate::OnHandshake(SSL* ssl, void* self) {
  auto* certificate = static_cast<ClientCertificate*>(self);
  std::shared_ptr<const Parsed> current;
  {
    std::lock_guard lock(certificate->mu_);
    current = certificate->current_;
  }
  if (current == nullptr) return 1;
  SSL_certs_clear(ssl);
  int ok = SSL_use_certificate(ssl, current->leaf.get());
  ok &= SSL_use_PrivateKey(ssl, current->key.get());
  for (const Owned<X509>& each : current->chain) ok &= SSL_add1_chain_cert(ssl, each.get());
  return ok;
}

}  // namespace ks::kafka
