// AWS credentials in the order of AWS's own SDKs: environment, web identity (IRSA), the profile of
// the shared files, the container's endpoint (ECS, EKS Pod Identity), the machine's metadata
// service (IMDSv2). A role can be assumed with what was found.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
//
// Thread safety: Find() may be called from any thread; it blocks, and remembers nothing: whoever
// calls it keeps what it gives until shortly before it expires.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "env/clock.h"
#include "env/environment.h"
#include "identity/http.h"
#include "identity/sigv4.h"

namespace ks::identity {

struct AwsWish {
  std::string region;    // where STS is asked
  std::string profile;   // empty: AWS_PROFILE, or `default`
  std::string role_arn;  // assumed with what was found; empty: none
};

// Where a service of AWS is asked: AWS_ENDPOINT_URL_{variable} or AWS_ENDPOINT_URL where it is set
// (https, or http on this machine), else Amazon's own address. Ends with a slash.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
absl::StatusOr<std::string> AwsEndpoint(const env::Environment& environment,
                                        std::string_view variable, std::string_view service,
                                        std::string_view region);

// AWS_REGION, else AWS_DEFAULT_REGION; empty where neither is set.
std::string AwsRegion(const env::Environment& environment);

class AwsCredentialChain {
 public:
  AwsCredentialChain(const env::Environment& environment, HttpClient& http, env::Clock& clock)
      : environment_(environment), http_(http), clock_(clock) {}

  absl::StatusOr<AwsCredentials> Find(const AwsWish& wish);

 private:
  // The next three: whether there are any, and what came of it.
  using Found = absl::StatusOr<AwsCredentials>;
  std::optional<Found> FromEnvironment();
  std::optional<Found> FromWebIdentity(const AwsWish& wish);
  std::optional<Found> FromProfile(const AwsWish& wish);
  std::optional<Found> FromContainer();
  Found FromMetadataService();

  Found AssumeRole(const AwsWish& wish, const AwsCredentials& credentials);
  Found AskSts(const AwsWish& wish, HttpRequest request);
  Found AskJson(HttpRequest request, std::string_view who);
  std::string Variable(const char* name, std::string_view otherwise = "") const;

  const env::Environment& environment_;
  HttpClient& http_;
  env::Clock& clock_;
};

// What the chain found for a region, kept until shortly before it expires: finding may take several
// requests. Thread safety: Find() may be called from any thread; it blocks.
class AwsCredentialCache {
 public:
  AwsCredentialCache(const env::Environment& environment, HttpClient& http, env::Clock& clock)
      : chain_(environment, http, clock), clock_(clock) {}

  absl::StatusOr<AwsCredentials> Find(const std::string& region);

 private:
  AwsCredentialChain chain_;
  env::Clock& clock_;
  std::mutex mu_;
  std::map<std::string, AwsCredentials> kept_;  // guarded by mu_; by region
};

}  // namespace ks::identity
