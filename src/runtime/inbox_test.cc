#include "runtime/inbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "env/clock.h"

namespace ks::runtime {
namespace {

TEST(Inbox, RunsInOrder) {
  Inbox inbox;
  std::vector<int> seen;
  for (int i = 0; i < 3; ++i) inbox.Post([&seen, i] { seen.push_back(i); });
  EXPECT_TRUE(inbox.RunAll());
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2}));
  EXPECT_FALSE(inbox.RunAll());
}

TEST(Inbox, APostWhileRunningIsForTheNextRound) {
  Inbox inbox;
  int runs = 0;
  inbox.Post([&] {
    ++runs;
    inbox.Post([&] { ++runs; });
  });
  inbox.RunAll();
  EXPECT_EQ(runs, 1);
  inbox.RunAll();
  EXPECT_EQ(runs, 2);
}

TEST(Inbox, WakesTheOwner) {
  Inbox inbox;
  bool ran = false;
  std::thread other([&] { inbox.Post([&] { ran = true; }); });
  const int64_t give_up = env::RealClock().MonotonicNanos() + 30 * env::kNanosPerSecond;
  while (!ran && env::RealClock().MonotonicNanos() < give_up) {
    inbox.Wait(30 * env::kNanosPerSecond);
    inbox.RunAll();
  }
  other.join();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace ks::runtime
