// The errors of this module that a user can see, one function each: what is wrong, what to do next.
// None of them is ever given a secret.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ks::identity {

// ---- References to secrets
// A field that takes a reference has something else. Does not show it: it may be the secret.
absl::Status PlainSecret();
absl::Status UnknownSecretPlace(std::string_view reference, std::string_view place);
absl::Status UnknownSecretOption(std::string_view reference, std::string_view option,
                                 std::string_view place, std::string_view known);
absl::Status IncompleteSecret(std::string_view reference, std::string_view place);

// ---- Reading secrets
absl::Status VariableNotSet(std::string_view reference, std::string_view variable);
absl::Status SecretNotRead(std::string_view reference, const absl::Status& reason);
absl::Status SecretNotThere(std::string_view reference);
// By a secret manager: PERMISSION_DENIED, or UNAVAILABLE where it is in trouble (429, 5xx).
absl::Status SecretRefused(std::string_view reference, int status, std::string_view reason);
// A new version, which those before it serve on for.
absl::Status NewSecretRefused(std::string_view name, std::string_view version);
absl::Status NoBucketPlace(std::string_view text);
absl::Status NoBucketRegion(std::string_view place);
absl::Status ObjectIsThere(std::string_view place, std::string_view name);
absl::Status BucketRefused(std::string_view place, int status, std::string_view reason);
absl::Status EmptySecret(std::string_view reference);
absl::Status SecretHasNoField(std::string_view reference, std::string_view field);

// ---- Endpoints
absl::Status BadUrl();
absl::Status CredentialInTheClear(std::string_view host);
absl::Status NoAnswer(absl::StatusCode code, std::string_view address, std::string_view reason);
// An answer of any server that is no good: UNAUTHENTICATED (401), PERMISSION_DENIED (403),
// UNAVAILABLE where the server is in trouble (429, 5xx), else FAILED_PRECONDITION. `reason`: its
// own words.
absl::Status HttpRefused(int status, std::string_view reason);
// UNAUTHENTICATED, or UNAVAILABLE where the endpoint itself is in trouble (429, 5xx).
absl::Status TokenRefused(std::string_view endpoint, int status, std::string_view error,
                          std::string_view description);
absl::Status TokenExpired(std::string_view reference);
absl::Status BadPrivateKey();

// ---- Tokens that others bring to us
absl::Status BadToken(std::string_view reason);
absl::Status UnknownTokenKey();

// ---- Servers of our own
absl::Status BadServerCertificate(std::string_view file, std::string_view reason);
absl::Status NoAddressToListen(std::string_view address);
absl::Status CannotListen(std::string_view address);
// What we answered, for the connection log: as HttpRefused, but the one to act is the caller.
absl::Status RequestRefused(int status, std::string_view body);
absl::Status HandshakeFailed(std::string_view reason);

absl::Status CannotRenewToken(const absl::Status& reason);

// ---- Google
absl::Status NoGoogleCredentials(std::string_view known_file);
absl::Status UnknownGoogleCredentials(std::string_view file, std::string_view type);
absl::Status ForeignCredentialUrl(std::string_view file, std::string_view host);
absl::Status ProgramNotAllowed(std::string_view file);
absl::Status BadProgram(std::string_view file, std::string_view reason);
absl::Status ProgramFailed(std::string_view file, const absl::Status& reason);
absl::Status BadCertificateConfig(std::string_view file, std::string_view reason);

// ---- Vault
absl::Status NoVaultAddress();
absl::Status NoVaultCredentials();
absl::Status VaultRefused(std::string_view what, int status, std::string_view reason);

// ---- AWS
absl::Status NoSecretRegion(std::string_view reference);
absl::Status NoAwsRegion(std::string_view file);
absl::Status NoAwsCredentials(std::string_view reason);
absl::Status AwsCredentialsExpired(std::string_view access_key_id);
absl::Status NoAwsProfile(std::string_view profile);
absl::Status AwsRefused(std::string_view who, int status, std::string_view reason);

}  // namespace ks::identity
