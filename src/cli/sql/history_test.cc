#include "cli/sql/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/str_cat.h"

namespace ks::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HistoryTest : public ::testing::Test {
 protected:
  const std::string path_ = StrCat(::testing::TempDir(), "/sql_history_", getpid());
  void TearDown() override { unlink(path_.c_str()); }
};

TEST_F(HistoryTest, IsThereAgainLineEndsAndBackslashesToo) {
  const std::string entry = "SELECT '\\n\\\\'\nFROM T;";
  EXPECT_TRUE(History(path_).Add(entry));
  History again(path_);
  EXPECT_THAT(again.entries(), ElementsAre(entry));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(HistoryTest, KeepsNoSecretsAndNothingTwice) {
  History history(path_);
  EXPECT_FALSE(history.Add(" SELECT 'secret';"));
  EXPECT_TRUE(history.Add("SELECT 1;"));
  EXPECT_FALSE(history.Add("SELECT 1;"));
  EXPECT_THAT(History(path_).entries(), ElementsAre("SELECT 1;"));
}

TEST_F(HistoryTest, TheFileDoesNotGrowForEver) {
  {
    History history(path_);
    for (size_t i = 0; i <= 2 * History::kEntriesMax; ++i) history.Add(StrCat("SELECT ", i));
  }
  EXPECT_EQ(History(path_).entries().size(), History::kEntriesMax);
  EXPECT_EQ(History(path_).entries().back(), StrCat("SELECT ", 2 * History::kEntriesMax));
}

TEST_F(HistoryTest, WithoutAFileNothingIsKept) {
  EXPECT_TRUE(History("").Add("SELECT 1;"));
  EXPECT_THAT(History("").entries(), IsEmpty());
}

}  // namespace
}  // namespace ks::cli
