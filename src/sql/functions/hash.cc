// Hash functions. https://cloud.google.com/spanner/docs/reference/standard-sql/hash_functions
#include <openssl/evp.h>

#include "sql/functions/farm_hash.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

template <const EVP_MD* (*kDigest)()>
BytesView Digest(Scope& s, std::string_view bytes) {
  unsigned char* const to = reinterpret_cast<unsigned char*>(s.arena().Allocate(EVP_MAX_MD_SIZE));
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), to, &size, kDigest(), nullptr);
  return {{reinterpret_cast<const char*>(to), size}};
}
template <const EVP_MD* (*kDigest)()>
std::vector<Signature> DigestSignatures() {
  return {Scalar([](Scope& s, std::string_view t) { return Digest<kDigest>(s, t); }),
          Scalar([](Scope& s, BytesView v) { return Digest<kDigest>(s, v.bytes); })};
}

}  // namespace

void AddHash(FunctionRegistry& table) {
  table.Add("MD5", DigestSignatures<&EVP_md5>());
  table.Add("SHA1", DigestSignatures<&EVP_sha1>());
  table.Add("SHA256", DigestSignatures<&EVP_sha256>());
  table.Add("SHA512", DigestSignatures<&EVP_sha512>());
  table.Add("FARM_FINGERPRINT",
            {Scalar([](std::string_view t) { return static_cast<int64_t>(FarmFingerprint(t)); }),
             Scalar([](BytesView v) { return static_cast<int64_t>(FarmFingerprint(v.bytes)); })});
}

}  // namespace ks::sql
