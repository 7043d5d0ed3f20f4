// Snapshots in read-write transactions: optimistic SERIALIZABLE and REPEATABLE READ, and that waits
// end with the caller's patience. The pessimistic default is in serializability_test.cc.
#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT

ReadWriteOptions Optimistic() { return {Isolation::kSerializable, ReadLockMode::kOptimistic, 0}; }
ReadWriteOptions Repeatable() { return {Isolation::kRepeatableRead, std::nullopt, 0}; }

std::unique_ptr<Database> OpenWith(std::initializer_list<std::pair<int64_t, int64_t>> rows) {
  auto db = OpenInMemory();
  Writes w(db->schema());
  for (const auto& [key, value] : rows) w.Insert(key, value);
  EXPECT_TRUE(db->Commit(w.list()).ok());
  return db;
}

std::string Read(ReadWriteTransaction& txn, int64_t key, const std::string& column = "V",
                 bool hold = false) {
  ScanSpec spec = PointSpec(*txn.schema(), "T", {column}, {I(key)});
  spec.hold = spec.exclusive = hold;
  return Drain(txn.Scan(spec), spec);
}

std::string ReadTable(ReadWriteTransaction& txn) {
  ScanSpec spec = SpecOf(*txn.schema(), "T", {"K", "V"});
  return Drain(txn.Scan(spec), spec);
}

absl::Status Put(ReadWriteTransaction& txn, int64_t key, int64_t value) {
  return txn.Apply(Writes(txn.schema()).Upsert(key, value).list());
}

absl::Status PutByCommit(Database& db, int64_t key, int64_t value) {
  return db.Commit(Writes(db.schema()).Upsert(key, value).list()).status();
}

TEST(Optimistic, ReadsNeitherWaitNorHoldUp) {
  auto db = OpenWith({{1, 10}, {2, 20}});
  auto writer = db->BeginReadWrite();
  ASSERT_TRUE(Put(*writer, 1, 11).ok());
  auto reader = db->BeginReadWrite(Optimistic());
  EXPECT_EQ(Read(*reader, 1), "10");
  EXPECT_EQ(ReadTable(*reader), "1,10|2,20");
  EXPECT_TRUE(writer->Commit().ok());
  EXPECT_EQ(Read(*reader, 1), "10");  // of one snapshot
  EXPECT_TRUE(absl::IsAborted(reader->Commit().status()));
}

TEST(Optimistic, OnlyWhatWasReadMustStand) {
  auto db = OpenWith({{1, 10}, {2, 20}});
  auto txn = db->BeginReadWrite(Optimistic());
  EXPECT_EQ(Read(*txn, 1), "10");
  ASSERT_TRUE(Put(*txn, 3, 30).ok());
  ASSERT_TRUE(PutByCommit(*db, 2, 21).ok());  // another row
  // Another column of the row that was read.
  ASSERT_TRUE(
      db->Commit(
            Writes(db->schema()).Put(MutationOp::kUpdate, "T", {"K", "S"}, {I(1), S("x")}).list())
          .ok());
  EXPECT_TRUE(txn->Commit().ok());
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V"}), "1,10|2,21|3,30");
}

TEST(Optimistic, NoPhantomInARangeThatWasRead) {
  auto db = OpenWith({{1, 10}});
  auto txn = db->BeginReadWrite(Optimistic());
  EXPECT_EQ(ReadTable(*txn), "1,10");
  ASSERT_TRUE(Put(*txn, 1, 11).ok());
  ASSERT_TRUE(PutByCommit(*db, 5, 50).ok());
  EXPECT_TRUE(absl::IsAborted(txn->Commit().status()));
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V"}), "1,10|5,50");
}

TEST(Optimistic, DeletedRowIsNoticed) {
  auto db = OpenWith({{1, 10}, {2, 20}});
  auto txn = db->BeginReadWrite(Optimistic());
  EXPECT_EQ(Read(*txn, 1), "10");
  ASSERT_TRUE(Put(*txn, 2, 21).ok());
  ASSERT_TRUE(db->Commit(Writes(db->schema()).Delete("T", {I(1)}).list()).ok());
  EXPECT_TRUE(absl::IsAborted(txn->Commit().status()));
}

