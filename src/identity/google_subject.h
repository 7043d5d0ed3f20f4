// Workload identity federation: the subject, that is what proves to Google's STS who this workload
// is elsewhere, from the `credential_source` of an external_account file. AIP-4117.
//
//   file, url           a token that somebody puts there; as text or as a field of JSON
//   environment_id aws1 a signed request to AWS's STS, for Google to send
//   executable          what a program prints; only with
//   GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 certificate         X.509: the certificate itself,
//   shown in TLS to STS; paths of it and its key
//                       come from a certificate configuration (GOOGLE_API_CERTIFICATE_CONFIG)
//
// A credentials file may name addresses. Nothing is sent to one that is not Google's (over TLS),
// the machine's metadata service, or listed in KAFKA_SPANNER_CREDENTIAL_HOSTS (HOST[:PORT],…; those
// may be plain http): else whoever can place a file could have us call any server. A program is run
// without a shell, and is not given our secrets, but it is given our environment.
//
// That Google's own client sends the same: tests/identity/test_google.py. Thread safety: pure but
// for what is read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "env/clock.h"
#include "env/environment.h"
#include "identity/http.h"
#include "identity/secret.h"

namespace ks::identity {

struct GoogleServices {
  const env::Environment* environment;
  HttpClient* http;
  env::Clock* clock;
};

struct GoogleSubject {
  Secret token;
  CertificatePem certificate;  // of X.509: what the connection to STS shows; else empty
};

// `credentials` is the whole file, `file` its name for errors. Blocks.
absl::StatusOr<GoogleSubject> ReadGoogleSubject(const nlohmann::json& credentials,
                                                const std::string& file,
                                                const GoogleServices& services);

struct NamedAddress {
  const std::string& file;  // that names it
  const std::string& address;
  bool subject = false;  // a token is asked for there, so it may be the metadata service
};
// The address's host, when a credential may go there.
absl::StatusOr<std::string> CheckGoogleAddress(const NamedAddress& named,
                                               const env::Environment& environment);

}  // namespace ks::identity
