#include "governance/hash.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"

namespace ks::governance {

std::string Sha256Hex(std::string_view bytes) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
         reinterpret_cast<uint8_t*>(hash.data()));
  return absl::BytesToHexString(hash);
}

}  // namespace ks::governance
