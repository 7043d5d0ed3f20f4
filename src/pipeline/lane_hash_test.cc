#include "pipeline/lane_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ks::pipeline {
namespace {

// These numbers are stored in nobody's table, and yet for ever: each lane of a running pipeline
// skips what it has, by them. If this fails, the hash must change back.
TEST(LaneHash, GoldenValues) {
  EXPECT_EQ(LaneHash(""), 0xca009717f87d8879u);
  EXPECT_EQ(LaneHash("a"), 0xae94e2ea9f57c442u);
  EXPECT_EQ(LaneHash("user-1"), 0x8526778789d1bf5fu);
  EXPECT_EQ(LaneHash("12345678"), 0xdfb38dde89f54d69u);
  EXPECT_EQ(LaneHash("123456789"), 0x7bc6507167dbe8c3u);
  EXPECT_EQ(LaneHash(std::string("a\0", 2)), 0xd17754dd0dcf9d01u);
  EXPECT_EQ(LaneHash("550e8400-e29b-41d4-a716-446655440000"), 0x1e1c1b9649658880u);
  EXPECT_EQ(LaneHashOfOffset(0), 0xc3cf132fb14f32aau);
  EXPECT_EQ(LaneHashOfOffset(1), 0x240593e861fbe11cu);
  EXPECT_EQ(LaneOf(0x123456789abcdef0, 7), 0x12345678u % 7);
}

TEST(LaneHash, SpreadsKeysEvenly) {
  for (const uint32_t lanes : {2u, 3u, 4u, 8u, 16u}) {
    std::array<int, 16> counts = {};
    for (int i = 0; i < 16'000; ++i) {
      ++counts[LaneOf(LaneHash("user-" + std::to_string(i)), lanes)];
    }
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      EXPECT_NEAR(counts[lane], 16'000 / lanes, 16'000 / lanes * 0.12) << lanes << " lanes";
    }
  }
}

TEST(LaneHash, SpreadsRecordsWithoutKeys) {
  std::array<int, 4> counts = {};
  for (int64_t offset = 0; offset < 4'000; ++offset) ++counts[LaneOf(LaneHashOfOffset(offset), 4)];
  for (const int count : counts) EXPECT_NEAR(count, 1'000, 120);
}

}  // namespace
}  // namespace ks::pipeline
