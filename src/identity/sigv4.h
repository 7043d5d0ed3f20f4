// AWS Signature Version 4: in a URL's query (for MSK) and in a request's headers (for STS and
// Secrets Manager).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// Golden values of AWS's own signer: tests/identity/msk_tokens.json. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "identity/http.h"
#include "identity/secret.h"

namespace ks::identity {

struct AwsCredentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;          // empty: the key is a long-lived one
  int64_t expires_at_nanos = 0;  // 0: never
};

struct AwsScope {
  std::string region;
  std::string service;
};

// The URL of a GET of `https://host/?query` that proves who sends it, good for `seconds`. `query`
// is encoded and sorted already.
Secret PresignUrl(std::string_view host, std::string_view query, const AwsScope& scope,
                  const AwsCredentials& credentials, int64_t now_nanos, int64_t seconds);

// What S3 wants to be told of a request's body: X-Amz-Content-Sha256.
std::string ContentSha256(std::string_view body);

// Adds the headers that sign method, path, query, body and the headers that are there.
void SignRequest(const AwsScope& scope, const AwsCredentials& credentials, int64_t now_nanos,
                 HttpRequest* request);

// What the OAUTHBEARER mechanism sends to Amazon MSK in the place of a token: the signed URL of
// kafka-cluster:Connect, as base64url. `user_agent` is told, not signed.
Secret MskToken(std::string_view region, const AwsCredentials& credentials, int64_t now_nanos,
                std::string_view user_agent);

}  // namespace ks::identity
