// Secrets of HashiCorp Vault (or OpenBao): the KV engine, version 2.
// https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
//
// Where Vault is and who we are comes from the environment, by Vault's own names where it has them:
//   VAULT_ADDR (https, or http on this machine), VAULT_CACERT, VAULT_NAMESPACE
//   VAULT_TOKEN, or the file ~/.vault-token                 a token that somebody else got
//   VAULT_ROLE_ID with VAULT_SECRET_ID or ..._ID_FILE        AppRole
//   VAULT_ROLE, with VAULT_JWT_FILE                          JWT; without a file, the Kubernetes
//                                                            service account of this pod
//   VAULT_AUTH_MOUNT                                         where that login is mounted, when not
//                                                            at approle, jwt or kubernetes
// Our token's lease is renewed ahead; where it cannot be renewed any more, we log in again. A token
// that Vault revoked is dropped, and the next read logs in.
//
// Thread safety: Fetch() may be called from any thread; it blocks.
#pragma once

#include <memory>

#include "env/clock.h"
#include "env/environment.h"
#include "identity/http.h"
#include "identity/secret_resolver.h"
#include "identity/token.h"

namespace ks::identity {

std::unique_ptr<SecretStore> MakeVaultStore(const env::Environment& environment, HttpClient& http,
                                            env::Clock& clock);

// The logins, and renewals, by which Vault's token is got: for the store, and its tests.
std::unique_ptr<TokenSource> MakeVaultLogin(const env::Environment& environment, HttpClient& http,
                                            env::Clock& clock);

}  // namespace ks::identity
