// Each grant: what is sent, what becomes of the answer.
#include "identity/oauth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/jwt.h"
#include "identity/testing/fake_http.h"
#include "identity/testing/test_keys.h"

namespace ks::identity {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kEndpoint[] = "https://idp.test/token";
constexpr int64_t kNow = int64_t{1'700'000'000} * env::kNanosPerSecond;

class OauthTest : public testing::Test {
 protected:
  OauthTest() {
    environment_.variables["SECRET"] = "hunter2 &=";
    http_.On(kEndpoint, 200, R"({"access_token":"t0ken","token_type":"bearer","expires_in":60})");
    settings_.token_endpoint = kEndpoint;
    settings_.client_id = "pipe:1";
  }
  absl::StatusOr<Token> Fetch() {
    return MakeOauthTokenSource(settings_, {&http_, &secrets_, &clock_, &random_})->Fetch();
  }
  std::map<std::string, std::string> Form() { return FormFields(http_.requests().back().body); }

  env::SimEnvironment environment_;
  env::SimClock clock_{kNow};
  env::SimRandom random_{1};
  FakeHttp http_;
  SecretResolver secrets_{environment_};
  OauthSettings settings_;
};

TEST_F(OauthTest, ClientCredentialsWithASecretInTheHeader) {
  settings_.client_secret = *ParseSecretReference("secret://env/SECRET");
  settings_.scope = "kafka";
  const auto token = Fetch();
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->value.Reveal(), "t0ken");
  EXPECT_EQ(token->expires_at_nanos, kNow + 60 * env::kNanosPerSecond);
  EXPECT_EQ(token->principal, "pipe:1");
  EXPECT_EQ(Form()["grant_type"], "client_credentials");
  EXPECT_EQ(Form()["scope"], "kafka");
  // base64("pipe%3A1:hunter2%20%26%3D")
  EXPECT_EQ(HeaderOf(http_.requests()[0], "Authorization"),
            "Basic cGlwZSUzQTE6aHVudGVyMiUyMCUyNiUzRA==");
}

TEST_F(OauthTest, ClientCredentialsWithASecretInTheForm) {
  settings_.client_secret = *ParseSecretReference("secret://env/SECRET");
  settings_.client_authentication = ClientAuthentication::kPost;
  ASSERT_TRUE(Fetch().ok());
  EXPECT_EQ(Form()["client_secret"], "hunter2 &=");
  EXPECT_EQ(HeaderOf(http_.requests()[0], "Authorization"), "");
}

TEST_F(OauthTest, AChangedSecretIsUsedAtTheNextFetch) {
  settings_.client_secret = *ParseSecretReference("secret://env/SECRET");
  settings_.client_authentication = ClientAuthentication::kPost;
  const auto source = MakeOauthTokenSource(settings_, {&http_, &secrets_, &clock_, &random_});
  ASSERT_TRUE(source->Fetch().ok());
  environment_.variables["SECRET"] = "changed";
  ASSERT_TRUE(source->Fetch().ok());
  EXPECT_EQ(Form()["client_secret"], "changed");
}

TEST_F(OauthTest, PrivateKeyJwtForBothKindsOfKey) {
  for (const KeyKind kind : {KeyKind::kRsa, KeyKind::kP256}) {
    const TestKey key = MakeTestKey(kind);
    environment_.files["/key.pem"] = key.private_pem.Reveal();
    settings_.private_key = *ParseSecretReference("secret://file/key.pem");
    settings_.key_id = "k1";
    ASSERT_TRUE(Fetch().ok());
    auto form = Form();
    EXPECT_EQ(form["client_assertion_type"],
              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    const Secret assertion{form["client_assertion"]};
    EXPECT_TRUE(VerifiesJwt(assertion, key.public_pem));
    EXPECT_FALSE(VerifiesJwt(assertion, MakeTestKey(kind).public_pem));
    const auto claims = ClaimsOf(assertion);
    EXPECT_EQ(claims["iss"], "pipe:1");
    EXPECT_EQ(claims["sub"], "pipe:1");
    EXPECT_EQ(claims["aud"], kEndpoint);
    EXPECT_EQ(claims["exp"], 1'700'000'300);
  }
}

TEST_F(OauthTest, JwtBearerSignsForItsSubjectOrTakesAnAssertion) {
  environment_.files["/key.pem"] = MakeTestKey(KeyKind::kP256).private_pem.Reveal();
  settings_.grant = OauthGrant::kJwtBearer;
  settings_.private_key = *ParseSecretReference("secret://file/key.pem");
  settings_.subject = "user";
  ASSERT_TRUE(Fetch().ok());
  EXPECT_EQ(Form()["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
  EXPECT_EQ(ClaimsOf(Secret(Form()["assertion"]))["sub"], "user");
  environment_.variables["ASSERTION"] = "ready.made.one";
  settings_.assertion = *ParseSecretReference("secret://env/ASSERTION");
  ASSERT_TRUE(Fetch().ok());
  EXPECT_EQ(Form()["assertion"], "ready.made.one");
}

TEST_F(OauthTest, TokenExchange) {
  environment_.files["/token"] = "subject.token";
  settings_.grant = OauthGrant::kTokenExchange;
  settings_.subject_token = *ParseSecretReference("secret://file/token");
  settings_.audience = "kafka";
  ASSERT_TRUE(Fetch().ok());
  auto form = Form();
  EXPECT_EQ(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(form["subject_token"], "subject.token");
  EXPECT_EQ(form["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_EQ(form["audience"], "kafka");
}

TEST_F(OauthTest, ATokenFileIsReadAnewAndKnowsItsEnd) {
  const auto jwt = [&](int64_t exp) {
    return SignJwt({{"sub", "me"}, {"exp", exp}}, MakeTestKey(KeyKind::kP256).private_pem, "")
        ->Reveal();
  };
  settings_.grant = OauthGrant::kTokenFile;
  settings_.token = *ParseSecretReference("secret://file/token");
  environment_.files["/token"] = jwt(1'700'000'100);
  const auto token = Fetch();
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->expires_at_nanos, kNow + 100 * env::kNanosPerSecond);
  EXPECT_EQ(token->principal, "me");
  environment_.files["/token"] = jwt(1'699'999'999);
  EXPECT_THAT(std::string(Fetch().status().message()), HasSubstr("has expired"));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(OauthTest, ARefusalSaysWhatTheEndpointSaid) {
  settings_.client_secret = *ParseSecretReference("secret://env/SECRET");
  http_.On(kEndpoint, 401,
           R"({"error":"invalid_client","error_description":"client authentication failed"})");
  const auto refused = Fetch().status();
  EXPECT_TRUE(absl::IsUnauthenticated(refused));
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("idp.test:443 refused: invalid_client (client authentication failed)"));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("hunter2")));
  http_.On(kEndpoint, 503, "try later");
  EXPECT_TRUE(absl::IsUnavailable(Fetch().status()));
}

TEST_F(OauthTest, NoSecretGoesOverAnOpenLine) {
  settings_.client_secret = *ParseSecretReference("secret://env/SECRET");
  settings_.token_endpoint = "http://idp.test/token";
  EXPECT_THAT(std::string(Fetch().status().message()), HasSubstr("https"));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(OauthTest, ARefusedNewSecretLeavesTheOneBeforeInUse) {
  std::string taken = "one";
  http_.On(kEndpoint, [&](const HttpRequest& request) {
    return FormFields(request.body)["client_secret"] == taken
               ? HttpAnswer{.status = 200, .body = R"({"access_token":"t"})"}
               : HttpAnswer{.status = 401, .body = R"({"error":"invalid_client"})"};
  });
  settings_.client_secret = *ParseSecretReference("secret://env/SECRET");
  settings_.client_authentication = ClientAuthentication::kPost;
  const auto source = MakeOauthTokenSource(settings_, {&http_, &secrets_, &clock_, &random_});
  environment_.variables["SECRET"] = "one";
  ASSERT_TRUE(source->Fetch().ok());
  environment_.variables["SECRET"] = "two";
  EXPECT_TRUE(source->Fetch().ok()) << "the server does not know it yet";
  EXPECT_EQ(Form()["client_secret"], "one");
  taken = "two";
  EXPECT_TRUE(source->Fetch().ok());
  EXPECT_EQ(Form()["client_secret"], "two");
  taken = "";
  EXPECT_TRUE(absl::IsUnauthenticated(source->Fetch().status()));
}

}  // namespace
}  // namespace ks::identity
