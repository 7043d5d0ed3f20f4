// Key pairs made for one test run, and the check of what they signed. Thread safety: values.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "identity/certificate_pem.h"
#include "identity/secret.h"

struct bio_st;

namespace ks::identity {

enum class KeyKind { kRsa, kP256 };

struct TestKey {
  Secret private_pem;
  std::string public_pem;
};

// What was written to a BIO in memory, which goes with it.
std::string TakeText(bio_st* bio);

// Slow for RSA (some 100 ms): once a test suite.
TestKey MakeTestKey(KeyKind kind);

// A self-signed certificate of `name`, with its key; good from two hours ago on until in `seconds`.
CertificatePem SelfSigned(const char* name, long seconds = 3600);

// As an issuer publishes it (RFC 7517).
nlohmann::json PublicJwk(const std::string& public_pem, const std::string& key_id);

// A JWT's signature holds under the public key, by its header's algorithm.
bool VerifiesJwt(const Secret& jwt, const std::string& public_pem);

}  // namespace ks::identity
