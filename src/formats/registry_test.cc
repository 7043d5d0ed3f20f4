// The registry's client against a registry in memory: what is asked, how often, and what its
// answers become.
#include "formats/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "base/str_cat.h"
#include "env/environment.h"
#include "identity/testing/fake_http.h"

namespace ks::formats {
namespace {

using identity::FakeHttp;
using identity::HttpAnswer;
using identity::HttpRequest;
using testing::HasSubstr;

class RegistryTest : public testing::Test {
 protected:
  std::shared_ptr<SchemaStore> Make(RegistrySettings settings = {}) {
    settings.url =
        settings.has_credential() ? "https://registry/api/" : "http://registry:8081/api/";
    return MakeRegistry(std::move(settings), {&http_, &secrets_, &clock_});
  }

  FakeHttp http_;
  env::SimEnvironment environment_;
  identity::SecretResolver secrets_{environment_};
  env::SimClock clock_{0};
};

TEST_F(RegistryTest, AsksOnceForANumber) {
  http_.On("http://registry:8081/api/schemas/ids/7", 200, R"({"schema": "\"long\""})");
  const auto store = Make();
  const auto first = store->ById(7);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ((*first)->text, "\"long\"");
  EXPECT_EQ((*first)->type, "AVRO");
  EXPECT_EQ(*store->ById(7), *first);
  EXPECT_EQ(http_.requests().size(), 1u);
}

TEST_F(RegistryTest, BelievesForAWhileThatThereIsNone) {
  http_.On("http://registry:8081/", 404, R"({"error_code": 40403})");
  const auto store = Make();
  EXPECT_EQ(store->ById(7).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store->ById(7).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(http_.requests().size(), 1u);
  clock_.Advance(11'000'000'000);
  http_.On("http://registry:8081/", 200, R"({"schema": "\"long\""})");
  EXPECT_TRUE(store->ById(7).ok());
}

TEST_F(RegistryTest, ReadsReferencesDeepestFirst) {
  http_.On("http://registry:8081/api/subjects/a%2Fb/versions/latest", 200,
           R"({"schema": "top", "schemaType": "PROTOBUF",
               "references": [{"name": "mid", "subject": "m", "version": 2}]})");
  http_.On(
      "http://registry:8081/api/subjects/m/versions/2", 200,
      R"({"schema": "middle", "references": [{"name": "low", "subject": "l", "version": 1}]})");
  http_.On("http://registry:8081/api/subjects/l/versions/1", 200, R"({"schema": "lowest"})");
  const auto schema = Make()->Latest("a/b");
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ((*schema)->type, "PROTOBUF");
  EXPECT_THAT((*schema)->references,
              testing::ElementsAre(testing::Pair("low", "lowest"), testing::Pair("mid", "middle")));
}

TEST_F(RegistryTest, ReferencesWithoutEndAreAnError) {
  int count = 0;
  http_.On("http://registry:8081/", [&](const HttpRequest&) {
    return HttpAnswer{.status = 200,
                      .body = StrCat(R"({"schema": "x", "references": [{"name": ")", ++count,
                                     R"(", "subject": "s", "version": 1}]})")};
  });
  EXPECT_THAT(Make()->ById(1).status().message(), HasSubstr("without end"));
}

TEST_F(RegistryTest, ShowsWhoItIs) {
  http_.On("https://registry/", 200, R"({"schema": "x"})");
  environment_.variables["REGISTRY_SECRET"] = "s3cret";
  RegistrySettings basic;
  basic.username = "me";
  basic.password = *identity::ParseSecretReference("secret://env/REGISTRY_SECRET");
  ASSERT_TRUE(Make(basic)->ById(1).ok());
  EXPECT_EQ(identity::HeaderOf(http_.requests().back(), "Authorization"), "Basic bWU6czNjcmV0");
  RegistrySettings bearer;
  bearer.token = basic.password;
  ASSERT_TRUE(Make(bearer)->ById(1).ok());
  EXPECT_EQ(identity::HeaderOf(http_.requests().back(), "Authorization"), "Bearer s3cret");
}

TEST_F(RegistryTest, NoCredentialGoesOverPlainHttp) {
  http_.On("http://registry:8081/", 200, R"({"schema": "x"})");
  environment_.variables["REGISTRY_SECRET"] = "s3cret";
  RegistrySettings settings;
  settings.url = "http://registry:8081";
  settings.token = *identity::ParseSecretReference("secret://env/REGISTRY_SECRET");
  const auto store = MakeRegistry(settings, {&http_, &secrets_, &clock_});
  EXPECT_THAT(store->ById(1).status().message(), HasSubstr("over plain http. Use https"));
  EXPECT_TRUE(http_.requests().empty());
}

