// The ports of the checkpoint protocol: what a Partition (partition.h) asks for, what it is told,
// and LaneData, the data side of one lane.
//
// A Partition does no I/O. The runtime hands it Events and chunks of records and carries out the
// Actions that it answers with; every action with a CallId is answered once, at any time, in any
// order, by the event named beside it. Answers to calls that the Partition no longer waits for are
// ignored, so nothing needs to be cancelled.
//
// Times are nanoseconds of env::Clock::MonotonicNanos. Record timestamps are milliseconds since the
// Unix epoch. Thread safety: none here; one thread drives a Partition and its LaneData.
// RunTransaction::compute alone may run on another thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace google::spanner::v1 {
class ResultSet;
}

namespace ks::pipeline {

// ---- Reading

// Rows as Spanner sent them, in the order of the columns asked for: ResultSet.rows is a list of
// ListValue.
using RowsPtr = std::shared_ptr<const google::spanner::v1::ResultSet>;

struct ReadSpec {
  std::string table;
  std::vector<std::string> columns;
  std::string key_set;  // wire bytes of google.spanner.v1.KeySet
};

// Names one call of one Partition; never used twice by it.
using CallId = uint64_t;

// ---- Actions: what the runtime is to do

// Strong reads, which may run at once or in any order. -> ChainsRead
struct ReadChains {
  CallId id = 0;
  std::vector<ReadSpec> reads;
  std::string trace;  // of the batch whose fate they tell, where it is traced
};

// Strong reads of the partial aggregates that a lane's cache does not hold. -> RowsRead
struct ReadRows {
  CallId id = 0;
  int lane = 0;
  std::vector<ReadSpec> reads;
  std::string trace;  // of the batch, where it is traced
};

// One Commit RPC with a single-use read-write transaction, one attempt, no retries below. ->
// CommitDone
struct SendCommit {
  CallId id = 0;
  // wire bytes of CommitRequest.mutations, to stand after the sender's own fields
  std::string mutations;
  std::string tag;  // transaction tag
  bool return_commit_stats = false;
  std::string trace;  // of the batch, where it is traced
};

// Makes the mutations of a transaction (wire bytes) from the rows it has read. Owns what it needs.
using MakeMutations = std::function<absl::StatusOr<std::string>(absl::Span<const RowsPtr>)>;

// A read-write transaction: the reads, in it; then a commit of what `compute` makes of their rows
// (in the order of `reads`). An error of `compute` rolls back and is the answer. ABORTED is retried
// from the reads, here below. -> CommitDone
struct RunTransaction {
  CallId id = 0;
  std::string tag;
  std::vector<ReadSpec> reads;
  // owns what it needs
  std::function<absl::StatusOr<std::string>(const std::vector<RowsPtr>&)> compute;
  std::string trace;  // of the batch, where it is traced
};

// Fetch from `offset` on. Records fetched before are dropped; chunks from now on carry `epoch`.
struct Seek {
  int64_t offset = 0;
  uint32_t epoch = 0;
};

// Stop and start fetching. Sent on changes only; a Partition begins paused, and Seek does not
// change it.
struct Pause {};
struct Resume {};

// Everything below `offset` is in Spanner: report it to the consumer group, for lag tools. Never
// read back.
struct CommitKafkaOffset {
  int64_t offset = 0;
};

// Something a person should know; the Partition goes on.
struct Warning {
  absl::Status status;
};

// Look at the topic again, now: what is known does not fit, and may only be old. -> TopicFacts
struct DescribeTopic {};

// A batch that is traced (PartitionOptions::traces) is in Spanner, or is not going there as it is.
struct BatchEnded {
  struct Lane {
    int lane = 0;
    int64_t begin = 0;  // offsets [begin, end)
    int64_t end = 0;
  };
  std::string trace;
  std::vector<Lane> lanes;
  int64_t records = 0;
  int64_t bytes = 0;
  int64_t mutations = 0;
  int64_t dead_letters = 0;
  int64_t attempts = 0;  // Commit calls
  absl::Status status;   // OK: it is in Spanner
};

// Terminal: another worker has moved the chains, the shape has changed, or the broker refuses the
// position. If the group still
// assigns the partition here, make a new Partition after a pause of a second or so; it reads the
// chains anew. This is no error.
struct GivenUp {
  absl::Status reason;
};

// Terminal: OK after a Stop event, when all that was taken is committed; otherwise what a person
// has to decide, and the text says how.
struct Stopped {
  absl::Status status;
};

using Action =
    std::variant<ReadChains, ReadRows, SendCommit, RunTransaction, Seek, Pause, Resume,
                 CommitKafkaOffset, DescribeTopic, Warning, BatchEnded, GivenUp, Stopped>;
using Actions = std::vector<Action>;

// ---- Events: what the runtime has to tell

struct ChainsRead {
  CallId id = 0;
  absl::StatusOr<std::vector<RowsPtr>> rows;  // one per read
};

struct RowsRead {
  CallId id = 0;
  absl::StatusOr<std::vector<RowsPtr>> rows;  // one per read
};

struct CommitDone {
  CallId id = 0;
  absl::Status status;
  int64_t commit_timestamp_micros = 0;       // when OK
  std::optional<int64_t> retry_delay_nanos;  // RetryInfo
  std::optional<int64_t> mutation_count;     // commit_stats
};

// The topic as the broker describes it. The first one starts the Partition. Send it again every
// minute or so, and when a fetch says OFFSET_OUT_OF_RANGE or the topic's id changes.
struct TopicFacts {
  std::string topic_id;  // empty: not known
  int64_t low = 0;       // the first offset that retention has left
  int64_t high = 0;      // the first offset that is not written yet
  // Where a partition without chains begins. The runtime makes a topic's first chains, as `start:`
  // says, before any Partition: what has none then is a partition that the topic grew while the
  // pipeline was known, and begins at `low`.
  int64_t begin = 0;
  bool out_of_range = false;  // a fetch at the position was refused for its offset
};

// The records of the last Admission are in their lanes' LaneData (those that a filter or policy
// dropped are not).
struct RecordsAdded {};

// Record `offset` of the last Admission may not be passed (`else: stop`, or no way to make it a
// row): what the lanes have is committed; then Stopped(status). Tell before RecordsAdded. Of that
// Admission, no LaneData holds a record from `offset` on, of whatever lane.
struct RecordRefused {
  int64_t offset = 0;
  absl::Status status;
};

// Time has come to Partition::wake_at().
struct Tick {};

// Commit what has been taken, then Stopped(OK).
struct Stop {};

using Event = std::variant<ChainsRead, RowsRead, CommitDone, TopicFacts, RecordsAdded,
                           RecordRefused, Tick, Stop>;

// ---- Records

// Records of one partition, offsets ascending.
struct RecordChunk {
  uint32_t epoch = 0;  // of the Seek that these were fetched after
  absl::Span<const int64_t> offsets;
  absl::Span<const uint64_t> key_hashes;    // LaneHash (lane_hash.h) of the Kafka key
  absl::Span<const int64_t> timestamps_ms;  // -1: none
  // The first offset after what was fetched; more than the last offset + 1 where markers or
  // compaction leave a gap. A chunk of no records with a new next_offset says that nothing but a
  // gap lies before it.
  int64_t next_offset = 0;
};

// Which records of a chunk to transform and add. Valid until the next call of the Partition.
struct Admission {
  // The first `consumed` records are dealt with; offer the others again when a later event has made
  // room.
  size_t consumed = 0;
  // indexes into the chunk, ascending; the others consumed are in Spanner already
  absl::Span<const uint32_t> rows;
  absl::Span<const uint16_t> lanes;  // of those rows
};

// ---- The data of one lane

struct BatchLimits {
  int64_t records = 0;
  int64_t bytes = 0;      // wire bytes
  int64_t mutations = 0;  // as Spanner counts them, by MutationCount (mutation_writer.h)
};

struct BatchSize {
  int64_t records = 0;
  int64_t bytes = 0;
  int64_t mutations = 0;
};

struct ClosedBatch {
  BatchSize size;
  int64_t end_offset = 0;          // after its last record
  int64_t last_timestamp_ms = -1;  // the highest of its records; -1: none has one
  int64_t dead_letters = 0;        // how many of the records became dead letters
};

enum class Verdict : uint8_t {
  kSkip,        // the record is left out: AppendMutations now gives nothing for it
  kDeadLetter,  // AppendMutations now gives its dead letter
  kReadAgain,   // its dead letter wants the record as Kafka has it, which was not kept: drop the
                // lane's batches; when it comes again, it is kept
  kStop,
};

// The open and the closed batch of one lane. Records are put in by the transformation, in offset
// order; a record is there whole (all its rows of all tables) or not at all. The chain closes a
// batch, commits it (any number of attempts), and only then closes the next; the open batch gathers
// meanwhile.
class LaneData {
 public:
  virtual ~LaneData() = default;

