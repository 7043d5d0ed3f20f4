#include "pipeline/record_writer.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/text.h"
#include "pipeline/errors.h"
#include "pipeline/limits.h"
#include "pipeline/wire_text.h"

namespace ks::pipeline {
namespace {

// Headers as Spanner's JSON: a list of {name, value}, since names may repeat; values that are no
// UTF-8 as base64.
std::string HeadersJson(const std::vector<RecordHeader>& headers) {
  if (headers.empty()) return "";
  nlohmann::json list = nlohmann::json::array();
  for (const RecordHeader& header : headers) {
    nlohmann::json entry;
    const bool named = formats::IsValidUtf8(header.name);
    entry["name"] = named ? std::string(header.name) : std::string();
    if (header.value.data() == nullptr) {
      entry["value"] = nullptr;
    } else if (formats::IsValidUtf8(header.value)) {
      entry["value"] = std::string(header.value);
    } else {
      std::string text(Base64Size(header.value.size()), '\0');
      WriteBase64(header.value, text.data());
      entry["base64"] = text;
    }
    list.push_back(std::move(entry));
  }
  return list.dump();
}

Records Slice(const Records& records, size_t begin, size_t count) {
  Records slice = records;
  slice.offsets = records.offsets.subspan(begin, count);
  slice.timestamps_ms = records.timestamps_ms.subspan(begin, count);
  slice.keys = records.keys.subspan(begin, count);
  slice.values = records.values.subspan(begin, count);
  return slice;
}

// Headers of a part of a chunk.
class SlicedHeaders : public HeaderSource {
 public:
  SlicedHeaders(const HeaderSource& whole, size_t begin)
      : whole_(whole), begin_(static_cast<uint32_t>(begin)) {}
  void Read(uint32_t record, std::vector<RecordHeader>* headers) const override {
    whole_.Read(begin_ + record, headers);
  }

