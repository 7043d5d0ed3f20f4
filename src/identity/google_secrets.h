// Secrets of Google Secret Manager: secrets.versions.access.
// https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
//
// The one place that asks Google for another scope than Spanner's: Secret Manager takes
// cloud-platform alone, so a token with that is fetched, for secrets only, where a configuration
// has a secret://google reference. Needs roles/secretmanager.secretAccessor on the secret. The
// address can be changed by gcloud's CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER (https, or http
// on this machine). Thread safety: any thread; it blocks.
#pragma once

#include <memory>

#include "identity/google_credentials.h"
#include "identity/secret_resolver.h"

namespace ks::identity {

std::unique_ptr<SecretStore> MakeGoogleSecretStore(const GoogleServices& services);

}  // namespace ks::identity
