#include "local/spanner/storage/span_cutter.h"

#include <algorithm>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "local/spanner/storage/store.h"

namespace ks::local {
namespace {

TEST(KeyBetween, LiesBetween) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a", "b"},
      {"", std::string(64, '\xff')},
      {"abc", "abd"},
      {"a", "a\x02"},
      {std::string("a\0\0", 3), "b"},
      {std::string(300, 'x') + "a", std::string(300, 'x') + "c"},
      {"a" + std::string(40, '\xff'), "c"}};
  for (const auto& [start, limit] : cases) {
    const auto key = KeyBetween(start, limit);
    ASSERT_TRUE(key.has_value()) << start;
    EXPECT_LT(start, *key);
    EXPECT_LT(*key, limit);
  }
  EXPECT_EQ(KeyBetween("a", "a"), std::nullopt);
  EXPECT_EQ(KeyBetween("b", "a"), std::nullopt);
  EXPECT_EQ(KeyBetween("a", std::string("a\0", 2)), std::nullopt);
}

std::string Key(const std::string& rest) {
  std::string key;
  AppendKeySpace(1, &key);
  return key + rest;
}

// Numbers one after another, random bytes, and a long beginning that all share.
std::set<std::string> KeysOf(const std::string& kind) {
  std::set<std::string> keys;
  std::mt19937_64 random(7);
  for (uint64_t i = 0; keys.size() < 20'000; ++i) {
    const uint64_t number = kind == "numbers" ? i : random();
    std::string rest(kind == "shared" ? 100 : 0, 's');
    for (int shift = 56; shift >= 0; shift -= 8) rest.push_back(static_cast<char>(number >> shift));
    keys.insert(Key(rest));
  }
  return keys;
}

class SpanCutterTest : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Keys, SpanCutterTest, ::testing::Values("numbers", "random", "shared"));

TEST_P(SpanCutterTest, PartsAreTheWholeSpanAndAboutEqual) {
  const std::set<std::string> keys = KeysOf(GetParam());
  StoreOptions options;
  options.in_memory = true;
  auto store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  Store::Batch batch;
  std::mt19937_64 random(9);
  for (const std::string& key : keys) {
    std::string value(200, '\0');  // does not compress
    for (char& byte : value) byte = static_cast<char>(random());
    batch.Put(key, value);
  }
  ASSERT_TRUE((*store)->Write(batch, CommitTimestamp(10)).ok());
  ASSERT_TRUE((*store)->Compact().ok());
  constexpr int64_t kBytes = 100'000;
  for (const bool reverse : {false, true}) {
    SpanCutter cutter(**store, SpaceSpan(1), reverse);
    std::vector<KeySpan> parts;
    while (auto part = cutter.Next(kBytes)) parts.push_back(*std::move(part));
    if (reverse) std::reverse(parts.begin(), parts.end());
    ASSERT_FALSE(parts.empty());
    EXPECT_EQ(parts.front().start, SpaceSpan(1).start);
    EXPECT_EQ(parts.back().limit, SpaceSpan(1).limit);
    size_t most = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) {
        EXPECT_EQ(parts[i].start, parts[i - 1].limit);
      }
      const auto rows =
          std::distance(keys.lower_bound(parts[i].start), keys.lower_bound(parts[i].limit));
      most = std::max(most, static_cast<size_t>(rows));
    }
    EXPECT_GE(parts.size(), 10u);
    EXPECT_LE(parts.size(), 200u);
    EXPECT_LE(most, keys.size() / 5);
  }
}

}  // namespace
}  // namespace ks::local
