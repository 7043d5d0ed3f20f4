#include "identity/jwt_check.h"

#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "identity/jwt.h"
#include "identity/secret.h"
#include "identity/testing/test_keys.h"

namespace ks::identity {
namespace {

constexpr int64_t kNow = 1'800'000'000;
constexpr char kIssuer[] = "https://login.example";

nlohmann::json Claims() {
  return {{"iss", kIssuer},   {"aud", {"other", "kafka-spanner"}},
          {"sub", "alice"},   {"exp", kNow + 60},
          {"nbf", kNow - 60}, {"iat", kNow - 60}};
}

JwtExpectations Expected() { return {kIssuer, "kafka-spanner", kNow}; }

// Made once: RSA's take their time.
const TestKey& KeyFor(bool rsa) {
  static const TestKey* const keys[] = {new TestKey(MakeTestKey(KeyKind::kP256)),
                                        new TestKey(MakeTestKey(KeyKind::kRsa))};
  return *keys[rsa ? 1 : 0];
}

std::string SetOf(nlohmann::json::array_t keys) {
  return nlohmann::json{{"keys", std::move(keys)}}.dump();
}

class JwtCheck : public testing::TestWithParam<bool> {
 protected:
  // RSA or EC.
  const TestKey& key_ = KeyFor(GetParam());
  const KeySet keys_ = KeySet::Parse(SetOf({PublicJwk(key_.public_pem, "k1")}));

  std::string Sign(const nlohmann::json& claims, const char* kid = "k1") const {
    return SignJwt(claims, key_.private_pem, kid)->Reveal();
  }
  absl::Status Check(const std::string& token) const {
    return CheckJwt(token, keys_, Expected()).status();
  }
  absl::Status CheckWith(const char* claim, const nlohmann::json& value) const {
    nlohmann::json claims = Claims();
    if (value.is_null()) {
      claims.erase(claim);
    } else {
      claims[claim] = value;
    }
    return Check(Sign(claims));
  }
};

TEST_P(JwtCheck, TakesWhatItsIssuerSigned) {
  const auto claims = CheckJwt(Sign(Claims()), keys_, Expected());
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ((*claims)["sub"], "alice");
  EXPECT_TRUE(CheckWith("aud", "kafka-spanner").ok());
}

TEST_P(JwtCheck, RefusesEachWrongClaim) {
  const std::pair<const char*, nlohmann::json> wrong[] = {{"iss", "https://other.example"},
                                                          {"iss", nullptr},
                                                          {"aud", "other"},
                                                          {"aud", {"other"}},
                                                          {"aud", nullptr},
                                                          {"aud", {{"kafka-spanner", 1}}},
                                                          {"exp", kNow - 31},
                                                          {"exp", nullptr},
                                                          {"exp", "tomorrow"},
                                                          {"nbf", kNow + 31},
                                                          {"nbf", "today"},
                                                          {"iat", kNow + 3600},
                                                          {"sub", ""},
                                                          {"sub", nullptr},
                                                          {"sub", 5}};
  for (const auto& [claim, value] : wrong)
    EXPECT_EQ(CheckWith(claim, value).code(), absl::StatusCode::kUnauthenticated)
        << claim << " " << value;
}

TEST_P(JwtCheck, RefusesWhatWasChangedAfterSigning) {
  const std::string token = Sign(Claims());
  const size_t first = token.find('.'), second = token.rfind('.');
  nlohmann::json claims = Claims();
  claims["groups"] = {"admins"};
  const std::string forged =
      StrCat(token.substr(0, first + 1), Base64Url(claims.dump()), token.substr(second));
  EXPECT_EQ(Check(forged).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_FALSE(Check(token.substr(0, second + 1)).ok());
  EXPECT_FALSE(Check(StrCat(token, ".x")).ok());
}

TEST_P(JwtCheck, RefusesAlgorithmsThatProveNothing) {
  for (const char* alg : {"none", "None", "HS256", "RS512", "", "RS256", "ES256"}) {
    const nlohmann::json header = {{"alg", alg}, {"kid", "k1"}};
    for (const char* signature : {"", "eA"}) {
      const std::string token =
          StrCat(Base64Url(header.dump()), ".", Base64Url(Claims().dump()), ".", signature);
      EXPECT_FALSE(Check(token).ok()) << alg;
    }
  }
  const nlohmann::json critical = {
      {"alg", GetParam() ? "RS256" : "ES256"}, {"kid", "k1"}, {"crit", {"b64"}}};
  EXPECT_FALSE(
      Check(StrCat(Base64Url(critical.dump()), ".", Base64Url(Claims().dump()), ".eA")).ok());
}

TEST_P(JwtCheck, AKeyThatIsNotThereMayBeANewOne) {
  EXPECT_EQ(Check(Sign(Claims(), "k2")).code(), absl::StatusCode::kNotFound);
}

TEST_P(JwtCheck, BytesThatAreNoTokenAreRefused) {
  for (const char* token : {"", ".", "..", "a.b.c", "e30.e30.e30", "W10.W10.", "\xff.\xff.\xff"})
    EXPECT_FALSE(Check(token).ok()) << token;
  EXPECT_FALSE(Check(std::string(1 << 20, 'a')).ok());
}

INSTANTIATE_TEST_SUITE_P(Keys, JwtCheck, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "Rsa" : "P256"); });

TEST(KeySet, PassesOverWhatItCannotUse) {
  nlohmann::json encryption = PublicJwk(KeyFor(true).public_pem, "e");
  encryption["use"] = "enc";
  nlohmann::json other = PublicJwk(KeyFor(true).public_pem, "o");
  other["alg"] = "PS256";
  const nlohmann::json secret = {{"kty", "oct"}, {"k", "c2VjcmV0"}, {"kid", "s"}};
  const nlohmann::json small = {{"kty", "RSA"}, {"n", "AQAB"}, {"e", "AQAB"}, {"kid", "small"}};
  const nlohmann::json off_curve = {
      {"kty", "EC"}, {"crv", "P-256"}, {"x", std::string(43, 'A')}, {"y", std::string(43, 'B')}};
  const auto set = KeySet::Parse(SetOf({encryption, other, secret, small, off_curve, 5, nullptr}));
  EXPECT_EQ(set.size(), 0u);
  EXPECT_EQ(KeySet::Parse("{").size(), 0u);
  EXPECT_EQ(KeySet::Parse("{\"keys\": 5}").size(), 0u);
}

}  // namespace
}  // namespace ks::identity
