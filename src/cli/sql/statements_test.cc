#include "cli/sql/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ks::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Split(std::string_view script) {
  std::vector<std::string> texts;
  for (const Statement& statement : ReadScript(script).statements) texts.push_back(statement.text);
  return texts;
}

TEST(ReadScript, CutsAtSemicolons) {
  EXPECT_THAT(Split("SELECT 1; SELECT 2;\n"), ElementsAre("SELECT 1", "SELECT 2"));
  EXPECT_THAT(Split("SELECT 1"), ElementsAre("SELECT 1"));
  EXPECT_THAT(Split(" ;; \n"), IsEmpty());
}

TEST(ReadScript, NotInsideStringsNamesAndComments) {
  EXPECT_THAT(Split("SELECT ';'; SELECT \";\""), ElementsAre("SELECT ';'", "SELECT \";\""));
  EXPECT_THAT(Split("SELECT 'it\\';s'"), ElementsAre("SELECT 'it\\';s'"));
  EXPECT_THAT(Split("SELECT '''a;'b''';x"), ElementsAre("SELECT '''a;'b'''", "x"));
  EXPECT_THAT(Split("SELECT `a;b` -- c;d\n; /* e;f */ g"),
              ElementsAre("SELECT `a;b` -- c;d", "/* e;f */ g"));
  EXPECT_THAT(Split("SELECT 'open;"), ElementsAre("SELECT 'open;"));
  EXPECT_THAT(Split("SELECT 1; -- the end\n"), ElementsAre("SELECT 1"));
}

TEST(ReadScript, IsOpenUntilItsLastSemicolon) {
  EXPECT_TRUE(ReadScript("SELECT 1").open);
  EXPECT_TRUE(ReadScript("SELECT 1; SELECT ';").open);
  EXPECT_TRUE(ReadScript("SELECT 1 -- ;").open);
  EXPECT_TRUE(ReadScript("SELECT '''a\n;").open);
  EXPECT_TRUE(ReadScript("SELECT 1; /* more").open);
  EXPECT_FALSE(ReadScript("SELECT 1; -- that was it").open);
  EXPECT_FALSE(ReadScript("SELECT 1;\n\n").open);
  EXPECT_FALSE(ReadScript("").open);
}

TEST(ReadScript, SaysWhereEachBegins) {
  const Script script = ReadScript("SELECT\n1;\n\n-- two\nSELECT 2; SELECT 3");
  ASSERT_EQ(script.statements.size(), 3u);
  EXPECT_EQ(script.statements[0].line, 1);
  EXPECT_EQ(script.statements[1].line, 4);
  EXPECT_EQ(script.statements[2].line, 5);
}

TEST(MeaningOf, GoesByTheFirstWordAfterCommentsHintsAndParentheses) {
  EXPECT_EQ(MeaningOf("-- CREATE TABLE\nSELECT 1").kind, StatementKind::kQuery);
  EXPECT_EQ(MeaningOf("/* x */ create table T").kind, StatementKind::kDdl);
  EXPECT_EQ(MeaningOf("@{lock_scanned_ranges=exclusive} SELECT 1").kind, StatementKind::kQuery);
  EXPECT_EQ(MeaningOf("@{pdml_max_parallelism=2} DELETE FROM T").kind, StatementKind::kDml);
  EXPECT_EQ(MeaningOf("((SELECT 1))").kind, StatementKind::kQuery);
  EXPECT_EQ(MeaningOf("WITH x AS (SELECT 1) SELECT 2").kind, StatementKind::kQuery);
  EXPECT_EQ(MeaningOf("rollback transaction").kind, StatementKind::kRollback);
  EXPECT_EQ(MeaningOf("").kind, StatementKind::kQuery);
}

TEST(MeaningOf, ExplainKeepsThePlaces) {
  const Meaning plan = MeaningOf("EXPLAIN UPDATE T SET a = 1 WHERE true");
  EXPECT_EQ(plan.explain, Explain::kPlan);
  EXPECT_EQ(plan.kind, StatementKind::kDml);
  EXPECT_EQ(plan.sql, "        UPDATE T SET a = 1 WHERE true");
  const Meaning profile = MeaningOf("explain\nanalyze SELECT 1");
  EXPECT_EQ(profile.explain, Explain::kProfile);
  EXPECT_EQ(profile.sql, "       \n        SELECT 1");
  EXPECT_EQ(MeaningOf("EXPLAIN").explain, Explain::kPlan);
}

TEST(MeaningOf, BeginMayOnlyRead) {
  EXPECT_TRUE(MeaningOf("BEGIN TRANSACTION READ ONLY").read_only);
  EXPECT_TRUE(MeaningOf("begin read only").read_only);
  EXPECT_FALSE(MeaningOf("BEGIN").read_only);
  EXPECT_FALSE(MeaningOf("BEGIN TRANSACTION READ WRITE").read_only);
}

}  // namespace
}  // namespace ks::cli
