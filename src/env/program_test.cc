#include "env/program.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "env/clock.h"

namespace ks::env {
namespace {

absl::StatusOr<std::string> Shell(const std::string& script, int64_t timeout_ms = 10'000) {
  return RunProgram({{"sh", "-c", script}, {{"WHO", "me"}}, timeout_ms});
}

TEST(Program, PrintsAndIsGivenVariables) {
  const auto printed = Shell("echo $WHO >&2; echo for $WHO");
  ASSERT_TRUE(printed.ok()) << printed.status();
  EXPECT_EQ(*printed, "for me\n");
}

TEST(Program, FailsWithoutShowingWhatItPrinted) {
  const auto printed = Shell("echo hunter2; exit 3");
  EXPECT_EQ(printed.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(printed.status().message(), "sh ended with exit code 3");
  EXPECT_TRUE(absl::IsNotFound(RunProgram({{"/no/such/program"}, {}, 1'000}).status()));
}

TEST(Program, IsKilledWithAllThatItStartedWhenTimeIsUp) {
  const int64_t started = RealClock().MonotonicNanos();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Shell("sleep 60 & sleep 60", 200).status()));
  // Its output is closed, and it stays.
  EXPECT_TRUE(absl::IsDeadlineExceeded(Shell("exec >&-; sleep 60", 200).status()));
  EXPECT_LT(SecondsSince(started), 30);
}

TEST(Program, SeesNoFileOfOurs) {
  const auto printed = Shell("ls /proc/self/fd | wc -l");
  ASSERT_TRUE(printed.ok()) << printed.status();
  EXPECT_TRUE(absl::StrContains(*printed, "4")) << *printed;  // three, and ls's own
}

}  // namespace
}  // namespace ks::env
