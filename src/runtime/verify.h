// Verify: recomputes from Kafka what the tables of one source must hold, and compares.
//
// Everything of Spanner is read at one timestamp: the checkpoints, the dead letters, the tables. A
// record counts where its lane's checkpoint has passed it and it is no dead letter. Of a snapshot's
// key its last record stands; where several chains wrote it, whose order nobody knows, the last of
// any of them (`uncertain`). An aggregate's partial rows are merged and compared with all records'.
//
// Memory: what is expected is held, at most `memory_bytes`; beyond, keys are divided by their hash
// and the topic and tables are read once for each part (`passes`).
//
// What Kafka no longer has cannot be verified: `limits` says so in words, and the kinds of
// difference that may come of it are counted as `unjudged` instead.
//
// Blocks; one thread. Tested by tests/e2e/test_verify.py.
#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka/consumer.h"
#include "pipeline/plan.h"
#include "spanner/client.h"

namespace ks::runtime {

struct VerifyOptions {
  const pipeline::Plan* plan = nullptr;
  size_t source = 0;
  std::string read_timestamp;  // RFC 3339
  int64_t memory_bytes = 0;
  size_t examples = 0;  // of each table
};

struct Difference {
  enum class Kind : uint8_t { kMissing, kExtra, kDifferent };
  Kind kind = Kind::kMissing;
  google::protobuf::ListValue expected;  // empty of a row that is extra
  google::protobuf::ListValue actual;    // empty of a row that is missing
  std::vector<size_t> columns;           // kDifferent: those that differ
};

struct VerifiedTable {
  const pipeline::PlannedTable* table = nullptr;
  int64_t equal = 0;
  int64_t missing = 0;
  int64_t extra = 0;
  int64_t different = 0;
  int64_t unjudged = 0;   // differences that `limits` may explain
  int64_t uncertain = 0;  // keys that several chains wrote
  std::vector<Difference> examples;
  std::vector<std::string> not_compared;  // columns whose value may rightly be another

  bool wrong() const { return missing + extra + different > 0; }
};

struct VerifiedPartition {
  kafka::TopicPartition partition;
  int64_t from = 0;  // the first offset that Kafka still has
  int64_t to = 0;    // the first that no lane has passed
};

struct VerifyReport {
  std::vector<VerifiedPartition> partitions;
  std::vector<VerifiedTable> tables;  // as in the plan
  std::vector<std::string> limits;
  int64_t records = 0;
  int64_t dead_letters = 0;
  // Records that the pipeline file as it is refuses, and that are no dead letters.
  int64_t refused = 0;
  int64_t passes = 0;
};

// A strong read's timestamp: now.
absl::StatusOr<std::string> TimestampToRead(spanner::Client& client);

// `kafka` is subscribed to nothing. FAILED_PRECONDITION where the topic was created again.
absl::StatusOr<VerifyReport> Verify(spanner::Client& client, kafka::Consumer& kafka,
                                    const VerifyOptions& options);

}  // namespace ks::runtime
