// Google's application default credentials: found in Google's documented order, turned into a
// source of access tokens.
//
//   1. the file that GOOGLE_APPLICATION_CREDENTIALS names
//   2. gcloud's own (`gcloud auth application-default login`)
//   3. the metadata server of Google Cloud's machines
//
// https://cloud.google.com/docs/authentication/application-default-credentials, AIP-4110 to 4117.
// Files may be: service_account (a self-signed JWT: no endpoint is asked), authorized_user,
// external_account (workload identity federation: google_subject.h),
// external_account_authorized_user (a person of a workforce pool), impersonated_service_account.
// Addresses in them are checked: google_subject.h.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "identity/google_subject.h"
#include "identity/token.h"

namespace ks::identity {

inline constexpr std::string_view kSpannerDataScope =
    "https://www.googleapis.com/auth/spanner.data";
inline constexpr std::string_view kSpannerAdminScope =
    "https://www.googleapis.com/auth/spanner.admin";
// What impersonation and Secret Manager want; never asked for to reach Spanner.
inline constexpr std::string_view kCloudPlatformScope =
    "https://www.googleapis.com/auth/cloud-platform";

// `scope`: one or more, with a blank between. Reads the file anew at each Fetch() of the source, so
// that a replaced one needs no restart. An error where there are no credentials at all.
absl::StatusOr<std::unique_ptr<TokenSource>> FindGoogleCredentials(std::string scope,
                                                                   const GoogleServices& services);

}  // namespace ks::identity
