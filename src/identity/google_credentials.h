// Google's application default credentials: found in Google's documented order, turned into a
// source of access tokens.
//
//   1. the file that GOOGLE_APPLICATION_CREDENTIALS names
//   2. gcloud's own (`gcloud auth application-default login`)
//   3. the metadata server of Google Cloud's machines
//
// https://cloud.google.com/docs/authentication/application-default-credentials, AIP-4110 to 4117.
// Files may be: service_account (a self-signed JWT: no endpoint is asked), authorized_user,
// external_account (workload identity federation: a token from a file, an URL or AWS),
// impersonated_service_account.
//
// A credentials file may name addresses. Nothing is sent to one that is not Google's (over TLS),
// the machine's metadata service, or listed in KAFKA_SPANNER_CREDENTIAL_HOSTS (HOST[:PORT],…; those
// may be plain http): else whoever can place a file could have us call any server.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "env/clock.h"
#include "env/environment.h"
#include "identity/http.h"
#include "identity/token.h"

namespace ks::identity {

inline constexpr std::string_view kSpannerDataScope =
    "https://www.googleapis.com/auth/spanner.data";
inline constexpr std::string_view kSpannerAdminScope =
    "https://www.googleapis.com/auth/spanner.admin";
// What impersonation and Secret Manager want; never asked for to reach Spanner.
inline constexpr std::string_view kCloudPlatformScope =
    "https://www.googleapis.com/auth/cloud-platform";

struct GoogleServices {
  const env::Environment* environment;
  HttpClient* http;
  env::Clock* clock;
};

// `scope`: one or more, with a blank between. Reads the file anew at each Fetch() of the source, so
// that a replaced one needs no restart. An error where there are no credentials at all.
absl::StatusOr<std::unique_ptr<TokenSource>> FindGoogleCredentials(std::string scope,
                                                                   const GoogleServices& services);

}  // namespace ks::identity
