// OidcClient: how a person at a terminal signs in at an issuer: the device flow (RFC 8628), or the
// authorization code flow with PKCE and a callback on this machine (RFC 8252). A public client: it
// has no secret.
//
// What it gets comes straight from the issuer over TLS, so signatures are left to whoever is shown
// the token (OpenID Connect Core 1.0, 3.1.3.7); issuer, audience and nonce are checked. Thread
// safety: one thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "env/clock.h"
#include "identity/http.h"
#include "identity/secret.h"

namespace ks::cli {

struct OidcSettings {
  std::string issuer;
  std::string client_id;
  std::string scope;
  std::string ca;  // PEM file; empty: the system's
};

struct IdTokens {
  identity::Secret id_token;
  identity::Secret refresh_token;  // empty: the issuer gave none
  std::string subject;
  int64_t expires_at_seconds = 0;  // since the Unix epoch
};

class OidcClient {
 public:
  // Asks the issuer for its addresses. `http` and `clock` outlive it.
  static absl::StatusOr<OidcClient> Discover(OidcSettings settings, identity::HttpClient& http,
                                             env::Clock& clock);

  struct DeviceCode {
    identity::Secret code;
    std::string verifier;  // of PKCE, which some issuers want here too
    std::string user_code;
    std::string address;        // where the person enters it
    std::string with_code;      // the same with the code in it; may be empty
    int64_t pause_seconds = 0;  // between two questions
    int64_t seconds = 0;        // that it is good for
  };
  // UNIMPLEMENTED where the issuer knows no devices.
  absl::StatusOr<DeviceCode> BeginDevice();
  // Waits until the person has done it. DEADLINE_EXCEEDED when its time is over.
  absl::StatusOr<IdTokens> WaitForDevice(const DeviceCode& device);

  // What one attempt in a browser makes up.
  struct Attempt {
    std::string redirect;
    std::string state, nonce, verifier;
  };
  absl::StatusOr<std::string> AddressFor(const Attempt& attempt) const;
  absl::StatusOr<IdTokens> Exchange(const Attempt& attempt, const std::string& code);

  // UNAUTHENTICATED when the person has to sign in again.
  absl::StatusOr<IdTokens> Refresh(const identity::Secret& refresh_token);
  // The issuer forgets the refresh token (RFC 7009), where it can.
  absl::Status Revoke(const identity::Secret& refresh_token);

 private:
  OidcClient(OidcSettings settings, identity::HttpClient& http, env::Clock& clock,
             nlohmann::json discovery)
      : settings_(std::move(settings)),
        http_(&http),
        clock_(&clock),
        discovery_(std::move(discovery)) {}

  absl::StatusOr<std::string> AddressOf(const char* name) const;
  absl::StatusOr<identity::HttpAnswer> Post(const char* endpoint, identity::HttpHeaders form);
  absl::StatusOr<IdTokens> ReadTokens(const identity::HttpAnswer& answer,
                                      std::string_view nonce) const;

  OidcSettings settings_;
  identity::HttpClient* http_;
  env::Clock* clock_;
  nlohmann::json discovery_;
};

}  // namespace ks::cli
