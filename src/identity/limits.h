// Every number that identity goes by.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::identity {

// An endpoint that takes longer is taken to be down: tokens are renewed long before they expire.
inline constexpr int64_t kHttpTimeoutMillis = 10'000;
// A metadata server is on the machine's own host; where there is none, nobody answers.
inline constexpr int64_t kMetadataTimeoutMillis = 3'000;
inline constexpr size_t kHttpBodyBytesMax = size_t{1} << 20;
// Of an endpoint's own words in an error.
inline constexpr size_t kErrorExcerptBytes = 300;
// What our own assertions live: long enough for any clock to be a little off.
inline constexpr int64_t kAssertionSeconds = 300;
// A token whose life nobody states.
inline constexpr int64_t kTokenSecondsDefault = 300;
// What AWS takes as the life of a signed MSK request at most.
inline constexpr int64_t kMskTokenSeconds = 900;
// Google's own clients renew a token 3 min 45 s before it expires.
inline constexpr int64_t kRefreshAheadSeconds = 225;
inline constexpr int64_t kRefreshPauseSecondsMax = 30;
inline constexpr int kRefreshLookMillis = 500;
// How long what a secret manager said is taken to hold: how soon a rotation is seen, and how often
// a manager that is paid by the call is asked.
inline constexpr int64_t kSecretKeepSeconds = 10;
// The longest that Google takes a self-signed JWT, and an impersonated token by default.
inline constexpr int64_t kSelfSignedSeconds = 3'600;
inline constexpr int64_t kImpersonationSeconds = 3'600;
// What a program that gives tokens may take (AIP-4117).
inline constexpr int64_t kProgramMillis = 30'000;
inline constexpr int64_t kProgramMillisMin = 5'000;
inline constexpr int64_t kProgramMillisMax = 120'000;
// How soon a changed certificate of our own servers is seen.
inline constexpr int64_t kServerCertificateLookNanos = 1'000'000'000;
// Of a server's certificate, in the connection log: Google's have some hundred names.
inline constexpr size_t kCertificateNamesMax = 5;
inline constexpr size_t kRememberedHandshakes = 1'000;
// Names that a bucket is asked for at once: Amazon gives no more.
inline constexpr size_t kObjectsListed = 1'000;

}  // namespace ks::identity
