// Moves: a pipeline's partitions are put elsewhere in their topic. One read-write transaction for
// each raises the generation, so that workers may run meanwhile: what they have on their way no
// longer fits. A move that would write records again where that is wrong is refused.
//
// Blocks; one thread. Tested by tests/e2e/test_operator.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "operations/target.h"
#include "pipeline/checkpoint.h"

namespace ks::operations {

struct MoveOptions {
  std::string topic;    // empty: the only one
  int partition = -1;   // -1: all
  std::string to;       // of a set: an offset, earliest, latest, or a time
  int64_t records = 1;  // of a skip: how many offsets
  bool skip = false;
};

// Offsets that all lanes of a partition together will write again, or never.
struct MoveEffect {
  int64_t again_from = INT64_MAX, again_to = INT64_MIN;
  int64_t never_from = INT64_MAX, never_to = INT64_MIN;
  int64_t lowest_head = INT64_MAX;
  bool again() const { return again_from < again_to; }
  bool never() const { return never_from < never_to; }
  bool known() const { return lowest_head != INT64_MAX; }
};

// One partition's move, and what the topic has.
struct PartitionMove {
  pipeline::ChainKey key;
  pipeline::Move move;
  std::string topic_id;      // that the topic has now
  pipeline::ChainMove plan;  // by what was there when it was last looked at
  bool recreated() const {
    return !topic_id.empty() && !plan.topic_id.empty() && topic_id != plan.topic_id;
  }
  MoveEffect Effect() const;
};

// Says what would be; nothing is moved.
absl::StatusOr<std::vector<PartitionMove>> PlanMoves(const Target& target,
                                                     const MoveOptions& options);

// Makes one. With `only_as_planned`, only where the partition stands as it did.
absl::Status MakeMove(const Target& target, const Steps& steps, bool only_as_planned,
                      PartitionMove* move);

// The step's details: topic, partition, to.
nlohmann::json OnRecord(const PartitionMove& move);

}  // namespace ks::operations
