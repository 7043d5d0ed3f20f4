// Replays of ranges that people name (runtime/replay.h writes them). Blocks; one thread. Tested by
// tests/e2e/test_replay.py.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka/consumer.h"
#include "operations/target.h"
#include "runtime/replay.h"

namespace ks::operations {

struct ReplayOptions {
  std::string topic;  // empty: the only one
  std::string from;   // the first: an offset, earliest, or a time
  std::string to = "latest";
  int partition = -1;  // -1: all
};

struct PartitionReplay {
  kafka::TopicPartition partition;
  int64_t from = 0, to = 0;
  runtime::Replayed replayed = {};
};

// The ranges as offsets, of one topic. FAILED_PRECONDITION where a table may not be written again.
absl::StatusOr<std::vector<PartitionReplay>> PlanReplay(const Target& target,
                                                        const ReplayOptions& options);

// Each step's details: topic, partition, from, to, records.
absl::Status RunReplay(const Target& target, const Steps& steps, bool dry_run,
                       std::vector<PartitionReplay>* replays);

}  // namespace ks::operations