TEST(Optimistic, FirstOfTwoWritersCommitsAndTheOtherDoesNotWait) {
  auto db = OpenWith({{1, 10}});
  auto first = db->BeginReadWrite(Optimistic());
  auto second = db->BeginReadWrite(Optimistic());
  ASSERT_TRUE(Put(*first, 1, 11).ok());
  ASSERT_TRUE(Put(*second, 1, 12).ok());  // no lock is in its way
  EXPECT_EQ(Read(*second, 1), "12");      // its own write
  EXPECT_TRUE(second->Commit().ok());
  EXPECT_TRUE(absl::IsAborted(first->Commit().status()));
  EXPECT_EQ(ReadAll(*db, "T", {"V"}), "12");
}

TEST(Optimistic, BlindMutationsAtTheCommitGoByWhatIsLatest) {
  auto db = OpenWith({{1, 10}, {2, 20}});
  auto txn = db->BeginReadWrite(Optimistic());
  EXPECT_EQ(Read(*txn, 2), "20");
  ASSERT_TRUE(PutByCommit(*db, 1, 11).ok());
  ASSERT_TRUE(txn->Buffer(Writes(txn->schema()).Update(1, 12).Take()).ok());
  EXPECT_TRUE(txn->Commit().ok());
  EXPECT_EQ(ReadAll(*db, "T", {"V"}), "12|20");
}

TEST(RepeatableRead, ReadsAreOfOneSnapshotAndAreNotChecked) {
  auto db = OpenWith({{1, 10}, {2, 20}});
  auto txn = db->BeginReadWrite(Repeatable());
  EXPECT_EQ(Read(*txn, 1), "10");
  ASSERT_TRUE(PutByCommit(*db, 1, 11).ok());
  EXPECT_EQ(Read(*txn, 1), "10");
  ASSERT_TRUE(Put(*txn, 2, 21).ok());
  auto result = txn->Commit();
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->snapshot.has_value());
  EXPECT_LT(*result->snapshot, result->timestamp);
}

TEST(RepeatableRead, FirstCommitterWins) {
  for (auto mode : {ReadLockMode::kOptimistic, ReadLockMode::kPessimistic}) {
    auto db = OpenWith({{1, 10}});
    auto txn = db->BeginReadWrite({Isolation::kRepeatableRead, mode, 0});
    EXPECT_EQ(Read(*txn, 1), "10");
    ASSERT_TRUE(PutByCommit(*db, 1, 11).ok());
    absl::Status status = Put(*txn, 1, 12);
    if (status.ok()) status = txn->Commit().status();
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_EQ(ReadAll(*db, "T", {"V"}), "11");
  }
}

TEST(RepeatableRead, BufferedMutationsConflictToo) {
  auto db = OpenWith({{1, 10}});
  auto txn = db->BeginReadWrite(Repeatable());
  EXPECT_EQ(Read(*txn, 1), "10");
  ASSERT_TRUE(PutByCommit(*db, 1, 11).ok());
  ASSERT_TRUE(txn->Buffer(Writes(txn->schema()).Update(1, 12).Take()).ok());
  EXPECT_TRUE(absl::IsAborted(txn->Commit().status()));
}

// Each reads both rows and writes one: allowed here, unless the read holds what it saw.
TEST(RepeatableRead, WriteSkewHappensUnlessReadsHold) {
  for (bool hold : {false, true}) {
    auto db = OpenWith({{1, 1}, {2, 1}});
    auto a = db->BeginReadWrite(Repeatable());
    auto b = db->BeginReadWrite(Repeatable());
    EXPECT_EQ(Read(*a, 1, "V", hold) + Read(*a, 2, "V", hold), "11");
    EXPECT_EQ(Read(*b, 1, "V", hold) + Read(*b, 2, "V", hold), "11");
    ASSERT_TRUE(Put(*a, 1, 0).ok());
    ASSERT_TRUE(Put(*b, 2, 0).ok());
    EXPECT_TRUE(a->Commit().ok());
    EXPECT_EQ(absl::IsAborted(b->Commit().status()), hold);
  }
}

