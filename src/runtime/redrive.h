// Redrive: dead letters through the pipeline as it is now, into its tables.
//
// Exactly once: one read-write transaction reads the dead letters, writes their rows and deletes
// those that got through. What fails again stays, with its new reason.
//
// In order: a snapshot's row must not be overwritten by an older record. Rows do not say which
// record wrote them, so Kafka is asked: the partition is read from the dead letter on to the
// chains' heads, and a dead letter whose key has a later committed record there stays. The heads
// are read in the transaction itself, so a worker that commits meanwhile either is seen or comes
// after. Where Kafka cannot tell (records removed by retention, a topic created again, a row that
// several keys may write), the dead letters stay too. Aggregates and append tables need no order.
//
// Aggregates: partial rows of a lane that no worker has (pipeline::kRedriveLane), read and written
// in the transaction, so workers' caches know nothing of them and need not.
//
// Blocks; one thread. Tested by tests/e2e/test_dead_letters.py.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka/consumer.h"
#include "pipeline/plan.h"
#include "spanner/client.h"

namespace ks::runtime {

enum class RedriveResult : uint8_t {
  kWritten,  // its rows are in the tables (none, where no table wants it)
  kSkipped,  // `else: skip` passes it over now
  kFailed,   // stays: it fails again
  kOlder,    // stays: a newer record of its key is in the tables, or may be
  kGone,     // another redrive or discard was first
};

struct Redriven {
  int64_t offset = 0;
  RedriveResult result = RedriveResult::kGone;
  std::string note;
};

// Adds mutations to a transaction that takes `offsets` out of the dead letters.
using WithRedriven = std::function<absl::Status(
    spanner::Client::Transaction&, const std::vector<int64_t>& offsets, std::string* wire)>;

struct RedriveOptions {
  const pipeline::Plan* plan = nullptr;
  size_t source = 0;
  kafka::TopicPartition partition;
  bool dry_run = false;  // says what would be, and writes nothing
  WithRedriven with = nullptr;
  std::function<absl::Status()> after = nullptr;  // what `with` was last asked for is committed
};

// The dead letters of one partition at `offsets`, ascending. `kafka` is subscribed to nothing.
absl::StatusOr<std::vector<Redriven>> Redrive(spanner::Client& client, kafka::Consumer& kafka,
                                              const RedriveOptions& options,
                                              const std::vector<int64_t>& offsets);

}  // namespace ks::runtime
