#include "kafka/connection_log_topic.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "kafka/producer.h"
#include "observe/log.h"

namespace ks::kafka {
namespace {

constexpr auto kLook = std::chrono::milliseconds(200);
constexpr size_t kLinesAtOnce = 500;
constexpr int64_t kStartAgainNanos = 5 * env::kNanosPerSecond;
constexpr int64_t kFlushNanos = 5 * env::kNanosPerSecond;
constexpr int64_t kTellNanos = 60 * env::kNanosPerSecond;
constexpr int kSendMillis = 60'000;

class TopicSender : public LineSender {
 public:
  TopicSender(const LogTopicOptions& options, std::unique_ptr<Producer> producer)
      : options_(options), producer_(std::move(producer)) {}

  Sent Send(const std::vector<std::string>& lines) override {
    Sent sent;
    for (const std::string& line : lines) {
      sent.status = producer_->Send({.topic = options_.topic, .key = options_.key, .value = line});
      if (!sent.status.ok()) return sent;
    }
    sent.status = producer_->Flush(kSendMillis);
    if (sent.status.ok()) sent.delivered = lines.size();
    return sent;
  }

 private:
  const LogTopicOptions& options_;
  const std::unique_ptr<Producer> producer_;
};

}  // namespace

std::unique_ptr<ConnectionLogTopic> ConnectionLogTopic::Open(
    LogTopicOptions options, std::unique_ptr<identity::ConnectionLog> file_log) {
  identity::WatchTlsHandshakes();
  const std::string name = StrCat(options.topic, " at ", options.brokers);
  // Of its own: what connects for the log is told to the file only.
  auto services = std::make_shared<identity::Services>(
      identity::ServicesOptions{.http = nullptr, .log = file_log.get()});
  auto shared = std::make_shared<const LogTopicOptions>(std::move(options));
  const auto connect = [shared, services]() -> absl::StatusOr<std::unique_ptr<LineSender>> {
    KS_ASSIGN_OR_RETURN(auto producer,
                        Producer::Create({.brokers = shared->brokers,
                                          .properties = shared->properties,
                                          .login = {shared->security, services.get()}}));
    return std::make_unique<TopicSender>(*shared, std::move(producer));
  };
  return std::make_unique<ConnectionLogTopic>(name, connect, std::move(file_log));
}

ConnectionLogTopic::ConnectionLogTopic(std::string name, Connect connect,
                                       std::unique_ptr<identity::ConnectionLog> file_log)
    : name_(std::move(name)),
      file_log_(std::move(file_log)),
      connect_(std::move(connect)),
      lines_(kConnectionLogQueue) {}

ConnectionLogTopic::~ConnectionLogTopic() {
  stopping_ = true;
  lines_.Close();
  if (thread_.joinable()) thread_.join();
}

void ConnectionLogTopic::Record(const identity::ConnectionAttempt& attempt) {
  if (file_log_ != nullptr) file_log_->Record(attempt);
  // Not sooner: threads that are there before a command takes its signals would get them.
  std::call_once(started_, [this] { thread_ = std::thread([this] { Serve(); }); });
  ++unsent_;
  if (lines_.TryPush(identity::ToOcsf(attempt))) return;
  --unsent_;
  Dropped(1, "more entries came than it took");
}

int64_t ConnectionLogTopic::dropped() const {
  return dropped_ + (file_log_ == nullptr ? 0 : file_log_->dropped());
}

void ConnectionLogTopic::Flush() {
  const int64_t give_up = env::RealClock().MonotonicNanos() + kFlushNanos;
  while (unsent_ > 0 && env::RealClock().MonotonicNanos() < give_up) {
    env::SleepFor(10 * env::kNanosPerMilli);
  }
  const int64_t missing = dropped_ + unsent_;
  if (missing == 0) return;
  observe::LogError(StrCat("the connection log's topic ", name_, " lacks ", missing, " entries"));
}

void ConnectionLogTopic::Dropped(int64_t count, const std::string& why) {
  dropped_ += count;
  const std::lock_guard lock(telling_);
  const int64_t now = env::RealClock().MonotonicNanos();
  if (told_at_ != 0 && now - told_at_ < kTellNanos) return;
  told_at_ = now;
  const int64_t lost = dropped_;
  observe::LogError(StrCat("the connection log's topic ", name_,
                           lost == 0 ? " waits" : StrCat(" lacks ", lost, " entries so far"), ": ",
                           why, ". No connection waits for it."));
}

void ConnectionLogTopic::Serve() {
  std::unique_ptr<LineSender> sender;
  int64_t start_at = 0;
  while (!stopping_) {
    if (sender == nullptr && env::RealClock().MonotonicNanos() >= start_at) {
      start_at = env::RealClock().MonotonicNanos() + kStartAgainNanos;
      auto made = connect_();
      if (made.ok()) {
        sender = *std::move(made);
      } else {
        Dropped(0, StrCat("it cannot be reached: ", View(made.status().message())));
      }
    }
    if (sender == nullptr) {
      env::SleepFor(50 * env::kNanosPerMilli);
      continue;
    }
    if (std::optional<std::string> first = lines_.Pop(kLook)) Deliver(*sender, *std::move(first));
  }
}

void ConnectionLogTopic::Deliver(LineSender& sender, std::string first) {
  std::vector<std::string> lines;
  for (std::optional<std::string> line = std::move(first); line.has_value();) {
    lines.push_back(*std::move(line));
    if (lines.size() == kLinesAtOnce) break;
    line = lines_.Pop(std::chrono::nanoseconds(0));
  }
  const LineSender::Sent sent = sender.Send(lines);
  const auto lost = static_cast<int64_t>(lines.size() - sent.delivered);
  if (lost > 0) Dropped(lost, StrCat("they were not taken: ", View(sent.status.message())));
  unsent_ -= static_cast<int64_t>(lines.size());
}

}  // namespace ks::kafka
