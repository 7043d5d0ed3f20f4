// Loader: puts the records of a DevFile into the embedded topics, no faster than they are committed
// to Spanner.
//
// The embedded broker forgets what is older than its last 5 MiB per partition, so the loader never
// lets more than half of that be uncommitted. Threads: Run() on a thread of its own; the other
// methods from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cli/dev/dev_file.h"
#include "kafka/message.h"
#include "kafka/producer.h"
#include "pipeline/spec.h"

namespace ks::cli {

class Loader {
 public:
  Loader(const DevFile& file, const pipeline::PipelineSpec& spec, kafka::Producer& producer);

  // Loads everything, file by file.
  absl::Status Run();
  void Cancel() { cancelled_ = true; }

  // Everything below `offset` is in Spanner.
  void OnCommitted(const kafka::TopicPartition& partition, int64_t offset);
  // Everything is loaded and committed.
  bool done() const;
  // Records loaded, and about how many there are, for the progress bar.
  int64_t records_loaded() const { return records_loaded_; }
  int64_t records_committed() const;
  double share_loaded() const;

 private:
  struct Progress {
    int64_t produced = 0;   // next offset
    int64_t committed = 0;  // next offset
    int64_t bytes_waiting = 0;
    std::deque<std::pair<int64_t, int64_t>> waiting;  // offset, bytes of records not yet committed
  };

  absl::Status LoadCsv(const LoadSpec& load);
  absl::Status LoadJsonLines(const LoadSpec& load);
  absl::Status Send(const LoadSpec& load, const std::string& key, const std::string& value);

  const DevFile& file_;
  const pipeline::PipelineSpec& spec_;
  kafka::Producer& producer_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> finished_{false};
  std::atomic<int64_t> records_loaded_{0};
  std::atomic<int64_t> bytes_read_{0};
  int64_t bytes_total_ = 0;
  mutable absl::Mutex mu_;
  std::map<kafka::TopicPartition, Progress> progress_ ABSL_GUARDED_BY(mu_);
};

}  // namespace ks::cli
