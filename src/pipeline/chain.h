// Flight: one commit of one or more lanes of a partition, from its closed batches to what became of
// it. A lane is in one flight at a time, so its chain is idle or in exactly one of these states:
//
//                       +-------------- stands, unclear -----------------+
//                       v                                                |
//   Reading ------> Committing --any failure but ABORTED--> Resolving ---+--> kDone    my batch
//      |  ^             |  ^  \                                |  ^      +--> kMoved   another's
//      v  |             v  |   --OK--> kDone                   v  |      +--> kRefused stands, and
//    BackingOff      BackingOff                             BackingOff            a data error
//
//   Reading      strong reads of partial aggregates that the lanes' caches lack
//   Committing   one attempt is out
//   Resolving    an attempt failed or its fate is unclear: a strong read of the chains says which
//   BackingOff   waits before it reads, commits or resolves again
//
// Invariants:
//   1. Every attempt of a flight is the same commit, byte for byte: the same Batch id means the
//      same records. What is cut anew is a new flight.
//   2. kDone is said only when an attempt returned OK or the chains show this flight's Batch id as
//      the last of every lane. Error texts are never looked at.
//
// Tested in partition_test.cc and /tests/sim. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "env/clock.h"
#include "observe/trace.h"
#include "pipeline/checkpoint.h"
#include "pipeline/ports.h"
#include "pipeline/pushback.h"

namespace ks::pipeline {

// One lane's part of a flight: its step from `from` to `end`.
struct Leg {
  int lane = 0;
  ChainHead from;
  int64_t end = 0;
  std::optional<int64_t> last_timestamp_ms;
  ClosedBatch batch;         // of no records where the chain only moves past filtered records
  LaneData* data = nullptr;  // holds the closed batch; null where there is none
};

// What all flights of a partition share.
struct FlightContext {
  ChainKey key;
  int64_t generation = 0;
  std::string writer;
  std::string tag;
  Rules rules;
  env::Random* random = nullptr;
  CallId* last_call = nullptr;
  observe::TraceSampling traces = {};
};

struct FlightCounts {
  int64_t attempts = 0;
  int64_t resolves = 0;
};

class Flight {
 public:
  enum class Outcome : uint8_t {
    kFlying,
    kDone,     // the batch is in Spanner
    kMoved,    // another has moved the chains
    kRefused,  // not in Spanner, the chains stand, and Spanner refuses the data: cause()
    kFailed,   // not to be resolved by trying again: cause()
  };

  Flight(const FlightContext* context, std::vector<Leg> legs, bool small);

  // Begins, at `now` or later.
  Outcome Start(int64_t now, bool return_commit_stats, Actions* actions);
  Outcome StartAt(int64_t at);

  // Events; those of calls that this flight does not wait for must not be given to it.
  bool Awaits(CallId call) const;
  Outcome OnRowsRead(const RowsRead& event, int64_t now, Actions* actions);
  Outcome OnCommitDone(const CommitDone& event, int64_t now, Actions* actions);
  Outcome OnChainsRead(const ChainsRead& event, int64_t now, Actions* actions);
  Outcome OnTime(int64_t now, Actions* actions);

  // When OnTime has something to do; the largest int64_t: never.
  int64_t wake_at() const;

  const std::vector<Leg>& legs() const { return legs_; }
  const std::string& batch() const { return batch_; }
  // The batch's id without its hyphens; empty: it is not traced.
  const std::string& trace() const { return trace_; }
  BatchEnded Ended(absl::Status status) const;
  const absl::Status& cause() const { return cause_; }
  const FlightCounts& counts() const { return counts_; }
  bool small() const { return small_; }
  int64_t sent_at() const { return sent_at_; }  // of the last attempt
  absl::StatusCode pushback() const { return pushback_; }
  // What the whole flight is counted as.
  int64_t mutations() const;

 private:
  struct Reading {
    std::vector<std::pair<CallId, size_t>> calls;  // with the leg that each reads for
    bool failed = false;
    absl::Status error;
  };
  struct Committing {
    CallId call = 0;
  };
  struct Resolving {
    CallId call = 0;
  };
  enum class Next : uint8_t { kRead, kCommit, kResolve };
  struct BackingOff {
    int64_t until = 0;
    Next next = Next::kRead;
  };
  enum class Standing : uint8_t { kMine, kStands, kMoved };

  Outcome Read(Actions* actions);
  Outcome Commit(int64_t now, Actions* actions);
  Outcome Resolve(Actions* actions);
  Outcome BackOff(Next next, std::optional<int64_t> asked_nanos, int64_t now);
  Outcome OnFailedCommit(const CommitDone& event, int64_t now, Actions* actions);
  Standing Compare(const std::optional<Chains>& chains) const;
  Outcome TakeOver(const Chains& chains, int64_t now, Actions* actions);  // Rules::give_up off
  std::string CheckpointMutations() const;

  const FlightContext* const context_;
  std::vector<Leg> legs_;
  std::vector<bool> unread_;  // by leg: partials may be missing
  std::string batch_;
  std::string trace_;
  const bool small_;
  bool return_commit_stats_ = false;
  int refusals_ = 0;
  int64_t generation_;
  int64_t sent_at_ = 0;
  Backoff backoff_;
  absl::Status cause_;  // of the last attempt that failed
  absl::StatusCode pushback_ = absl::StatusCode::kOk;
  FlightCounts counts_;
  std::variant<Reading, Committing, Resolving, BackingOff> state_;
};

// Codes by which Spanner refuses what a commit holds (once the chains are known to stand).
// NOT NULL, length and foreign keys: FAILED_PRECONDITION; CHECK: OUT_OF_RANGE; a row that an insert
// finds: ALREADY_EXISTS, that an update or an interleaved child misses: NOT_FOUND.
bool IsDataError(absl::StatusCode code);
// Codes that ask for fewer commits at once.
bool IsPushback(absl::StatusCode code);

}  // namespace ks::pipeline
