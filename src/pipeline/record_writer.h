// RecordWriter: the records of one partition on their way into its lanes: transform, then append to
// each lane's batch.
//
// It makes the lanes' LaneData (factory()) and fills them; the Partition owns them and closes their
// batches. Thread safety: one thread, the partition's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "pipeline/batch.h"
#include "pipeline/plan.h"
#include "pipeline/ports.h"
#include "pipeline/transform.h"

namespace ks::pipeline {

inline constexpr int kRedriveLane = -1;

// Counted since the RecordWriter was made.
struct RecordWriterStats {
  int64_t records = 0;       // given to Write
  int64_t rows = 0;          // written or deleted, before a batch keeps one per key
  int64_t dead_letters = 0;  // of transformation
  int64_t skipped = 0;       // by `else: skip` or `on_error: skip`
  int64_t filtered = 0;      // no table wanted them
};

class RecordWriter {
 public:
  // `plan` outlives this and every LaneData that it makes.
  static absl::StatusOr<std::unique_ptr<RecordWriter>> Create(const Plan& plan, size_t source,
                                                              std::string topic, int32_t partition);

  // Groups of partial aggregates that each lane made from now on keeps, per table.
  void set_cache_groups(size_t groups) { cache_groups_ = groups; }

  // Where lanes made from now on count what they hold.
  void set_memory(MemoryBudget* memory) { memory_ = memory; }

  // As LaneBatch::set_keep_all, of lanes made from now on.
  void set_keep_all(bool keep_all) { keep_all_ = keep_all; }

  // Makes lanes for a Partition. The last one made for a number is the one that is written to.
  LaneDataFactory factory();

  // As Transform::set_times.
  void set_times(StageTimes* times) { transform_->set_times(times); }

  // The lane of `dlq redrive`: kRedriveLane, which no worker has, so that the partial aggregates it
  // writes are its own. Records are written to it as lane 0.
  std::unique_ptr<LaneData> MakeRedriveLane();

  // Appends each record to lane lanes[i]. The record at which the pipeline has to stop, if there is
  // one: it and what comes after it are in no lane.
  std::optional<RecordRefused> Write(const Records& records, absl::Span<const uint16_t> lanes);

  const RecordWriterStats& stats() const { return stats_; }
  // Of the last kTransformRecordsMax records given to Write.
  const std::vector<RecordFailure>& failures() const { return transform_->failures(); }

 private:
  std::unique_ptr<LaneData> MakeLane(LaneName name, int index, int lanes);
  RecordWriter(const Plan& plan, size_t source, std::string topic, int32_t partition,
               std::unique_ptr<Transform> transform);
  std::optional<RecordRefused> WriteChunk(const Records& records, absl::Span<const uint16_t> lanes);
  void MarkWanted(uint32_t end);
  void BeginRecords(const Records& records, absl::Span<const uint16_t> lanes, uint32_t end);
  void AddRows(absl::Span<const uint16_t> lanes);
  const RecordFailure* FailureOf(uint32_t record) const;

  const Plan& plan_;
  const size_t source_;
  const std::string topic_;
  const int32_t partition_;
  const std::unique_ptr<Transform> transform_;
  size_t cache_groups_ = kPartialCacheEntriesDefault;
  MemoryBudget* memory_ = nullptr;
  bool keep_all_ = false;
  std::vector<LaneBatch*> lanes_;
  RecordWriterStats stats_;

  // Of the chunk being written.
  std::vector<uint8_t> wanted_;    // the record goes into its lane
  std::vector<uint32_t> numbers_;  // what BeginRecord called it
  std::string headers_;
};

}  // namespace ks::pipeline