// A registry that takes what is in `taken`, as a bearer token.
TEST_F(RegistryTest, ARefusedNewTokenLeavesTheOneBeforeInUse) {
  std::set<std::string> taken = {"Bearer one"};
  http_.On("https://registry/", [&](const HttpRequest& request) {
    const bool in = taken.count(identity::HeaderOf(request, "Authorization")) > 0;
    return HttpAnswer{.status = in ? 200 : 401, .body = R"({"schema": "x"})"};
  });
  RegistrySettings settings;
  settings.token = *identity::ParseSecretReference("secret://env/REGISTRY_SECRET");
  const auto store = Make(settings);
  environment_.variables["REGISTRY_SECRET"] = "one";
  ASSERT_TRUE(store->ById(1).ok());
  environment_.variables["REGISTRY_SECRET"] = "two";
  EXPECT_TRUE(store->ById(2).ok()) << "the registry does not know it yet";
  taken = {"Bearer two"};
  EXPECT_TRUE(store->ById(3).ok());
  EXPECT_EQ(identity::HeaderOf(http_.requests().back(), "Authorization"), "Bearer two");
  taken = {};
  EXPECT_TRUE(absl::IsUnauthenticated(store->ById(4).status()));
}

// As the server's alert in the handshake arrives.
TEST_F(RegistryTest, ARefusedNewCertificateLeavesTheOneBeforeInUse) {
  std::set<std::string> taken = {"chain one with key one"};
  http_.On("https://registry/", [&](const HttpRequest& request) -> absl::StatusOr<HttpAnswer> {
    const auto& shown = request.certificate;
    if (taken.count(shown.chain + " with " + shown.key.Reveal()) == 0) {
      return absl::UnauthenticatedError("alert certificate unknown");
    }
    return HttpAnswer{.status = 200, .body = R"({"schema": "x"})"};
  });
  RegistrySettings settings;
  settings.url = "https://registry";
  settings.certificate = "/client.pem";
  settings.private_key = *identity::ParseSecretReference("secret://env/KEY");
  const auto show = [&](const std::string& chain, const std::string& key) {
    environment_.files["/client.pem"] = "chain " + chain;
    environment_.variables["KEY"] = "key " + key;
  };
  const auto store = MakeRegistry(settings, {&http_, &secrets_, &clock_});
  show("one", "one");
  ASSERT_TRUE(store->ById(1).ok());
  show("one", "two");
  EXPECT_TRUE(store->ById(2).ok()) << "the certificate's file comes behind the key's";
  show("two", "two");
  EXPECT_TRUE(store->ById(3).ok()) << "the registry does not know it yet";
  taken = {"chain two with key two"};
  EXPECT_TRUE(store->ById(4).ok());
  taken = {};
  EXPECT_TRUE(absl::IsUnauthenticated(store->ById(5).status()));
}

TEST_F(RegistryTest, FetchesTokensAndANewOneForOneThatWasRevoked) {
  int given = 0;
  http_.On("https://idp/token", [&](const HttpRequest&) {
    return HttpAnswer{
        .status = 200,
        .body = StrCat(R"({"access_token": "t)", ++given, R"(", "expires_in": 3600})")};
  });
  std::string taken = "Bearer t1";
  http_.On("https://registry/", [&](const HttpRequest& request) {
    EXPECT_EQ(identity::HeaderOf(request, "target-sr-cluster"), "lsrc-1");
    const bool in = identity::HeaderOf(request, "Authorization") == taken;
    return HttpAnswer{.status = in ? 200 : 401, .body = R"({"schema": "x"})"};
  });
  environment_.variables["REGISTRY_SECRET"] = "s3cret";
  RegistrySettings settings;
  settings.headers = {{"target-sr-cluster", "lsrc-1"}};
  settings.oauth.emplace();
  settings.oauth->token_endpoint = "https://idp/token";
  settings.oauth->client_id = "me";
  settings.oauth->client_secret = *identity::ParseSecretReference("secret://env/REGISTRY_SECRET");
  const auto store = Make(settings);
  ASSERT_TRUE(store->ById(1).ok());
  ASSERT_TRUE(store->ById(2).ok());
  EXPECT_EQ(given, 1);
  taken = "Bearer t2";
  EXPECT_TRUE(store->ById(3).ok());
  taken = "";
  EXPECT_TRUE(absl::IsUnauthenticated(store->ById(4).status()));
}

