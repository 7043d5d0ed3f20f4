// JWTs (RFC 7519): signing our own, reading the claims of others'. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "identity/secret.h"

namespace ks::identity {

// Signs with a private key in PEM: RS256 for RSA, ES256 for P-256 keys (RFC 7518, 3). `key_id` is
// the header's `kid`, where not empty.
absl::StatusOr<Secret> SignJwt(const nlohmann::json& claims, const Secret& private_key_pem,
                               std::string_view key_id);

// The claims, unchecked: whoever gets the token checks its signature. An empty object for what is
// no JWT.
nlohmann::json ClaimsOf(const Secret& token);

std::string Base64Url(std::string_view bytes);  // without padding

}  // namespace ks::identity
