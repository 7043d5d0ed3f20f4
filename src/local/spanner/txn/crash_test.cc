// SIGKILL in the middle of commits: nothing acknowledged is lost, nothing half done is seen,
// nothing comes back.
//
// A child commits in a loop and reports every acknowledged commit over a pipe; the parent kills it
// at a random moment, opens the database and compares. Each commit moves a counter row per worker
// and replaces a pair of rows that must always agree.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "gtest/gtest.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT

constexpr int kWorkers = 4;
constexpr int kRounds = 12;

// Row w: the counter; rows 100 + 2w and 101 + 2w: the pair; row 1000 + w exists only while the
// counter is odd.
absl::Status Step(Database& db, int64_t worker, int64_t n) {
  Writes w(db.schema());
  w.Upsert(worker, n).Upsert(100 + 2 * worker, n).Upsert(101 + 2 * worker, n);
  if (n % 2 == 1) {
    w.Upsert(1000 + worker, n);
  } else {
    w.Delete("T", {I(1000 + worker)});
  }
  return db.Commit(w.list()).status();
}

int64_t ValueOf(Database& db, int64_t key) {
  auto txn = db.BeginReadOnly({});
  ScanSpec spec = PointSpec(*(*txn)->schema(), "T", {"V"}, {I(key)});
  std::string text = Drain((*txn)->Scan(spec), spec);
  return text.empty() ? 0 : std::stoll(text);
}

[[noreturn]] void Child(const std::string& directory, int report) {
  auto db = Database::Open({directory});
  if (!db.ok()) _exit(3);
  if ((*db)->schema()->tables.empty() && !(*db)->ChangeSchema(AddKv).ok()) _exit(4);
  std::vector<std::thread> threads;
  for (int64_t worker = 0; worker < kWorkers; ++worker) {
    threads.emplace_back([&, worker] {
      for (int64_t n = ValueOf(**db, worker) + 1;; ++n) {
        if (!Step(**db, worker, n).ok()) _exit(5);
        int64_t message[2] = {worker, n};
        if (write(report, message, sizeof(message)) != sizeof(message)) _exit(6);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  _exit(0);
}

TEST(Crash, AcknowledgedCommitsSurviveSigkill) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer does not follow the child of a process with threads";
#endif
#endif
  std::string directory = ::testing::TempDir() + "/crash" + std::to_string(::getpid());
  std::mt19937 random(11);
  std::vector<int64_t> acknowledged(kWorkers, 0);
  for (int round = 0; round < kRounds; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      Child(directory, ends[1]);
    }
    close(ends[1]);
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(150 + random() % 300));
      kill(child, SIGKILL);
    });
    int64_t message[2];
    while (read(ends[0], message, sizeof(message)) == sizeof(message)) {
      acknowledged[message[0]] = std::max(acknowledged[message[0]], message[1]);
    }
    killer.join();
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    close(ends[0]);

    auto db = Database::Open({directory});
    ASSERT_TRUE(db.ok()) << db.status();
    for (int64_t w = 0; w < kWorkers; ++w) {
      if ((*db)->schema()->tables.empty()) {  // killed before the schema: then nothing was said
        ASSERT_EQ(acknowledged[w], 0);
        continue;
      }
      int64_t counter = ValueOf(**db, w);
      EXPECT_GE(counter, acknowledged[w]);
      EXPECT_LE(counter, acknowledged[w] + 1);  // the one that was on its way
      EXPECT_EQ(ValueOf(**db, 100 + 2 * w), counter);
      EXPECT_EQ(ValueOf(**db, 101 + 2 * w), counter);
      EXPECT_EQ(ValueOf(**db, 1000 + w), counter % 2 == 1 ? counter : 0);
      acknowledged[w] = counter;
    }
  }
  int64_t total = 0;
  for (int64_t n : acknowledged) total += n;
  EXPECT_GT(total, 100);
}

}  // namespace
}  // namespace ks::local
