// FakeLaneData: the data side of a lane without formats, SQL and tables: it writes a row per
// record, the latest record per key, and partial aggregates with a cache that forgets.
//
// Its rows go to tables that a checker can read without knowing the protocol:
//   Applied (KafkaPartition, KafkaOffset)  Key                   one row per record written
//   Latest (Key)                           KafkaOffset           the last record of each key
//   Partials (GroupKey, KafkaPartition, Lane)  Count, Sum        absolute values, from the cache
//   Totals (GroupKey)                      Count, Sum           instead, in a transaction
//   DeadLetters (KafkaPartition, KafkaOffset)
// Applied and Latest are written by insert-or-update, so that only the protocol stands between a
// record and its being written twice.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "env/clock.h"
#include "pipeline/ports.h"

namespace ks::pipeline {

struct FakeRecord {
  int64_t offset = 0;
  std::string key;
  std::string group;
  int64_t value = 0;
  int64_t timestamp_ms = 0;
  bool refused = false;  // Spanner will not have it: its Applied row says so in column Poison
};

class FakeLaneData : public LaneData {
 public:
  struct Options {
    int64_t partition = 0;
    int lane = 0;
    Verdict verdict = Verdict::kDeadLetter;
    bool transaction = false;       // `merge: transaction`: Totals instead of Partials
    env::Random* random = nullptr;  // decides when the cache forgets
  };
  explicit FakeLaneData(Options options) : options_(options) {}

  void Add(FakeRecord record) { open_.push_back(std::move(record)); }

  BatchSize open() const override;
  ClosedBatch Close(const BatchLimits& limits) override;
  std::vector<ReadSpec> MissingReads() override;
  absl::Status OnRead(const std::vector<RowsPtr>& rows) override;
  void AppendMutations(std::string* wire) override;
  std::vector<ReadSpec> TransactionReads() override;
  MakeMutations TransactionMutations() override;
  void OnCommitted() override;
  void OnDropped() override;
  Verdict OnDataError(const absl::Status& status) override;

 private:
  struct Partial {
    int64_t count = 0;
    int64_t sum = 0;
  };

  std::vector<ReadSpec> GroupReads(bool all) const;

  const Options options_;
  std::deque<FakeRecord> open_;
  std::vector<FakeRecord> closed_;
  bool refused_ = false;  // the closed record is left out, or a dead letter
  std::map<std::string, Partial> cache_;
};

}  // namespace ks::pipeline
