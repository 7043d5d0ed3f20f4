#include "identity/jwt_check.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "identity/errors.h"
#include "identity/json.h"
#include "identity/jwt_limits.h"
#include "identity/openssl_owned.h"

namespace ks::identity {
namespace {

using SharedKey = std::shared_ptr<evp_pkey_st>;

constexpr size_t kP256Bytes = 32;
constexpr int kRsaBitsMin = 2048;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> NumberOf(std::string_view bytes) {
  return Owned<BIGNUM>(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::string Decoded(const nlohmann::json& jwk, const char* name) {
  std::string bytes;
  const std::string text = TextOf(jwk, name);
  return absl::WebSafeBase64Unescape(text, &bytes) ? bytes : "";
}

SharedKey KeyOf(const char* type, OSSL_PARAM_BLD* build) {
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(build));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return {key, EVP_PKEY_free};
}

SharedKey RsaKey(const nlohmann::json& jwk) {
  const std::string modulus = Decoded(jwk, "n"), exponent = Decoded(jwk, "e");
  const Owned<BIGNUM> n = NumberOf(modulus), e = NumberOf(exponent);
  const Owned<OSSL_PARAM_BLD> build(OSSL_PARAM_BLD_new());
  if (BN_num_bits(n.get()) < kRsaBitsMin ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  return KeyOf("RSA", build.get());
}

SharedKey P256Key(const nlohmann::json& jwk) {
  const std::string x = Decoded(jwk, "x"), y = Decoded(jwk, "y");
  if (TextOf(jwk, "crv") != "P-256" || x.size() != kP256Bytes || y.size() != kP256Bytes)
    return nullptr;
  const std::string point = StrCat("\x04", x, y);  // uncompressed
  const Owned<OSSL_PARAM_BLD> build(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return nullptr;
  return KeyOf("EC", build.get());
}

// OpenSSL wants an ASN.1 sequence; JWTs have the two numbers side by side (RFC 7518, 3.4).
std::string DerOf(std::string_view raw) {
  if (raw.size() != 2 * kP256Bytes) return "";
  const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), NumberOf(raw.substr(0, kP256Bytes)).release(),
                 NumberOf(raw.substr(kP256Bytes)).release());
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return "";
  std::string der(static_cast<size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

bool SignatureHolds(const KeySet::Key& key, std::string_view text, std::string_view signature) {
  const std::string bytes = key.algorithm == "ES256" ? DerOf(signature) : std::string(signature);
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return !bytes.empty() &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(bytes), bytes.size(), Bytes(text), text.size()) == 1;
}

struct Parts {
  nlohmann::json header, claims;
  std::string_view text;  // that is signed
  std::string signature;
};

absl::StatusOr<Parts> PartsOf(std::string_view token) {
  if (token.size() > kJwtBytesMax) return BadToken("it is too long");
  const std::vector<std::string_view> texts = absl::StrSplit(AbslView(token), '.');
  std::array<std::string, 3> bytes;
  if (texts.size() != bytes.size()) return BadToken("it is no signed JWT");
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (!absl::WebSafeBase64Unescape(AbslView(texts[i]), &bytes[i]))
      return BadToken("it is no signed JWT");
  }
  Parts parts{ParseJson(bytes[0]), ParseJson(bytes[1]),
              token.substr(0, texts[0].size() + 1 + texts[1].size()), std::move(bytes[2])};
  if (!parts.header.is_object() || !parts.claims.is_object())
    return BadToken("it is no signed JWT");
  return parts;
}

// Seconds since the Unix epoch; nothing where the claim is not there or no number.
std::optional<double> TimeOf(const nlohmann::json& claims, const char* name) {
  const nlohmann::json value = Member(claims, name);
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

bool IsFor(const nlohmann::json& claims, const std::string& audience) {
  const nlohmann::json value = Member(claims, "aud");
  if (value.is_string()) return value == audience;
  return value.is_array() && std::find(value.begin(), value.end(), audience) != value.end();
}

absl::Status CheckClaims(const nlohmann::json& claims, const JwtExpectations& expected) {
  const auto now = static_cast<double>(expected.now_seconds);
  const auto leeway = static_cast<double>(kClockLeewaySeconds);
  if (expected.issuer.empty() || TextOf(claims, "iss") != expected.issuer)
    return BadToken("another issuer made it");
  if (expected.audience.empty() || !IsFor(claims, expected.audience))
    return BadToken("it is for another audience");
  const auto expires = TimeOf(claims, "exp");
  if (!expires) return BadToken("it does not say when it expires");
  if (now >= *expires + leeway) return BadToken("it has expired");
  for (const char* name : {"nbf", "iat"}) {
    if (Member(claims, name).is_null()) continue;
    const auto from = TimeOf(claims, name);
    if (!from || *from > now + leeway) return BadToken("it is not valid yet");
  }
  if (expected.has_subject && TextOf(claims, "sub").empty()) return BadToken("it has no subject");
  return absl::OkStatus();
}

}  // namespace

KeySet KeySet::Parse(const std::string& json) {
  KeySet set;
  const nlohmann::json document = ParseJson(json);
  const nlohmann::json keys = Member(document, "keys");
  if (!keys.is_array()) return set;
  for (const nlohmann::json& jwk : keys) {
    if (set.keys_.size() == kKeysMax) break;
    if (TextOf(jwk, "use", "sig") != "sig") continue;
    const std::string type = TextOf(jwk, "kty");
    const char* algorithm = type == "RSA" ? "RS256" : type == "EC" ? "ES256" : "";
    if (TextOf(jwk, "alg", algorithm) != algorithm) continue;
    SharedKey key = type == "RSA" ? RsaKey(jwk) : type == "EC" ? P256Key(jwk) : nullptr;
    if (key != nullptr) set.keys_.push_back({TextOf(jwk, "kid"), algorithm, std::move(key)});
  }
  return set;
}

const KeySet::Key* KeySet::Find(std::string_view id, std::string_view algorithm) const {
  const Key* found = nullptr;
  for (const Key& key : keys_) {
    if (key.algorithm != algorithm) continue;
    if (!id.empty() && key.id == id) return &key;
    if (!id.empty()) continue;
    if (found != nullptr) return nullptr;  // which of them?
    found = &key;
  }
  return found;
}

absl::StatusOr<std::string> UncheckedIssuer(std::string_view token) {
  KS_ASSIGN_OR_RETURN(const Parts parts, PartsOf(token));
  return TextOf(parts.claims, "iss");
}

absl::StatusOr<nlohmann::json> CheckJwt(std::string_view token, const KeySet& keys,
                                        const JwtExpectations& expected) {
  KS_ASSIGN_OR_RETURN(Parts parts, PartsOf(token));
  const std::string algorithm = TextOf(parts.header, "alg");
  if (algorithm != "RS256" && algorithm != "ES256")
    return BadToken("its algorithm is neither RS256 nor ES256");
  // An extension that must be understood (RFC 7515, 4.1.11): none is.
  if (!Member(parts.header, "crit").is_null()) return BadToken("it has a critical extension");
  const KeySet::Key* key = keys.Find(TextOf(parts.header, "kid"), algorithm);
  if (key == nullptr) return UnknownTokenKey();
  if (!SignatureHolds(*key, parts.text, parts.signature))
    return BadToken("its signature is not of its issuer");
  KS_RETURN_IF_ERROR(CheckClaims(parts.claims, expected));
  return std::move(parts.claims);
}

}  // namespace ks::identity
