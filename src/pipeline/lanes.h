// Lanes: the chains of one partition at work, from the chains as read to being given up, drained or
// stopped. Partition (partition.h) owns one while it runs.
//
// A lane has four offsets, head <= sent <= taken, and position:
//   head      committed: the chain's EndOffset
//   sent      the end of the batch that is in flight
//   taken     records below it are committed, in flight, open, of other lanes, or filtered
//   position  the next record to be fetched; taken <= position but for lanes ahead at the start
// A lane skips records below `taken`. Dropping a lane's batches sets taken = head and seeks there;
// the other lanes keep theirs and skip.
//
// Data errors halve: a refused batch of n records is dropped and read again, and the lane's next
// batches are capped to half of what is still suspect, until it is one record: LaneData gives the
// verdict on it.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "pipeline/chain.h"
#include "pipeline/partition_options.h"
#include "pipeline/ports.h"
#include "pipeline/pushback.h"

namespace ks::pipeline {

class Lanes {
 public:
  enum class Outcome : uint8_t {
    kWorking,
    kDrained,   // all lanes stand at the target
    kMoved,     // another has moved the chains
    kFinished,  // as asked by Finish, or failed: status()
  };

  Lanes(const PartitionOptions& options, const Chains& chains, const LaneDataFactory& factory,
        env::Random* random, CallId* last_call, PartitionStats* stats);

  // Seeks to where the first lane stands, or to `low` when that is higher. With a target, no
  // record at or after it is admitted and the lanes stop there.
  void Begin(int64_t low, std::optional<int64_t> target, uint32_t* epoch, Actions* actions);

  // Goes on at `offset`: what lies between the position and it is gone.
  void SkipTo(int64_t offset);

  Admission Admit(const RecordChunk& chunk);
  void Refuse(const RecordRefused& refused);
  // Commits what was taken, then kFinished. The first status counts.
  void Finish(absl::Status status);

  void OnRowsRead(const RowsRead& event, int64_t now, Actions* actions);
  void OnCommitDone(const CommitDone& event, int64_t now, Actions* actions);
  void OnChainsRead(const ChainsRead& event, int64_t now, Actions* actions);

  // To be called after every event: sends what can be sent.
  Outcome Step(int64_t now, Actions* actions);

  const absl::Status& status() const { return finish_; }
  int64_t wake_at() const { return wake_at_; }
  int count() const { return static_cast<int>(lanes_.size()); }
  LaneData& data(int lane) { return *lanes_[static_cast<size_t>(lane)].data; }
  int64_t complete_offset() const;  // everything below is in Spanner
  int64_t next_needed() const;      // the lowest offset that must still be fetched
  int64_t position() const { return position_; }
  int64_t highest_head() const;

 private:
  struct Lane {
    ChainHead chain;
    int64_t taken = 0;
    bool in_flight = false;
    bool in_flight_data = false;  // of records, not only of filtered ones
    int64_t suspects = 0;         // records among which one is refused; 0: none known
    int64_t behind_since = -1;    // when only filtered records were past the head; -1: not so
    int64_t taken_before = 0;     // the last Admit
    std::unique_ptr<LaneData> data;
  };
  struct Airborne {
    Flight flight;
    bool verdict = false;  // carries what is left of a record that was refused
  };

  void AdmitRows(const RecordChunk& chunk, size_t count);
  bool Full() const;
  void Launch(int64_t now, Actions* actions);
  void LaunchOne(std::vector<int> lanes, bool small, int64_t now, Actions* actions);
  void LaunchShared(const std::vector<int>& lanes, int slots, int64_t now, Actions* actions);
  Leg CloseLane(int lane);
  bool IsDue(const Lane& lane, int64_t now) const;
  BatchLimits LimitsFor(const Lane& lane) const;
  Airborne* Find(CallId call);
  void Settle(Airborne* airborne, Flight::Outcome outcome, int64_t now, Actions* actions);
  void Land(const Flight& flight, int64_t now);
  void OnRefused(Airborne* airborne, int64_t now, Actions* actions);
  void Split(const Flight& flight, int64_t now);
  void Halve(const Leg& leg);
  void JudgeRecord(const Leg& leg, const Flight& flight, int64_t now);
  void Remove(const Airborne* airborne);
  void LearnMutations(const Flight& flight, const CommitDone& event);
  void Notice(const absl::Status& answer, const Flight& flight, int64_t now, Actions* actions);
  void Report(int64_t now, Actions* actions);
  void SetFetching(Actions* actions);
  void SetWake(int64_t now);
  bool Quiet() const;

  const PartitionOptions& options_;
  FlightContext context_;
  PartitionStats* const stats_;
  std::vector<Lane> lanes_;
  std::vector<std::unique_ptr<Airborne>> flights_;
  CommitWindow window_;
  OutageNotice outage_notice_;
  DeadLetterBreaker breaker_;

  uint32_t* epoch_ = nullptr;
  int64_t position_ = 0;
  int64_t skip_to_ = 0;  // nothing below is left in the topic
  std::optional<int64_t> target_;
  std::optional<int64_t> newest_timestamp_ms_;
  bool seek_needed_ = false;
  bool fetching_ = false;
  bool moved_ = false;
  bool failed_ = false;     // finish at once, without flushing
  bool finishing_ = false;  // finish_ says how
  absl::Status finish_;
  int outage_ = 0;               // commits refused whatever they held, in a row
  double mutation_ratio_ = 1.0;  // what Spanner counted to what was counted here
  int64_t launched_ = 0;
  size_t first_lane_ = 0;  // whose turn it is
  int64_t reported_ = -1;
  int64_t reported_at_ = 0;
  int64_t wake_at_ = 0;

  std::vector<uint32_t> admitted_rows_;
  std::vector<uint16_t> admitted_lanes_;
};

}  // namespace ks::pipeline
