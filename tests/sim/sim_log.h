// What is in the simulated Kafka: the log of each partition, and what must become of each record.
//
// A partition can be created again once (an operator's accident): then it has a second log, whose
// offsets mean other records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "env/clock.h"
#include "pipeline/spec.h"

namespace ks::sim {

enum class Kind : uint8_t {
  kPlain,
  kTombstone,  // no value: the latest row of its key goes
  kMalformed,  // no JSON
  kRejected,   // fails an assertion, `else: dead_letter`
  kUnwanted,   // fails an assertion, `else: skip`
  kPoison,     // Spanner refuses it
};

enum class Fate : uint8_t { kWritten, kDeleted, kDeadLetter, kSkipped };

struct SimRecord {
  int64_t offset = 0;
  std::optional<std::string> key;
  std::string group;
  int64_t number = 0;
  std::optional<std::pair<std::string, int64_t>> before;  // of a change: the row's group and number
  Kind kind = Kind::kPlain;
  int64_t timestamp_ms = 0;
  int64_t available_at = 0;          // when the broker has it
  std::optional<std::string> value;  // as JSON; nothing: a tombstone
};

// One life of a partition of the topic.
struct SimLog {
  std::string topic_id;
  int64_t low = 0;  // what lies below was removed by retention
  int64_t end = 0;  // after the last record, and markers behind it
  std::vector<SimRecord> records;

  // Where the log ends at `now`.
  int64_t high(int64_t now) const;
  const SimRecord* Find(int64_t offset) const;
};

struct LogShape {
  int partition = 0;
  int life = 0;        // keys of different lives differ
  bool plain = false;  // every record has a key, and only Spanner refuses some
  bool tombstones = false;
  bool changes = false;  // records are change events, and none is at fault
  int64_t from = 0;      // records arrive between these
  int64_t until = 0;     // times
  int64_t records_max = 160;
};

SimLog MakeLog(const LogShape& shape, env::Random& random);

// `on_error` decides about records that cannot be decoded or stored.
Fate FateOf(const SimRecord& record, pipeline::Policy on_error);

}  // namespace ks::sim
