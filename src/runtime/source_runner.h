// SourceRunner: one source of a pipeline: a member of a consumer group, and the partitions that the
// group gives it.
//
// The life of an assignment: the group gives partitions -> TopicWatch asks the broker about their
// topics -> a driver per partition, on a shard, reads its chains -> when all know where to begin,
// Consumer::Assign. Revoked partitions finish what is in flight first. A partition that is given up
// (another worker moved its chains) while the group still gives it to us is taken again after a
// pause. A partition that stops with an error stops the pipeline.
//
// Threads: everything runs on the control thread that calls Turn(); drivers report to it through an
// Inbox.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "env/clock.h"
#include "identity/services.h"
#include "kafka/consumer.h"
#include "observe/metrics.h"
#include "pipeline/partition_options.h"
#include "pipeline/spec.h"
#include "runtime/inbox.h"
#include "runtime/partition_driver.h"
#include "runtime/record_path.h"
#include "runtime/shard.h"
#include "runtime/spanner_port.h"
#include "runtime/start_wait.h"
#include "runtime/topic_facts.h"

namespace ks::runtime {

struct SourceOptions {
  const pipeline::PipelineSpec* spec;
  size_t source = 0;  // index into spec->sources
  std::string writer;
  bool topic_ids = true;                   // false: the embedded broker, which has none
  bool once = false;                       // stop at the end that each partition has at start
  identity::Services* identity = nullptr;  // for sources that prove who they are
  StartWait wait;
  int64_t prefetch_bytes = 0;  // what librdkafka may fetch ahead for all partitions
  RecordPathFactory make_path;
  observe::TraceExporter* traces = nullptr;  // null: no batch is traced
};

struct SourceServices {
  SpannerPort* spanner;
  std::vector<std::unique_ptr<Shard>>* shards;
  observe::Metrics* metrics;
  env::Clock* clock;
};

// How far a partition is.
struct PartitionProgress {
  kafka::TopicPartition partition;
  Offset committed{-1};
  Offset end{-1};  // of --once: where it stops
};

class SourceRunner : public kafka::RebalanceListener {
 public:
  SourceRunner(SourceOptions options, const SourceServices& services);
  ~SourceRunner() override;

  // Connects and joins the group. Waits for a broker that is down, with one line that says so.
  absl::Status Start();
  // Serves the group and the drivers; waits at most `timeout_ms`. An error ends the pipeline.
  absl::Status Turn(int timeout_ms);
  // --once: everything that was there at the start is committed.
  bool done() const;
  // Finishes what is in flight and leaves the group.
  void RequestStop();
  bool stopped() const;
  void Close();

  std::vector<PartitionProgress> progress() const;

  void OnAssigned(const std::vector<kafka::TopicPartition>& partitions) override;
  void OnRevoked(const std::vector<kafka::TopicPartition>& partitions, bool lost) override;
  void OnError(const absl::Status& status, bool fatal) override;

 private:
  struct Assigned {
    Shard* shard = nullptr;
    Offset start{-1};
    bool running = false;   // there is a driver
    bool assigned = false;  // Consumer::Assign was called
    bool revoked = false;   // ends as soon as the driver has
    int64_t retake_at = 0;  // when a new driver is to be made; 0: not
    Offset committed{-1};
    Offset reported{-1};
    Offset end{-1};  // of the partition, as the broker last said
    Offset once_end{-1};
    std::shared_ptr<OldestWaiting> oldest;  // of the driver
    int64_t waiting_since = 0;              // MonotonicNanos; 0: nothing waits
  };

  const pipeline::SourceSpec& source() const { return options_.spec->sources[options_.source]; }
  std::string group() const;
  absl::Status MakeConsumer(const kafka::Prefetch& prefetch);
  absl::Status WaitForTopics();
  absl::Status LookAtTopics();
  void AskToStart(const std::vector<kafka::TopicPartition>& partitions);
  void OnFactsToStart(const std::vector<kafka::TopicPartition>& partitions,
                      const absl::StatusOr<TopicFactsMap>& facts);
  absl::Status StartDriver(const kafka::TopicPartition& name, Assigned& assigned,
                           const pipeline::TopicFacts& facts);
  void RetakeLater(Assigned& assigned);
  void AskAgain(std::vector<kafka::TopicPartition> partitions, bool out_of_range);
  void CompleteAssignment();
  void CompleteRevocation();
  void OnEnd(const kafka::TopicPartition& name, const PartitionEnd& end);
  void Report();
  void SetLag(const kafka::TopicPartition& name, Assigned& assigned);
  void Retake();
  void Fail(const absl::Status& status);
  void NoteRights(const absl::Status& status);
  DriverListener MakeListener();

  const SourceOptions options_;
  const SourceServices services_;
  const std::shared_ptr<Inbox> inbox_;
  DriverListener listener_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::unique_ptr<TopicWatch> watch_;  // ends before the consumer
  std::map<kafka::TopicPartition, Assigned> assigned_;
  std::map<kafka::TopicPartition, Offset> once_ends_;
  int64_t partitions_ = 0;        // of all topics, at start
  bool assignment_open_ = false;  // OnAssigned came, Assign is due
  bool revocation_open_ = false;
  bool joined_ = false;  // the first assignment came
  bool stopping_ = false;
  int64_t revoke_until_ = 0;
  int64_t report_at_ = 0;
  int64_t ask_at_ = 0;  // when the broker is asked about all topics again
  size_t next_shard_ = 0;
  absl::Status last_trouble_;
  int64_t trouble_said_at_ = 0;
  absl::Status lacking_;     // the last right that Kafka missed; OK: none
  int64_t quiet_since_ = 0;  // when it did, or when a commit came after that
  absl::Status failure_;
};

}  // namespace ks::runtime