  // ---- The open batch
  virtual BatchSize open() const = 0;
  // Moves the longest prefix of whole open records that is within the limits, and at least one
  // record, to the closed batch. Called when records are open and nothing is closed.
  virtual ClosedBatch Close(const BatchLimits& limits) = 0;

  // ---- The closed batch
  // The partial aggregates that it needs and the cache lacks; empty: none. The cache never forgets
  // what is not committed.
  virtual std::vector<ReadSpec> MissingReads() { return {}; }
  // Their rows; a row that is not there means that the group is new.
  virtual absl::Status OnRead(const std::vector<RowsPtr>& /*rows*/) { return absl::OkStatus(); }

  // Appends the mutations as wire bytes of CommitRequest.mutations. Any number of times, the same
  // bytes every time, until the batch is done with.
  virtual void AppendMutations(std::string* wire) = 0;

  // `merge: transaction` and `order_by:`: the mutations depend on rows that other chains write. The
  // reads to do in the commit's own transaction (empty: the batch is a blind commit), and what
  // makes mutations of their rows. The function owns what it needs: it may outlive this object and
  // run on another thread.
  virtual std::vector<ReadSpec> TransactionReads() { return {}; }
  virtual MakeMutations TransactionMutations() { return nullptr; }

  // The closed batch is in Spanner; there is no closed batch now.
  virtual void OnCommitted() = 0;
  // Open and closed batch are dropped, and changes to caches that are not committed; the records
  // come again.
  virtual void OnDropped() = 0;
  // The closed batch is of one record, and Spanner refuses it for what it holds. Called once per
  // closed batch.
  virtual Verdict OnDataError(const absl::Status& status) = 0;
};

// Makes the LaneData of lane `lane` of `lanes`; the partial aggregates' key has the lane in it.
using LaneDataFactory = std::function<std::unique_ptr<LaneData>(int lane, int lanes)>;

}  // namespace ks::pipeline
