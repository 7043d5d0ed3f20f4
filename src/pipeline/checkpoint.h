// Checkpoints: what the protocol keeps in Spanner, as rows, and the mutations that move it.
//
// A partition of a topic has one row of kafka_spanner.Partitions, which stays for good, and per
// lane a chain of kafka_spanner.Checkpoints of which the last two rows live. Commit i of a chain is
// the batch [s(i), s(i+1)) and holds, beside its data,
//
//     UPDATE checkpoint s(i-1)    must exist:     only the direct successor of the last commit fits
//     INSERT checkpoint s(i)      must not exist: of several cuts of the batch only one gets in
//     DELETE checkpoint s(i-2)    idempotent
//
// so that no key is touched twice in a commit, and a commit applies at most once, after the one it
// was made to follow. docs/internals/checkpoint.md explains it; /tests/sim runs it against a
// simulated Spanner and shows for every rule (Rules) that without it records are lost or doubled.
//
// Invariants, for each lane of the current generation:
//   1. One row with StartOffset -1 (genesis), or two rows, the second begins where the first ends.
//   2. EndOffset only grows, except by ShapeChange, which raises Generation.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "pipeline/limits.h"
#include "pipeline/ports.h"

namespace ks::pipeline {

inline constexpr int64_t kGenesis = -1;  // StartOffset of a chain's first checkpoint

// The protocol's rules. Only tests take one away, to show that they would notice.
struct Rules {
  bool anchor = true;      // creating chains inserts the Partitions row, which must not exist
  bool update = true;      // a commit requires the checkpoint before it
  bool generation = true;  // a change of shape starts a new generation
  bool drain = true;       // lanes are changed only where they stand at one offset
  bool resolve = true;     // a failed commit is resolved by a read; off: ALREADY_EXISTS is success
  bool give_up = true;     // chains that others moved are given up; off: taken over as they stand
  bool skip = true;        // a lane skips what it has taken
  bool epoch = true;       // records fetched before a seek are dropped
};

struct ChainKey {
  std::string pipeline;
  std::string topic;
  int64_t partition = 0;
};

// A chain as it stands: its last two checkpoints.
struct ChainHead {
  std::optional<int64_t> before;  // StartOffset of the one before the last
  int64_t last = kGenesis;        // StartOffset of the last
  int64_t head = 0;               // EndOffset of the last: the first offset not done
  std::string batch;              // Batch of the last
  std::optional<int64_t> last_timestamp_ms;
};

// The chains of one partition.
struct Chains {
  int64_t generation = 0;
  std::string topic_id;                                     // empty: not known
  std::vector<ChainHead> lanes;                             // by lane
  std::vector<std::tuple<int64_t, int64_t, int64_t>> rows;  // all keys: generation, lane, start
};

// ---- Reading

// The Partitions row and all Checkpoints rows of a partition. They may be read at different times.
std::vector<ReadSpec> ChainReads(const ChainKey& key);

// The Partitions rows of a whole topic: none when the pipeline has never run on it.
ReadSpec TopicRead(const std::string& pipeline, const std::string& topic);

// What was read: nothing when the partition has no chains yet. ABORTED when the two reads do not
// fit together because the shape changed between them: read again.
absl::StatusOr<std::optional<Chains>> DecodeChains(absl::Span<const RowsPtr> rows);

// ---- Writing: each appends wire bytes of CommitRequest.mutations

// Who makes a commit, and the id that a resolving read looks for.
struct CommitLabel {
  std::string_view writer;
  std::string_view batch;
};

struct Genesis {
  int lanes = 1;
  int64_t begin = 0;
  std::string_view topic_id;  // empty: not known
};
// How many mutations Spanner counts for it.
constexpr int64_t GenesisMutations(int lanes) { return 7 + int64_t{12} * lanes; }
void AppendGenesis(const ChainKey& key, const Genesis& genesis, const CommitLabel& label,
                   const Rules& rules, std::string* wire);

// One lane's step from `from` to `end`.
struct Advance {
  int lane = 0;
  const ChainHead* from = nullptr;
  int64_t end = 0;
  int64_t records = 0;
  std::optional<int64_t> last_timestamp_ms;
};
void AppendAdvances(const ChainKey& key, int64_t generation, absl::Span<const Advance> advances,
                    const CommitLabel& label, const Rules& rules, std::string* wire);

// How many mutations Spanner counts for one lane's step.
inline constexpr int64_t kAdvanceMutations = 6 + 11 + 1;

// Another number of lanes, another place to begin, or another topic of the same name. For a
// read-write transaction whose reads are ChainReads.
struct ShapeChange {
  int lanes = 1;
  std::optional<int64_t> begin;         // nothing: where the lanes stand, which must be one offset
  std::optional<std::string> topic_id;  // nothing: as it was
};
absl::StatusOr<std::string> ShapeChangeMutations(const ChainKey& key, const ShapeChange& change,
                                                 const CommitLabel& label, const Rules& rules,
                                                 absl::Span<const RowsPtr> rows);

// ---- An operator's move: `offsets set` and `offsets skip`

struct Move {
  int64_t to = 0;
  bool only_forward = false;  // lanes that stand beyond `to` stay there
};
struct LaneMove {
  std::optional<int64_t> head;  // nothing: its checkpoints are gone
  int64_t begin = 0;            // where it will begin
};
struct ChainMove {
  int64_t generation = 0;                                   // that will be
  std::string topic_id;                                     // that is
  std::vector<LaneMove> lanes;                              // by lane
  std::vector<std::tuple<int64_t, int64_t, int64_t>> rows;  // of all generations, to be deleted
};

// What a move would do, from the rows of ChainReads. More forgiving than DecodeChains: it is also
// the way out where the rows were damaged.
absl::StatusOr<ChainMove> PlanMove(const ChainKey& key, const Move& move,
                                   absl::Span<const RowsPtr> rows);
// For the read-write transaction that read those rows. It raises the generation, so that what any
// worker has on its way no longer fits. An empty `topic_id` leaves it as it was.
std::string MoveMutations(const ChainKey& key, const ChainMove& move, std::string_view topic_id,
                          const CommitLabel& label);

// ---- Tables

// The statements that make the schema kafka_spanner, in order. `name` is the object made.
struct DdlStatement {
  std::string_view name;
  std::string_view text;
};
absl::Span<const DdlStatement> CheckpointDdl();

}  // namespace ks::pipeline
