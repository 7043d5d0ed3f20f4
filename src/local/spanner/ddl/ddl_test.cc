// DDL through the front door: what it makes, what it refuses with which code, what it does to rows
// that are there.
#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "local/spanner/ddl/schema_change.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT
using absl::StatusCode;

class Ddl : public ::testing::Test {
 protected:
  Ddl() : db_(OpenInMemory([](Schema&) { return absl::OkStatus(); })) {}

  absl::Status Apply(const std::vector<std::string>& statements) {
    return ApplyDdl(*db_, {statements});
  }
  StatusCode Code(const std::string& statement) { return Apply({statement}).code(); }
  Writes W() { return Writes(db_->schema()); }
  absl::Status Commit(const Writes& writes) { return db_->Commit(writes.list()).status(); }
  std::string Printed() {
    std::string all;
    for (const std::string& statement : PrintDdl(*db_->schema())) all += statement + ";\n";
    return all;
  }

  std::unique_ptr<Database> db_;
};

constexpr char kSingers[] = R"(CREATE TABLE Singers (
  Id INT64 NOT NULL,
  Name STRING(MAX),
  Seen TIMESTAMP OPTIONS (
    allow_commit_timestamp = true
  ),
) PRIMARY KEY(Id))";
constexpr char kAlbums[] = R"(CREATE TABLE Albums (
  Id INT64 NOT NULL,
  Album INT64 NOT NULL,
  Title STRING(20),
) PRIMARY KEY(Id, Album DESC),
  INTERLEAVE IN PARENT Singers ON DELETE CASCADE)";
constexpr char kByTitle[] = "CREATE UNIQUE INDEX ByTitle ON Albums(Title)";

TEST_F(Ddl, PrintsWhatItWasGiven) {
  ASSERT_TRUE(Apply({kSingers, kAlbums, "CREATE NULL_FILTERED INDEX ByName ON Singers(Name DESC)",
                     "CREATE VIEW V SQL SECURITY INVOKER AS SELECT s.Id FROM Singers AS s"})
                  .ok());
  std::string first = Printed();
  EXPECT_NE(first.find(kSingers), std::string::npos) << first;
  EXPECT_NE(first.find(kAlbums), std::string::npos) << first;
  std::vector<std::string> statements = PrintDdl(*db_->schema());
  db_ = OpenInMemory([](Schema&) { return absl::OkStatus(); });
  ASSERT_TRUE(Apply(statements).ok());
  EXPECT_EQ(Printed(), first);
}

TEST_F(Ddl, BatchesAtOnceComeOneAfterTheOther) {
  ASSERT_TRUE(Apply({kSingers}).ok());
  constexpr int kAtOnce = 8;
  std::vector<std::string> same;
  for (int i = 0; i < 100; ++i)
    same.push_back("ALTER TABLE Singers ADD COLUMN IF NOT EXISTS C" + std::to_string(i) + " INT64");
  std::vector<absl::Status> statuses(kAtOnce);
  {
    std::vector<std::jthread> threads;
    std::barrier begin(kAtOnce);
    for (absl::Status& status : statuses) {
      threads.emplace_back([&] {
        begin.arrive_and_wait();
        status = Apply(same);
      });
    }
    threads.clear();  // waits for them
  }
  for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
}

TEST_F(Ddl, TablesWork) {
  absl::Status status = Apply({kSingers, kAlbums});
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_TRUE(Commit(W().Put(MutationOp::kInsert, "singers", {"Id", "Name"}, {I(1), S("a")})
                         .Put(MutationOp::kInsert, "Albums", {"Id", "Album"}, {I(1), I(2)})
                         .Put(MutationOp::kInsert, "Albums", {"Id", "Album"}, {I(1), I(3)}))
                  .ok());
  EXPECT_EQ(ReadAll(*db_, "Albums", {"Id", "Album"}), "1,3|1,2");
}

