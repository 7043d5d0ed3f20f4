#include "identity/testing/test_keys.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "base/check.h"
#include "identity/jwt.h"

namespace ks::identity {
namespace {

std::string Decode(const std::string& base64url) {
  std::string bytes;
  KS_CHECK(absl::WebSafeBase64Unescape(base64url, &bytes));
  return bytes;
}

// The two numbers of a JWT's ECDSA signature as OpenSSL wants them.
std::string AsDer(const std::string& raw) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  ECDSA_SIG* signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return out;
}

}  // namespace

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

TestKey MakeTestKey(KeyKind kind) {
  EVP_PKEY* key = kind == KeyKind::kRsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
  KS_CHECK(key != nullptr);
  BIO* private_bio = BIO_new(BIO_s_mem());
  BIO* public_bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(private_bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_PUBKEY(public_bio, key);
  EVP_PKEY_free(key);
  return {Secret(TakeText(private_bio)), TakeText(public_bio)};
}

nlohmann::json PublicJwk(const std::string& public_pem, const std::string& key_id) {
  BIO* bio = BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  KS_CHECK(key != nullptr);
  const auto number = [&](const char* name, int size) {
    BIGNUM* value = nullptr;
    KS_CHECK(EVP_PKEY_get_bn_param(key, name, &value) == 1);
    std::string bytes(static_cast<size_t>(size > 0 ? size : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()),
                 static_cast<int>(bytes.size()));
    BN_free(value);
    return Base64Url(bytes);
  };
  nlohmann::json jwk = {{"kid", key_id}, {"use", "sig"}};
  if (EVP_PKEY_base_id(key) == EVP_PKEY_RSA) {
    jwk.update({{"kty", "RSA"},
                {"n", number(OSSL_PKEY_PARAM_RSA_N, 0)},
                {"e", number(OSSL_PKEY_PARAM_RSA_E, 0)}});
  } else {
    jwk.update({{"kty", "EC"},
                {"crv", "P-256"},
                {"x", number(OSSL_PKEY_PARAM_EC_PUB_X, 32)},
                {"y", number(OSSL_PKEY_PARAM_EC_PUB_Y, 32)}});
  }
  EVP_PKEY_free(key);
  return jwk;
}

CertificatePem SelfSigned(const char* name, long seconds) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
  X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  KS_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
  BIO* chain = BIO_new(BIO_s_mem());
  BIO* secret = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(chain, certificate);
  PEM_write_bio_PKCS8PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {TakeText(chain), Secret(TakeText(secret)), {}};
}

bool VerifiesJwt(const Secret& jwt, const std::string& public_pem) {
  const std::string& text = jwt.Reveal();
  const size_t dot = text.rfind('.');
  std::string signature = Decode(text.substr(dot + 1));
  const std::string header = Decode(text.substr(0, text.find('.')));
  if (header.find("ES256") != std::string::npos) {
    if (signature.size() != 64) return false;
    signature = AsDer(signature);
  }
  BIO* bio = BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
  const int verified =
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(text.data()), dot);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return verified == 1;
}

}  // namespace ks::identity
