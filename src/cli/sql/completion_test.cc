#include "cli/sql/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ks::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

const SchemaNames kNames{
    {{"Singers", {"SingerId", "FirstName"}}, {"Albums", {"AlbumId", "Title"}}, {"sch.Things", {}}}};

std::vector<std::string> Choices(std::string_view before, std::string_view after = "") {
  return Complete(before, std::string(before) + std::string(after), kNames).choices;
}

TEST(Complete, TablesWhereATableStands) {
  EXPECT_THAT(Choices("SELECT * FROM "), ElementsAre("Albums", "Singers", "sch.Things"));
  EXPECT_THAT(Choices("select * from si"), ElementsAre("Singers"));
  EXPECT_THAT(Choices("INSERT INTO al"), ElementsAre("Albums"));
  EXPECT_THAT(Choices("\\d sch."), ElementsAre("sch.Things"));
}

TEST(Complete, ColumnsOfTheStatementsTables) {
  EXPECT_THAT(Choices("SELECT Ti", " FROM Albums"), ElementsAre("TIMESTAMP", "Title"));
  EXPECT_THAT(Choices("SELECT Ti", " FROM Singers"), ElementsAre("TIMESTAMP"));
  EXPECT_THAT(Choices("SELECT 1 FROM Singers WHERE si"), ElementsAre("SingerId", "Singers"));
}

TEST(Complete, KeywordsInTheCaseOfTheWord) {
  EXPECT_THAT(Choices("SEL"), ElementsAre("SELECT"));
  EXPECT_THAT(Choices("sel"), ElementsAre("select"));
  EXPECT_THAT(Choices("SELECT * FROM wh"), Not(Contains("where")));
  EXPECT_EQ(Complete("SELECT 1 wh", "", kNames).word, 2u);
}

TEST(CommonStart, IsWhatAllShare) {
  EXPECT_EQ(CommonStart({"SingerId", "Singers"}), "Singer");
  EXPECT_EQ(CommonStart({"a", "B"}), "");
  EXPECT_EQ(CommonStart({}), "");
}

}  // namespace
}  // namespace ks::cli