 private:
  const HeaderSource& whole_;
  const uint32_t begin_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordWriter>> RecordWriter::Create(const Plan& plan, size_t source,
                                                                   std::string topic,
                                                                   int32_t partition) {
  KS_ASSIGN_OR_RETURN(auto transform, Transform::Create(plan, source));
  return std::unique_ptr<RecordWriter>(
      new RecordWriter(plan, source, std::move(topic), partition, std::move(transform)));
}

RecordWriter::RecordWriter(const Plan& plan, size_t source, std::string topic, int32_t partition,
                           std::unique_ptr<Transform> transform)
    : plan_(plan),
      source_(source),
      topic_(std::move(topic)),
      partition_(partition),
      transform_(std::move(transform)) {}

LaneDataFactory RecordWriter::factory() {
  return [this](int lane, int lanes) {
    return MakeLane(LaneName{topic_, partition_, lane}, lane, lanes);
  };
}

std::unique_ptr<LaneData> RecordWriter::MakeRedriveLane() {
  return MakeLane(LaneName{topic_, partition_, kRedriveLane}, 0, 1);
}

std::unique_ptr<LaneData> RecordWriter::MakeLane(LaneName name, int index, int lanes) {
  lanes_.resize(static_cast<size_t>(lanes));
  const BatchLimitsSpec& limits = plan_.spec->batch;
  auto batch = std::make_unique<LaneBatch>(
      plan_, source_, std::move(name),
      BatchLimits{.records = limits.records, .bytes = limits.bytes, .mutations = limits.mutations},
      cache_groups_);
  batch->set_memory(memory_);
  batch->set_keep_all(keep_all_);
  lanes_[static_cast<size_t>(index)] = batch.get();
  return batch;
}

std::optional<RecordRefused> RecordWriter::Write(const Records& records,
                                                 absl::Span<const uint16_t> lanes) {
  for (size_t begin = 0; begin < records.size(); begin += kTransformRecordsMax) {
    const size_t count = std::min(kTransformRecordsMax, records.size() - begin);
    Records chunk = Slice(records, begin, count);
    std::optional<SlicedHeaders> headers;
    if (records.headers != nullptr) {
      headers.emplace(*records.headers, begin);
      chunk.headers = &*headers;
    }
    if (auto refused = WriteChunk(chunk, lanes.subspan(begin, count))) return refused;
  }
  return std::nullopt;
}

std::optional<RecordRefused> RecordWriter::WriteChunk(const Records& records,
                                                      absl::Span<const uint16_t> lanes) {
  transform_->Run(records);
  const auto& verdicts = transform_->verdicts();
  const auto stop = std::find(verdicts.begin(), verdicts.end(), RecordVerdict::kStop);
  const auto end = static_cast<uint32_t>(stop - verdicts.begin());
  stats_.records += end;
  MarkWanted(end);
  BeginRecords(records, lanes, end);
  AddRows(lanes);
  for (LaneBatch* lane : lanes_) {
    if (lane != nullptr) lane->EndChunk();
  }
  if (stop == verdicts.end()) return std::nullopt;
  const RecordFailure* failure = FailureOf(end);
  KS_CHECK(failure != nullptr);
  return RecordRefused{records.offsets[end],
                       RecordStopsPipeline(topic_, partition_, records.offsets[end],
                                           StageName(failure->stage), failure->reason)};
}

const RecordFailure* RecordWriter::FailureOf(uint32_t record) const {
  for (const RecordFailure& failure : transform_->failures()) {
    if (failure.record == record) return &failure;
  }
  return nullptr;
}

void RecordWriter::MarkWanted(uint32_t end) {
  const auto& verdicts = transform_->verdicts();
  wanted_.assign(verdicts.size(), 0);
  for (const auto* tables : {&transform_->tables(), &transform_->taken_back()}) {
    for (const TableRows& table : *tables) {
      for (const uint32_t row : table.rows) wanted_[table.record(row)] = 1;
      for (const uint32_t record : table.deletes) wanted_[record] = 1;
    }
  }
  for (uint32_t record = 0; record < verdicts.size(); ++record) {
    const RecordVerdict verdict = verdicts[record];
    if (verdict == RecordVerdict::kOk && record < end) {
      stats_.filtered += wanted_[record] == 0 ? 1 : 0;
      continue;
    }
    wanted_[record] = verdict == RecordVerdict::kDeadLetter && record < end ? 1 : 0;
    if (record < end)
      ++(verdict == RecordVerdict::kDeadLetter ? stats_.dead_letters : stats_.skipped);
  }
}

void RecordWriter::BeginRecords(const Records& records, absl::Span<const uint16_t> lanes,
                                uint32_t end) {
  numbers_.assign(records.size(), 0);
  std::vector<RecordHeader> headers;
  for (LaneBatch* lane : lanes_) {
    if (lane != nullptr) lane->BeginChunk();
  }
  for (uint32_t i = 0; i < end; ++i) {
    if (wanted_[i] == 0) continue;
    LaneBatch& lane = *lanes_[lanes[i]];
    const bool kept =
        lane.keeps_records() || transform_->verdicts()[i] == RecordVerdict::kDeadLetter;
    headers_.clear();
    if (kept && records.headers != nullptr) {
      headers.clear();
      records.headers->Read(i, &headers);
      headers_ = HeadersJson(headers);
    }
    numbers_[i] = lane.BeginRecord({.offset = records.offsets[i],
                                    .timestamp_ms = records.timestamps_ms[i],
                                    .key = records.keys[i],
                                    .value = records.values[i],
                                    .headers = headers_,
                                    .kept = kept});
  }
}

void RecordWriter::AddRows(absl::Span<const uint16_t> lanes) {
  const auto& verdicts = transform_->verdicts();
  const auto& tables = transform_->tables();
  const auto takes = [&](uint32_t record) {
    return wanted_[record] != 0 && verdicts[record] == RecordVerdict::kOk;
  };
  for (size_t table = 0; table < tables.size(); ++table) {
    const TableRows& rows = tables[table];
    const TableRows& back = transform_->taken_back()[table];
    // A record has either rows or a delete in a table: all lists ascend, and so must what is
    // added.
    size_t next_delete = 0;
    size_t next_back = 0;
    const auto add_before = [&](uint32_t record) {
      // What a record takes back stands before what it adds.
      for (; next_back < back.rows.size() && back.record(back.rows[next_back]) <= record;
           ++next_back) {
        const uint32_t changed = back.record(back.rows[next_back]);
        if (!takes(changed)) continue;
        lanes_[lanes[changed]]->TakeBackRow(table, numbers_[changed], back, back.rows[next_back]);
        ++stats_.rows;
      }
      for (; next_delete < rows.deletes.size() && rows.deletes[next_delete] < record;
           ++next_delete) {
        const uint32_t deleted = rows.deletes[next_delete];
        if (!takes(deleted)) continue;
        lanes_[lanes[deleted]]->AddDelete(table, numbers_[deleted], rows, deleted);
        ++stats_.rows;
      }
    };
    for (const uint32_t row : rows.rows) {
      const uint32_t record = rows.record(row);
      add_before(record);
      if (!takes(record)) continue;
      lanes_[lanes[record]]->AddRow(table, numbers_[record], rows, row);
      ++stats_.rows;
    }
    add_before(UINT32_MAX);
  }
  for (const RecordFailure& failure : transform_->failures()) {  // ascending
    if (wanted_[failure.record] == 0) continue;
    lanes_[lanes[failure.record]]->AddDeadLetter(numbers_[failure.record], failure.stage,
                                                 failure.reason);
  }
}

}  // namespace ks::pipeline