// A child row must not come in between the snapshot and the delete of its parent.
TEST(RepeatableRead, ConstraintsHoldAtTheCommit) {
  auto db = OpenInMemory([](Schema& schema) {
    schema.tables.push_back(MakeTable(schema, "P", {{"K", sql::Type::Int64(), true}}, 1));
    auto child = MakeTable(schema, "C",
                           {{"K", sql::Type::Int64(), true}, {"N", sql::Type::Int64(), true}}, 2);
    child->parent = "P";
    child->interleave = InterleaveKind::kInParent;
    child->on_delete = OnDelete::kNoAction;
    schema.tables.push_back(std::move(child));
    return absl::OkStatus();
  });
  ASSERT_TRUE(
      db->Commit(Writes(db->schema()).Put(MutationOp::kInsert, "P", {"K"}, {I(1)}).list()).ok());
  auto txn = db->BeginReadWrite(Repeatable());
  ASSERT_TRUE(txn->Apply(Writes(txn->schema()).Delete("P", {I(1)}).list()).ok());
  ASSERT_TRUE(
      db->Commit(
            Writes(db->schema()).Put(MutationOp::kInsert, "C", {"K", "N"}, {I(1), I(1)}).list())
          .ok());
  EXPECT_TRUE(absl::IsAborted(txn->Commit().status()));
  EXPECT_EQ(ReadAll(*db, "P", {"K"}), "1");
}

TEST(RepeatableRead, UniqueHoldsAtTheCommit) {
  auto db = OpenInMemory([](Schema& schema) {
    absl::Status status = AddKv(schema);
    schema.indexes.push_back(MakeIndex(schema, "ByV", "T", {1}, true));
    schema.indexes.back()->backfilled = true;
    return status;
  });
  auto txn = db->BeginReadWrite(Repeatable());
  ASSERT_TRUE(Put(*txn, 1, 7).ok());
  ASSERT_TRUE(PutByCommit(*db, 2, 7).ok());
  EXPECT_TRUE(absl::IsAborted(txn->Commit().status()));
}

// ---- Patience ----

class Deadline : public Patience {
 public:
  explicit Deadline(absl::Duration wait) : deadline_(absl::Now() + wait) {}
  absl::Status Check() const override {
    if (cancelled) return absl::CancelledError("gone");
    return absl::Now() < deadline_ ? absl::OkStatus() : absl::DeadlineExceededError("late");
  }
  int64_t NanosLeft() const override { return absl::ToInt64Nanoseconds(deadline_ - absl::Now()); }
  std::atomic<bool> cancelled{false};

 private:
  const absl::Time deadline_;
};

TEST(Patience, LockWaitsEndAtTheDeadlineAndTheTransactionLives) {
  auto db = OpenWith({{1, 10}, {2, 20}});
  auto holder = db->BeginReadWrite();
  ASSERT_TRUE(Put(*holder, 1, 11).ok());
  auto waiter = db->BeginReadWrite();
  {
    Deadline soon(absl::Milliseconds(20));
    waiter->Attend(soon);
    EXPECT_TRUE(absl::IsDeadlineExceeded(Put(*waiter, 1, 12)));
    waiter->Attend(Endless());
  }
  EXPECT_TRUE(Put(*waiter, 2, 22).ok());
  EXPECT_TRUE(waiter->Commit().ok());
  EXPECT_TRUE(holder->Commit().ok());
  EXPECT_EQ(ReadAll(*db, "T", {"V"}), "11|22");
}

TEST(Patience, ACancelledCommitStopsWaiting) {
  auto db = OpenWith({{1, 10}});
  auto holder = db->BeginReadWrite();
  ASSERT_TRUE(Put(*holder, 1, 11).ok());
  Deadline call(absl::Hours(1));
  std::thread client([&] { call.cancelled = true; });
  CommitOptions options{call};
  auto result = db->Commit(Writes(db->schema()).Upsert(1, 12).list(), options);
  EXPECT_TRUE(absl::IsCancelled(result.status())) << result.status();
  client.join();
  EXPECT_TRUE(holder->Commit().ok());
}

TEST(Patience, ReadsOfTheFutureEndAtTheDeadline) {
  auto db = OpenWith({{1, 10}});
  TimestampBound bound{TimestampBound::Kind::kExact,
                       CommitTimestamp(absl::ToUnixMicros(absl::Now() + absl::Minutes(10))), 0};
  Deadline soon(absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(db->BeginReadOnly(bound, soon).status()));
}

}  // namespace
}  // namespace ks::local
