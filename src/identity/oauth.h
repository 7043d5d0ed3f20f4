// Access tokens from an OAuth 2.0 authorization server, one grant each: client credentials (with a
// secret or private_key_jwt), JWT bearer, token exchange; or a token that somebody else fetched and
// put into a file. Secrets are read anew at each fetch, so a changed one needs no restart.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "env/clock.h"
#include "identity/http.h"
#include "identity/kafka_security.h"
#include "identity/secret.h"
#include "identity/secret_resolver.h"
#include "identity/token.h"

namespace ks::identity {

struct OauthServices {
  HttpClient* http;
  SecretResolver* secrets;
  env::Clock* clock;
  env::Random* random;
};

std::unique_ptr<TokenSource> MakeOauthTokenSource(OauthSettings settings,
                                                  const OauthServices& services);

// A POST of a form, as endpoints of an authorization server want it, answered in JSON (RFC 6749).
HttpRequest OauthRequest(std::string endpoint, const HttpHeaders& form);

// How a client proves itself by its secret in a header (RFC 6749, 2.3.1).
std::pair<std::string, std::string> BasicLogin(std::string_view client_id, const Secret& secret);

// The token in an endpoint's answer (RFC 6749, 5.1), or its error (5.2) in words. A life that is
// not stated is taken from the token, where it is a JWT. `asked_at_nanos`: a token is never taken
// to live longer than it does. `principal`: of a token that does not say whose it is.
absl::StatusOr<Token> ReadTokenAnswer(std::string_view endpoint, const HttpAnswer& answer,
                                      int64_t asked_at_nanos, std::string_view principal);

}  // namespace ks::identity
