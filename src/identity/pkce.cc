#include "identity/pkce.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>

#include "base/check.h"
#include "identity/jwt.h"

namespace ks::identity {
namespace {

constexpr size_t kRandomBytes = 32;

std::string_view TextOf(const auto& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string RandomText() {
  std::array<uint8_t, kRandomBytes> bytes{};
  KS_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return Base64Url(TextOf(bytes));
}

std::string PkceChallenge(std::string_view verifier) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const uint8_t*>(verifier.data()), verifier.size(), digest.data());
  return Base64Url(TextOf(digest));
}

}  // namespace ks::identity
