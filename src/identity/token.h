// Token: what an authorization server gives out, and TokenSource, who fetches one.
// Thread safety: Token is a value; Fetch() may be called from any thread, and blocks.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "identity/secret.h"

namespace ks::identity {

struct Token {
  Secret value;
  int64_t expires_at_nanos = 0;  // since the Unix epoch
  std::string principal;         // whose it is, for logs; never empty
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual absl::StatusOr<Token> Fetch() = 0;
};

}  // namespace ks::identity
