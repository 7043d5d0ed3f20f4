// Change streams from DDL to records: what commits leave, and that following partition tokens gives
// every record once.
#include <map>
#include <set>

#include "env/clock.h"
#include "gtest/gtest.h"
#include "local/spanner/ddl/schema_change.h"
#include "local/spanner/query/change_stream_query.h"
#include "local/spanner/txn/change_streams.h"
#include "local/spanner/txn/expiry.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT

constexpr int64_t kMinute = int64_t{60} * env::kNanosPerSecond;

class ChangeStreams : public ::testing::Test {
 protected:
  ChangeStreams() {
    DatabaseOptions options;
    options.in_memory = true;
    options.clock = &clock_;
    auto db = Database::Open(options);
    EXPECT_TRUE(db.ok()) << db.status();
    db_ = std::move(*db);
    Ddl({"CREATE TABLE T (K INT64, A INT64, B STRING(MAX)) PRIMARY KEY (K)"});
  }

  void Ddl(const std::vector<std::string>& statements) {
    const absl::Status status = ApplyDdl(*db_, {statements});
    EXPECT_TRUE(status.ok()) << status;
  }
  Writes W() { return Writes(db_->schema()); }
  void Commit(const Writes& writes, const CommitOptions& options = {}) {
    clock_.Advance(env::kNanosPerSecond);
    auto result = db_->Commit(writes.list(), options);
    EXPECT_TRUE(result.ok()) << result.status();
  }
  static std::vector<sql::Value> Row(int64_t k, int64_t a, const std::string& b) {
    return {I(k), I(a), S(b)};
  }
  const ChangeStream& Stream() { return db_->schema()->change_streams[0]; }

  // All rows of one query.
  std::vector<sql::Value> Read(ChangeStreamQuery query) {
    std::vector<sql::Value> rows;
    query.stream = Stream().name;
    query.heartbeat_millis = 300'000;
    const absl::Status status = RunChangeStreamQuery(db_->core(), query,
                                                     {[&](const sql::Value& row) {
                                                        rows.push_back(row);
                                                        return absl::OkStatus();
                                                      },
                                                      [] { return absl::OkStatus(); }});
    EXPECT_TRUE(status.ok()) << status;
    return rows;
  }
  static absl::Span<const sql::Datum> Part(const sql::Value& row, int which) {
    return row.datum().elements()[0].elements()[which].elements();
  }

  // Every data change record from the stream's beginning, by following tokens; `INSERT T
  // {"K":"1"} {"A":"2"} {}`, in the order of partitions.
  std::vector<std::string> Follow() {
    const CommitTimestamp end = db_->core().oracle().Now();
    std::vector<std::string> found;
    std::map<std::string, CommitTimestamp> waiting;
    std::set<std::string> done;
    const auto add_children = [&](const sql::Value& row) {
      for (const sql::Datum& record : Part(row, 2)) {
        const auto start = FromSqlTimestamp(record.elements()[0].timestamp());
        for (const sql::Datum& child : record.elements()[2].elements()) {
          waiting.emplace(std::string(child.elements()[0].str()), start);
        }
      }
    };
    const CommitTimestamp begin(Stream().created_micros);
    for (const sql::Value& row : Read({"", begin, end, std::nullopt})) add_children(row);
    while (!waiting.empty()) {
      const auto [token, start] = *waiting.begin();
      waiting.erase(waiting.begin());
      if (start > end || !done.insert(token).second) continue;
      for (const sql::Value& row : Read({"", start, end, token})) {
        add_children(row);
        for (const sql::Datum& record : Part(row, 0)) Append(record, &found);
      }
      tokens_read_ = static_cast<int>(done.size());
    }
    return found;
  }

  static void Append(const sql::Datum& record, std::vector<std::string>* found) {
    for (const sql::Datum& mod : record.elements()[6].elements()) {
      std::string text(record.elements()[7].str());
      text += " " + std::string(record.elements()[4].str());
      for (const sql::Datum& json : mod.elements()) text += " " + std::string(json.str());
      found->push_back(text);
    }
  }

