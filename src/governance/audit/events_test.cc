#include "governance/audit/events.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace ks::governance {
namespace {

TEST(Events, TheGuideIsWrittenFromTheTable) {
  std::ifstream file("docs/guide/audit-events.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), EventsMarkdown())
      << "run: build/release/kafka-spanner doc audit-events > docs/guide/audit-events.md";
}

TEST(Events, NumbersAndNamesAreNotRepeated) {
  std::set<int> numbers;
  std::set<std::string_view> names;
  for (const ActionInfo& info : kActions) {
    EXPECT_TRUE(numbers.insert(info.number).second) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
  }
  EXPECT_EQ(CodeOf(Action::kOffsetsSet, Phase::kChange), "KS1201C");
}

}  // namespace
}  // namespace ks::governance
