// PartitionOptions: what a Partition is told at its making. PartitionStats: what it has counted.
#pragma once

#include <cstdint>
#include <string>

#include "env/clock.h"
#include "observe/trace.h"
#include "pipeline/checkpoint.h"
#include "pipeline/limits.h"
#include "pipeline/memory_budget.h"
#include "pipeline/ports.h"
#include "pipeline/pushback.h"

namespace ks::pipeline {

struct PartitionOptions {
  ChainKey key;
  std::string writer;                 // this worker, for people who read the tables
  std::string tag = "kafka-spanner";  // transaction tag
  int lanes = 1;
  bool continue_on_data_loss = false;  // on_data_loss: continue

  // A commit of one lane; limits.h says why so much.
  BatchLimits batch = {.records = kBatchRecordsDefault,
                       .bytes = kBatchBytesDefault,
                       .mutations = kBatchMutationsDefault};
  // Lanes whose open batches are smaller than this together go into one commit …
  BatchLimits shared = {.records = 2'000, .bytes = 256 << 10, .mutations = 8'000};
  // … and no more than so many such commits are under way at once.
  int shared_commits_max = 3;
  // What the worker's partitions may hold together; null: no limit.
  const MemoryBudget* memory = nullptr;

  int64_t idle_advance_nanos = 5 * env::kNanosPerSecond;  // how often filtered records move it
  int64_t report_nanos = env::kNanosPerSecond;            // CommitKafkaOffset so often while busy
  DeadLetterLimit dead_letters;
  observe::TraceSampling traces;  // which batches are traced

  Rules rules;
};

// Counted since the Partition was made.
struct PartitionStats {
  int64_t records = 0;          // committed
  int64_t commits = 0;          // that were applied
  int64_t attempts = 0;         // Commit calls
  int64_t resolves = 0;         // strong reads to learn a commit's fate
  int64_t aborted = 0;          // answers ABORTED
  int64_t dead_letters = 0;     // committed
  int64_t skipped_records = 0;  // refused by Spanner and left out
  int64_t halvings = 0;         // batches dropped for a data error
  int64_t last_batch_records = 0;
  int64_t last_batch_bytes = 0;
  int64_t last_commit_latency_nanos = 0;
};

}  // namespace ks::pipeline
