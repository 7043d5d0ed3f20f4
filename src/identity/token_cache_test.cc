// Tokens at hand: renewed ahead, kept over failures, gone when they expire.
#include "identity/token_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "base/str_cat.h"
#include "identity/testing/shared_clock.h"

namespace ks::identity {
namespace {

using testing::HasSubstr;

constexpr int64_t kSecond = env::kNanosPerSecond;

TEST(RefreshAtTest, AheadOfTheEnd) {
  EXPECT_EQ(RefreshAt({.fetched_at = 0, .expires_at = 3600 * kSecond}), 2880 * kSecond);
  EXPECT_EQ(RefreshAt({.fetched_at = 0, .expires_at = 900 * kSecond}), 675 * kSecond);
  EXPECT_EQ(RefreshAt({.fetched_at = 0, .expires_at = 60 * kSecond}), 30 * kSecond);
}

TEST(RefreshAtTest, PausesGrowAndEnd) {
  RefreshState state{.expires_at = 60 * kSecond, .failures = 1, .tried_at = 40 * kSecond};
  EXPECT_EQ(RefreshAt(state), 41 * kSecond);
  state.failures = 3;
  EXPECT_EQ(RefreshAt(state), 44 * kSecond);
  state.failures = 50;
  EXPECT_EQ(RefreshAt(state), 70 * kSecond);
}

// Gives numbered tokens of a minute until told to fail. Owned by the cache; its state is not.
struct Issuer {
  std::atomic<int> fetches{0};
  std::atomic<bool> down{false};
};

class NumberedTokens : public TokenSource {
 public:
  NumberedTokens(Issuer& issuer, SharedClock& clock) : issuer_(issuer), clock_(clock) {}
  absl::StatusOr<Token> Fetch() override {
    const int number = ++issuer_.fetches;
    if (issuer_.down) return absl::UnavailableError("the issuer is down");
    return Token{Secret(StrCat("token-", number)), clock_.NowNanos() + 60 * kSecond, "me"};
  }

 private:
  Issuer& issuer_;
  SharedClock& clock_;
};

class TokenCacheTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<TokenCache>> Start() {
    return TokenCache::Start(std::make_unique<NumberedTokens>(issuer_, clock_), clock_);
  }
  // The cache's thread looks twice a second.
  bool ComesTrue(const std::function<bool()>& condition) {
    for (int i = 0; i < 500 && !condition(); ++i) env::SleepFor(10 * env::kNanosPerMilli);
    return condition();
  }

  SharedClock clock_;
  Issuer issuer_;
};

TEST_F(TokenCacheTest, TheFirstFailureIsTheCallers) {
  issuer_.down = true;
  EXPECT_TRUE(absl::IsUnavailable(Start().status()));
}

TEST_F(TokenCacheTest, RenewsAheadAndKeepsTheOldOneOverFailures) {
  const auto cache = *Start();
  EXPECT_EQ((*cache->Now())->value.Reveal(), "token-1");
  clock_.now_ += 31 * kSecond;  // half of its life is over
  EXPECT_TRUE(ComesTrue([&] { return (*cache->Now())->value.Reveal() == "token-2"; }));

  issuer_.down = true;
  const int before = issuer_.fetches;
  clock_.now_ += 31 * kSecond;
  EXPECT_TRUE(ComesTrue([&] { return issuer_.fetches > before; }));
  EXPECT_EQ((*cache->Now())->value.Reveal(), "token-2");

  clock_.now_ += 30 * kSecond;  // now it has expired
  const absl::Status expired = cache->Now().status();
  EXPECT_TRUE(absl::IsUnavailable(expired));
  EXPECT_THAT(std::string(expired.message()), HasSubstr("the issuer is down"));

  issuer_.down = false;
  clock_.now_ += 40 * kSecond;
  EXPECT_TRUE(ComesTrue([&] { return cache->Now().ok(); }));
}

}  // namespace
}  // namespace ks::identity
