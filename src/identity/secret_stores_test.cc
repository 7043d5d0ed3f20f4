// Secret managers: what they are asked, what of their answers is kept, what happens when they are
// away. Real ones: tests/identity/test_secret_stores.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "identity/limits.h"
#include "identity/secret_resolver.h"
#include "identity/services.h"
#include "identity/testing/fake_http.h"
#include "identity/testing/shared_clock.h"
#include "identity/vault_secrets.h"

namespace ks::identity {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = int64_t{1'700'000'000} * env::kNanosPerSecond;
constexpr char kVault[] = "https://vault.test:8200/v1/";
constexpr char kPassword[] = "secret://vault/secret/kafka/prod#password";

class SecretStoresTest : public testing::Test {
 protected:
  SecretStoresTest() {
    auto http = std::make_unique<FakeHttp>();
    http_ = http.get();
    ServicesOptions options{.environment = &environment_, .clock = &clock_};
    options.http = std::move(http);
    options.metrics = &metrics_;
    services_ = std::make_unique<Services>(std::move(options));
    environment_.variables["VAULT_ADDR"] = "https://vault.test:8200";
    environment_.variables["VAULT_TOKEN"] = "s.given";
    http_->On(StrCat(kVault, "auth/token/lookup-self"), 200,
              R"({"data":{"ttl":0,"renewable":false,"display_name":"token"}})");
    VaultHolds("one", 3);
  }

  void VaultHolds(std::string_view password, int version) {
    http_->On(StrCat(kVault, "secret/data/kafka/prod"), 200,
              StrCat(R"({"data":{"data":{"password":")", password, R"("},"metadata":{"version":)",
                     version, R"(,"created_time":"T"}}})"));
  }
  absl::StatusOr<SecretVersion> Resolve(std::string_view reference) {
    return services_->secrets().Resolve(*ParseSecretReference(reference));
  }
  std::string ErrorOf(std::string_view reference) {
    return std::string(Resolve(reference).status().message());
  }
  int Asked(std::string_view path) {
    int count = 0;
    for (const HttpRequest& request : http_->requests()) count += request.url.ends_with(path);
    return count;
  }
  void Later(int64_t seconds) { clock_.now_ += seconds * env::kNanosPerSecond; }

  env::SimEnvironment environment_;
  SharedClock clock_{kNow};
  observe::Metrics metrics_;
  FakeHttp* http_ = nullptr;
  std::unique_ptr<Services> services_;
};

TEST_F(SecretStoresTest, VaultGivesAFieldWithItsVersion) {
  const auto secret = Resolve(kPassword);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->value.Reveal(), "one");
  EXPECT_EQ(secret->version, "3@T");
  EXPECT_EQ(HeaderOf(http_->requests().back(), "X-Vault-Token"), "s.given");
}

TEST_F(SecretStoresTest, AManagerIsAskedAgainAfterAWhileOnly) {
  ASSERT_TRUE(Resolve(kPassword).ok());
  VaultHolds("two", 4);
  Later(kSecretKeepSeconds - 1);
  EXPECT_EQ(Resolve(kPassword)->value.Reveal(), "one");
  Later(1);
  EXPECT_EQ(Resolve(kPassword)->value.Reveal(), "two");
  EXPECT_EQ(Asked("secret/data/kafka/prod"), 2);
}

TEST_F(SecretStoresTest, AManagerThatIsAwayLeavesItsLastWord) {
  ASSERT_TRUE(Resolve(kPassword).ok());
  http_->On(StrCat(kVault, "secret/data"), 503, R"({"errors":["Vault is sealed"]})");
  http_->On(StrCat(kVault, "secret/data/kafka/prod"), 503, R"({"errors":["Vault is sealed"]})");
  for (int i = 0; i < 100; ++i) {
    Later(kSecretKeepSeconds);
    const auto secret = Resolve(kPassword);
    ASSERT_TRUE(secret.ok()) << secret.status();
    ASSERT_EQ(secret->value.Reveal(), "one");
  }
  VaultHolds("two", 4);
  Later(kSecretKeepSeconds);
  EXPECT_EQ(Resolve(kPassword)->value.Reveal(), "two");
}

TEST_F(SecretStoresTest, AwayFromTheStartIsAnError) {
  http_->On(StrCat(kVault, "secret/data/kafka/prod"), 503, R"({"errors":["Vault is sealed"]})");
  EXPECT_THAT(ErrorOf(kPassword), HasSubstr("Vault is sealed"));
}

TEST_F(SecretStoresTest, ARefusalLeavesTheLastWordTooAndIsNotAskedForAllTheTime) {
  const auto failures = [&] {
    const std::string text = metrics_.Text();
    const std::string name = StrCat("credential_failures_total{credential=\"", kPassword, "\"} ");
    const size_t at = text.find(name);
    return at == std::string::npos ? -1 : std::stoi(text.substr(at + name.size()));
  };
  ASSERT_TRUE(Resolve(kPassword).ok());
  EXPECT_EQ(failures(), 0);
  http_->On(StrCat(kVault, "secret/data/kafka/prod"), 403, R"({"errors":["permission denied"]})");
  Later(kSecretKeepSeconds);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Resolve(kPassword)->value.Reveal(), "one");
  EXPECT_EQ(failures(), 1);
  EXPECT_EQ(Asked("secret/data/kafka/prod"), 1 + 2);  // the second with another login
  http_->On(StrCat(kVault, "secret/data/kafka/prod"), 404, R"({"errors":[]})");
  Later(kSecretKeepSeconds);
  EXPECT_EQ(Resolve(kPassword)->value.Reveal(), "one");
  EXPECT_EQ(failures(), 2);
  VaultHolds("two", 4);
  Later(kSecretKeepSeconds);
  EXPECT_EQ(Resolve(kPassword)->value.Reveal(), "two");
  EXPECT_EQ(failures(), 2);
}

