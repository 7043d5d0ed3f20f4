#include "base/nearest_name.h"

#include <gtest/gtest.h>

namespace ks {
namespace {

TEST(NearestName, FindsATypo) {
  EXPECT_EQ(NearestName("topc", {"topic", "brokers"}), "topic");
  EXPECT_EQ(NearestName("tpoic", {"topic", "brokers"}), "topic");
  EXPECT_EQ(NearestName("TOPIC", {"brokers", "topic"}), "topic");
}

TEST(NearestName, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(NearestName("zzzzzz", {"topic", "brokers"}), "");
  EXPECT_EQ(NearestName("", {"topic"}), "");
}

}  // namespace
}  // namespace ks
