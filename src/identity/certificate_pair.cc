#include "identity/certificate_pair.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <ctime>
#include <vector>

#include "identity/openssl_owned.h"

namespace ks::identity {
namespace {

Owned<BIO> Reading(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL's way of asking for a password: `password` is a const Secret*. An empty one is none.
int GivePassword(char* buffer, int size, int, void* password) {
  const std::string& text = static_cast<const Secret*>(password)->Reveal();
  if (static_cast<int>(text.size()) > size) return 0;
  text.copy(buffer, text.size());
  return static_cast<int>(text.size());
}

}  // namespace

struct CertificatePair::Parts {
  Owned<X509> leaf;
  std::vector<Owned<X509>> chain;
  Owned<EVP_PKEY> key;
};

CertificatePair::CertificatePair() : parts_(std::make_unique<Parts>()) {}

CertificatePair::~CertificatePair() = default;

absl::StatusOr<std::shared_ptr<const CertificatePair>> CertificatePair::Parse(
    const CertificatePem& pem) {
  std::shared_ptr<CertificatePair> pair(new CertificatePair());
  Parts& parts = *pair->parts_;
  const Owned<BIO> certificates = Reading(pem.chain);
  parts.leaf.reset(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
  if (parts.leaf == nullptr) return absl::InvalidArgumentError("there is no certificate in PEM");
  while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
    parts.chain.emplace_back(next);
  }
  Secret asked = pem.key_password;
  parts.key.reset(
      PEM_read_bio_PrivateKey(Reading(pem.key.Reveal()).get(), nullptr, &GivePassword, &asked));
  if (parts.key == nullptr) {
    return absl::InvalidArgumentError("there is no private key in PEM, or its password is another");
  }
  if (X509_check_private_key(parts.leaf.get(), parts.key.get()) != 1) {
    return absl::InvalidArgumentError("certificate and private key do not belong together");
  }
  std::tm when{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(parts.leaf.get()), &when) != 1) {
    return absl::InvalidArgumentError("the certificate does not say until when it is good");
  }
  pair->expires_at_ = static_cast<int64_t>(timegm(&when));
  return std::shared_ptr<const CertificatePair>(std::move(pair));
}

bool CertificatePair::ShowIn(SSL* handshake) const {
  SSL_certs_clear(handshake);
  int ok = SSL_use_certificate(handshake, parts_->leaf.get());
  ok &= SSL_use_PrivateKey(handshake, parts_->key.get());
  for (const Owned<X509>& each : parts_->chain) ok &= SSL_add1_chain_cert(handshake, each.get());
  return ok == 1;
}

}  // namespace ks::identity
