// The connection log into a Kafka topic, beside its file. Each entry is a record: the process's
// name is the key, the line of the file log the value.
//
// 1. Nobody waits for it: entries stand in a queue of kConnectionLogQueue, which a thread empties
//    into a producer that it makes when the first entry comes.
// 2. What does not fit, or could not be delivered, is counted, and the log says how many, at most
//    once in kTellNanos and at the end.
// 3. The thread's own connections are in the file log only: an entry must not cause the next.
//
// Thread safety: any thread. Tests: connection_log_topic_test.cc,
// tests/identity/test_connection_log.py.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bounded_queue.h"
#include "identity/connection_log.h"
#include "identity/services.h"
#include "kafka/properties.h"

namespace ks::kafka {

inline constexpr size_t kConnectionLogQueue = 10'000;

struct LogTopicOptions {
  std::string brokers;
  std::string topic;
  std::string key;  // of every record
  identity::KafkaSecurity security;
  Properties properties;
};

// Where the lines go. Not thread-safe.
class LineSender {
 public:
  virtual ~LineSender() = default;
  // Waits until all are delivered; how many were, and why the others were not.
  struct Sent {
    size_t delivered = 0;
    absl::Status status;
  };
  virtual Sent Send(const std::vector<std::string>& lines) = 0;
};

class ConnectionLogTopic : public identity::ConnectionLog {
 public:
  // `file_log`, which may be null, gets everything first.
  static std::unique_ptr<ConnectionLogTopic> Open(
      LogTopicOptions options, std::unique_ptr<identity::ConnectionLog> file_log);
  // An error of `connect` is tried again. Called on the log's own thread.
  using Connect = std::function<absl::StatusOr<std::unique_ptr<LineSender>>()>;
  ConnectionLogTopic(std::string name, Connect connect,
                     std::unique_ptr<identity::ConnectionLog> file_log);
  ~ConnectionLogTopic() override;

  void Record(const identity::ConnectionAttempt& attempt) override;
  // Waits for what was recorded to be there, for some seconds at most, and says what is not.
  void Flush();
  // Of the file's entries too.
  int64_t dropped() const override;

 private:
  void Serve();
  void Deliver(LineSender& sender, std::string first);
  void Dropped(int64_t count, const std::string& why);

  const std::string name_;                                   // in what it says
  const std::unique_ptr<identity::ConnectionLog> file_log_;  // may be null
  const Connect connect_;
  BoundedQueue<std::string> lines_;
  std::atomic<int64_t> unsent_{0};
  std::atomic<int64_t> dropped_{0};
  std::atomic<bool> stopping_{false};
  std::mutex telling_;
  int64_t told_at_ = 0;  // monotonic; guarded by telling_
  std::once_flag started_;
  std::thread thread_;
};

}  // namespace ks::kafka
