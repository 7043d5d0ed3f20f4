// Google's application default credentials: in which order, what is sent where, and where nothing
// is. That Google's own client sees the same answers alike: tests/identity/test_google.py.
#include "identity/google_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/str_cat.h"
#include "identity/jwt.h"
#include "identity/testing/fake_http.h"
#include "identity/testing/test_keys.h"

namespace ks::identity {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kNow = int64_t{1'700'000'000} * env::kNanosPerSecond;
constexpr char kFile[] = "/creds.json";
constexpr char kSts[] = "https://sts.googleapis.com/v1/token";
constexpr char kImpersonation[] =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
    "sa@p.iam.gserviceaccount.com:generateAccessToken";
constexpr char kMetadata[] = "http://metadata.google.internal/";

class GoogleCredentialsTest : public testing::Test {
 protected:
  GoogleCredentialsTest() {
    environment_.variables["HOME"] = "/home/me";
    http_.On(kSts, 200, R"({"access_token":"federated","expires_in":600})");
    http_.On(kImpersonation, 200,
             R"({"accessToken":"impersonated","expireTime":"2023-11-14T23:13:20Z"})");
  }

  absl::StatusOr<Token> Fetch() {
    auto source =
        FindGoogleCredentials(std::string(kSpannerDataScope), {&environment_, &http_, &clock_});
    if (!source.ok()) return source.status();
    return (*source)->Fetch();
  }
  absl::StatusOr<Token> FetchWith(const json& credentials) {
    environment_.variables["GOOGLE_APPLICATION_CREDENTIALS"] = kFile;
    environment_.files[kFile] = credentials.dump();
    return Fetch();
  }
  std::string ErrorWith(const json& credentials) {
    return std::string(FetchWith(credentials).status().message());
  }
  void StartMetadataServer() {
    http_.On(kMetadata, [](const HttpRequest& request) {
      EXPECT_EQ(HeaderOf(request, "Metadata-Flavor"), "Google");
      return HttpAnswer{
          200, R"({"access_token":"machine","expires_in":100})", {{"metadata-flavor", "Google"}}};
    });
  }
  json Federated(const json& source) {
    environment_.files["/var/token"] = "subject";
    return {{"type", "external_account"},
            {"audience", "//iam.googleapis.com/projects/1/pool"},
            {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
            {"token_url", kSts},
            {"credential_source", source}};
  }

  env::SimEnvironment environment_;
  env::SimClock clock_{kNow};
  FakeHttp http_;
};

TEST_F(GoogleCredentialsTest, AServiceAccountSignsForItself) {
  const TestKey key = MakeTestKey(KeyKind::kRsa);
  const auto token = FetchWith({{"type", "service_account"},
                                {"client_email", "sa@p.iam.gserviceaccount.com"},
                                {"private_key_id", "k1"},
                                {"private_key", key.private_pem.Reveal()},
                                {"token_uri", "https://evil.test/token"}});
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_TRUE(VerifiesJwt(token->value, key.public_pem));
  const json claims = ClaimsOf(token->value);
  EXPECT_EQ(claims["iss"], "sa@p.iam.gserviceaccount.com");
  EXPECT_EQ(claims["sub"], "sa@p.iam.gserviceaccount.com");
  EXPECT_EQ(claims["scope"], "https://www.googleapis.com/auth/spanner.data");
  EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), 3600);
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(GoogleCredentialsTest, TheNamedFileThenGcloudsThenTheMachine) {
  const json user = {{"type", "authorized_user"},
                     {"client_id", "c"},
                     {"client_secret", "s"},
                     {"refresh_token", "r"}};
  StartMetadataServer();
  http_.On("https://oauth2.googleapis.com/token", [](const HttpRequest& request) {
    EXPECT_EQ(FormFields(request.body)["grant_type"], "refresh_token");
    return HttpAnswer{200, R"({"access_token":"user","expires_in":10})", {}};
  });
  EXPECT_EQ(Fetch()->value.Reveal(), "machine");
  EXPECT_THAT(http_.requests().back().url, HasSubstr("token?scopes=https%3A%2F%2Fwww.googleapis"
                                                     ".com%2Fauth%2Fspanner.data"));
  const std::string known = "/home/me/.config/gcloud/application_default_credentials.json";
  environment_.files[known] = user.dump();
  EXPECT_EQ(Fetch()->value.Reveal(), "user");
  EXPECT_EQ(FetchWith(Federated({{"file", "/var/token"}}))->value.Reveal(), "federated");
  environment_.files.erase(kFile);
  EXPECT_THAT(std::string(Fetch().status().message()), HasSubstr("cannot read /creds.json"));
}

TEST_F(GoogleCredentialsTest, NothingAnywhereSaysWhereItLooked) {
  const std::string message(Fetch().status().message());
  EXPECT_THAT(message, HasSubstr("/home/me/.config/gcloud/application_default_credentials.json"));
  EXPECT_THAT(message, HasSubstr("SPANNER_EMULATOR_HOST"));
}

TEST_F(GoogleCredentialsTest, FederationReadsItsTokenAnewAndAsksForDataOnly) {
  ASSERT_TRUE(FetchWith(Federated({{"file", "/var/token"}})).ok());
  auto form = FormFields(http_.requests().back().body);
  EXPECT_EQ(form["subject_token"], "subject");
  EXPECT_EQ(form["scope"], kSpannerDataScope);
  EXPECT_EQ(form["audience"], "//iam.googleapis.com/projects/1/pool");
  environment_.files["/var/token"] = R"({"access": "from json"})";
  ASSERT_TRUE(FetchWith(Federated({{"file", "/var/token"}})).ok());
  const json format = {{"type", "json"}, {"subject_token_field_name", "access"}};
  environment_.files[kFile] = "";
  json credentials = Federated({{"file", "/var/token"}, {"format", format}});
  environment_.files["/var/token"] = R"({"access": "from json"})";
  ASSERT_TRUE(FetchWith(credentials).ok());
  EXPECT_EQ(FormFields(http_.requests().back().body)["subject_token"], "from json");
}

TEST_F(GoogleCredentialsTest, ImpersonationNarrowsTheScope) {
  json credentials = Federated({{"file", "/var/token"}});
  credentials["service_account_impersonation_url"] = kImpersonation;
  const auto token = FetchWith(credentials);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->value.Reveal(), "impersonated");
  EXPECT_EQ(token->expires_at_nanos, kNow + 3600 * env::kNanosPerSecond);
  EXPECT_EQ(token->principal, "sa@p.iam.gserviceaccount.com");
  const HttpRequest request = http_.requests().back();
  EXPECT_EQ(HeaderOf(request, "Authorization"), "Bearer federated");
  EXPECT_EQ(json::parse(request.body)["scope"], json::array({kSpannerDataScope}));
}

TEST_F(GoogleCredentialsTest, AwsSubjectsAreSignedRequests) {
  environment_.variables["AWS_REGION"] = "eu-west-1";
  environment_.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  environment_.variables["AWS_SECRET_ACCESS_KEY"] = "hunter2";
  ASSERT_TRUE(FetchWith(Federated({{"environment_id", "aws1"}})).ok());
  const std::string subject = FormFields(http_.requests().back().body)["subject_token"];
  const json described = json::parse(FormFields("s=" + subject)["s"]);
  EXPECT_EQ(described["url"],
            "https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_THAT(described.dump(), HasSubstr("AWS4-HMAC-SHA256 Credential=AKID/"));
  EXPECT_THAT(described.dump(), HasSubstr("host;x-amz-date;x-goog-cloud-target-resource"));
  EXPECT_THAT(described.dump(), testing::Not(HasSubstr("hunter2")));
}

TEST_F(GoogleCredentialsTest, NothingIsSentToForeignAddresses) {
  json sts = Federated({{"file", "/var/token"}});
  json impersonation = sts, plain = sts, port = sts;
  sts["token_url"] = "https://sts.googleapis.com.evil.test/v1/token";
  impersonation["service_account_impersonation_url"] = "https://evil.test/x:generateAccessToken";
  plain["token_url"] = "http://sts.googleapis.com/v1/token";
  port["token_url"] = "https://sts.googleapis.com:8443/v1/token";
  const json source = Federated({{"url", "http://10.0.0.1/token"}});
  const json aws = Federated({{"environment_id", "aws1"}, {"url", "http://10.0.0.1/"}});
  const json user = {{"type", "authorized_user"}, {"token_uri", "https://evil.test/token"}};
  const json delegated = {{"type", "impersonated_service_account"},
                          {"service_account_impersonation_url", "https://evil.test/x:y"},
                          {"source_credentials", user}};
  const json person = {{"type", "external_account_authorized_user"},
                       {"token_url", "https://evil.test/v1/oauthtoken"}};
  environment_.variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  json program = Federated({{"executable", {{"command", "who"}}}});
  program["token_url"] = "http://169.254.169.254/token";  // for a subject only
  const json lookalike = Federated({{"url", "https://169.254.169.254.evil.test/"}});
  for (const json& each : {sts, impersonation, plain, port, source, aws, user, delegated, person,
                           program, lookalike}) {
    EXPECT_THAT(ErrorWith(each), HasSubstr("nothing is sent there")) << each;
  }
  EXPECT_THAT(http_.requests(), IsEmpty());
  EXPECT_THAT(environment_.runs, IsEmpty());
  environment_.variables["KAFKA_SPANNER_CREDENTIAL_HOSTS"] = "other.test,10.0.0.1:80";
  http_.On("http://10.0.0.1/token", 200, "subject");
  EXPECT_TRUE(FetchWith(source).ok());
}

TEST_F(GoogleCredentialsTest, AProgramIsRunOnlyWhereThatIsAllowed) {
  json credentials = Federated({{"executable", {{"command", "/bin/who --am i"}}}});
  credentials["service_account_impersonation_url"] = kImpersonation;
  environment_.programs["/bin/who"] =
      R"({"version":1,"success":true,"expiration_time":1700000060,)"
      R"("token_type":"urn:ietf:params:oauth:token-type:id_token","id_token":"subject"})";
  EXPECT_THAT(ErrorWith(credentials), HasSubstr("ALLOW_EXECUTABLES=1"));
  environment_.variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "true";
  EXPECT_THAT(ErrorWith(credentials), HasSubstr("ALLOW_EXECUTABLES=1"));
  EXPECT_THAT(environment_.runs, IsEmpty());
  EXPECT_THAT(http_.requests(), IsEmpty());
  environment_.variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  ASSERT_TRUE(FetchWith(credentials).ok());
  EXPECT_EQ(FormFields(http_.requests()[0].body)["subject_token"], "subject");
  ASSERT_EQ(environment_.runs.size(), 1u);
  const env::ProgramRun& run = environment_.runs[0];
  EXPECT_THAT(run.command, testing::ElementsAre("/bin/who", "--am", "i"));
  EXPECT_EQ(run.timeout_ms, 30'000);
  EXPECT_EQ(run.variables.at("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE"),
            "//iam.googleapis.com/projects/1/pool");
  EXPECT_EQ(run.variables.at("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL"),
            "sa@p.iam.gserviceaccount.com");
}

TEST_F(GoogleCredentialsTest, WhatAProgramSaysWrongIsToldWithoutItsToken) {
  environment_.variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  const json credentials = Federated({{"executable", {{"command", "who"}}}});
  const auto error = [&](const json& said) {
    environment_.programs["who"] = said.dump();
    return ErrorWith(credentials);
  };
  json said = {{"version", 1},
               {"success", true},
               {"token_type", "urn:ietf:params:oauth:token-type:jwt"},
               {"id_token", "hunter2"},
               {"expiration_time", 1'700'000'000}};
  EXPECT_THAT(error(said), HasSubstr("has expired"));
  said["expiration_time"] = 1'700'000'060;
  EXPECT_EQ(error(said), "");
  said["token_type"] = "another";
  EXPECT_THAT(error(said), HasSubstr("no token that we know"));
  said["version"] = 2;
  EXPECT_THAT(error(said), HasSubstr("version 1"));
  EXPECT_THAT(error({{"version", 1}, {"success", false}, {"code", "7"}, {"message", "log in"}}),
              HasSubstr("it says: 7 log in"));
  EXPECT_THAT(error("hunter2"),
              testing::AllOf(HasSubstr("version 1"), testing::Not(HasSubstr("hunter2"))));
  EXPECT_THAT(ErrorWith(Federated({{"executable", {{"command", "who"}, {"timeout_millis", 10}}}})),
              HasSubstr("timeout_millis"));
}

TEST_F(GoogleCredentialsTest, WhatAProgramLeftInAFileServesUntilItExpires) {
  environment_.variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  json said = {{"version", 1},
               {"success", true},
               {"token_type", "urn:ietf:params:oauth:token-type:saml2"},
               {"saml_response", "kept"},
               {"expiration_time", 1'700'000'060}};
  const json credentials =
      Federated({{"executable", {{"command", "who"}, {"output_file", "/kept"}}}});
  environment_.files["/kept"] = said.dump();
  said["saml_response"] = "fresh";
  environment_.programs["who"] = said.dump();
  ASSERT_TRUE(FetchWith(credentials).ok());
  EXPECT_EQ(FormFields(http_.requests().back().body)["subject_token"], "kept");
  clock_.Advance(59 * env::kNanosPerSecond);
  ASSERT_TRUE(FetchWith(credentials).ok());
  EXPECT_THAT(environment_.runs, IsEmpty());
  said["expiration_time"] = 1'700'000'160;
  environment_.programs["who"] = said.dump();
  clock_.Advance(env::kNanosPerSecond);
  ASSERT_TRUE(FetchWith(credentials).ok());
  EXPECT_EQ(FormFields(http_.requests().back().body)["subject_token"], "fresh");
}

TEST_F(GoogleCredentialsTest, APersonOfAWorkforcePoolIsRenewedBySts) {
  http_.On("https://sts.googleapis.com/v1/oauthtoken", [](const HttpRequest& request) {
    EXPECT_EQ(HeaderOf(request, "Authorization"), "Basic aWQ6c2VjcmV0");  // id:secret
    EXPECT_EQ(FormFields(request.body)["refresh_token"], "r");
    return HttpAnswer{200, R"({"access_token":"person","expires_in":600})", {}};
  });
  const json file = {{"type", "external_account_authorized_user"},
                     {"audience", "//iam.googleapis.com/locations/global/workforcePools/p"},
                     {"client_id", "id"},
                     {"client_secret", "secret"},
                     {"refresh_token", "r"}};
  EXPECT_EQ(FetchWith(file)->value.Reveal(), "person");
}

TEST_F(GoogleCredentialsTest, TheQuotaProjectOfAWorkforceIsToldUnlessAClientIs) {
  json credentials = Federated({{"file", "/var/token"}});
  credentials["workforce_pool_user_project"] = "p1";
  ASSERT_TRUE(FetchWith(credentials).ok());
  EXPECT_EQ(FormFields(http_.requests().back().body)["options"],
            "%7B%22userProject%22%3A%22p1%22%7D");
  credentials["client_id"] = "id";
  credentials["client_secret"] = "secret";
  ASSERT_TRUE(FetchWith(credentials).ok());
  EXPECT_EQ(FormFields(http_.requests().back().body).count("options"), 0u);
  EXPECT_EQ(HeaderOf(http_.requests().back(), "Authorization"), "Basic aWQ6c2VjcmV0");
}

TEST_F(GoogleCredentialsTest, ACertificateConfigurationThatLeadsNowhereIsNamed) {
  const auto error = [&](const json& certificate) {
    return ErrorWith(Federated({{"certificate", certificate}}));
  };
  EXPECT_THAT(error(json::object()), HasSubstr("use_default_certificate_config"));
  EXPECT_THAT(error({{"use_default_certificate_config", true}}),
              HasSubstr("/home/me/.config/gcloud/certificate_config.json"));
  environment_.files["/config"] = R"({"cert_configs":{"workload":{"cert_path":"/c"}}})";
  EXPECT_THAT(error({{"certificate_config_location", "/config"}}), HasSubstr("key_path"));
  environment_.files["/config"] =
      R"({"cert_configs":{"workload":{"cert_path":"/c","key_path":"/k"}}})";
  environment_.files["/c"] = "no certificate";
  EXPECT_THAT(error({{"certificate_config_location", "/config"}}),
              HasSubstr("no certificate in it"));
  EXPECT_THAT(http_.requests(), IsEmpty());
}

TEST_F(GoogleCredentialsTest, OtherFilesAreNamed) {
  EXPECT_THAT(ErrorWith({{"type", "gdch_service_account"}}), HasSubstr("gdch_service_account"));
  EXPECT_THAT(ErrorWith(json::array()), HasSubstr("found none"));
  EXPECT_THAT(ErrorWith({{"type", "external_account"}, {"credential_source", 1}}),
              HasSubstr("address"));
}

}  // namespace
}  // namespace ks::identity
