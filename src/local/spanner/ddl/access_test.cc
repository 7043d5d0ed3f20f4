// Roles: what a grant lets a role read and write, by statements, reads and mutations.
#include "gtest/gtest.h"
#include "local/spanner/ddl/schema_change.h"
#include "local/spanner/query/access_check.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT
using absl::StatusCode;

class Roles : public ::testing::Test {
 protected:
  Roles() : db_(OpenInMemory([](Schema&) { return absl::OkStatus(); })) {
    Ddl({"CREATE TABLE T (K INT64, A INT64, B INT64) PRIMARY KEY (K)",
         "CREATE TABLE U (K INT64, C INT64) PRIMARY KEY (K)",
         "CREATE VIEW Inv SQL SECURITY INVOKER AS SELECT T.A FROM T",
         "CREATE VIEW Def SQL SECURITY DEFINER AS SELECT T.A FROM T", "CREATE ROLE r",
         "CREATE ROLE parent"});
  }

  void Ddl(const std::vector<std::string>& statements) {
    const absl::Status status = ApplyDdl(*db_, {statements});
    ASSERT_TRUE(status.ok()) << status;
  }
  StatusCode Sql(const std::string& text, const std::string& role = "r") {
    return CheckStatementAccess(*db_->schema(), role, text, {}).code();
  }
  StatusCode Commit(const Writes& writes, const std::string& role = "r") {
    CommitOptions options;
    options.writer.role = role;
    return db_->Commit(writes.list(), options).status().code();
  }
  Writes W() { return Writes(db_->schema()); }

  std::unique_ptr<Database> db_;
};

