#include "identity/jwt.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/openssl_owned.h"

namespace ks::identity {
namespace {

constexpr size_t kP256Bytes = 32;

// A key that asks for a password is none: nobody is there to type it.
int NoPassword(char*, int, int, void*) { return 0; }

Owned<EVP_PKEY> ReadKey(const Secret& pem) {
  const std::string& text = pem.Reveal();
  const Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassword, nullptr));
}

// OpenSSL gives an ASN.1 sequence; JWTs have the two numbers side by side (RFC 7518, 3.4).
std::string RawEcdsa(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const Owned<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())));
  if (signature == nullptr) return "";
  std::string raw(2 * kP256Bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kP256Bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kP256Bytes, kP256Bytes);
  return raw;
}

std::string SignSha256(EVP_PKEY* key, std::string_view text) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return "";
  }
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &size, bytes, text.size()) != 1) return "";
  signature.resize(size);
  return signature;
}

}  // namespace

std::string Base64Url(std::string_view bytes) {
  std::string text = absl::WebSafeBase64Escape(AbslView(bytes));
  while (text.ends_with('=')) text.pop_back();
  return text;
}

absl::StatusOr<Secret> SignJwt(const nlohmann::json& claims, const Secret& private_key_pem,
                               std::string_view key_id) {
  const Owned<EVP_PKEY> key = ReadKey(private_key_pem);
  if (key == nullptr) return BadPrivateKey();
  const int type = EVP_PKEY_base_id(key.get());
  const bool p256 = type == EVP_PKEY_EC && EVP_PKEY_bits(key.get()) == 256;
  if (type != EVP_PKEY_RSA && !p256) return BadPrivateKey();
  nlohmann::json header = {{"alg", p256 ? "ES256" : "RS256"}, {"typ", "JWT"}};
  if (!key_id.empty()) header["kid"] = std::string(key_id);
  const std::string text = StrCat(Base64Url(header.dump()), ".", Base64Url(claims.dump()));
  std::string signature = SignSha256(key.get(), text);
  if (p256) signature = RawEcdsa(signature);
  if (signature.empty()) return BadPrivateKey();
  return Secret(StrCat(text, ".", Base64Url(signature)));
}

nlohmann::json ClaimsOf(const Secret& token) {
  const std::string_view text = token.Reveal();
  const size_t first = text.find('.');
  const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  std::string payload;
  if (second == std::string_view::npos ||
      !absl::WebSafeBase64Unescape(AbslView(text.substr(first + 1, second - first - 1)),
                                   &payload)) {
    return nlohmann::json::object();
  }
  nlohmann::json claims = nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
  return claims.is_object() ? claims : nlohmann::json::object();
}

}  // namespace ks::identity
