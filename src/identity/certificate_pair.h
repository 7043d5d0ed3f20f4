// CertificatePair: a certificate with its chain, and the private key that belongs to it, as one
// that proves itself in a TLS handshake shows them: our clients to brokers, our servers to whoever
// comes. Thread safety: immutable; any thread. Tests: server_certificate_test.cc,
// kafka/client_certificate_test.cc.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "identity/certificate_pem.h"

struct ssl_st;

namespace ks::identity {

class CertificatePair {
 public:
  // INVALID_ARGUMENT, with what is wrong in words, where they are not whole or do not belong
  // together.
  static absl::StatusOr<std::shared_ptr<const CertificatePair>> Parse(const CertificatePem& pem);
  ~CertificatePair();

  int64_t expires_at() const { return expires_at_; }  // seconds since the Unix epoch
  // In a handshake that asks for a certificate. False where OpenSSL refuses.
  bool ShowIn(ssl_st* handshake) const;

 private:
  struct Parts;
  CertificatePair();
  const std::unique_ptr<Parts> parts_;
  int64_t expires_at_ = 0;
};

}  // namespace ks::identity
