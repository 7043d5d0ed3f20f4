// Services: what connections of one pipeline need to prove who they are: where secrets are read
// and, as they come, tokens and the connection log. Made once by the command, handed on by
// reference.
//
// Thread safety: all of it may be used from any thread.
#pragma once

#include "env/environment.h"
#include "identity/secret_resolver.h"

namespace ks::identity {

class Services {
 public:
  explicit Services(const env::Environment& environment) : secrets_(environment) {}

  SecretResolver& secrets() { return secrets_; }

 private:
  SecretResolver secrets_;
};

}  // namespace ks::identity
