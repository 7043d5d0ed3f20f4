// The protocol under 1,000 seeds, and the canaries: each rule switched off must be noticed.
//
//   ks_sim_tests                 1,000 seeds from a fixed start, then the canaries
//   ks_sim_tests --seeds N       more or fewer
//   ks_sim_tests --seed N        that one, with a trace of what happens
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "sim_world.h"

namespace ks::sim {

uint64_t seeds = 1000;

namespace {

constexpr uint64_t kCanarySeeds = 1000;

TEST(Sim, EveryRecordExactlyOnceInOrder) {
  SimRun total;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const SimRun run = RunSim({.seed = seed});
    total.commits += run.commits;
    total.given_up += run.given_up;
    total.reshaped += run.reshaped;
    total.halvings += run.halvings;
    ASSERT_EQ(CheckRun(run), "") << "replay with: ks_sim_tests --seed " << seed;
  }
  std::printf("seeds 1 to %llu: %lld commits, %lld given up, %lld lane changes, %lld halvings\n",
              static_cast<unsigned long long>(seeds), static_cast<long long>(total.commits),
              static_cast<long long>(total.given_up), static_cast<long long>(total.reshaped),
              static_cast<long long>(total.halvings));
  // The faults must really have happened.
  EXPECT_GT(total.given_up, static_cast<int64_t>(seeds) / 10);
  EXPECT_GT(total.reshaped, static_cast<int64_t>(seeds) / 10);
  EXPECT_GT(total.halvings, static_cast<int64_t>(seeds) / 10);
}

TEST(Sim, TheSameSeedIsTheSameRun) {
  const SimRun a = RunSim({.seed = 7});
  const SimRun b = RunSim({.seed = 7});
  ASSERT_EQ(a.spanner.journal().size(), b.spanner.journal().size());
  for (size_t i = 0; i < a.spanner.journal().size(); ++i) {
    EXPECT_EQ(a.spanner.journal()[i].key, b.spanner.journal()[i].key);
    EXPECT_EQ(a.spanner.journal()[i].row, b.spanner.journal()[i].row);
  }
}

// Runs with a rule taken away until a checker notices.
void ExpectNoticed(const std::function<void(SimOptions*)>& break_rule) {
  for (uint64_t seed = 1; seed <= kCanarySeeds; ++seed) {
    SimOptions options{.seed = seed};
    break_rule(&options);
    const std::string violation = CheckRun(RunSim(options));
    if (violation.empty()) continue;
    std::printf("noticed with seed %llu: %s\n", static_cast<unsigned long long>(seed),
                violation.c_str());
    return;
  }
  FAIL() << "nothing was noticed in " << kCanarySeeds << " seeds";
}

TEST(Canary, NoAnchor) {
  ExpectNoticed([](SimOptions* options) { options->rules.anchor = false; });
}
TEST(Canary, NoUpdate) {
  ExpectNoticed([](SimOptions* options) { options->rules.update = false; });
}
TEST(Canary, NoGeneration) {
  ExpectNoticed([](SimOptions* options) { options->rules.generation = false; });
}
TEST(Canary, NoDrain) {
  ExpectNoticed([](SimOptions* options) { options->rules.drain = false; });
}
TEST(Canary, NoResolve) {
  ExpectNoticed([](SimOptions* options) { options->rules.resolve = false; });
}
TEST(Canary, NoGivingUp) {
  ExpectNoticed([](SimOptions* options) { options->rules.give_up = false; });
}
TEST(Canary, NoSkip) {
  ExpectNoticed([](SimOptions* options) { options->rules.skip = false; });
}
TEST(Canary, NoEpoch) {
  ExpectNoticed([](SimOptions* options) { options->rules.epoch = false; });
}

}  // namespace
}  // namespace ks::sim

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--seeds") == 0) {
      ks::sim::seeds = std::strtoull(argv[i + 1], nullptr, 10);
    }
    if (std::strcmp(argv[i], "--seed") == 0) {
      const uint64_t seed = std::strtoull(argv[i + 1], nullptr, 10);
      const std::string violation = CheckRun(ks::sim::RunSim({.seed = seed, .trace = true}));
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                  violation.empty() ? "every record exactly once, in order" : violation.c_str());
      return violation.empty() ? 0 : 1;
    }
  }
  return RUN_ALL_TESTS();
}
