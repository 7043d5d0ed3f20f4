// PartitionRig: a Partition, a strict Spanner and a clock in one test's hands. Calls are answered
// at once, or the test holds commits back and answers them itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "pipeline/partition.h"
#include "pipeline/testing/fake_lane_data.h"
#include "pipeline/testing/sim_spanner.h"

namespace ks::pipeline {

class PartitionRig {
 public:
  PartitionRig();

  // ---- Set before Begin
  PartitionOptions options;
  Verdict verdict = Verdict::kDeadLetter;
  TopicFacts facts{.topic_id = "id-1", .low = 0, .high = 1000, .begin = 0};

  // A new Partition over the same Spanner, as a worker that starts again. Run() until it fetches.
  void Begin();

  // Carries out actions, answering each call at once, until none is left. `hold_commits` leaves
  // SendCommits in `commits`.
  void Run();
  bool hold_commits = false;

  // Offers records; false when not all were consumed.
  bool Offer(const std::vector<FakeRecord>& records, std::optional<int64_t> next_offset = {});
  // A record of key "k<key>".
  static FakeRecord Record(int64_t offset, int key, bool refused = false);
  static std::vector<FakeRecord> Records(int64_t from, int64_t to);

  void Tell(const Event& event);
  void Advance(int64_t nanos);  // and says Tick

  // Carries out commits[i] and tells `answer`, or what Spanner says.
  void Apply(size_t i, std::optional<absl::Status> answer = {});
  // Tells the answer without carrying it out.
  void Refuse(size_t i, const absl::Status& answer);

  std::vector<SendCommit> commits;     // held
  std::optional<absl::Status> outage;  // what every commit is answered with, if set
  int64_t commits_sent = 0;
  int64_t reads_done = 0;

  // ---- What was seen
  std::vector<Seek> seeks;
  std::vector<int64_t> reported;
  std::vector<absl::Status> warnings;
  std::optional<absl::Status> stopped;
  std::vector<BatchEnded> ended;
  std::optional<absl::Status> given_up;
  bool fetching = false;
  int described = 0;

  std::vector<int64_t> Applied() const;      // offsets, ascending
  std::vector<int64_t> DeadLetters() const;  // offsets, ascending
  Chains Standing() const;                   // the chains; one must be there

  SimSpanner spanner;
  env::SimRandom random{1};
  int64_t now = env::kNanosPerSecond;
  std::unique_ptr<Partition> partition;

 private:
  void Do(const ReadChains& action);
  void Do(const ReadRows& action);
  void Do(const SendCommit& action);
  void Do(const RunTransaction& action);
  void Do(const Seek& action) { seeks.push_back(action); }
  void Do(const Pause&) { fetching = false; }
  void Do(const Resume&) { fetching = true; }
  void Do(const CommitKafkaOffset& action) { reported.push_back(action.offset); }
  void Do(const DescribeTopic&) { ++described; }
  void Do(const Warning& action) { warnings.push_back(action.status); }
  void Do(const BatchEnded& action) { ended.push_back(action); }
  void Do(const GivenUp& action) { given_up = action.reason; }
  void Do(const Stopped& action) { stopped = action.status; }
  std::vector<RowsPtr> Rows(const std::vector<ReadSpec>& specs) const;

  Actions pending_;
};

}  // namespace ks::pipeline
