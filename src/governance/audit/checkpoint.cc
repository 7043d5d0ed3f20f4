#include "governance/audit/checkpoint.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/str_cat.h"
#include "governance/errors.h"
#include "identity/openssl_owned.h"

namespace ks::governance {
namespace {

constexpr std::string_view kSignatureMark = "— ";
constexpr size_t kKeyIdBytes = 4;
constexpr size_t kSignatureBytes = 64;
constexpr size_t kPublicKeyBytes = 32;
constexpr char kEd25519 = 1;  // of the kinds of signature that notes know

using Context = identity::Owned<EVP_MD_CTX>;

const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

std::string TextOf(const Checkpoint& checkpoint) {
  const std::string_view root(reinterpret_cast<const char*>(checkpoint.root.data()), kHashBytes);
  return StrCat(checkpoint.origin, "\n", checkpoint.size, "\n", absl::Base64Escape(AbslView(root)),
                "\n");
}

std::optional<Checkpoint> ParseText(std::string_view text) {
  const std::vector<std::string> lines = absl::StrSplit(AbslView(text), '\n');
  Checkpoint checkpoint;
  std::string root;
  if (lines.size() < 4 || lines[0].empty() || !absl::SimpleAtoi(lines[1], &checkpoint.size) ||
      std::to_string(checkpoint.size) != lines[1] || !absl::Base64Unescape(lines[2], &root) ||
      root.size() != kHashBytes)
    return std::nullopt;
  checkpoint.origin = lines[0];
  std::memcpy(checkpoint.root.data(), root.data(), kHashBytes);
  return checkpoint;
}

}  // namespace

std::string OriginOf(std::string_view database) { return StrCat("kafka-spanner/", database); }

AuditKey::AuditKey(evp_pkey_st* key) : key_(key, EVP_PKEY_free) {}

absl::StatusOr<AuditKey> AuditKey::Private(std::string_view pem, std::string_view name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  // Without a callback OpenSSL would ask at the terminal for the passphrase of an encrypted key.
  static constexpr auto kNoPassphrase = [](char*, int, int, void*) { return 0; };
  AuditKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, kNoPassphrase, nullptr));
  if (key.key_ == nullptr || EVP_PKEY_id(key.key_.get()) != EVP_PKEY_ED25519)
    return NoPrivateKey(name);
  return key;
}

absl::StatusOr<AuditKey> AuditKey::Public(std::string_view pem, std::string_view name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  AuditKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (key.key_ == nullptr || EVP_PKEY_id(key.key_.get()) != EVP_PKEY_ED25519)
    return NoPublicKey(name);
  return key;
}

// The first bytes of SHA-256(name, newline, kind, public key).
std::string AuditKey::KeyId(std::string_view name) const {
  std::array<uint8_t, kPublicKeyBytes> key;
  size_t size = key.size();
  EVP_PKEY_get_raw_public_key(key_.get(), key.data(), &size);
  const std::string text =
      StrCat(name, "\n", std::string(1, kEd25519),
             std::string_view(reinterpret_cast<const char*>(key.data()), size));
  std::array<char, SHA256_DIGEST_LENGTH> hash;
  SHA256(Bytes(text), text.size(), reinterpret_cast<uint8_t*>(hash.data()));
  return {hash.data(), kKeyIdBytes};
}

absl::StatusOr<std::string> AuditKey::Sign(const Checkpoint& checkpoint) const {
  const std::string text = TextOf(checkpoint);
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size,
                     Bytes(text), text.size()) != 1)
    return CannotSign();
  return StrCat(text, "\n", kSignatureMark, checkpoint.origin, " ",
                absl::Base64Escape(KeyId(checkpoint.origin) + signature), "\n");
}

bool AuditKey::Verify(std::string_view text, std::string_view signature) const {
  const Context context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text),
                          text.size()) == 1;
}

absl::StatusOr<Checkpoint> AuditKey::Open(std::string_view note) const {
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return NoCheckpoint("it has no signature");
  const std::string_view text = note.substr(0, blank + 1);
  const auto checkpoint = ParseText(text);
  if (!checkpoint) return NoCheckpoint("it is no checkpoint");
  for (const auto line : absl::StrSplit(AbslView(note.substr(blank + 2)), '\n')) {
    const std::string prefix = StrCat(kSignatureMark, checkpoint->origin, " ");
    if (!View(line).starts_with(prefix)) continue;
    std::string bytes;
    if (!absl::Base64Unescape(line.substr(prefix.size()), &bytes) ||
        bytes.size() != kKeyIdBytes + kSignatureBytes ||
        bytes.substr(0, kKeyIdBytes) != KeyId(checkpoint->origin))
      continue;
    if (Verify(text, std::string_view(bytes).substr(kKeyIdBytes))) return *checkpoint;
    return NoCheckpoint("its signature is wrong");
  }
  return NoCheckpoint("it is not signed with this key");
}

}  // namespace ks::governance
