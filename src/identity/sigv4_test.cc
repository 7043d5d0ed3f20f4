// Signatures equal to those of AWS's own signers, byte for byte. The golden values were made by
// tests/identity/record_aws.py.
#include "identity/sigv4.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "identity/testing/fake_http.h"

namespace ks::identity {
namespace {

nlohmann::json Golden() {
  std::ifstream file("tests/identity/aws_signatures.json");
  return nlohmann::json::parse(file);
}

AwsCredentials CredentialsOf(const nlohmann::json& golden) {
  return {golden["access_key_id"], Secret(golden["secret_access_key"]),
          Secret(golden["session_token"])};
}

int64_t NanosOf(const nlohmann::json& golden) {
  return golden["unix_seconds"].get<int64_t>() * 1'000'000'000;
}

TEST(SigV4Test, MskTokensEqualThoseOfAwsSigner) {
  const auto goldens = Golden()["msk"];
  ASSERT_GE(goldens.size(), 3u);
  for (const auto& golden : goldens) {
    EXPECT_EQ(MskToken(golden["region"].get<std::string>(), CredentialsOf(golden), NanosOf(golden),
                       golden["user_agent"].get<std::string>())
                  .Reveal(),
              golden["token"].get<std::string>());
  }
}

TEST(SigV4Test, SignedRequestsEqualThoseOfBotocore) {
  const auto goldens = Golden()["requests"];
  ASSERT_GE(goldens.size(), 3u);
  for (const auto& golden : goldens) {
    HttpRequest request{.method = golden["method"], .url = golden["url"]};
    for (const auto& [name, value] : golden["headers"].items()) {
      request.headers.emplace_back(name, value);
    }
    request.body = golden["body"];
    SignRequest({golden["region"], golden["service"]}, CredentialsOf(golden), NanosOf(golden),
                &request);
    EXPECT_EQ(HeaderOf(request, "Authorization"), golden["authorization"].get<std::string>())
        << golden["url"];
  }
}

}  // namespace
}  // namespace ks::identity
