#include "identity/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"

namespace ks::identity {
namespace {

using FingerprintKey = std::array<unsigned char, 32>;

const FingerprintKey& ProcessKey() {
  static const FingerprintKey key = [] {
    FingerprintKey bytes{};
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }();
  return key;
}

}  // namespace

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  Wipe();
  value_ = other.value_;
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  value_ = std::move(other.value_);
  other.Wipe();
  return *this;
}

// Short strings live inside the object, so a move leaves a copy behind: capacity, not size, is
// what may still hold something.
void Secret::Wipe() {
  value_.resize(value_.capacity());
  OPENSSL_cleanse(value_.data(), value_.size());
  value_.clear();
}

std::string Secret::Fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const FingerprintKey& key = ProcessKey();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(value_.data()), value_.size(), digest.data(), &size);
  const std::string bytes(reinterpret_cast<const char*>(digest.data()), 6);
  return absl::BytesToHexString(bytes);
}

std::string WithoutLineEnd(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace ks::identity