TEST_F(SecretStoresTest, ARefusalFromTheStartIsAnError) {
  http_->On(StrCat(kVault, "secret/data/kafka/prod"), 403, R"({"errors":["permission denied"]})");
  EXPECT_THAT(ErrorOf(kPassword), HasSubstr("permission denied"));
}

TEST_F(SecretStoresTest, VaultsFiveHundredMayBeARefusal) {
  environment_.variables["VAULT_ROLE_ID"] = "role";
  environment_.variables["VAULT_SECRET_ID"] = "old";
  http_->On(StrCat(kVault, "auth/approle/login"), 500, R"({"errors":["invalid secret id"]})");
  absl::Status refused = Resolve(kPassword).status();
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("Check the login"));
  Later(kSecretKeepSeconds);
  http_->On(StrCat(kVault, "auth/approle/login"), 500, R"({"errors":["internal error"]})");
  refused = Resolve(kPassword).status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
}

TEST_F(SecretStoresTest, ARevokedTokenIsReplacedByAnotherLogin) {
  environment_.variables["VAULT_ROLE_ID"] = "role";
  environment_.variables["VAULT_SECRET_ID"] = "secret-id";
  int logins = 0;
  http_->On(StrCat(kVault, "auth/approle/login"), [&](const HttpRequest& request) {
    EXPECT_EQ(request.body, R"({"role_id":"role","secret_id":"secret-id"})");
    return HttpAnswer{200,
                      StrCat(R"({"auth":{"client_token":"s.)", ++logins,
                             R"(","lease_duration":3600,"renewable":true}})"),
                      {}};
  });
  http_->On(StrCat(kVault, "secret/data/kafka/prod"), [&](const HttpRequest& request) {
    // The first token was revoked after its first use.
    if (HeaderOf(request, "X-Vault-Token") == "s.1" && Asked("kafka/prod") > 1) {
      return HttpAnswer{403, R"({"errors":["permission denied"]})", {}};
    }
    return HttpAnswer{200, R"({"data":{"data":{"password":"p"},"metadata":{"version":1}}})", {}};
  });
  ASSERT_TRUE(Resolve(kPassword).ok());
  Later(kSecretKeepSeconds);
  EXPECT_TRUE(Resolve(kPassword).ok());
  EXPECT_EQ(logins, 2);
}

