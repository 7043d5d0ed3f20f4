// The protocol and the way of the data under 1,000 seeds, and the canaries: each rule switched off,
// and each thing around them broken, must be noticed.
//
//   ks_sim_tests                      1,000 seeds from a fixed start, then the canaries
//   ks_sim_tests --seeds N [--from M] more, fewer, or others
//   ks_sim_tests --seed N             that one, with a trace of what happens
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "sim_world.h"

namespace ks::sim {

uint64_t seeds = 1000;
uint64_t first_seed = 1;

namespace {

constexpr uint64_t kCanarySeeds = 1000;

TEST(Sim, EveryRecordExactlyOnceInOrder) {
  SimRun total;
  int64_t commits = 0;
  for (uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    const SimRun run = RunSim({.seed = seed});
    commits += run.spanner.commits();
    total.given_up += run.given_up;
    total.reshaped += run.reshaped;
    total.rewound += run.rewound;
    total.recreated += run.recreated;
    total.corrected += run.corrected;
    total.halvings += run.halvings;
    ASSERT_EQ(CheckRun(run), "") << "replay with: ks_sim_tests --seed " << seed;
  }
  std::printf(
      "seeds %lld to %lld: %lld commits, %lld given up, %lld lane changes, %lld rewinds, "
      "%lld new topics, %lld corrected files, %lld halvings\n",
      static_cast<long long>(first_seed), static_cast<long long>(first_seed + seeds - 1),
      static_cast<long long>(commits), static_cast<long long>(total.given_up),
      static_cast<long long>(total.reshaped), static_cast<long long>(total.rewound),
      static_cast<long long>(total.recreated), static_cast<long long>(total.corrected),
      static_cast<long long>(total.halvings));
  // The faults must really have happened.
  const auto some = static_cast<int64_t>(seeds);
  EXPECT_GT(total.given_up, some / 10);
  EXPECT_GT(total.reshaped, some / 10);
  EXPECT_GT(total.halvings, some / 10);
  EXPECT_GT(total.rewound, some / 50);
  EXPECT_GT(total.recreated, some / 100);
  EXPECT_GT(total.corrected, some / 100);
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

// ---- Canaries

struct Canary {
  const char* name;
  std::function<void(SimOptions*)> take_away;
};

const Canary kCanaries[] = {
    {"NoAnchor", [](SimOptions* o) { o->rules.anchor = false; }},
    {"NoUpdate", [](SimOptions* o) { o->rules.update = false; }},
    {"NoGeneration", [](SimOptions* o) { o->rules.generation = false; }},
    {"NoDrain", [](SimOptions* o) { o->rules.drain = false; }},
    {"NoResolve", [](SimOptions* o) { o->rules.resolve = false; }},
    {"NoGivingUp", [](SimOptions* o) { o->rules.give_up = false; }},
    {"NoSkip", [](SimOptions* o) { o->rules.skip = false; }},
    {"NoEpoch", [](SimOptions* o) { o->rules.epoch = false; }},
    {"PartialsUnread", [](SimOptions* o) { o->breakage = Breakage::kPartialsUnread; }},
    {"PartialsStale", [](SimOptions* o) { o->breakage = Breakage::kPartialsStale; }},
    {"DeadLettersApart", [](SimOptions* o) { o->breakage = Breakage::kDeadLettersApart; }},
    {"DataApart", [](SimOptions* o) { o->breakage = Breakage::kDataApart; }},
    {"RefusedPassed", [](SimOptions* o) { o->breakage = Breakage::kRefusedPassed; }},
    {"KeysScattered", [](SimOptions* o) { o->breakage = Breakage::kKeysScattered; }},
    {"DeadLettersLost", [](SimOptions* o) { o->breakage = Breakage::kDeadLettersLost; }},
    {"TombstonesLost", [](SimOptions* o) { o->breakage = Breakage::kTombstonesLost; }},
};

class CanaryTest : public testing::TestWithParam<Canary> {};

// Runs with something taken away until a checker notices.
TEST_P(CanaryTest, IsNoticed) {
  for (uint64_t seed = 1; seed <= kCanarySeeds; ++seed) {
    SimOptions options{.seed = seed};
    GetParam().take_away(&options);
    const std::string violation = CheckRun(RunSim(options));
    if (violation.empty()) continue;
    std::printf("noticed with seed %llu: %s\n", static_cast<unsigned long long>(seed),
                violation.c_str());
    return;
  }
  FAIL() << "nothing was noticed in " << kCanarySeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Sim, CanaryTest, testing::ValuesIn(kCanaries),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ks::sim

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; ++i) {
    const uint64_t number = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seeds") == 0) ks::sim::seeds = number;
    if (std::strcmp(argv[i], "--from") == 0) ks::sim::first_seed = number;
    if (std::strcmp(argv[i], "--seed") == 0) {
      const std::string violation = CheckRun(ks::sim::RunSim({.seed = number, .trace = true}));
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(number),
                  violation.empty() ? "every record exactly once, in order" : violation.c_str());
      return violation.empty() ? 0 : 1;
    }
  }
  return RUN_ALL_TESTS();
}
