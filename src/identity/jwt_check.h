// Checks JWTs that others bring to us (RFC 7519, 8725): the signature by the issuer's keys (RFC
// 7517), and who issued it, for whom, from when to when. Signing our own is jwt.h.
//
// Invariants (jwt_check_test.cc):
//   1. The algorithm is RS256 or ES256 and fits the key: never `none`, never a secret of both
//   sides.
//   2. A token without an expiry, a subject, the issuer or the audience is refused.
// Errors say what is wrong and never show the token. Thread safety: a KeySet is immutable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct evp_pkey_st;

namespace ks::identity {

class KeySet {
 public:
  // A JWK set. Keys that are for something else, or of a kind that is not known, are passed over.
  static KeySet Parse(const std::string& json);

  struct Key {
    std::string id;
    std::string algorithm;  // that fits it
    std::shared_ptr<evp_pkey_st> key;
  };
  // Null where there is none. Without an id: the only key of its algorithm.
  const Key* Find(std::string_view id, std::string_view algorithm) const;
  size_t size() const { return keys_.size(); }

 private:
  std::vector<Key> keys_;
};

struct JwtExpectations {
  std::string issuer;
  std::string audience;
  int64_t now_seconds = 0;
  bool has_subject = true;  // false: it may be about a session alone
};

// The issuer that a token names, before anything is checked: only to know whom to ask for keys.
absl::StatusOr<std::string> UncheckedIssuer(std::string_view token);

// The claims. UNAUTHENTICATED otherwise; NOT_FOUND where `keys` lacks the key, which may be a new
// one.
absl::StatusOr<nlohmann::json> CheckJwt(std::string_view token, const KeySet& keys,
                                        const JwtExpectations& expected);

}  // namespace ks::identity
