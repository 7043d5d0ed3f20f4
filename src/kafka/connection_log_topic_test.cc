// The connection log's topic holds nobody up, keeps to its limit, and says what it lacks.
#include "kafka/connection_log_topic.h"

#include <gtest/gtest.h>

#include <mutex>

#include "absl/synchronization/notification.h"
#include "env/clock.h"

namespace ks::kafka {
namespace {

// What arrived; held back until `open`.
struct Arrived {
  absl::Notification open;
  std::mutex mu;
  std::vector<std::string> lines;
  bool refuse = false;
};

class FakeSender : public LineSender {
 public:
  explicit FakeSender(Arrived& arrived) : arrived_(arrived) {}

  Sent Send(const std::vector<std::string>& lines) override {
    arrived_.open.WaitForNotification();
    const std::lock_guard lock(arrived_.mu);
    if (arrived_.refuse) return {0, absl::PermissionDeniedError("no ACL")};
    arrived_.lines.insert(arrived_.lines.end(), lines.begin(), lines.end());
    return {lines.size(), absl::OkStatus()};
  }

 private:
  Arrived& arrived_;
};

class CountingLog : public identity::ConnectionLog {
 public:
  explicit CountingLog(int* count) : count_(count) {}
  void Record(const identity::ConnectionAttempt&) override { ++*count_; }

 private:
  int* const count_;
};

identity::ConnectionAttempt Numbered(int number) {
  return {.service = "kafka", .host = "b", .port = number};
}

ConnectionLogTopic::Connect ConnectTo(Arrived& arrived) {
  return [&arrived]() -> absl::StatusOr<std::unique_ptr<LineSender>> {
    return std::make_unique<FakeSender>(arrived);
  };
}

TEST(ConnectionLogTopic, AllArriveInOrder) {
  Arrived arrived;
  arrived.open.Notify();
  int in_file = 0;
  ConnectionLogTopic log("t", ConnectTo(arrived), std::make_unique<CountingLog>(&in_file));
  for (int i = 1; i <= 2'000; ++i) log.Record(Numbered(i));
  log.Flush();
  EXPECT_EQ(in_file, 2'000);
  EXPECT_EQ(log.dropped(), 0);
  const std::lock_guard lock(arrived.mu);
  ASSERT_EQ(arrived.lines.size(), 2'000u);
  for (int i = 1; i <= 2'000; ++i) EXPECT_EQ(arrived.lines[i - 1], identity::ToOcsf(Numbered(i)));
}

TEST(ConnectionLogTopic, WhatDoesNotFitIsCountedAndNobodyWaits) {
  Arrived arrived;
  ConnectionLogTopic log("t", ConnectTo(arrived), nullptr);
  constexpr int kMany = 2 * static_cast<int>(kConnectionLogQueue);
  for (int i = 1; i <= kMany; ++i) log.Record(Numbered(i));  // would hang where it waited
  EXPECT_GT(log.dropped(), 0);
  arrived.open.Notify();
  const auto arrived_lines = [&] {
    const std::lock_guard lock(arrived.mu);
    return static_cast<int64_t>(arrived.lines.size());
  };
  while (arrived_lines() + log.dropped() < kMany) env::SleepFor(env::kNanosPerMilli);
  EXPECT_EQ(arrived_lines() + log.dropped(), kMany);
}

TEST(ConnectionLogTopic, WhatIsNotTakenIsCounted) {
  Arrived arrived;
  arrived.refuse = true;
  arrived.open.Notify();
  ConnectionLogTopic log("t", ConnectTo(arrived), nullptr);
  for (int i = 1; i <= 10; ++i) log.Record(Numbered(i));
  log.Flush();
  EXPECT_EQ(log.dropped(), 10);
}

TEST(ConnectionLogTopic, ATopicThatIsNotReachedKeepsWhatItCan) {
  Arrived arrived;
  arrived.open.Notify();
  ConnectionLogTopic log(
      "t", [] { return absl::StatusOr<std::unique_ptr<LineSender>>(absl::UnavailableError("no")); },
      nullptr);
  for (int i = 1; i <= 10; ++i) log.Record(Numbered(i));
  EXPECT_EQ(log.dropped(), 0);  // held, for when it is there; destroyed without waiting
}

}  // namespace
}  // namespace ks::kafka
