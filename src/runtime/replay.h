// Replay: records of a range of one partition, which are committed already, through the pipeline as
// it is now, into its tables.
//
// Only for tables whose rows may be written again: snapshots whose primary key has the Kafka key in
// it. A record is written where it is the last of its key that is committed and no dead letter;
// others are `older`: their rows would undo a newer record's. So replaying any range, any number of
// times, beside workers that run, leaves each key as its last record says.
//
// Each commit is a read-write transaction that has read the partition's checkpoints: a worker that
// commits meanwhile either is seen (its records are read, and count as newer) or comes after.
//
// Memory: the keys of the range and of all records after it; RESOURCE_EXHAUSTED beyond
// `memory_bytes`. Blocks; one thread. Tested by tests/e2e/test_replay.py.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka/consumer.h"
#include "pipeline/plan.h"
#include "spanner/client.h"

namespace ks::runtime {

struct Replayed {
  int64_t from = 0, to = 0;   // what of the range is committed
  int64_t written = 0;        // records whose rows are in the tables again (or would be)
  int64_t older = 0;          // a newer record of their key is committed, or will be
  int64_t dead_letters = 0;   // they stay: `dlq redrive` is for them
  int64_t refused = 0;        // the pipeline as it is, or Spanner, refuses them: rows stay
  std::string first_refusal;  // of one of these
};

// Adds mutations to a transaction that writes records of [from, to).
struct ReplayStep {
  int64_t from = 0, to = 0, records = 0;
};
using WithReplayed = std::function<absl::Status(spanner::Client::Transaction&, const ReplayStep&,
                                                std::string* wire)>;

struct ReplayOptions {
  const pipeline::Plan* plan = nullptr;
  size_t source = 0;
  kafka::TopicPartition partition;
  int64_t from = 0;
  int64_t to = 0;  // of records that are not committed yet nothing is written
  int64_t memory_bytes = 0;
  bool dry_run = false;
  WithReplayed with = nullptr;
  std::function<absl::Status()> after = nullptr;  // what `with` was last asked for is committed
  std::stop_token stop = {};                      // CANCELLED, between transactions and in a scan
};

// Tables of the source that may not be written again, with the reason; empty: all may.
std::vector<std::string> NotReplayable(const pipeline::PlannedSource& source);

// `kafka` is subscribed to nothing. FAILED_PRECONDITION where the topic was created again.
absl::StatusOr<Replayed> Replay(spanner::Client& client, kafka::Consumer& kafka,
                                const ReplayOptions& options);

}  // namespace ks::runtime
