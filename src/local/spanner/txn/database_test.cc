#include "local/spanner/txn/database.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "gtest/gtest.h"
#include "local/spanner/txn/commit.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT
using absl::StatusCode;

absl::Status Commit(Database& db, const Writes& writes) {
  return db.Commit(writes.list()).status();
}
absl::StatusCode Code(Database& db, const Writes& writes) { return Commit(db, writes).code(); }

TEST(Database, InsertsAreRead) {
  auto db = OpenInMemory();
  EXPECT_EQ(Code(*db, Writes(db->schema()).Insert(2, 20).Insert(1, 10)), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V", "S"}), "1,10,NULL|2,20,NULL");
}

TEST(Database, MutationCodes) {
  auto db = OpenInMemory();
  auto w = [&] { return Writes(db->schema()); };
  EXPECT_EQ(Code(*db, w().Insert(1, 10)), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Insert(1, 11)), StatusCode::kAlreadyExists);
  EXPECT_EQ(Code(*db, w().Update(2, 20)), StatusCode::kNotFound);
  EXPECT_EQ(Code(*db, w().Update(1, 12)), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Upsert(2, 20).Upsert(2, 21)), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Delete("T", {I(9)})), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Delete("T", {I(1)}).Update(1, 1)), StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(*db, w().Update(1, 1).Delete("T", {I(1)})), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Update(1, 1).Delete("T", {I(1)})), StatusCode::kNotFound);
  EXPECT_EQ(Code(*db, w().Delete("T", {I(2)}).Insert(2, 22)), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Insert(5, 1).Insert(5, 2)), StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(*db, w().Insert(5, 1).Delete("T", {I(5)}).Insert(5, 2)), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Put(MutationOp::kInsert, "T", {"K"}, {NullI()})),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V"}), "2,22|5,2");
}

