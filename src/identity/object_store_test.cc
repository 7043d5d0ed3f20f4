// What buckets are asked, and what becomes of their answers. Servers that are not ours:
// tests/e2e/test_audit_bucket.py.
#include "identity/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/str_cat.h"
#include "identity/sigv4.h"
#include "identity/testing/fake_http.h"
#include "identity/testing/shared_clock.h"

namespace ks::identity {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kNow = int64_t{1'700'000'000} * env::kNanosPerSecond;

class ObjectStoreTest : public testing::Test {
 protected:
  ObjectStoreTest() {
    auto http = std::make_unique<FakeHttp>();
    http_ = http.get();
    ServicesOptions options{.environment = &environment_, .clock = &clock_};
    options.http = std::move(http);
    services_ = std::make_unique<Services>(std::move(options));
    environment_.variables = {{"STORAGE_EMULATOR_HOST", "127.0.0.1:9"},
                              {"AWS_REGION", "eu-west-1"},
                              {"AWS_ACCESS_KEY_ID", "AKIA"},
                              {"AWS_SECRET_ACCESS_KEY", "s3cret"}};
  }
  std::unique_ptr<ObjectStore> Open(std::string_view place) {
    return OpenObjectStore(*ParseBucketPlace(place), *services_);
  }
  HttpRequest Last() { return http_->requests().back(); }

  env::SimEnvironment environment_;
  SharedClock clock_{kNow};
  FakeHttp* http_ = nullptr;
  std::unique_ptr<Services> services_;
};

constexpr char kGoogle[] = "http://127.0.0.1:9/";
constexpr char kAmazon[] = "https://s3.eu-west-1.amazonaws.com/";

TEST_F(ObjectStoreTest, GoogleKeepsWhatIsThere) {
  http_->On(kGoogle, 200, "{}");
  const auto store = Open("gs://b/p");
  EXPECT_TRUE(store->PutNew("p/1", "x").ok());
  EXPECT_EQ(Last().method, "POST");
  EXPECT_THAT(Last().url, HasSubstr("/upload/storage/v1/b/b/o?ifGenerationMatch=0&name=p%2F1"));
  EXPECT_EQ(Last().body, "x");
  http_->On(kGoogle, 412, "{}");
  EXPECT_EQ(store->PutNew("p/1", "y").code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(ObjectStoreTest, AmazonKeepsWhatIsThere) {
  http_->On(kAmazon, 200, "");
  const auto store = Open("s3://b/p");
  EXPECT_TRUE(store->PutNew("p/1", "x").ok());
  EXPECT_EQ(Last().method, "PUT");
  EXPECT_EQ(Last().url, StrCat(kAmazon, "b/p/1"));
  EXPECT_EQ(HeaderOf(Last(), "If-None-Match"), "*");
  EXPECT_EQ(HeaderOf(Last(), "X-Amz-Content-Sha256"), ContentSha256("x"));
  EXPECT_THAT(HeaderOf(Last(), "Authorization"), HasSubstr("if-none-match"));
  http_->On(kAmazon, 412, "");
  EXPECT_EQ(store->PutNew("p/1", "y").code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(ObjectStoreTest, ListsAllPages) {
  http_->On(kGoogle, [](const HttpRequest& request) -> absl::StatusOr<HttpAnswer> {
    const bool second = request.url.find("pageToken=t") != std::string::npos;
    return HttpAnswer{
        200, second ? R"({"items": [{"name": "c"}]})" : R"({"items": [{"name": "a"}, {"name": "b"}],
                                        "nextPageToken": "t"})"};
  });
  EXPECT_THAT(*Open("gs://b")->List("", 10), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*Open("gs://b")->List("", 1), ElementsAre("a"));
  http_->On(kAmazon, [](const HttpRequest& request) -> absl::StatusOr<HttpAnswer> {
    const bool second = request.url.find("continuation-token=t%2F") != std::string::npos;
    return HttpAnswer{200, second ? "<R><Contents><Key>c</Key></Contents></R>"
                                  : "<R><Contents><Key>a</Key></Contents><Contents><Key>b</Key>"
                                    "</Contents><NextContinuationToken>t/</NextContinuationToken>"
                                    "</R>"};
  });
  EXPECT_THAT(*Open("s3://b")->List("", 10), ElementsAre("a", "b", "c"));
}

TEST_F(ObjectStoreTest, RefusalsSayWhatToDo) {
  http_->On(kAmazon, 403, "<Error><Code>AccessDenied</Code></Error>");
  const absl::Status denied = Open("s3://b/p")->Get("x").status();
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(denied.message()), HasSubstr("AccessDenied"));
  http_->On(kAmazon, 503, "");
  EXPECT_EQ(Open("s3://b/p")->Get("x").status().code(), absl::StatusCode::kUnavailable);
  environment_.variables.erase("AWS_REGION");
  EXPECT_THAT(std::string(Open("s3://b/p")->Get("x").status().message()),
              HasSubstr("Set AWS_REGION"));
  for (const char* wrong : {"gs://", "gs:///x", "s3://b/..?x", "s3://b/a b"})
    EXPECT_FALSE(ParseBucketPlace(wrong).ok()) << wrong;
}

TEST_F(ObjectStoreTest, CredentialsAreAskedForOnce) {
  constexpr char kContainer[] = "http://127.0.0.1:8/credentials";
  environment_.variables = {{"AWS_REGION", "eu-west-1"},
                            {"AWS_CONTAINER_CREDENTIALS_FULL_URI", kContainer}};
  http_->On(kContainer, 200,
            R"({"AccessKeyId": "ASIA", "SecretAccessKey": "s", "Token": "t",
                "Expiration": "2033-01-01T00:00:00Z"})");
  http_->On(kAmazon, 200, "");
  const auto store = Open("s3://b/p");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(store->Get("p/1").ok());
  const auto asked = http_->requests();
  EXPECT_EQ(std::count_if(asked.begin(), asked.end(),
                          [&](const HttpRequest& request) { return request.url == kContainer; }),
            1);
  EXPECT_EQ(asked.size(), 4u);
}

}  // namespace
}  // namespace ks::identity
