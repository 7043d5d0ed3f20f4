// Partition: the checkpoint protocol for one partition of a topic, as a state machine without I/O.
//
//   Waiting --TopicFacts--> Reading --no chains--> Creating --any answer--> Reading
//                             |  ^
//                 chains fit  |  |  any answer, or facts of a topic that seemed to end too early
//                             v  |
//                           Working --drained to one offset--> Reshaping (other number of lanes)
//                             |
//                             +--> Ended: GivenUp (moved by another) or Stopped (asked; an error)
//
// While Working, Lanes (lanes.h) runs the chains; each commit is a Flight (chain.h).
//
// How to drive it:
//   partition.Handle(TopicFacts{…}, now, &actions);               carry out the actions
//   on records:   Admission a = partition.Admit(chunk);
//                 transform a.rows, put them into partition.lane_data(lane) in offset order,
//                 say RecordRefused where a record may not pass, and before any other event
//                 partition.Handle(RecordsAdded{}, now, &actions);
//   on an answer: partition.Handle(CommitDone{…}, now, &actions);
//   at wake_at(): partition.Handle(Tick{}, now, &actions);
//   until GivenUp or Stopped has been said; nothing is done after that.
// LaneData objects live as long as the Lanes: until the next Seek after ReadChains, or the end.
//
// Guarantees (tests/sim shows each; docs/internals/checkpoint.md names the test for each rule):
// every record's data is committed exactly once, and in offset order within a lane, whatever
// happens to workers, commits and their answers.
//
// Not thread-safe: one thread drives it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "absl/status/status.h"
#include "env/clock.h"
#include "pipeline/lanes.h"
#include "pipeline/partition_options.h"
#include "pipeline/ports.h"

namespace ks::pipeline {

class Partition {
 public:
  // `random` must outlive it.
  Partition(PartitionOptions options, LaneDataFactory factory, env::Random* random);
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  // Appends what is to be done to `actions`.
  void Handle(const Event& event, int64_t now, Actions* actions);

  // The hot path: which records of the chunk to transform and add. See above.
  Admission Admit(const RecordChunk& chunk);

  // How many lanes the admitted records have, and their data; only after Admit has returned rows.
  int lanes() const;
  LaneData& lane_data(int lane);

  // When to say Tick: MonotonicNanos, or the largest int64_t.
  int64_t wake_at() const;
  bool ended() const { return std::holds_alternative<Ended>(state_); }
  // Everything below is in Spanner; nothing while that is not known.
  std::optional<int64_t> complete_offset() const;
  const PartitionStats& stats() const { return stats_; }

 private:
  struct Waiting {  // for facts of the topic
    int64_t ask_again_at;
  };
  struct Reading {
    CallId call = 0;
  };
  struct Creating {
    CallId call = 0;
  };
  struct Working {
    std::unique_ptr<Lanes> lanes;
  };
  struct Reshaping {
    CallId call = 0;
  };
  struct Pausing {  // before reading again
    int64_t until = 0;
  };
  struct Ended {};

  void ReadAgain(Actions* actions);
  void PauseThenRead(const absl::Status& cause, int64_t now, Actions* actions);
  void End(absl::Status status, Actions* actions);
  void OnFacts(const TopicFacts& facts, Actions* actions);
  void OnChainsRead(const ChainsRead& event, int64_t now, Actions* actions);
  void OnCommitDone(const CommitDone& event, int64_t now, Actions* actions);
  void OnStop(Actions* actions);
  void Create(Actions* actions);
  void Work(Chains chains, int64_t now, Actions* actions);
  void Reshape(Actions* actions);
  void StepLanes(int64_t now, Actions* actions);
  bool CheckTopic(Actions* actions);
  bool CheckLow(int64_t next, Actions* actions);

  const PartitionOptions options_;
  const LaneDataFactory factory_;
  env::Random* const random_;

  std::variant<Waiting, Reading, Creating, Working, Reshaping, Pausing, Ended> state_;
  TopicFacts facts_;
  bool facts_are_news_ = false;              // not looked at yet
  std::string committed_topic_id_;           // of the chains
  std::optional<int64_t> suspect_head_;      // lies above the topic's end, which may be old news
  std::optional<int64_t> reported_removed_;  // a loss that was already warned of
  CallId last_call_ = 0;
  uint32_t epoch_ = 0;
  int attempts_ = 0;  // of reading or changing the chains, without success
  Backoff backoff_;
  OutageNotice outage_notice_;
  bool adding_ = false;  // between Admit and RecordsAdded
  PartitionStats stats_;
};

}  // namespace ks::pipeline
