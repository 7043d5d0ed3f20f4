#include "env/clock.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"

namespace ks::env {
namespace {

TEST(SimRandom, RepeatsForASeed) {
  SimRandom a(7), b(7), c(8);
  EXPECT_EQ(a.Next(), b.Next());
  EXPECT_NE(a.Next(), c.Next());
  EXPECT_EQ(SimRandom(1).Next(),
            0x910a2dec89025cc1);  // splitmix64's published first value for seed 1
}

TEST(NewUuid, HasTheFormOfVersionFour) {
  SimRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = NewUuid(random);
    ASSERT_EQ(uuid.size(), 36u) << uuid;
    EXPECT_EQ(uuid[14], '4');
    EXPECT_TRUE(absl::StrContains("89ab", uuid.substr(19, 1))) << uuid;
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(SimClock, NeverGoesBack) {
  SimClock clock(100);
  clock.AdvanceTo(50);
  EXPECT_EQ(clock.NowNanos(), 100);
  clock.Advance(5);
  EXPECT_EQ(clock.MonotonicNanos(), 105);
}

}  // namespace
}  // namespace ks::env