TEST_F(RegistryTest, TriesAgainWhereThatMayHelp) {
  int calls = 0;
  http_.On("http://registry:8081/", [&](const HttpRequest&) {
    return ++calls < 3 ? HttpAnswer{.status = 503}
                       : HttpAnswer{.status = 200, .body = R"({"schema": "x"})"};
  });
  EXPECT_TRUE(Make()->ById(1).ok());
  EXPECT_EQ(calls, 3);
  http_.On("http://registry:8081/", 401, "");
  const auto refused = Make()->ById(1).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(refused.message(), HasSubstr("HTTP status 401. Check `username` and `password`"));
  EXPECT_EQ(http_.requests().size(), 4u);
}

// Whoever prepares a schema goes on at once, and is told when it is there.
TEST_F(RegistryTest, PreparingHoldsUpNobody) {
  absl::Notification asked, go, told;
  http_.On("http://registry:8081/", [&](const HttpRequest&) {
    asked.Notify();
    go.WaitForNotification();
    return HttpAnswer{.status = 200, .body = R"({"schema": "x"})"};
  });
  const auto store = Make();
  ASSERT_FALSE(store->Prepare(7, [&](const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
    told.Notify();
  }));
  asked.WaitForNotification();  // and nobody has its answer yet
  EXPECT_FALSE(told.HasBeenNotified());
  go.Notify();
  told.WaitForNotification();
  EXPECT_TRUE(store->Prepare(7, nullptr));
  EXPECT_TRUE(store->ById(7).ok());
  EXPECT_EQ(http_.requests().size(), 1u);
}

TEST_F(RegistryTest, WhoWaitsAnywayIsPatientWithARefusal) {
  std::atomic<int> calls = 0;
  http_.On("http://registry:8081/", [&](const HttpRequest&) {
    return ++calls == 1 ? HttpAnswer{.status = 401}
                        : HttpAnswer{.status = 200, .body = R"({"schema": "x"})"};
  });
  const auto store = Make();
  std::atomic<bool> refused = false;
  absl::Notification there;
  ASSERT_FALSE(store->Prepare(7, [&](const absl::Status& status) {
    if (status.ok()) return there.Notify();
    refused = absl::IsUnauthenticated(status);
  }));
  there.WaitForNotification();
  EXPECT_TRUE(refused);
  EXPECT_TRUE(store->ById(7).ok());
}

// All who wait for a number hear of each attempt that failed, and of the end.
TEST_F(RegistryTest, TellsEachOfWhatItTries) {
  std::atomic<int> calls = 0, failures = 0;
  http_.On("http://registry:8081/", [&](const HttpRequest&) {
    return ++calls < 2 ? HttpAnswer{.status = 503}
                       : HttpAnswer{.status = 200, .body = R"({"schema": "x"})"};
  });
  const auto store = Make();
  absl::BlockingCounter both(2);
  const auto told = [&](const absl::Status& status) {
    if (status.ok()) return static_cast<void>(both.DecrementCount());
    EXPECT_THAT(status.message(), HasSubstr("HTTP status 503"));
    ++failures;
  };
  EXPECT_FALSE(store->Prepare(7, told));
  EXPECT_FALSE(store->Prepare(7, told));
  both.Wait();
  EXPECT_GE(failures, 1);
  EXPECT_TRUE(store->ById(7).ok());
}

// A chunk of a thousand records whose schema cannot be had does not ask a thousand times.
TEST_F(RegistryTest, BelievesAFailureForAWhile) {
  http_.On("http://registry:8081/", 401, "");
  const auto store = Make();
  EXPECT_FALSE(store->ById(7).ok());
  EXPECT_FALSE(store->ById(7).ok());
  EXPECT_TRUE(store->Prepare(7, nullptr));
  EXPECT_EQ(http_.requests().size(), 1u);
  clock_.Advance(11'000'000'000);
  http_.On("http://registry:8081/", 200, R"({"schema": "x"})");
  EXPECT_TRUE(store->ById(7).ok());
}

// Its end does not wait for what it was going to try.
TEST_F(RegistryTest, EndsWhileItTries) {
  absl::Notification failed;
  http_.On("http://registry:8081/", 503, "");
  auto store = Make();
  EXPECT_FALSE(store->Prepare(7, [&](const absl::Status& status) {
    if (!status.ok() && !failed.HasBeenNotified()) failed.Notify();
  }));
  failed.WaitForNotification();
  store.reset();
  EXPECT_LT(http_.requests().size(), 8u);
}

TEST_F(RegistryTest, SaysWhenTheAnswerIsNone) {
  http_.On("http://registry:8081/", 200, "<html>");
  EXPECT_THAT(Make()->ById(1).status().message(), HasSubstr("no JSON object"));
  http_.On("http://registry:8081/", 200, R"({"schema": 7})");
  EXPECT_THAT(Make()->ById(1).status().message(), HasSubstr("it has no `schema`"));
}

}  // namespace
}  // namespace ks::formats
