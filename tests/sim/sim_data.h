// DataPath: from the simulated Kafka's records into the lanes of one Partition. Two kinds: the real
// one (JSON, assertions, SELECTs, LaneBatch, as a worker has it), and FakeLaneData in locking
// transactions, which the real one cannot do yet.
//
// Both write tables that a checker reads without knowing the protocol (sim_check.cc):
//   Applied (Key, KafkaPartition, KafkaOffset)   a row per record, by insert-or-update, so that
//                                                only the protocol stands between a record and its
//                                                being written twice
//   Log (KafkaPartition, KafkaOffset)            the same by insert (the real one, not always)
//   Latest (Key) KafkaOffset                     a snapshot; tombstones delete
//   aggregates: GroupsPartials (the real one), Partials or Totals (the fake): count and sum
//   kafka_spanner.DeadLetters, DeadLetters
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "pipeline/partition.h"
#include "pipeline/testing/sim_spanner.h"
#include "sim_log.h"

namespace ks::sim {

class DataPath {
 public:
  virtual ~DataPath() = default;
  virtual pipeline::LaneDataFactory factory() = 0;
  // Puts the admitted of `records` into the partition's lanes.
  virtual std::optional<pipeline::RecordRefused> Add(const std::vector<const SimRecord*>& records,
                                                     const pipeline::Admission& admission,
                                                     pipeline::Partition* partition) = 0;
};

struct PipelineChoice {
  pipeline::Policy on_error = pipeline::Policy::kDeadLetter;
  bool with_log = false;
  bool changes = false;     // the aggregate is over rows that change
  size_t cache_groups = 2;  // of the partial aggregates, per lane
};

inline constexpr const char* kTopic = "t";
inline constexpr const char* kPipeline = "sim";

std::unique_ptr<DataPath> MakeRealPath(const PipelineChoice& choice, int partition);
// `random` decides when its cache forgets.
std::unique_ptr<DataPath> MakeFakePath(pipeline::Policy on_error, int partition, bool transaction,
                                       env::Random* random);
// The tables of the real one.
void DefineTables(pipeline::SimSpanner* spanner);

}  // namespace ks::sim
