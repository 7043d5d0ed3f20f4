// Concurrent transactions with real threads: no lost update, no write skew, no phantom, no abort
// without a conflict.
#include <atomic>
#include <random>
#include <thread>

#include "gtest/gtest.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT

// Runs `body` in a transaction until it commits; counts the attempts that were aborted.
absl::Status RunToCommit(Database& db,
                         const std::function<absl::Status(ReadWriteTransaction&)>& body,
                         std::atomic<int>* aborts = nullptr) {
  uint64_t age = 0;
  while (true) {
    ReadWriteOptions options;
    options.previous_age = age;
    auto txn = db.BeginReadWrite(options);
    age = txn->age();
    absl::Status status = body(*txn);
    if (status.ok()) status = txn->Commit().status();
    if (!absl::IsAborted(status)) return status;
    if (aborts != nullptr) aborts->fetch_add(1);
  }
}

absl::StatusOr<int64_t> ReadValue(ReadWriteTransaction& txn, int64_t key) {
  ScanSpec spec = PointSpec(*txn.schema(), "T", {"V"}, {I(key)});
  auto cursor = txn.Scan(spec);
  if (!cursor.ok()) return cursor.status();
  sql::RowBatch batch;
  absl::Status status = (*cursor)->Next(&batch);
  if (!status.ok()) return status;
  return batch.rows == 0 ? 0 : batch.columns[0][0].int64();
}

absl::Status WriteValue(ReadWriteTransaction& txn, int64_t key, int64_t value) {
  return txn.Apply(Writes(txn.schema()).Upsert(key, value).list());
}

void Parallel(int threads, const std::function<void(int)>& work) {
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) pool.emplace_back(work, i);
  for (auto& thread : pool) thread.join();
}

TEST(Serializability, NoUpdateIsLost) {
  auto db = OpenInMemory();
  constexpr int kThreads = 6, kTimes = 100;
  Parallel(kThreads, [&](int) {
    for (int n = 0; n < kTimes; ++n) {
      absl::Status status = RunToCommit(*db, [](ReadWriteTransaction& txn) -> absl::Status {
        auto value = ReadValue(txn, 1);
        return value.ok() ? WriteValue(txn, 1, *value + 1) : value.status();
      });
      ASSERT_TRUE(status.ok()) << status;
    }
  });
  EXPECT_EQ(ReadAll(*db, "T", {"V"}), std::to_string(kThreads * kTimes));
}

TEST(Serializability, DifferentKeysNeverAbort) {
  auto db = OpenInMemory();
  std::atomic<int> aborts{0};
  Parallel(8, [&](int worker) {
    for (int n = 0; n < 100; ++n) {
      ASSERT_TRUE(RunToCommit(
                      *db,
                      [&](ReadWriteTransaction& txn) -> absl::Status {
                        auto value = ReadValue(txn, worker);
                        return value.ok() ? WriteValue(txn, worker, *value + 1) : value.status();
                      },
                      &aborts)
                      .ok());
    }
  });
  EXPECT_EQ(aborts, 0);
}

// Two rows that must not both become zero; each transaction reads both and zeroes one.
TEST(Serializability, NoWriteSkew) {
  auto db = OpenInMemory();
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(db->Commit(Writes(db->schema()).Upsert(1, 1).Upsert(2, 1).list()).ok());
    Parallel(2, [&](int worker) {
      ASSERT_TRUE(RunToCommit(*db, [&](ReadWriteTransaction& txn) -> absl::Status {
                    auto a = ReadValue(txn, 1);
                    auto b = a.ok() ? ReadValue(txn, 2) : a;
                    if (!b.ok()) return b.status();
                    if (*a + *b < 2) return absl::OkStatus();
                    return WriteValue(txn, 1 + worker, 0);
                  }).ok());
    });
    std::string rows = ReadAll(*db, "T", {"V"});
    ASSERT_TRUE(rows == "0|1" || rows == "1|0") << rows;
  }
}

// Each transaction counts the rows of a range and inserts one only if there is none: at most one
// may succeed.
TEST(Serializability, NoPhantoms) {
  auto db = OpenInMemory();
  for (int64_t round = 0; round < 100; ++round) {
    std::atomic<int> inserted{0};
    Parallel(3, [&](int worker) {
      bool did = false;
      ASSERT_TRUE(RunToCommit(*db, [&](ReadWriteTransaction& txn) -> absl::Status {
                    ScanSpec spec = SpecOf(*txn.schema(), "T", {"K"});
                    sql::Datum low[] = {sql::Datum::Int64(round * 10)};
                    sql::Datum high[] = {sql::Datum::Int64(round * 10 + 9)};
                    spec.spans = {EncodeBounds(spec.table->shape, {low, high, true, true})};
                    auto cursor = txn.Scan(spec);
                    if (!cursor.ok()) return cursor.status();
                    sql::RowBatch batch;
                    absl::Status status = (*cursor)->Next(&batch);
                    did = status.ok() && batch.rows == 0;
                    if (!did) return status;
                    return txn.Apply(Writes(txn.schema()).Insert(round * 10 + worker, 1).list());
                  }).ok());
      if (did) inserted.fetch_add(1);
    });
    ASSERT_EQ(inserted, 1) << round;
  }
}

