// Key pairs made for one test run, and the check of what they signed. Thread safety: values.
#pragma once

#include <string>

#include "identity/secret.h"

namespace ks::identity {

enum class KeyKind { kRsa, kP256 };

struct TestKey {
  Secret private_pem;
  std::string public_pem;
};

// Slow for RSA (some 100 ms): once a test suite.
TestKey MakeTestKey(KeyKind kind);

// A JWT's signature holds under the public key, by its header's algorithm.
bool VerifiesJwt(const Secret& jwt, const std::string& public_pem);

}  // namespace ks::identity
