#include "pipeline/testing/partition_rig.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/str_cat.h"
#include "pipeline/lane_hash.h"

namespace ks::pipeline {
namespace {

std::vector<int64_t> OffsetsOf(const SimTable& table) {
  std::vector<int64_t> offsets;
  for (const auto& [key, row] : table) offsets.push_back(std::stoll(row.at("KafkaOffset")));
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

}  // namespace

PartitionRig::PartitionRig() { options.key = {"p", "t", 0}; }

void PartitionRig::Begin() {
  commits.clear();
  pending_.clear();
  stopped.reset();
  given_up.reset();
  fetching = false;
  const auto factory = [this](int lane, int) {
    return std::make_unique<FakeLaneData>(
        FakeLaneData::Options{.partition = 0, .lane = lane, .verdict = verdict});
  };
  partition = std::make_unique<Partition>(options, factory, &random);
  Tell(facts);
}

void PartitionRig::Tell(const Event& event) {
  partition->Handle(event, now, &pending_);
  Run();
}

void PartitionRig::Run() {
  while (!pending_.empty()) {
    Actions actions = std::exchange(pending_, {});
    for (const Action& action : actions) {
      std::visit([this](const auto& what) { Do(what); }, action);
    }
  }
}

void PartitionRig::Advance(int64_t nanos) {
  now += nanos;
  Tell(Tick{});
}

FakeRecord PartitionRig::Record(int64_t offset, int key, bool refused) {
  return {.offset = offset,
          .key = StrCat("k", key),
          .group = "g",
          .value = offset,
          .timestamp_ms = 1000 + offset,
          .refused = refused};
}

std::vector<FakeRecord> PartitionRig::Records(int64_t from, int64_t to) {
  std::vector<FakeRecord> records;
  for (int64_t i = from; i < to; ++i) records.push_back(Record(i, static_cast<int>(i % 16)));
  return records;
}

bool PartitionRig::Offer(const std::vector<FakeRecord>& records,
                         std::optional<int64_t> next_offset) {
  std::vector<int64_t> offsets;
  std::vector<uint64_t> hashes;
  std::vector<int64_t> timestamps;
  for (const FakeRecord& record : records) {
    offsets.push_back(record.offset);
    hashes.push_back(LaneHash(record.key));
    timestamps.push_back(record.timestamp_ms);
  }
  const int64_t next = next_offset.value_or(records.empty() ? 0 : offsets.back() + 1);
  const Admission admission =
      partition->Admit({seeks.back().epoch, offsets, hashes, timestamps, next});
  for (size_t i = 0; i < admission.rows.size(); ++i) {
    auto& data = static_cast<FakeLaneData&>(partition->lane_data(admission.lanes[i]));
    data.Add(records[admission.rows[i]]);
  }
  Tell(RecordsAdded{});
  return admission.consumed == records.size();
}

// ---- Actions

std::vector<RowsPtr> PartitionRig::Rows(const std::vector<ReadSpec>& specs) const {
  std::vector<RowsPtr> rows;
  for (const ReadSpec& spec : specs) rows.push_back(spanner.Read(spec).value());
  return rows;
}

void PartitionRig::Do(const ReadChains& action) {
  ++reads_done;
  partition->Handle(ChainsRead{action.id, Rows(action.reads)}, now, &pending_);
}

void PartitionRig::Do(const ReadRows& action) {
  partition->Handle(RowsRead{action.id, Rows(action.reads)}, now, &pending_);
}

void PartitionRig::Do(const SendCommit& action) {
  ++commits_sent;
  if (hold_commits) return commits.push_back(action);
  const absl::Status status = outage.has_value() ? *outage : spanner.Commit(action.mutations);
  partition->Handle(CommitDone{action.id, status}, now, &pending_);
}

void PartitionRig::Do(const RunTransaction& action) {
  const absl::StatusOr<std::string> mutations = action.compute(Rows(action.reads));
  const absl::Status status = mutations.ok() ? spanner.Commit(*mutations) : mutations.status();
  partition->Handle(CommitDone{action.id, status}, now, &pending_);
}

void PartitionRig::Apply(size_t i, std::optional<absl::Status> answer) {
  const SendCommit commit = commits[i];
  const absl::Status status = spanner.Commit(commit.mutations);
  commits.erase(commits.begin() + static_cast<long>(i));
  Tell(CommitDone{commit.id, answer.value_or(status)});
}

void PartitionRig::Refuse(size_t i, const absl::Status& answer) {
  const CallId id = commits[i].id;
  commits.erase(commits.begin() + static_cast<long>(i));
  Tell(CommitDone{id, answer});
}

// ---- What is in Spanner

std::vector<int64_t> PartitionRig::Applied() const { return OffsetsOf(spanner.table("Applied")); }

std::vector<int64_t> PartitionRig::DeadLetters() const {
  return OffsetsOf(spanner.table("DeadLetters"));
}

Chains PartitionRig::Standing() const {
  const absl::StatusOr<std::optional<Chains>> chains = DecodeChains(Rows(ChainReads(options.key)));
  KS_CHECK(chains.ok() && chains->has_value());
  return **chains;
}

}  // namespace ks::pipeline
