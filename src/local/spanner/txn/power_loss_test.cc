// Power loss and failing syncs at random moments, on a simulated disk: nothing acknowledged is
// lost, nothing is half there, nothing comes back. crash_test.cc does it with a real process and a
// real disk, a few times; here are many seeds. KS_SEEDS=1000 runs more of them.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "env/clock.h"
#include "gtest/gtest.h"
#include "local/spanner/storage/testing/sim_disk.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT

constexpr int64_t kWorkers = 2;
constexpr int kRounds = 3;

uint64_t Seeds() {
  const char* text = std::getenv("KS_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 150;
}

int64_t ValueOf(Database& db, int64_t key) {
  auto txn = db.BeginReadOnly({});
  EXPECT_TRUE(txn.ok()) << txn.status();
  ScanSpec spec = PointSpec(*(*txn)->schema(), "T", {"V"}, {I(key)});
  std::string text = Drain((*txn)->Scan(spec), spec);
  return text.empty() ? 0 : std::stoll(text);
}

// What one worker knows: the last number that was acknowledged, and the last that it tried.
struct Said {
  int64_t acknowledged = 0;
  int64_t tried = 0;
};

// Row w counts; 100 + w is its twin; 200 + w is there only while the count is odd.
absl::Status Step(Database& db, int64_t w, int64_t n) {
  Writes writes(db.schema());
  writes.Upsert(w, n).Upsert(100 + w, n);
  if (n % 2 == 1) {
    writes.Upsert(200 + w, n);
  } else {
    writes.Delete("T", {I(200 + w)});
  }
  return db.Commit(writes.list()).status();
}

class Trial {
 public:
  explicit Trial(uint64_t seed) : disk_(seed), random_(seed * 31 + 7) {}

  void Round() {
    {
      auto db = Open();
      ASSERT_TRUE(db.ok()) << db.status();
      ASSERT_NO_FATAL_FAILURE(Check(**db));
      if (random_.Below(2) == 0) {
        disk_.FailSyncs(static_cast<uint32_t>(5 + random_.Below(40)));
      } else {
        disk_.CutPowerAfter(static_cast<int64_t>(random_.Below(120)));
      }
      std::thread workers[kWorkers];
      for (int64_t w = 0; w < kWorkers; ++w) workers[w] = std::thread([&, w] { Work(**db, w); });
      for (std::thread& worker : workers) worker.join();
    }
    disk_.Restart();
  }
  void CheckAgain() {
    auto db = Open();
    ASSERT_TRUE(db.ok()) << db.status();
    Check(**db);
  }
  int64_t acknowledged() const { return acknowledged_; }

 private:
  absl::StatusOr<std::unique_ptr<Database>> Open() {
    DatabaseOptions options;
    options.directory = "/disk";
    options.disk = disk_.env();
    auto db = Database::Open(options);
    if (!db.ok() || !(*db)->schema()->tables.empty()) return db;
    auto changed = (*db)->ChangeSchema(AddKv);
    if (!changed.ok()) return changed.status();
    return db;
  }

  void Work(Database& db, int64_t w) {
    Said& said = said_[w];
    for (int64_t n = said.acknowledged + 1; n < said.acknowledged + 400; ++n) {
      said.tried = n;
      if (!Step(db, w, n).ok()) return;
      said.acknowledged = n;
      acknowledged_.fetch_add(1);
      if (disk_.failed()) return;
    }
  }

  void Check(Database& db) {
    for (int64_t w = 0; w < kWorkers; ++w) {
      const int64_t n = ValueOf(db, w);
      ASSERT_GE(n, said_[w].acknowledged) << "an acknowledged commit is gone";
      ASSERT_LE(n, std::max(said_[w].tried, said_[w].acknowledged));
      ASSERT_EQ(ValueOf(db, 100 + w), n) << "half a commit";
      ASSERT_EQ(ValueOf(db, 200 + w), n % 2 == 1 ? n : 0) << "half a commit";
      said_[w] = {n, n};  // what is there now stays
    }
  }

  SimDisk disk_;
  env::SimRandom random_;
  Said said_[kWorkers];
  std::atomic<int64_t> acknowledged_{0};
};

TEST(PowerLoss, AcknowledgedCommitsSurvive) {
  int64_t acknowledged = 0;
  for (uint64_t seed = 1; seed <= Seeds(); ++seed) {
    SCOPED_TRACE(seed);
    Trial trial(seed);
    for (int round = 0; round < kRounds; ++round) ASSERT_NO_FATAL_FAILURE(trial.Round());
    ASSERT_NO_FATAL_FAILURE(trial.CheckAgain());
    acknowledged += trial.acknowledged();
  }
  EXPECT_GT(acknowledged, static_cast<int64_t>(Seeds()) * 10);
}

}  // namespace
}  // namespace ks::local