TEST(Serializability, BlindCommitsOnTheSameKeysAllSucceed) {
  auto db = OpenInMemory();
  Parallel(6, [&](int worker) {
    std::mt19937 random(worker);
    for (int n = 0; n < 100; ++n) {
      Writes w(db->schema());
      for (int i = 0; i < 5; ++i) w.Upsert(static_cast<int64_t>(random() % 10), n);
      absl::Status status = db->Commit(w.list()).status();
      ASSERT_TRUE(status.ok()) << status;
    }
  });
}

// While writers move money about, every snapshot has the same sum.
// An index scan fetches other columns row by row. When an older transaction takes its locks away in
// between, entries and rows are of different times: only ABORTED may come out, no row and no other
// error.
TEST(Serializability, AReaderThatLostItsLocksSaysAborted) {
  auto db = OpenInMemory();
  ASSERT_TRUE(db->ChangeSchema([](Schema& schema) {
                  schema.indexes.push_back(MakeIndex(schema, "ByV", "T", {1}, false));
                  return absl::OkStatus();
                }).ok());
  constexpr int64_t kRows = 40;  // more than the first batch
  Writes rows(db->schema());
  for (int64_t k = 0; k < kRows; ++k) rows.Insert(k, k);
  ASSERT_TRUE(db->Commit(rows.list()).ok());

  auto older = db->BeginReadWrite();
  auto younger = db->BeginReadWrite();
  auto cursor = younger->Scan(SpecOf(*younger->schema(), "T", {"K", "S"}, "ByV"));
  ASSERT_TRUE(cursor.ok());
  sql::RowBatch batch;
  ASSERT_TRUE((*cursor)->Next(&batch).ok());
  ASSERT_LT(batch.rows, kRows);
  ASSERT_TRUE(older->Apply(Writes(older->schema()).Delete("T", {I(kRows - 1)}).list()).ok());
  ASSERT_TRUE(older->Commit().ok());
  absl::Status read = absl::OkStatus();
  do {
    read = (*cursor)->Next(&batch);
  } while (read.ok() && batch.rows > 0);
  EXPECT_TRUE(absl::IsAborted(read)) << read;
}

TEST(Serializability, SnapshotsAreConsistent) {
  auto db = OpenInMemory();
  constexpr int64_t kAccounts = 5;
  Writes start(db->schema());
  for (int64_t k = 0; k < kAccounts; ++k) start.Insert(k, 100);
  ASSERT_TRUE(db->Commit(start.list()).ok());
  std::atomic<int> running{3};
  Parallel(5, [&](int worker) {
    std::mt19937 random(worker);
    for (int n = 0; worker < 3 && n < 100; ++n) {
      int64_t from = static_cast<int64_t>(random() % kAccounts);
      int64_t to = (from + 1 + static_cast<int64_t>(random() % (kAccounts - 1))) % kAccounts;
      ASSERT_TRUE(RunToCommit(*db, [&](ReadWriteTransaction& txn) -> absl::Status {
                    auto a = ReadValue(txn, from);
                    auto b = a.ok() ? ReadValue(txn, to) : a;
                    if (!b.ok()) return b.status();
                    return txn.Apply(
                        Writes(txn.schema()).Upsert(from, *a - 1).Upsert(to, *b + 1).list());
                  }).ok());
    }
    if (worker < 3) running.fetch_sub(1);
    while (worker >= 3 && running > 0) {
      auto txn = db->BeginReadOnly({});
      ASSERT_TRUE(txn.ok());
      ScanSpec spec = SpecOf(*(*txn)->schema(), "T", {"V"});
      auto cursor = (*txn)->Scan(spec);
      ASSERT_TRUE(cursor.ok());
      sql::RowBatch batch;
      int64_t sum = 0;
      do {
        ASSERT_TRUE((*cursor)->Next(&batch).ok());
        for (uint32_t r = 0; r < batch.rows; ++r) sum += batch.columns[0][r].int64();
      } while (batch.rows > 0);
      ASSERT_EQ(sum, kAccounts * 100);
    }
  });
}

// External consistency: what was answered is in every strong read that begins afterwards, and later
// commits are later.
TEST(Serializability, StrongReadsSeeWhatWasAnswered) {
  auto db = OpenInMemory();
  Parallel(4, [&](int worker) {
    CommitTimestamp last;
    for (int64_t n = 1; n <= 100; ++n) {
      auto result = db->Commit(Writes(db->schema()).Upsert(worker, n).list());
      ASSERT_TRUE(result.ok());
      ASSERT_GT(result->timestamp, last);
      last = result->timestamp;
      auto txn = db->BeginReadOnly({});
      ASSERT_TRUE(txn.ok());
      ASSERT_GE((*txn)->timestamp(), last);
      ScanSpec spec = PointSpec(*(*txn)->schema(), "T", {"V"}, {I(worker)});
      ASSERT_EQ(Drain((*txn)->Scan(spec), spec), std::to_string(n));
    }
  });
}

}  // namespace
}  // namespace ks::local