TEST_F(Roles, NothingWithoutGrants) {
  EXPECT_EQ(CheckStatementAccess(*db_->schema(), "r", "SELECT A FROM T", {}).message(),
            "Role r does not have required privileges on table T.");
  EXPECT_EQ(CheckStatementAccess(*db_->schema(), "nobody", "SELECT 1", {}).message(),
            "Role not found: nobody.");
  EXPECT_EQ(Sql("SELECT 1"), StatusCode::kOk);
  EXPECT_EQ(Sql("SELECT A FROM T", ""), StatusCode::kOk);
  EXPECT_EQ(Commit(W().Put(MutationOp::kInsert, "T", {"K"}, {I(1)})),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(Commit(W().Put(MutationOp::kInsert, "T", {"K"}, {I(1)}), "nobody"),
            StatusCode::kPermissionDenied);
}

TEST_F(Roles, ColumnsCountWhereTheyAreNamed) {
  Ddl({"GRANT SELECT(K, A) ON TABLE T TO ROLE r"});
  EXPECT_EQ(Sql("SELECT K, A + 1 FROM T WHERE A > 0 ORDER BY K"), StatusCode::kOk);
  EXPECT_EQ(Sql("SELECT COUNT(*) FROM T"), StatusCode::kOk);
  EXPECT_EQ(Sql("SELECT * FROM T"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("SELECT K FROM T WHERE B = 1"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("SELECT K FROM T ORDER BY B"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("SELECT MAX(B) FROM T"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("SELECT 1 FROM (SELECT 1 AS x) WHERE x IN (SELECT B FROM T)"),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("WITH w AS (SELECT B FROM T) SELECT 1 FROM w"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("SELECT t.K FROM T AS t JOIN U AS u ON t.K = u.K"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("SELECT A FROM T UNION ALL SELECT C FROM U"), StatusCode::kPermissionDenied);
  ScanSpec spec = SpecOf(*db_->schema(), "T", {"K", "B"});
  EXPECT_EQ(CheckReadAccess(*db_->schema(), "r", spec).code(), StatusCode::kPermissionDenied);
  spec.columns.pop_back();
  EXPECT_EQ(CheckReadAccess(*db_->schema(), "r", spec).code(), StatusCode::kOk);
}

TEST_F(Roles, DmlNeedsWhatItWritesAndReads) {
  Ddl({"GRANT UPDATE(A), INSERT(K, A) ON TABLE T TO ROLE r"});
  EXPECT_EQ(Sql("INSERT INTO T (K, A) VALUES (1, 2)"), StatusCode::kOk);
  EXPECT_EQ(Sql("INSERT INTO T (K, B) VALUES (1, 2)"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("UPDATE T SET A = 1 WHERE TRUE"), StatusCode::kOk);
  EXPECT_EQ(Sql("UPDATE T SET A = 1 WHERE K = 1"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("UPDATE T SET A = A + 1 WHERE TRUE"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("UPDATE T SET B = 1 WHERE TRUE"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("INSERT INTO T (K, A) VALUES (1, 2) THEN RETURN A"), StatusCode::kPermissionDenied);
  EXPECT_EQ(Sql("DELETE FROM T WHERE TRUE"), StatusCode::kPermissionDenied);
  Ddl({"GRANT SELECT(K), DELETE ON TABLE T TO ROLE r"});
  EXPECT_EQ(Sql("UPDATE T SET A = 1 WHERE K = 1"), StatusCode::kOk);
  EXPECT_EQ(Sql("DELETE FROM T WHERE K = 1"), StatusCode::kOk);
  EXPECT_EQ(Sql("DELETE FROM T WHERE B = 1"), StatusCode::kPermissionDenied);
}

TEST_F(Roles, Mutations) {
  Ddl({"GRANT INSERT(K, A), UPDATE(A) ON TABLE T TO ROLE r"});
  const auto put = [&](MutationOp op, const std::vector<std::string>& columns,
                       const std::vector<sql::Value>& values) {
    return Commit(W().Put(op, "T", columns, values));
  };
  EXPECT_EQ(put(MutationOp::kInsert, {"K", "A"}, {I(1), I(1)}), StatusCode::kOk);
  EXPECT_EQ(put(MutationOp::kInsert, {"K", "B"}, {I(2), I(1)}), StatusCode::kPermissionDenied);
  // An update names its key, so it needs the right to that too.
  EXPECT_EQ(put(MutationOp::kUpdate, {"K", "A"}, {I(1), I(2)}), StatusCode::kPermissionDenied);
  Ddl({"GRANT UPDATE(K) ON TABLE T TO ROLE r"});
  EXPECT_EQ(put(MutationOp::kUpdate, {"K", "A"}, {I(1), I(2)}), StatusCode::kOk);
  EXPECT_EQ(put(MutationOp::kInsertOrUpdate, {"K", "A"}, {I(1), I(3)}), StatusCode::kOk);
  EXPECT_EQ(Commit(W().Delete("T", {I(1)})), StatusCode::kPermissionDenied);
  Ddl({"GRANT DELETE ON TABLE T TO ROLE r"});
  EXPECT_EQ(Commit(W().Delete("T", {I(1)})), StatusCode::kOk);
}

TEST_F(Roles, Views) {
  EXPECT_EQ(Sql("SELECT A FROM Def"), StatusCode::kPermissionDenied);
  Ddl({"GRANT SELECT ON VIEW Def TO ROLE r", "GRANT SELECT ON VIEW Inv TO ROLE r"});
  EXPECT_EQ(Sql("SELECT A FROM Def"), StatusCode::kOk);
  EXPECT_EQ(Sql("SELECT A FROM Inv"), StatusCode::kPermissionDenied);
  Ddl({"GRANT SELECT(A) ON TABLE T TO ROLE r"});
  EXPECT_EQ(Sql("SELECT A FROM Inv"), StatusCode::kOk);
  Ddl({"REVOKE SELECT ON VIEW Inv FROM ROLE r"});
  EXPECT_EQ(Sql("SELECT A FROM Inv"), StatusCode::kPermissionDenied);
}

TEST_F(Roles, MembershipIsTransitiveAndPublicIsForAll) {
  Ddl({"CREATE ROLE grandparent", "GRANT SELECT ON TABLE T TO ROLE grandparent",
       "GRANT ROLE grandparent TO ROLE parent", "GRANT ROLE parent TO ROLE r"});
  EXPECT_EQ(Sql("SELECT * FROM T"), StatusCode::kOk);
  Ddl({"REVOKE ROLE parent FROM ROLE r"});
  EXPECT_EQ(Sql("SELECT * FROM T"), StatusCode::kPermissionDenied);
  Ddl({"GRANT SELECT ON TABLE U TO ROLE public"});
  EXPECT_EQ(Sql("SELECT * FROM U"), StatusCode::kOk);
}

TEST_F(Roles, NamedSchemasMustBeOpen) {
  Ddl({"CREATE SCHEMA s", "CREATE TABLE s.V (K INT64) PRIMARY KEY (K)",
       "GRANT SELECT ON TABLE s.V TO ROLE r"});
  EXPECT_EQ(Sql("SELECT K FROM s.V"), StatusCode::kPermissionDenied);
  Ddl({"GRANT USAGE ON SCHEMA s TO ROLE r"});
  EXPECT_EQ(Sql("SELECT K FROM s.V"), StatusCode::kOk);
}

}  // namespace
}  // namespace ks::local
