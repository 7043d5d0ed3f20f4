#include "local/spanner/server/faults.h"

#include "gtest/gtest.h"

namespace ks::local {
namespace {

std::string Outcomes(FaultInjector& injector, const char* method, int calls) {
  std::string text;
  for (int i = 0; i < calls; ++i) {
    const Faults faults = injector.Next(method);
    text += !faults.before.ok() ? 'b' : !faults.after.ok() ? 'a' : faults.lose_session ? 's' : '.';
  }
  return text;
}

TEST(Faults, RulesAreCheckedWhole) {
  for (const char* bad : {"", "Commit", "Commit:aborted", "Commit:nosuch:0.1", "Commit:aborted:2",
                          "Commit:aborted:0.1:5-6", "Commit:latency:0.1", "Commit:latency:1:9-1",
                          "Commit:latency:1:x", ":aborted:1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseFaultRule(bad).status())) << bad;
  }
  auto rule = ParseFaultRule("*:latency:0.5:5-50");
  ASSERT_TRUE(rule.ok());
  EXPECT_EQ(rule->low, 5);
  EXPECT_EQ(rule->high, 50);
  EXPECT_EQ(ParseFaultRule("Read:latency:1:~20")->mean, 20);
}

TEST(Faults, ASeedReplaysThemWhateverElseIsCalled) {
  FaultInjector injector;
  ASSERT_TRUE(injector.Set({"Commit:unavailable:0.3", "Read:lost_answer:0.3"}, 7).ok());
  const std::string first = Outcomes(injector, "Commit", 200);
  EXPECT_NE(first.find('b'), std::string::npos);
  EXPECT_NE(first.find('.'), std::string::npos);
  ASSERT_TRUE(injector.Set({"Commit:unavailable:0.3", "Read:lost_answer:0.3"}, 7).ok());
  EXPECT_NE(Outcomes(injector, "Read", 50), std::string(50, '.'));
  EXPECT_EQ(Outcomes(injector, "Commit", 200), first);
  ASSERT_TRUE(injector.Set({"Commit:unavailable:0.3"}, 8).ok());
  EXPECT_NE(Outcomes(injector, "Commit", 200), first);
}

TEST(Faults, RatesAreKeptAndOnlyTheNamedMethodFails) {
  FaultInjector injector;
  EXPECT_FALSE(injector.armed());
  ASSERT_TRUE(injector.Set({"Commit:aborted:0.1", "*:latency:1:2-4"}, 1).ok());
  EXPECT_TRUE(injector.armed());
  for (int i = 0; i < 10'000; ++i) {
    const absl::Duration delay = injector.Next("Commit").delay;
    ASSERT_TRUE(delay >= absl::Milliseconds(2) && delay <= absl::Milliseconds(4)) << delay;
  }
  EXPECT_TRUE(injector.Next("Read").before.ok());
  const auto counts = injector.Counts();
  EXPECT_EQ(counts[0].calls, 10'000);
  EXPECT_NEAR(static_cast<double>(counts[0].faults), 1'000, 120);
  EXPECT_EQ(counts[1].faults, 10'001);
  ASSERT_TRUE(injector.Set({}, 1).ok());
  EXPECT_FALSE(injector.armed());
}

TEST(Faults, AbortedAndThrottledSayWhenToComeAgain) {
  FaultInjector injector;
  ASSERT_TRUE(injector.Set({"Commit:aborted:1", "Read:throttled:1"}, 1).ok());
  for (const char* method : {"Commit", "Read"}) {
    const absl::Status status = injector.Next(method).before;
    EXPECT_TRUE(status.GetPayload("type.googleapis.com/google.rpc.RetryInfo").has_value())
        << status;
  }
}

}  // namespace
}  // namespace ks::local
