#include "observe/trace_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "env/clock.h"

namespace ks::observe {
namespace {

using testing::ElementsAre;

Trace TraceOf(size_t spans) {
  return {"4bf92f3577b34da6a3ce929d0e0e4736", std::vector<Span>(spans, Span{.id = 1})};
}

size_t SpansIn(const std::string& body) {
  return nlohmann::json::parse(body)["resourceSpans"][0]["scopeSpans"][0]["spans"].size();
}

OtlpSettings Settings() {
  OtlpSettings settings;
  settings.spans_queued_max = 10;
  settings.spans_at_once_max = 4;
  settings.delay_ms = 60'000;
  return settings;
}

// A receiver that answers when it is let, in order, with what it is given.
struct Receiver {
  absl::Mutex mu;
  std::vector<size_t> taken;          // spans of each request
  std::vector<absl::Status> answers;  // the last one for ever
  absl::Notification let;
  absl::Status Take(const std::string& body) {
    let.WaitForNotification();
    absl::MutexLock lock(&mu);
    taken.push_back(SpansIn(body));
    const size_t i = std::min(taken.size(), answers.size()) - 1;
    return answers[i];
  }
  TraceExporter::Send send() {
    return [this](const std::string& body) { return Take(body); };
  }
};

TEST(TraceExporter, SpansGoTogetherAndTheEndTakesTheRestAlong) {
  Receiver receiver{.answers = {absl::OkStatus()}};
  receiver.let.Notify();
  {
    TraceExporter exporter(Settings(), receiver.send());
    exporter.Offer(TraceOf(3));
    exporter.Offer(TraceOf(1));  // as many as are wanted at once
    exporter.Offer(TraceOf(2));
    env::SleepFor(200 * env::kNanosPerMilli);
    {
      absl::MutexLock lock(&receiver.mu);
      EXPECT_THAT(receiver.taken, ElementsAre(4));
    }
    exporter.Offer(TraceOf(3));
  }
  EXPECT_THAT(receiver.taken, ElementsAre(4, 5));
}

TEST(TraceExporter, NobodyWaitsForAReceiverThatHangs) {
  Receiver receiver{.answers = {absl::OkStatus()}};
  TraceExporter exporter(Settings(), receiver.send());
  exporter.Offer(TraceOf(4));
  env::SleepFor(50 * env::kNanosPerMilli);  // it is out
  for (int i = 0; i < 3; ++i) exporter.Offer(TraceOf(4));
  EXPECT_EQ(exporter.spans_dropped(), 8) << "those that are out have a place, too";
  receiver.let.Notify();
}

TEST(TraceExporter, IsRepeatedWhereThatMayHelp) {
  Receiver receiver{.answers = {absl::UnavailableError("503"), absl::OkStatus()}};
  receiver.let.Notify();
  TraceExporter exporter(Settings(), receiver.send());
  exporter.Offer(TraceOf(4));
  env::SleepFor(1'500 * env::kNanosPerMilli);
  absl::MutexLock lock(&receiver.mu);
  EXPECT_THAT(receiver.taken, ElementsAre(4, 4));
  EXPECT_EQ(exporter.spans_dropped(), 0);
}

TEST(TraceExporter, WhatIsRefusedIsDroppedAndCounted) {
  Receiver receiver{.answers = {absl::FailedPreconditionError("400"), absl::OkStatus()}};
  receiver.let.Notify();
  {
    TraceExporter exporter(Settings(), receiver.send());
    exporter.Offer(TraceOf(4));
    env::SleepFor(200 * env::kNanosPerMilli);
    EXPECT_EQ(exporter.spans_dropped(), 4);
    exporter.Offer(TraceOf(10));  // room again
    EXPECT_EQ(exporter.spans_dropped(), 4);
  }
  EXPECT_THAT(receiver.taken, ElementsAre(4, 10));
}

TEST(TraceExporter, TheEndWaitsForNoSecondTry) {
  Receiver receiver{.answers = {absl::UnavailableError("503")}};
  receiver.let.Notify();
  const int64_t since = env::RealClock().MonotonicNanos();
  {
    TraceExporter exporter(Settings(), receiver.send());
    exporter.Offer(TraceOf(4));
    exporter.Offer(TraceOf(4));
    env::SleepFor(100 * env::kNanosPerMilli);
  }
  EXPECT_LT(env::SecondsSince(since), 5);
  EXPECT_LE(receiver.taken.size(), 3u);
}

}  // namespace
}  // namespace ks::observe
