#include "local/spanner/txn/timestamp_oracle.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ks::local {
namespace {

constexpr int64_t kSecond = 1'000'000;

TEST(TimestampOracle, RisesStrictlyAndKeepsUpWithTheClock) {
  env::SimClock clock(5 * env::kNanosPerSecond);
  TimestampOracle oracle(clock, CommitTimestamp(0));
  CommitTimestamp a = oracle.BeginCommit();
  CommitTimestamp b = oracle.BeginCommit();
  EXPECT_EQ(a, CommitTimestamp(5 * kSecond));
  EXPECT_EQ(b, CommitTimestamp(5 * kSecond + 1));
  clock.Advance(env::kNanosPerSecond);
  EXPECT_EQ(oracle.BeginCommit(), CommitTimestamp(6 * kSecond));
}

TEST(TimestampOracle, AClockSetBackChangesNothing) {
  env::SimClock clock(5 * env::kNanosPerSecond);
  TimestampOracle oracle(clock, CommitTimestamp(9 * kSecond));
  EXPECT_EQ(oracle.BeginCommit(), CommitTimestamp(9 * kSecond + 1));
}

TEST(TimestampOracle, CommitsComeAfterReads) {
  env::SimClock clock(5 * env::kNanosPerSecond);
  TimestampOracle oracle(clock, CommitTimestamp(0));
  CommitTimestamp read = oracle.ReadTimestamp();
  EXPECT_GT(oracle.BeginCommit(), read);
}

TEST(TimestampOracle, ReadsWaitForCommitsBelowThem) {
  env::SimClock clock(5 * env::kNanosPerSecond);
  TimestampOracle oracle(clock, CommitTimestamp(0));
  CommitTimestamp first = oracle.BeginCommit();
  CommitTimestamp second = oracle.BeginCommit();
  oracle.EndCommit(second);
  std::atomic<bool> done{false};
  std::thread reader([&] {
    EXPECT_GE(oracle.ReadTimestamp(), second);
    done = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_FALSE(done);
  oracle.EndCommit(first);
  reader.join();
}

TEST(TimestampOracle, ReadsDoNotWaitForLaterCommits) {
  env::SimClock clock(5 * env::kNanosPerSecond);
  TimestampOracle oracle(clock, CommitTimestamp(0));
  CommitTimestamp first = oracle.BeginCommit();
  oracle.EndCommit(first);
  CommitTimestamp second = oracle.BeginCommit();
  EXPECT_LT(oracle.ReadTimestamp(), second);  // would hang otherwise
}

}  // namespace
}  // namespace ks::local
