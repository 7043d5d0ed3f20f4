#include "pipeline/testing/fake_lane_data.h"

#include <google/protobuf/struct.pb.h>
#include <google/spanner/v1/keys.pb.h>
#include <google/spanner/v1/mutation.pb.h>
#include <google/spanner/v1/result_set.pb.h>
#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/str_cat.h"

namespace ks::pipeline {
namespace {

using google::spanner::v1::CommitRequest;
using google::spanner::v1::Mutation;

constexpr int64_t kRecordBytes = 100;

void AddRow(Mutation::Write* write, const std::string& table,
            const std::vector<std::pair<std::string, std::string>>& cells) {
  if (write->columns().empty()) {
    write->set_table(table);
    for (const auto& cell : cells) write->add_columns(cell.first);
  }
  auto& row = *write->add_values();
  for (const auto& cell : cells) row.add_values()->set_string_value(cell.second);
}

int64_t Number(const google::protobuf::Value& value) { return std::stoll(value.string_value()); }

}  // namespace

BatchSize FakeLaneData::open() const {
  const auto records = static_cast<int64_t>(open_.size());
  return {records, records * kRecordBytes, records * 8};
}

ClosedBatch FakeLaneData::Close(const BatchLimits& limits) {
  KS_CHECK(closed_.empty() && !open_.empty());
  int64_t take = std::min({limits.records, limits.bytes / kRecordBytes, limits.mutations / 8,
                           static_cast<int64_t>(open_.size())});
  take = std::max<int64_t>(take, 1);
  ClosedBatch batch;
  for (int64_t i = 0; i < take; ++i) {
    batch.end_offset = open_.front().offset + 1;
    batch.last_timestamp_ms = std::max(batch.last_timestamp_ms, open_.front().timestamp_ms);
    closed_.push_back(std::move(open_.front()));
    open_.pop_front();
  }
  batch.size = {take, take * kRecordBytes, take * 8};
  refused_ = false;
  return batch;
}

// The rows of the closed batch's groups: all of them, or those that the cache lacks.
std::vector<ReadSpec> FakeLaneData::GroupReads(bool all) const {
  google::spanner::v1::KeySet keys;
  std::set<std::string> groups;
  for (const FakeRecord& record : closed_) {
    if (!all && cache_.contains(record.group)) continue;
    if (!groups.insert(record.group).second) continue;
    auto& key = *keys.add_keys();
    key.add_values()->set_string_value(record.group);
    if (options_.transaction) continue;
    key.add_values()->set_string_value(StrCat(options_.partition));
    key.add_values()->set_string_value(StrCat(options_.lane));
  }
  if (groups.empty()) return {};
  return {{options_.transaction ? "Totals" : "Partials",
           {"GroupKey", "Count", "Sum"},
           keys.SerializeAsString()}};
}

std::vector<ReadSpec> FakeLaneData::MissingReads() {
  if (options_.transaction || refused_) return {};
  return GroupReads(false);
}

std::vector<ReadSpec> FakeLaneData::TransactionReads() {
  if (!options_.transaction || refused_) return {};
  return GroupReads(true);
}

MakeMutations FakeLaneData::TransactionMutations() {
  std::string rest;
  AppendMutations(&rest);
  return [rest, records = closed_](absl::Span<const RowsPtr> rows) -> absl::StatusOr<std::string> {
    std::map<std::string, Partial> totals;
    for (const auto& row : rows.at(0)->rows()) {
      totals[row.values(0).string_value()] = {Number(row.values(1)), Number(row.values(2))};
    }
    CommitRequest request;
    for (const FakeRecord& record : records) {
      Partial& total = totals[record.group];
      ++total.count;
      total.sum += record.value;
    }
    for (const auto& [group, total] : totals) {
      AddRow(request.add_mutations()->mutable_insert_or_update(), "Totals",
             {{"GroupKey", group}, {"Count", StrCat(total.count)}, {"Sum", StrCat(total.sum)}});
    }
    return rest + request.SerializeAsString();
  };
}

absl::Status FakeLaneData::OnRead(const std::vector<RowsPtr>& rows) {
  for (const auto& row : rows.at(0)->rows()) {
    cache_[row.values(0).string_value()] = {Number(row.values(1)), Number(row.values(2))};
  }
  for (const FakeRecord& record : closed_) cache_.try_emplace(record.group);
  return absl::OkStatus();
}

void FakeLaneData::AppendMutations(std::string* wire) {
  CommitRequest request;
  const std::string partition = StrCat(options_.partition);
  if (refused_) {
    if (options_.verdict == Verdict::kDeadLetter) {
      AddRow(request.add_mutations()->mutable_insert_or_update(), "DeadLetters",
             {{"KafkaPartition", partition}, {"KafkaOffset", StrCat(closed_[0].offset)}});
    }
    wire->append(request.SerializeAsString());
    return;
  }
  Mutation::Write* const applied = request.add_mutations()->mutable_insert_or_update();
  std::map<std::string, int64_t> latest;
  std::map<std::string, Partial> partials;
  for (const FakeRecord& record : closed_) {
    AddRow(applied, "Applied",
           {{"KafkaPartition", partition},
            {"KafkaOffset", StrCat(record.offset)},
            {"Key", record.key},
            {"Poison", record.refused ? "yes" : ""}});
    latest[record.key] = record.offset;
    Partial& partial = partials.try_emplace(record.group, cache_[record.group]).first->second;
    ++partial.count;
    partial.sum += record.value;
  }
  Mutation::Write* const last = request.add_mutations()->mutable_insert_or_update();
  for (const auto& [key, offset] : latest) {
    AddRow(last, "Latest", {{"Key", key}, {"KafkaOffset", StrCat(offset)}});
  }
  if (!options_.transaction) {
    Mutation::Write* const write = request.add_mutations()->mutable_insert_or_update();
    for (const auto& [group, partial] : partials) {
      AddRow(write, "Partials",
             {{"GroupKey", group},
              {"KafkaPartition", partition},
              {"Lane", StrCat(options_.lane)},
              {"Count", StrCat(partial.count)},
              {"Sum", StrCat(partial.sum)}});
    }
  }
  wire->append(request.SerializeAsString());
}

void FakeLaneData::OnCommitted() {
  if (!refused_) {
    for (const FakeRecord& record : closed_) {
      Partial& partial = cache_[record.group];
      ++partial.count;
      partial.sum += record.value;
    }
  }
  closed_.clear();
  refused_ = false;
  if (options_.random != nullptr && options_.random->Below(4) == 0) cache_.clear();
}

void FakeLaneData::OnDropped() {
  open_.clear();
  closed_.clear();
  refused_ = false;
  cache_.clear();
}

Verdict FakeLaneData::OnDataError(const absl::Status&) {
  KS_CHECK(closed_.size() == 1);
  if (options_.verdict != Verdict::kStop) refused_ = true;
  return options_.verdict;
}

}  // namespace ks::pipeline
