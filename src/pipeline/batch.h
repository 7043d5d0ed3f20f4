// LaneBatch: the records of one lane between transformation and commit, as wire bytes. The
// implementation of LaneData.
//
// Records lie in segments, which grow to a batch's worth of records and are used again. A closed
// batch is the first open records, of one segment or several: nothing is copied until its mutations
// are written.
//
//   segment:  records  [r0 r1 r2 …]     offset, size, and the raw bytes in case the record becomes
//   a dead letter
//             tables   rows [w w d w …]  each with its record, its bytes, the end of its primary
//             key, and a hash of that
//
// Invariants, tested in batch_test.cc:
//   1. A batch has all rows of its records and none of others.
//   2. A snapshot's table has one mutation per primary key in a batch: that of the last record (a
//   write or a delete).
//   3. AppendMutations gives the same bytes every time until the batch is done with.
//   4. Tables come in the plan's order, deletes before writes; parents thus before their
//   interleaved children.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "pipeline/aggregate.h"
#include "pipeline/key_table.h"
#include "pipeline/limits.h"
#include "pipeline/memory_budget.h"
#include "pipeline/plan.h"
#include "pipeline/ports.h"
#include "pipeline/transform.h"
#include "pipeline/wire_buffer.h"

namespace ks::pipeline {

// The record as Kafka had it, for its dead letter: kept where that is certain or likely.
struct RawRecord {
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  std::string_view key;      // data() == nullptr: none
  std::string_view value;    // data() == nullptr: a tombstone
  std::string_view headers;  // as JSON; empty: none
  bool kept = true;
};

struct LaneName {
  std::string topic;
  int32_t partition = 0;
  int lane = 0;
};

class LaneBatch : public LaneData {
 public:
  // `plan` outlives this. Segments end at `segment` or a chunk later.
  LaneBatch(const Plan& plan, size_t source, LaneName name, const BatchLimits& segment,
            size_t cache_groups = kPartialCacheEntriesDefault);
  ~LaneBatch() override;
  // Where what is held is counted; null: nowhere. Before the first record.
  void set_memory(MemoryBudget* memory) { memory_ = memory; }
  // For those who cannot read a record again (Verdict::kReadAgain): all are to be kept.
  void set_keep_all(bool keep_all) { keep_all_ = keep_all; }

  // ---- Adding. Between BeginChunk and the next one, or a Close, records are numbered from
  // BeginRecord's answers.
  void BeginChunk();
  // Spanner has refused records of this lane, and may refuse one alone.
  bool keeps_records() const { return keep_all_ || suspicious_; }
  uint32_t BeginRecord(const RawRecord& record);
  void AddRow(size_t table, uint32_t record, const TableRows& rows, uint32_t row);
  // Of an aggregate over rows that change: a row that was added by an earlier record, or this one.
  void TakeBackRow(size_t table, uint32_t record, const TableRows& rows, uint32_t row);
  void AddDelete(size_t table, uint32_t record, const TableRows& rows, uint32_t source_record);
  void AddDeadLetter(uint32_t record, Stage stage, std::string_view reason);
  void EndChunk() { CountMemory(); }

  // ---- LaneData
  BatchSize open() const override;
  ClosedBatch Close(const BatchLimits& limits) override;
  std::vector<ReadSpec> MissingReads() override;
  absl::Status OnRead(const std::vector<RowsPtr>& rows) override;
  void AppendMutations(std::string* wire) override;
  void OnCommitted() override;
  void OnDropped() override;
  Verdict OnDataError(const absl::Status& status) override;

 private:
  struct Row;
  struct TableBytes;
  struct Record;
  struct Segment;
  struct Closed;

  Segment& Last();
  TableBytes& Table(size_t table);
  void Count(Record& record, uint32_t bytes, uint32_t mutations);
  bool CloseRecords(uint32_t segment, const BatchLimits& limits);
  void TakeRows(size_t table, uint32_t segment);
  void Supersede(size_t table, uint32_t position);
  bool IsSnapshot(size_t table) const;
  void FoldRows(size_t table);
  void AddAggregated(size_t table, uint32_t record, const TableRows& rows, uint32_t row,
                     bool taken_back);
  void AppendTable(size_t table, std::string* wire);
  void AppendDeadLetter(const Segment& segment, const Record& record, Stage stage,
                        std::string_view reason, WireBuffer* rows) const;
  void CountMemory();
  std::unique_ptr<Segment> TakeSpare();
  void Recycle(std::unique_ptr<Segment> segment);

  const Plan& plan_;
  const PlannedSource& source_;
  const LaneName name_;
  const BatchLimits segment_limits_;
  const MutationShape dead_letters_;
  std::vector<std::unique_ptr<AggregateLane>> aggregates_;  // by table; null where it is none

  std::deque<std::unique_ptr<Segment>> segments_;
  std::unique_ptr<Segment> spare_;
  std::unique_ptr<Closed> closed_;
  BatchSize open_;
  bool keep_all_ = false;
  bool suspicious_ = false;  // records come again after a drop
  MemoryBudget* memory_ = nullptr;
  int64_t counted_bytes_ = 0;  // what memory_ knows of
  WireBuffer scratch_;
};

}  // namespace ks::pipeline
