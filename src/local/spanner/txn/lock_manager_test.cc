#include "local/spanner/txn/lock_manager.h"

#include <random>
#include <thread>

#include "gtest/gtest.h"

namespace ks::local {
namespace {

std::string Key(std::string_view name) {
  std::string key;
  AppendKeySpace(1, &key);
  return key + std::string(name);
}

absl::Status Lock(LockManager& locks, LockOwner& owner, const std::string& key, LockMode mode,
                  const std::string& limit = "") {
  LockRequest request{key, limit, mode};
  return locks.Acquire(owner, {&request, 1});
}

const LockMode kRead = LockMode::Shared(kExistenceBit | ColumnBit(1));
const LockMode kWrite = LockMode::Exclusive(kAllColumns);

TEST(LockManager, ReadersShareAndWritersOfOtherColumnsDoNotMind) {
  LockManager locks(env::RealClock());
  LockOwner a(locks, 1), b(locks, 2), c(locks, 3);
  EXPECT_TRUE(Lock(locks, a, Key("k"), kRead).ok());
  EXPECT_TRUE(Lock(locks, b, Key("k"), kRead).ok());
  LockMode other{kExistenceBit, kImageBit | ColumnBit(2)};
  EXPECT_TRUE(Lock(locks, c, Key("k"), other).ok());
  EXPECT_EQ(locks.stats().waits, 0);
  EXPECT_EQ(locks.stats().wounds, 0);
}

TEST(LockManager, OlderWoundsYounger) {
  LockManager locks(env::RealClock());
  LockOwner old(locks, 1), young(locks, 2);
  ASSERT_TRUE(Lock(locks, young, Key("k"), kWrite).ok());
  EXPECT_TRUE(Lock(locks, old, Key("k"), kRead).ok());
  EXPECT_TRUE(young.wounded());
  EXPECT_TRUE(absl::IsAborted(locks.Prepare(young)));
  EXPECT_TRUE(absl::IsAborted(Lock(locks, young, Key("x"), kRead)));
  EXPECT_TRUE(Lock(locks, young, Key("k"), kWrite)
                  .GetPayload("type.googleapis.com/google.rpc.RetryInfo")
                  .has_value());
}

TEST(LockManager, YoungerWaits) {
  LockManager locks(env::RealClock());
  auto old = std::make_unique<LockOwner>(locks, 1);
  LockOwner young(locks, 2);
  ASSERT_TRUE(Lock(locks, *old, Key("k"), kWrite).ok());
  std::atomic<bool> got{false};
  std::thread waiter([&] {
    EXPECT_TRUE(Lock(locks, young, Key("k"), kWrite).ok());
    got = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(got);
  locks.Release(*old);
  waiter.join();
  EXPECT_TRUE(got);
}

TEST(LockManager, PreparedIsWaitedForEvenByOlder) {
  LockManager locks(env::RealClock());
  LockOwner old(locks, 1), young(locks, 2);
  ASSERT_TRUE(Lock(locks, young, Key("k"), kWrite).ok());
  ASSERT_TRUE(locks.Prepare(young).ok());
  std::atomic<bool> got{false};
  std::thread waiter([&] {
    EXPECT_TRUE(Lock(locks, old, Key("k"), kWrite).ok());
    got = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(got);
  EXPECT_FALSE(young.wounded());
  locks.Release(young);
  waiter.join();
}

TEST(LockManager, RangesCoverKeysThatAreNotThere) {
  LockManager locks(env::RealClock());
  LockOwner reader(locks, 1), writer(locks, 2), outside(locks, 3);
  ASSERT_TRUE(Lock(locks, writer, Key("m"), kWrite).ok());
  ASSERT_TRUE(Lock(locks, reader, Key("a"), LockMode::Shared(kExistenceBit), Key("t")).ok());
  EXPECT_TRUE(writer.wounded());
  EXPECT_TRUE(Lock(locks, outside, Key("t"), kWrite).ok());
  LockOwner older(locks, 0);
  EXPECT_TRUE(Lock(locks, older, Key("q"), kWrite).ok());
  EXPECT_TRUE(reader.wounded());
}

TEST(LockManager, IdleHoldersGiveWay) {
  env::SimClock clock(1);
  LockManager locks(clock);
  LockOwner old(locks, 1), young(locks, 2);
  ASSERT_TRUE(Lock(locks, old, Key("k"), kWrite).ok());
  clock.Advance(int64_t{11} * env::kNanosPerSecond);
  EXPECT_TRUE(Lock(locks, young, Key("k"), kWrite).ok());
  EXPECT_TRUE(old.wounded());
}

// Threads lock random keys and ranges in random order: no conflicting locks are ever held together,
// and all come to an end (a deadlock would hang the test).
TEST(LockManager, RandomLocksExcludeEachOtherAndEnd) {
  LockManager locks(env::RealClock());
  constexpr int kKeys = 8;
  std::atomic<int> writers[kKeys] = {};
  std::atomic<int> readers[kKeys] = {};
  std::atomic<int> committed{0};
  auto key = [](int k) { return Key(std::string(1, static_cast<char>('a' + k))); };
  auto work = [&](int seed) {
    std::mt19937 random(seed);
    for (int round = 0; round < 300; ++round) {
      uint64_t age = locks.NewAge();
      bool done = false;
      while (!done) {
        LockOwner owner(locks, age);
        owner.Enter();
        bool reads[kKeys] = {}, writes[kKeys] = {};
        bool ok = true;
        for (int n = 0; ok && n < 4; ++n) {
          int k = static_cast<int>(random() % kKeys);
          if (random() % 3 == 0) {
            int l = k + 1 + static_cast<int>(random() % (kKeys - k));
            ok = Lock(locks, owner, key(k), LockMode::Shared(kAllColumns), key(l)).ok();
            for (int i = k; i < l; ++i) reads[i] = true;
          } else {
            ok = Lock(locks, owner, key(k), kWrite).ok();
            writes[k] = true;
          }
        }
        if (!ok || !locks.Prepare(owner).ok()) continue;
        // Prepared: nobody takes these locks away now.
        for (int k = 0; k < kKeys; ++k) {
          if (writes[k]) {
            EXPECT_EQ(writers[k].fetch_add(1) + readers[k].load(), 0);
          }
          if (reads[k] && !writes[k]) {
            readers[k].fetch_add(1);
            EXPECT_EQ(writers[k].load(), 0);
          }
        }
        std::this_thread::yield();
        for (int k = 0; k < kKeys; ++k) {
          if (writes[k]) writers[k].fetch_sub(1);
          if (reads[k] && !writes[k]) readers[k].fetch_sub(1);
        }
        locks.Release(owner);
        done = true;
        committed.fetch_add(1);
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(committed, 6 * 300);
}

}  // namespace
}  // namespace ks::local
