#include "cli/statement_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ks::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SplitStatements, CutsAtSemicolons) {
  EXPECT_THAT(SplitStatements("SELECT 1; SELECT 2;\n"), ElementsAre("SELECT 1", "SELECT 2"));
  EXPECT_THAT(SplitStatements("SELECT 1"), ElementsAre("SELECT 1"));
  EXPECT_THAT(SplitStatements(" ;; \n"), IsEmpty());
}

TEST(SplitStatements, NotInsideStringsNamesAndComments) {
  EXPECT_THAT(SplitStatements("SELECT ';'; SELECT \";\""),
              ElementsAre("SELECT ';'", "SELECT \";\""));
  EXPECT_THAT(SplitStatements("SELECT 'it\\';s'"), ElementsAre("SELECT 'it\\';s'"));
  EXPECT_THAT(SplitStatements("SELECT '''a;'b''';x"), ElementsAre("SELECT '''a;'b'''", "x"));
  EXPECT_THAT(SplitStatements("SELECT `a;b` -- c;d\n; /* e;f */ g"),
              ElementsAre("SELECT `a;b` -- c;d", "/* e;f */ g"));
  EXPECT_THAT(SplitStatements("SELECT 'open;"), ElementsAre("SELECT 'open;"));
}

}  // namespace
}  // namespace ks::cli
