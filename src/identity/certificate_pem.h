// CertificatePem: what a client shows in mutual TLS. Thread safety: plain data.
#pragma once

#include <string>

#include "identity/secret.h"

namespace ks::identity {

struct CertificatePem {
  std::string chain;  // the certificate first
  Secret key;
  Secret key_password;  // empty: the key is not encrypted
};

}  // namespace ks::identity