TEST(Database, NamesAreChecked) {
  auto db = OpenInMemory();
  MutationList list(db->schema());
  EXPECT_EQ(list.AddWrite(MutationOp::kInsert, "Nope", {}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(list.AddWrite(MutationOp::kInsert, "T", {"K", "X"}).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(list.AddWrite(MutationOp::kInsert, "T", {"K", "k"}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(list.AddWrite(MutationOp::kInsert, "T", {"V"}).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST(Database, FailedCommitLeavesNothing) {
  auto db = OpenInMemory();
  EXPECT_EQ(Code(*db, Writes(db->schema()).Insert(1, 1)), StatusCode::kOk);
  EXPECT_EQ(Code(*db, Writes(db->schema()).Insert(2, 2).Insert(1, 1)), StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadAll(*db, "T", {"K"}), "1");
}

TEST(Database, ReplaceClearsWhatItDoesNotName) {
  auto db = OpenInMemory();
  auto put = [&](MutationOp op, std::vector<std::string> columns, std::vector<sql::Value> values) {
    return Code(*db, Writes(db->schema()).Put(op, "T", columns, values));
  };
  EXPECT_EQ(put(MutationOp::kInsert, {"K", "V", "S"}, {I(1), I(1), S("a")}), StatusCode::kOk);
  EXPECT_EQ(put(MutationOp::kInsertOrUpdate, {"K", "V"}, {I(1), I(2)}), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V", "S"}), "1,2,'a'");
  EXPECT_EQ(put(MutationOp::kReplace, {"K", "V"}, {I(1), I(3)}), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V", "S"}), "1,3,NULL");
}

TEST(Database, ReadsAtTimestampsSeeWhatWasThere) {
  auto db = OpenInMemory();
  std::vector<CommitTimestamp> times;
  for (int64_t v = 1; v <= 5; ++v) {
    auto result = db->Commit(Writes(db->schema()).Upsert(1, v).Upsert(v + 1, v).list());
    ASSERT_TRUE(result.ok()) << result.status();
    if (!times.empty()) {
      EXPECT_GT(result->timestamp, times.back());
    }
    times.push_back(result->timestamp);
  }
  ASSERT_EQ(Code(*db, Writes(db->schema()).DeleteAll("T")), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"K"}), "");
  for (int64_t v = 1; v <= 5; ++v) {
    auto txn = db->BeginReadOnly({TimestampBound::Kind::kExact, times[v - 1]});
    ASSERT_TRUE(txn.ok()) << txn.status();
    ScanSpec point = PointSpec(*(*txn)->schema(), "T", {"V"}, {I(1)});
    EXPECT_EQ(Drain((*txn)->Scan(point), point), std::to_string(v));
    ScanSpec all = SpecOf(*(*txn)->schema(), "T", {"K"});
    std::string rows = Drain((*txn)->Scan(all), all);
    EXPECT_EQ(std::count(rows.begin(), rows.end(), '|'), v);
  }
  auto old = db->BeginReadOnly({TimestampBound::Kind::kExact, CommitTimestamp(1'000'000)});
  EXPECT_EQ(old.status().code(), StatusCode::kFailedPrecondition);
}

TEST(Database, CommitTimestampsAreFilledIn) {
  auto db = OpenInMemory([](Schema& schema) {
    schema.tables.push_back(MakeTable(
        schema, "T",
        {{"At", sql::Type::Timestamp(), false, true}, {"V", sql::Type::Timestamp(), false, true}},
        1));
    return absl::OkStatus();
  });
  Writes writes(db->schema());
  writes.Raw(MutationOp::kInsert, "T", {"At", "V"},
             {PendingCommitTimestamp(), PendingCommitTimestamp()});
  auto result = db->Commit(writes.list());
  ASSERT_TRUE(result.ok()) << result.status();
  std::string at = sql::Value::Timestamp(ToSqlTimestamp(result->timestamp)).ToSql();
  EXPECT_EQ(ReadAll(*db, "T", {"At", "V"}), at + "," + at);
  sql::TimestampValue later = ToSqlTimestamp(result->timestamp);
  later.seconds += 1000;
  Writes future(db->schema());
  future.Raw(MutationOp::kInsert, "T", {"At"}, {sql::Datum::Timestamp(later)});
  EXPECT_EQ(Commit(*db, future).code(), StatusCode::kFailedPrecondition);
}

TEST(Database, ReadWriteReadsItsOwnWrites) {
  auto db = OpenInMemory();
  ASSERT_EQ(Code(*db, Writes(db->schema()).Insert(1, 1).Insert(3, 3)), StatusCode::kOk);
  auto txn = db->BeginReadWrite();
  Writes writes(txn->schema());
  writes.Insert(2, 2).Update(3, 30).Delete("T", {I(1)});
  ASSERT_TRUE(txn->Apply(writes.list()).ok());
  ScanSpec all = SpecOf(*txn->schema(), "T", {"K", "V"});
  EXPECT_EQ(Drain(txn->Scan(all), all), "2,2|3,30");
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V"}), "1,1|3,3");
  Writes bad(txn->schema());
  bad.Insert(7, 7).Insert(2, 2);
  EXPECT_EQ(txn->Apply(bad.list()).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(Drain(txn->Scan(all), all), "2,2|3,30");
  auto result = txn->Commit();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V"}), "2,2|3,30");
  EXPECT_EQ(txn->Commit().status().code(), StatusCode::kFailedPrecondition);
}

TEST(Database, ScansBackwardsThroughItsOwnWrites) {
  auto db = OpenInMemory();
  Writes stored(db->schema());
  ASSERT_EQ(Code(*db, stored.Insert(1, 1).Insert(3, 3).Insert(5, 5).Insert(7, 7)), StatusCode::kOk);
  auto txn = db->BeginReadWrite();
  Writes writes(txn->schema());
  writes.Insert(2, 2).Insert(6, 6).Insert(9, 9).Update(3, 30).Delete("T", {I(5)});
  ASSERT_TRUE(txn->Apply(writes.list()).ok());
  ScanSpec back = SpecOf(*txn->schema(), "T", {"K", "V"});
  back.reverse = true;
  EXPECT_EQ(Drain(txn->Scan(back), back), "9,9|7,7|6,6|3,30|2,2|1,1");
  back.limit = 2;
  EXPECT_EQ(Drain(txn->Scan(back), back), "9,9|7,7");
  back.limit = 0;
  const auto span = [&](int64_t key) {
    return PointSpec(*txn->schema(), "T", {"V"}, {I(key)}).spans[0];
  };
  back.spans = {span(1), span(5), span(6), {span(7).start, span(8).limit}};
  EXPECT_EQ(Drain(txn->Scan(back), back), "7,7|6,6|1,1");
}

TEST(Database, KeepsItsRowsAndSchemaOverReopening) {
  std::string directory = ::testing::TempDir() + "/reopen" + std::to_string(::getpid());
  CommitTimestamp last;
  {
    auto db = Database::Open({directory});
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE((*db)->ChangeSchema(AddKv).ok());
    auto result = (*db)->Commit(Writes((*db)->schema()).Insert(1, 10).list());
    ASSERT_TRUE(result.ok()) << result.status();
    last = result->timestamp;
  }
  auto db = Database::Open({directory});
  ASSERT_TRUE(db.ok()) << db.status();
  EXPECT_EQ(ReadAll(**db, "T", {"K", "V"}), "1,10");
  auto result = (*db)->Commit(Writes((*db)->schema()).Insert(2, 20).list());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->timestamp, last);
}

TEST(Database, ReadyCommitsAreWrittenTogetherInTheirOrder) {
  auto db = OpenInMemory();
  Writes first(db->schema()), second(db->schema());
  first.Insert(1, 10);
  second.Insert(2, 20);
  auto one = db->StartCommit(first.list(), {});
  auto two = db->StartCommit(second.list(), {});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(ReadAll(*db, "T", {"K"}), "");
  ReadyCommit* const both[] = {one->get(), two->get()};
  WriteTogether((*one)->core(), both);
  ASSERT_TRUE((*one)->result().ok() && (*two)->result().ok());
  EXPECT_LT((*one)->result()->timestamp.value(), (*two)->result()->timestamp.value());
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V"}), "1,10|2,20");
}

// Its locks hold until it is written or gone; gone, it has left nothing.
TEST(Database, AReadyCommitHoldsItsLocks) {
  auto db = OpenInMemory();
  Writes held(db->schema());
  held.Upsert(1, 10);
  auto ready = db->StartCommit(held.list(), {});
  ASSERT_TRUE(ready.ok());
  std::atomic<bool> done{false};
  std::thread other([&] {
    EXPECT_EQ(Code(*db, Writes(db->schema()).Upsert(1, 11)), StatusCode::kOk);
    done = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(done);
  ready->reset();
  other.join();
  EXPECT_EQ(ReadAll(*db, "T", {"K", "V"}), "1,11");
}

}  // namespace
}  // namespace ks::local