  env::SimClock clock_{int64_t{1'700'000'000} * env::kNanosPerSecond};
  std::unique_ptr<Database> db_;
  int tokens_read_ = 0;
};

using Strings = std::vector<std::string>;

TEST_F(ChangeStreams, OldAndNewValues) {
  Ddl({"CREATE CHANGE STREAM S FOR T"});
  Commit(W().Put(MutationOp::kInsert, "T", {"K", "A", "B"}, Row(1, 2, "x")));
  Commit(W().Put(MutationOp::kUpdate, "T", {"K", "A"}, {I(1), I(3)}));
  Commit(W().Delete("T", {I(1)}));
  Commit(W().Delete("T", {I(7)}));  // was not there: no record
  EXPECT_EQ(Follow(), (Strings{R"(INSERT T {"K":"1"} {"A":"2","B":"x"} {})",
                               R"(UPDATE T {"K":"1"} {"A":"3"} {"A":"2"})",
                               R"(DELETE T {"K":"1"} {} {"A":"3","B":"x"})"}));
}

TEST_F(ChangeStreams, NewRowAndNewValues) {
  Ddl({"CREATE CHANGE STREAM S FOR T OPTIONS (value_capture_type = 'NEW_ROW')"});
  Commit(W().Put(MutationOp::kInsert, "T", {"K", "A", "B"}, Row(1, 2, "x")));
  Commit(W().Put(MutationOp::kUpdate, "T", {"K", "A"}, {I(1), I(3)}));
  Commit(W().Delete("T", {I(1)}));
  EXPECT_EQ(Follow(),
            (Strings{R"(INSERT T {"K":"1"} {"A":"2","B":"x"} {})",
                     R"(UPDATE T {"K":"1"} {"A":"3","B":"x"} {})", R"(DELETE T {"K":"1"} {} {})"}));
}

TEST_F(ChangeStreams, WatchedColumnsOnly) {
  Ddl({"CREATE CHANGE STREAM S FOR T(B)"});
  Commit(W().Put(MutationOp::kInsert, "T", {"K", "A", "B"}, Row(1, 2, "x")));
  Commit(W().Put(MutationOp::kUpdate, "T", {"K", "A"}, {I(1), I(3)}));
  Commit(W().Put(MutationOp::kUpdate, "T", {"K", "B"}, {I(1), S("y")}));
  EXPECT_EQ(Follow(), (Strings{R"(INSERT T {"K":"1"} {"B":"x"} {})",
                               R"(UPDATE T {"K":"1"} {"B":"y"} {"B":"x"})"}));
}

TEST_F(ChangeStreams, ReplacedRowsGiveDeleteAndInsert) {
  Ddl({"CREATE CHANGE STREAM S FOR T"});
  Commit(W().Put(MutationOp::kInsert, "T", {"K", "A", "B"}, Row(1, 2, "x")));
  Commit(W().Put(MutationOp::kReplace, "T", {"K", "A"}, {I(1), I(9)}));
  Commit(W().Delete("T", {I(1)}).Put(MutationOp::kInsert, "T", {"K", "A"}, {I(1), I(5)}));
  EXPECT_EQ(Follow(), (Strings{R"(INSERT T {"K":"1"} {"A":"2","B":"x"} {})",
                               R"(DELETE T {"K":"1"} {} {"A":"2","B":"x"})",
                               R"(INSERT T {"K":"1"} {"A":"9","B":null} {})",
                               R"(DELETE T {"K":"1"} {} {"A":"9","B":null})",
                               R"(INSERT T {"K":"1"} {"A":"5","B":null} {})"}));
}

TEST_F(ChangeStreams, Exclusions) {
  Ddl({"CREATE CHANGE STREAM S FOR T OPTIONS (exclude_update = true, allow_txn_exclusion = true)"});
  Commit(W().Put(MutationOp::kInsert, "T", {"K", "A"}, {I(1), I(2)}));
  Commit(W().Put(MutationOp::kUpdate, "T", {"K", "A"}, {I(1), I(3)}));
  CommitOptions hidden;
  hidden.writer.exclude_from_change_streams = true;
  Commit(W().Put(MutationOp::kInsert, "T", {"K", "A"}, {I(2), I(2)}), hidden);
  EXPECT_EQ(Follow(), (Strings{R"(INSERT T {"K":"1"} {"A":"2","B":null} {})"}));
}

TEST_F(ChangeStreams, PartitionsSplitAndMergeWithoutLossOrDoubling) {
  Ddl({"CREATE CHANGE STREAM S FOR ALL"});
  std::multiset<std::string> wanted;
  for (int64_t k = 0; k < 200; ++k) {
    clock_.Advance(kMinute / 2);
    Commit(W().Put(MutationOp::kInsert, "T", {"K", "A", "B"}, Row(k, k, "x")));
    wanted.insert("INSERT T {\"K\":\"" + std::to_string(k) + "\"} {\"A\":\"" + std::to_string(k) +
                  "\",\"B\":\"x\"} {}");
  }
  const Strings found = Follow();
  EXPECT_EQ(std::multiset<std::string>(found.begin(), found.end()), wanted);
  EXPECT_GE(tokens_read_, 6);  // 100 minutes: periods of 1, 2, 1, 2, 1 partitions, and the next
}

TEST_F(ChangeStreams, RecordsKnowTheirTransaction) {
  Ddl({"CREATE CHANGE STREAM S FOR T"});
  CommitOptions tagged;
  tagged.writer.transaction_tag = "app=x";
  Commit(W().Put(MutationOp::kInsert, "T", {"K", "A"}, {I(1), I(2)})
             .Put(MutationOp::kInsert, "T", {"K", "A"}, {I(2), I(2)})
             .Put(MutationOp::kInsert, "T", {"K", "A"}, {I(3), I(2)}),
         tagged);
  Commit(W().Put(MutationOp::kUpdate, "T", {"K", "A"}, {I(1), I(7)})
             .Put(MutationOp::kUpdate, "T", {"K", "B"}, {I(2), S("b")})
             .Delete("T", {I(3)}));
  const CommitTimestamp begin(Stream().created_micros);
  const std::string token = PrintToken(Stream(), {0, 0});
  const auto rows = Read({"", begin, db_->core().oracle().Now(), token});
  ASSERT_EQ(rows.size(), 4u);  // one INSERT of three rows; UPDATE of A, UPDATE of B, DELETE
  const auto field = [&](size_t row, int index) { return Part(rows[row], 0)[0].elements()[index]; };
  EXPECT_EQ(field(0, 6).elements().size(), 3u);
  EXPECT_EQ(field(0, 11).str(), "app=x");
  EXPECT_TRUE(field(0, 3).bool_value());
  EXPECT_EQ(field(1, 9).int64(), 3);
  EXPECT_FALSE(field(1, 3).bool_value());
  EXPECT_TRUE(field(3, 3).bool_value());
  EXPECT_EQ(field(1, 1).str(), "00000000");
  EXPECT_EQ(field(3, 1).str(), "00000002");
  EXPECT_EQ(field(1, 0).timestamp(), field(3, 0).timestamp());
}

TEST_F(ChangeStreams, OldRecordsGoAndExpiredRowsLeaveSystemRecords) {
  Ddl(
      {"CREATE TABLE Aging (K INT64, Seen TIMESTAMP) PRIMARY KEY (K), ROW DELETION POLICY "
       "(OLDER_THAN(Seen, INTERVAL 1 DAY))",
       "CREATE CHANGE STREAM S FOR Aging"});
  const auto at = [&](int64_t days_ago) {
    const int64_t seconds = clock_.NowNanos() / env::kNanosPerSecond - days_ago * 86'400;
    return sql::Value::Timestamp({seconds, 0});
  };
  Commit(W().Put(MutationOp::kInsert, "Aging", {"K", "Seen"}, {I(1), at(2)})
             .Put(MutationOp::kInsert, "Aging", {"K", "Seen"}, {I(2), at(0)})
             .Put(MutationOp::kInsert, "Aging", {"K"}, {I(3)}));
  ASSERT_TRUE(DeleteExpiredRows(db_->core()).ok());
  EXPECT_EQ(ReadAll(*db_, "Aging", {"K"}), "2|3");
  clock_.Advance(env::kNanosPerSecond);
  const Strings found = Follow();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[3].substr(0, 21), R"(DELETE Aging {"K":"1")");
  clock_.Advance(25 * 60 * kMinute);
  ASSERT_TRUE(DeleteExpiredRows(db_->core()).ok());
  EXPECT_EQ(ReadAll(*db_, "Aging", {"K"}), "3");
  ASSERT_TRUE(DeleteExpiredRecords(db_->core()).ok());
  auto entries =
      db_->core().store().Scan(EntriesBetween(Stream(), CommitTimestamp(0), kLatest), kLatest);
  int left = 0;
  for (; entries->Valid(); entries->Next()) ++left;
  EXPECT_EQ(left, 1);  // of the row that went just now
}

TEST_F(ChangeStreams, ARowThatCannotGoIsCountedAndHoldsUpNoOther) {
  Ddl({"CREATE TABLE Aging (K INT64, Seen TIMESTAMP) PRIMARY KEY (K), ROW DELETION POLICY "
       "(OLDER_THAN(Seen, INTERVAL 1 DAY))",
       "CREATE TABLE Holder (K INT64, CONSTRAINT Hold FOREIGN KEY (K) REFERENCES Aging (K)) "
       "PRIMARY KEY (K)"});
  const sql::Value old =
      sql::Value::Timestamp({clock_.NowNanos() / env::kNanosPerSecond - 2 * 86'400, 0});
  Writes writes = W();
  for (int k = 0; k < 9; ++k) writes.Put(MutationOp::kInsert, "Aging", {"K", "Seen"}, {I(k), old});
  Commit(writes.Put(MutationOp::kInsert, "Holder", {"K"}, {I(4)}));
  ASSERT_TRUE(DeleteExpiredRows(db_->core()).ok());
  EXPECT_EQ(ReadAll(*db_, "Aging", {"K"}), "4");
  const auto expiry = db_->core().statistics().Expiries().at("Aging");
  EXPECT_EQ(expiry.undeletable, 1);
  EXPECT_EQ(expiry.oldest_undeletable, old.datum().timestamp());
}

absl::StatusOr<sql::Value> NoParameters(std::string_view, sql::TypeRef) {
  return absl::InvalidArgumentError("none");
}

TEST_F(ChangeStreams, Statements) {
  Ddl({"CREATE CHANGE STREAM S FOR T"});
  const auto parse = [&](const std::string& text) {
    return ParseChangeStreamQuery(*db_->schema(), text, NoParameters);
  };
  auto query = parse(
      "SELECT ChangeRecord FROM READ_S(start_timestamp => '2024-01-01T00:00:00Z', end_timestamp => "
      "NULL, partition_token => 'x', heartbeat_milliseconds => 1000)");
  ASSERT_TRUE(query.ok()) << query.status();
  ASSERT_TRUE(query->has_value());
  EXPECT_EQ((*query)->token, "x");
  EXPECT_EQ((*query)->heartbeat_millis, 1000);
  EXPECT_FALSE((*query)->end.has_value());
  EXPECT_FALSE(parse("SELECT 1")->has_value());
  EXPECT_EQ(parse("SELECT * FROM READ_S(NULL, NULL, NULL, 1000)").status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(parse("SELECT ChangeRecord FROM READ_Nope(NULL, NULL, NULL, 1000)").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parse("SELECT ChangeRecord FROM READ_S(NULL, NULL, NULL, 1000)").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parse("SELECT ChangeRecord FROM READ_S('2024-01-01T00:00:00Z', NULL, NULL, 5)")
                .status()
                .code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace ks::local
