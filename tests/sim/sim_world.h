// SimWorld: one Kafka partition, a simulated Spanner and several workers, all driven by one seed.
//
// Workload x faults: the seed chooses how records arrive, how many lanes there are, which records
// Spanner refuses, and how often each fault happens:
//   commits      answers lost, commits lost, ABORTED, applied long after the sender gave up,
//                applied twice (at any later time), answered out of order
//   reads        failed, or torn: the two reads of the chains at different times
//   workers      crash at any step, freeze and come back (zombies), several on one partition
//   fetches      records that were on their way when the worker seeked
//   operators    another number of lanes while workers run
//   retention    removes records that were not read (under `on_data_loss: continue`)
// After some virtual seconds the faults end, one worker is left, and it must finish.
//
// Below this file nothing depends on time, chance or addresses: a seed replays exactly.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "env/clock.h"
#include "pipeline/partition.h"
#include "pipeline/testing/fake_lane_data.h"
#include "pipeline/testing/sim_spanner.h"

namespace ks::sim {

struct SimOptions {
  uint64_t seed = 0;
  pipeline::Rules rules;
  bool trace = false;  // print what happens
};

// What a checker may look at.
struct SimRun {
  std::vector<pipeline::FakeRecord> log;
  pipeline::Verdict verdict = pipeline::Verdict::kDeadLetter;
  int64_t low = 0;           // what lies below may be lost: retention removed it
  bool finished = false;     // all records were dealt with soon after the faults had ended
  std::string stopped;       // an error that a worker stopped with, where none was due
  std::string early_report;  // a Kafka offset reported before its records were in Spanner
  int64_t commits = 0;
  int64_t given_up = 0;
  int64_t reshaped = 0;
  int64_t halvings = 0;
  pipeline::SimSpanner spanner;
};

SimRun RunSim(const SimOptions& options);

// The first violation found, or an empty string: each record written exactly once (or a dead letter
// exactly once, if refused), each key in order, the aggregates and the latest rows as computed from
// the log.
std::string CheckRun(const SimRun& run);

}  // namespace ks::sim