TEST_F(SecretStoresTest, AVaultLeaseIsRenewedUntilItShrinks) {
  environment_.variables["VAULT_ROLE"] = "pipe";
  environment_.variables["VAULT_JWT_FILE"] = "/jwt";
  environment_.files["/jwt"] = "the.jwt.x\n";
  const auto auth = [](std::string_view token, int seconds) {
    return StrCat(R"({"auth":{"client_token":")", token, R"(","lease_duration":)", seconds,
                  R"(,"renewable":true}})");
  };
  http_->On(StrCat(kVault, "auth/jwt/login"), [&](const HttpRequest& request) {
    EXPECT_EQ(request.body, R"({"jwt":"the.jwt.x","role":"pipe"})");
    return HttpAnswer{200, auth("s.login", 100), {}};
  });
  http_->On(StrCat(kVault, "auth/token/renew-self"), 200, auth("s.login", 100));
  const auto login = MakeVaultLogin(environment_, *http_, clock_);
  EXPECT_EQ(login->Fetch()->expires_at_nanos, kNow + 100 * env::kNanosPerSecond);
  ASSERT_TRUE(login->Fetch().ok());
  EXPECT_EQ(Asked("auth/jwt/login"), 1);
  EXPECT_EQ(Asked("auth/token/renew-self"), 1);
  // Near its longest life a lease is given out shorter.
  http_->On(StrCat(kVault, "auth/token/renew-self"), 200, auth("s.login", 20));
  ASSERT_TRUE(login->Fetch().ok());
  EXPECT_EQ(Asked("auth/jwt/login"), 2);
}

TEST_F(SecretStoresTest, AVaultInTheClearIsNotAsked) {
  environment_.variables["VAULT_ADDR"] = "http://vault.test:8200";
  EXPECT_THAT(ErrorOf(kPassword), HasSubstr("not sent to vault.test over plain http"));
  EXPECT_TRUE(http_->requests().empty());
}

TEST_F(SecretStoresTest, AwsIsAskedInTheSecretsOwnRegion) {
  environment_.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  environment_.variables["AWS_SECRET_ACCESS_KEY"] = "key";
  http_->On("https://secretsmanager.", 200, R"({"SecretString":"pw","VersionId":"v-1"})");
  EXPECT_THAT(ErrorOf("secret://aws/prod"), HasSubstr("in which region?"));
  const auto secret = Resolve("secret://aws/arn:aws:secretsmanager:eu-west-1:1:secret:prod-x");
  EXPECT_EQ(secret->value.Reveal(), "pw");
  EXPECT_EQ(secret->version, "v-1");
  const HttpRequest asked = http_->requests().back();
  EXPECT_THAT(asked.url, HasSubstr("secretsmanager.eu-west-1.amazonaws.com"));
  EXPECT_THAT(HeaderOf(asked, "Authorization"),
              HasSubstr("/eu-west-1/secretsmanager/aws4_request"));
  http_->On("https://secretsmanager.", 400, R"({"__type":"ResourceNotFoundException"})");
  EXPECT_THAT(ErrorOf("secret://aws/nope?region=eu-west-1"), HasSubstr("no such secret"));
}

TEST_F(SecretStoresTest, GoogleGivesTheVersionBehindAnAlias) {
  environment_.variables["GCE_METADATA_HOST"] = "metadata.test";
  http_->On("http://metadata.test", [](const HttpRequest&) {
    return HttpAnswer{
        200, R"({"access_token":"t","expires_in":100})", {{"metadata-flavor", "Google"}}};
  });
  http_->On("https://secretmanager.googleapis.com/v1/projects/p/secrets/s/versions/latest:access",
            200, R"({"name":"projects/1/secrets/s/versions/7","payload":{"data":"cHc="}})");
  const auto secret = Resolve("secret://google/projects/p/secrets/s/versions/latest");
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->value.Reveal(), "pw");
  EXPECT_EQ(secret->version, "7");
  EXPECT_EQ(HeaderOf(http_->requests().back(), "Authorization"), "Bearer t");
  EXPECT_THAT(ErrorOf("secret://google/p/s"), HasSubstr("is not complete"));
}

}  // namespace
}  // namespace ks::identity