TEST_F(Ddl, Refusals) {
  ASSERT_TRUE(Apply({kSingers, kAlbums}).ok());
  EXPECT_EQ(Code("CREATE TABLE sINGERS (A INT64) PRIMARY KEY(A)"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("CREATE TABLE X (A INT64, a INT64) PRIMARY KEY(A)"),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("CREATE TABLE X (A INT64) PRIMARY KEY(B)"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("CREATE TABLE X (A JSON) PRIMARY KEY(A)"), StatusCode::kInvalidArgument);
  EXPECT_EQ(Code("CREATE TABLE X (A INT64) PRIMARY KEY(A), INTERLEAVE IN PARENT Nope"),
            StatusCode::kNotFound);
  EXPECT_EQ(Code("CREATE TABLE X (A INT64) PRIMARY KEY(A), INTERLEAVE IN PARENT Singers"),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("DROP TABLE Singers"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("DROP TABLE Nope"), StatusCode::kNotFound);
  EXPECT_EQ(Code("DROP TABLE IF EXISTS Nope"), StatusCode::kOk);
  EXPECT_EQ(Code("CREATE TABLE IF NOT EXISTS Singers (A INT64) PRIMARY KEY(A)"), StatusCode::kOk);
  EXPECT_EQ(Code("CREATE INDEX I ON Nope(A)"), StatusCode::kNotFound);
  EXPECT_EQ(Code("CREATE TABLE sch.T (A INT64) PRIMARY KEY(A)"), StatusCode::kNotFound);
  EXPECT_EQ(Code("CREATE NONSENSE"), StatusCode::kInvalidArgument);
  EXPECT_EQ(Code("CREATE SEARCH INDEX s ON Singers(Name)"), StatusCode::kUnimplemented);
  EXPECT_EQ(Apply({"DROP TABLE Albums", "DROP TABLE Singers"}).code(), StatusCode::kOk);
}

TEST_F(Ddl, StatementsBeforeTheOneThatFailsStay) {
  std::vector<std::pair<size_t, bool>> seen;
  absl::Status status = ApplyDdl(
      *db_,
      {{"CREATE TABLE A (X INT64) PRIMARY KEY(X)", "DROP TABLE Nope",
        "CREATE TABLE B (X INT64) PRIMARY KEY(X)"}},
      [&](const DdlProgress& p) { seen.emplace_back(p.statement, p.committed.value() != 0); });
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(db_->schema()->FindTable("A"), nullptr);
  EXPECT_EQ(db_->schema()->FindTable("B"), nullptr);
  std::vector<std::pair<size_t, bool>> want = {{0, false}, {0, true}, {1, false}};
  EXPECT_EQ(seen, want);
}

TEST_F(Ddl, IndexesAreFilled) {
  ASSERT_TRUE(Apply({kSingers, kAlbums}).ok());
  Writes rows = W();
  rows.Put(MutationOp::kInsert, "Singers", {"Id"}, {I(1)});
  for (int64_t n = 0; n < 2500; ++n) {
    rows.Put(MutationOp::kInsert, "Albums", {"Id", "Album", "Title"},
             {I(1), I(n), S("t" + std::to_string(n % 2400 + 10000))});
  }
  ASSERT_TRUE(Commit(rows).ok());
  // 100 titles are there twice.
  EXPECT_EQ(Code(kByTitle), StatusCode::kFailedPrecondition);
  EXPECT_EQ(db_->schema()->FindIndex("ByTitle"), nullptr);
  // A key column cannot be stored.
  EXPECT_EQ(Code("CREATE INDEX ByTitle ON Albums(Title) STORING (Album)"),
            StatusCode::kFailedPrecondition);
  ASSERT_EQ(Code("CREATE INDEX ByTitle ON Albums(Title)"), StatusCode::kOk);
  std::string titles = ReadAll(*db_, "Albums", {"Title"}, "ByTitle");
  EXPECT_EQ(std::count(titles.begin(), titles.end(), '|'), 2499);
  EXPECT_EQ(Code("DROP TABLE Albums"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("DROP INDEX ByTitle"), StatusCode::kOk);
}

TEST_F(Ddl, ColumnsComeAndGo) {
  ASSERT_TRUE(Apply({kSingers}).ok());
  ASSERT_TRUE(
      Commit(W().Put(MutationOp::kInsert, "Singers", {"Id", "Name"}, {I(1), S("abc")})).ok());
  absl::Status status =
      Apply({"ALTER TABLE Singers ADD COLUMN Age INT64 NOT NULL DEFAULT (40 + 2)",
             "ALTER TABLE Singers ADD COLUMN Upper STRING(MAX) AS (UPPER(Name)) STORED",
             "ALTER TABLE Singers DROP COLUMN Seen"});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(ReadAll(*db_, "Singers", {"Id", "Name", "Age", "Upper"}), "1,'abc',42,'ABC'");
  ASSERT_TRUE(
      Commit(W().Put(MutationOp::kUpdate, "Singers", {"Id", "Name"}, {I(1), S("xy")})).ok());
  EXPECT_EQ(ReadAll(*db_, "Singers", {"Upper", "Age"}), "'XY',42");
  EXPECT_EQ(Code("ALTER TABLE Singers DROP COLUMN Id"), StatusCode::kInvalidArgument);
  EXPECT_EQ(Code("ALTER TABLE Singers DROP COLUMN Name"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("ALTER TABLE Singers ALTER COLUMN Name STRING(1)"),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("ALTER TABLE Singers ALTER COLUMN Name STRING(2) NOT NULL"), StatusCode::kOk);
  EXPECT_EQ(Code("ALTER TABLE Singers ALTER COLUMN Name INT64"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("ALTER TABLE Singers ADD COLUMN Bad INT64 NOT NULL"), StatusCode::kUnimplemented);
}

TEST_F(Ddl, ChecksHold) {
  absl::Status status =
      Apply({"CREATE TABLE T (K INT64, V INT64, CONSTRAINT Positive CHECK (V > 0)) "
             "PRIMARY KEY(K)"});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Commit(W().Insert(1, 1)).ok());
  EXPECT_EQ(Commit(W().Insert(2, 0)).code(), StatusCode::kOutOfRange);
  EXPECT_TRUE(
      Commit(W().Put(MutationOp::kInsert, "T", {"K"}, {I(3)})).ok());  // NULL is no violation
  EXPECT_EQ(Code("ALTER TABLE T ADD CONSTRAINT Big CHECK (V > 1)"), StatusCode::kOutOfRange);
  EXPECT_EQ(Code("ALTER TABLE T ADD CONSTRAINT Wrong CHECK (Nope > 1)"),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Code("ALTER TABLE T DROP CONSTRAINT Positive"), StatusCode::kOk);
  EXPECT_TRUE(Commit(W().Insert(2, 0)).ok());
}

TEST_F(Ddl, ForeignKeysAreCheckedOnExistingRows) {
  ASSERT_TRUE(Apply({"CREATE TABLE R (Id INT64, Code STRING(9)) PRIMARY KEY(Id)",
                     "CREATE TABLE F (K INT64, Code STRING(9)) PRIMARY KEY(K)"})
                  .ok());
  ASSERT_TRUE(Commit(W().Put(MutationOp::kInsert, "R", {"Id", "Code"}, {I(1), S("a")})
                         .Put(MutationOp::kInsert, "F", {"K", "Code"}, {I(1), S("b")}))
                  .ok());
  const std::string add = "ALTER TABLE F ADD CONSTRAINT Fk FOREIGN KEY (Code) REFERENCES R (Code)";
  EXPECT_EQ(Code(add), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(db_->schema()->indexes.empty());
  ASSERT_TRUE(Commit(W().Put(MutationOp::kUpdate, "F", {"K", "Code"}, {I(1), S("a")})).ok());
  absl::Status status = Apply({add});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Commit(W().Put(MutationOp::kInsert, "F", {"K", "Code"}, {I(2), S("b")})).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Commit(W().Delete("R", {I(1)})).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("DROP TABLE R"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("ALTER TABLE F DROP CONSTRAINT Fk"), StatusCode::kOk);
  EXPECT_TRUE(db_->schema()->indexes.empty());
}

TEST_F(Ddl, NamedSchemasRolesAndGrants) {
  absl::Status status =
      Apply({"CREATE SCHEMA sch", "CREATE TABLE sch.T (K INT64, V INT64) PRIMARY KEY(K)",
             "CREATE INDEX sch.I ON sch.T(V)", "CREATE ROLE reader",
             "GRANT SELECT ON TABLE sch.T TO ROLE reader"});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Code("DROP SCHEMA sch"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("DROP ROLE reader"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code("REVOKE SELECT ON TABLE sch.T FROM ROLE reader"), StatusCode::kOk);
  EXPECT_EQ(Code("DROP ROLE reader"), StatusCode::kOk);
  ASSERT_TRUE(Commit(W().Put(MutationOp::kInsert, "sch.t", {"K", "V"}, {I(1), I(2)})).ok());
  EXPECT_EQ(ReadAll(*db_, "sch.T", {"V", "K"}, "sch.I"), "2,1");
}

}  // namespace
}  // namespace ks::local
