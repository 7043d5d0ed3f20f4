#include "local/spanner/limits.h"

#include <fstream>
#include <string>
#include <vector>

#include "base/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ks::local::limits {
namespace {

TEST(Limits, TheGuideListsEachInTheOrderOfHelp) {
  std::ifstream file("docs/guide/limits.md");
  std::vector<std::string> rows, wanted;
  for (std::string line; std::getline(file, line);) {
    const size_t end = line.find(" | ", line.find(" | ") + 1);
    if (line.starts_with("| `") && !line.starts_with("| `--")) rows.push_back(line.substr(0, end));
  }
  for (const Limit* limit : All()) {
    wanted.push_back(StrCat("| `", limit->name(), "` | ", int64_t{*limit}));
  }
  EXPECT_THAT(rows, ::testing::ElementsAreArray(wanted));
}

TEST(Limits, OneIsSetByItsNameToAPositiveNumber) {
  const int64_t before = kUnions;
  EXPECT_TRUE(Relax("unions=7").ok());
  EXPECT_EQ(kUnions, 7);
  for (const char* bad : {"unions", "unions=", "unions=0", "unions=-1", "unions=x", "onions=7"}) {
    EXPECT_EQ(Relax(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_THAT(std::string(Relax("onions=7").message()), ::testing::HasSubstr("unions"));
  kUnions.Set(before);
}

}  // namespace
}  // namespace ks::local::limits
