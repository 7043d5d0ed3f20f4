// PartitionDriver: turns the crank of one partition. It feeds a pipeline::Partition with records
// and answers and carries out the actions that it gives back; it decides nothing.
//
// Threads: made, used and destroyed on one data thread (the shard's). Answers from Spanner come
// through the shard's Inbox; those that come after the driver is gone find nobody and are dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "env/clock.h"
#include "kafka/consumer.h"
#include "kafka/message.h"
#include "observe/metrics.h"
#include "pipeline/partition.h"
#include "pipeline/ports.h"
#include "runtime/batch_tracer.h"
#include "runtime/inbox.h"
#include "runtime/record_path.h"
#include "runtime/spanner_port.h"

namespace ks::runtime {

// How a driver ended.
struct PartitionEnd {
  enum class Kind : uint8_t { kStopped, kGivenUp };
  Kind kind = Kind::kStopped;
  absl::Status status;  // kStopped: OK after Stop(); kGivenUp: the reason
};

// Whom a driver tells. Called on the data thread.
struct DriverListener {
  // Where to begin: the first Seek. The group's assignment can be completed with it.
  std::function<void(kafka::TopicPartition, Offset)> on_start;
  // Everything below is in Spanner.
  std::function<void(kafka::TopicPartition, Offset)> on_committed;
  std::function<void(kafka::TopicPartition, PartitionEnd)> on_end;
  // What is known of the topic does not fit: the broker is to be asked. `out_of_range`: it has
  // refused an offset.
  std::function<void(kafka::TopicPartition, bool out_of_range)> on_facts_wanted;
  std::function<void(absl::Status)> on_warning;
};

// Since when a partition's records wait: written by its data thread, read by the control thread.
struct OldestWaiting {
  // Milliseconds since the Unix epoch; -1: no record waits, or none has a timestamp.
  std::atomic<int64_t> timestamp_ms{-1};
};

struct DriverServices {
  kafka::Consumer* consumer;
  SpannerPort* spanner;
  std::shared_ptr<Inbox> inbox;
  env::Clock* clock;
  const DriverListener* listener;
  std::shared_ptr<OldestWaiting> oldest;
  observe::TraceExporter* traces = nullptr;  // null: no batch is traced
  TraceLabels trace_labels = {};
};

class PartitionDriver : public std::enable_shared_from_this<PartitionDriver> {
 public:
  PartitionDriver(kafka::TopicPartition name, std::unique_ptr<kafka::ConsumerQueue> queue,
                  std::unique_ptr<pipeline::Partition> machine, std::unique_ptr<RecordPath> path,
                  observe::Series& series, const DriverServices& services);
  ~PartitionDriver();

  const kafka::TopicPartition& name() const { return name_; }
  void OnFacts(const pipeline::TopicFacts& facts);
  void Stop();
  // Takes records and does what time asks for. True when there was something to do.
  bool Turn();
  // When Turn() wants to be called although no message came; env::Clock::MonotonicNanos.
  int64_t wake_at() const;
  bool ended() const { return ended_; }

 private:
  void Tell(pipeline::Event event);
  void Do(pipeline::Actions actions);
  void Act(pipeline::ReadChains& action);
  void Act(pipeline::ReadRows& action);
  void Act(pipeline::SendCommit& action);
  void Act(pipeline::RunTransaction& action);
  void Act(pipeline::Seek& action);
  void Act(pipeline::Pause& action);
  void Act(pipeline::Resume& action);
  void Act(pipeline::CommitKafkaOffset& action);
  void Act(pipeline::DescribeTopic& action);
  void Act(pipeline::Warning& action);
  void Act(pipeline::BatchEnded& action);
  void Act(pipeline::GivenUp& action);
  void Act(pipeline::Stopped& action);

  bool TakeMessages();
  bool OfferBacklog();
  bool SchemasReady();
  void OnSchema(const absl::Status& told);
  void DropBacklog();
  void OnCommitAnswer(pipeline::CommitDone event, int64_t sent_at);
  void Count();
  void Waiting(int64_t committed);
  // Posts `event` to this driver on its own thread.
  template <typename E>
  std::function<void(E)> Poster();
  // The same for a commit that is sent now.
  std::function<void(pipeline::CommitDone)> CommitPoster();

  const kafka::TopicPartition name_;
  const std::unique_ptr<kafka::ConsumerQueue> queue_;
  const std::unique_ptr<pipeline::Partition> machine_;
  const std::unique_ptr<RecordPath> path_;
  observe::Series& series_;
  const DriverServices services_;

  // Messages taken and not yet consumed: [next_, backlog_.size()).
  kafka::MessageBatch backlog_;
  size_t next_ = 0;
  std::vector<int64_t> offsets_;  // of the backlog's records
  std::vector<uint64_t> key_hashes_;
  std::vector<int64_t> timestamps_ms_;
  std::vector<uint32_t> positions_;  // index in backlog_ of each record (others are end marks)
  int64_t backlog_end_ = 0;          // the first offset after the backlog
  bool schemas_ready_ = false;       // of the backlog
  bool schema_awaited_ = false;      // the path will tell
  bool schema_warned_ = false;
  uint32_t epoch_ = 0;
  bool started_ = false;
  bool paused_ = true;
  bool ended_ = false;
  bool seek_failed_ = false;
  int64_t seek_to_ = -1;
  int64_t seek_retry_at_ = 0;
  std::unique_ptr<BatchTracer> tracer_;  // null: no batch is traced
  pipeline::PartitionStats counted_;     // what the metrics know
  // Chunks that were taken and are not committed: first timestamp, first offset after it.
  struct Taken {
    int64_t timestamp_ms = -1;
    int64_t end = 0;
  };
  std::deque<Taken> taken_;
};

}  // namespace ks::runtime
