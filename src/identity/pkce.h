// What a client of the authorization code flow makes up for it (RFC 7636, OpenID Connect Core 1.0).
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace ks::identity {

// 256 bits as text for a URL. Unlike env::Random's, nothing that can be guessed from what came
// before.
std::string RandomText();

// S256 of a code verifier.
std::string PkceChallenge(std::string_view verifier);

}  // namespace ks::identity
