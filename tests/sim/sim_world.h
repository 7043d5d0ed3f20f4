// SimWorld: a topic of some partitions, a simulated Spanner and several workers, all driven by one
// seed.
//
// Workload x faults: the seed chooses how records arrive, how many partitions and lanes there are,
// which records are bad and what the pipeline file says of them, and how often each fault happens:
//   commits      answers lost, commits lost, ABORTED, applied long after the sender gave up,
//                applied twice (at any later time), answered out of order
//   reads        failed, or torn: the two reads of the chains at different times
//   workers      crash at any step, freeze and come back (zombies), several on one partition
//   fetches      records that were on their way when the worker seeked; facts that are old
//   operators    another number of lanes, a rewind, a corrected pipeline file, a new topic of the
//                same name (with and without an id)
//   topics       grow by records and by partitions; retention removes records that were not read
//                (under `on_data_loss: continue`)
// After some virtual seconds the faults end, one worker is left, and it must finish.
//
// Records go through RecordWriter and LaneBatch as in a worker (sim_data.h); some seeds write
// locking transactions with FakeLaneData instead.
//
// Below this file nothing depends on time, chance or addresses: a seed replays exactly.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipeline/checkpoint.h"
#include "pipeline/testing/sim_spanner.h"
#include "sim_log.h"

namespace ks::sim {

// What a test takes away around the protocol, to show that a checker would notice.
enum class Breakage : uint8_t {
  kNothing,
  kPartialsUnread,    // partial aggregates begin at nothing
  kPartialsStale,     // a worker trusts what it once read of them
  kDeadLettersApart,  // dead letters are written beside the commit that passes them
  kDataApart,         // so are rows
  kRefusedPassed,     // a record that stops the pipeline is passed by its lane
  kKeysScattered,     // lanes are chosen without the key
  kDeadLettersLost,   // a dead letter is not written
  kTombstonesLost,    // a tombstone deletes nothing
};

struct SimOptions {
  uint64_t seed = 0;
  pipeline::Rules rules;
  Breakage breakage = Breakage::kNothing;
  bool trace = false;  // print what happens
};

// One partition, for a checker.
struct SimPartition {
  std::vector<SimLog> lives;  // the logs that the partition had
  // An operator has said that the new life begins at this generation of the chains.
  std::vector<int64_t> generation_of_life = {0};
};

// What a checker may look at.
struct SimRun {
  std::vector<SimPartition> partitions;
  pipeline::Policy on_error = pipeline::Policy::kDeadLetter;  // in the end
  bool real = true;                                           // the real data path
  bool with_log = false;                                      // there is a table Log
  bool finished = false;     // all records were dealt with soon after the faults had ended
  std::string stopped;       // an error that a worker stopped with, where none was due
  std::string early_report;  // a Kafka offset reported before its records were in Spanner
  int64_t given_up = 0;
  int64_t reshaped = 0;
  int64_t rewound = 0;
  int64_t recreated = 0;
  int64_t corrected = 0;  // pipeline files, after a stop
  int64_t halvings = 0;
  pipeline::SimSpanner spanner;
};

inline constexpr const char* kOperator = "operator";  // the Writer of its checkpoints

SimRun RunSim(const SimOptions& options);

// The first violation found, or an empty string: each record written exactly once, or a dead letter
// exactly once, or left out, as it should; each key in order; the aggregates and the latest rows as
// computed from the log; after a rewind all that once more.
std::string CheckRun(const SimRun& run);

}  // namespace ks::sim
