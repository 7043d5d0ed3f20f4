// The way of a record without I/O: decode a JSON signup of about 190 bytes, evaluate two functions,
// encode the row as the wire bytes of a mutation. Target: at most 1.2 µs of CPU per record
// (docs/internals/performance.md).
//
//   cmake --preset release && ninja -C build/release ks_pipeline_bench &&
//   build/release/bin/ks_pipeline_bench
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/str_cat.h"
#include "formats/decoder.h"
#include "google/spanner/v1/result_set.pb.h"
#include "pipeline/batch.h"
#include "pipeline/plan.h"
#include "pipeline/record_writer.h"
#include "pipeline/spec.h"

namespace ks::pipeline {
namespace {

constexpr char kPipelineFile[] = "bench/signups.yaml";
constexpr char kAggregate[] = R"(  ByCountry: |
    SELECT country AS Country, COUNT(*) AS Signups, MAX(score) AS Top GROUP BY Country
)";

std::string ReadPipeline() {
  std::ifstream file(kPipelineFile);
  std::stringstream text;
  if (!(text << file.rdbuf())) {
    std::fprintf(stderr, "%s is not there: run this from the source root\n", kPipelineFile);
    std::exit(1);
  }
  return text.str();
}

constexpr size_t kRecords = 1000;

// A chunk as librdkafka would hand it over.
struct Chunk {
  Chunk() {
    for (size_t i = 0; i < kRecords; ++i) {
      keys_text.push_back(StrCat("user-", 100000 + i));
      values_text.push_back(StrCat(R"({"email":"Person.)", i,
                                   R"(@Example.com","name":"Person Number )", i, R"(","country":")",
                                   i % 3 == 0 ? "de" : "fr", R"(","created_at":"2024-01-31T08:15:)",
                                   10 + i % 50, R"(.123Z","score":)", i % 100,
                                   R"(.25,"referrer":"https://example.com/campaign/spring"})"));
      offsets.push_back(static_cast<int64_t>(i));
      timestamps.push_back(1700000000000 + static_cast<int64_t>(i));
    }
    keys.assign(keys_text.begin(), keys_text.end());
    values.assign(values_text.begin(), values_text.end());
    lanes.assign(kRecords, 0);
  }
  Records records() const {
    return {.topic = "signups",
            .offsets = offsets,
            .timestamps_ms = timestamps,
            .keys = keys,
            .values = values};
  }

  std::vector<std::string> keys_text;
  std::vector<std::string> values_text;
  std::vector<std::string_view> keys;
  std::vector<std::string_view> values;
  std::vector<int64_t> offsets;
  std::vector<int64_t> timestamps;
  std::vector<uint16_t> lanes;
};

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "%s\n", value.status().ToString().c_str());
  std::exit(1);
}

void SetRate(benchmark::State& state, const Chunk& chunk) {
  int64_t bytes = 0;
  for (const std::string_view value : chunk.values) bytes += static_cast<int64_t>(value.size());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRecords));
  state.SetBytesProcessed(state.iterations() * bytes);
}

// Decode, evaluate, encode, close the batch and write its mutations.
void RunRecords(benchmark::State& state, const std::string& text) {
  const PipelineSpec spec = Must(ParsePipeline("bench.yaml", text));
  const Plan plan = Must(MakePlan(spec, nullptr));
  const auto writer = Must(RecordWriter::Create(plan, 0, "signups", 0));
  const std::unique_ptr<LaneData> lane = writer->factory()(0, 1);
  const Chunk chunk;
  const BatchLimits limits{.records = 100000, .bytes = 64 << 20, .mutations = 1000000};
  std::string wire;
  for (auto unused : state) {
    writer->Write(chunk.records(), chunk.lanes);
    lane->Close(limits);
    if (!lane->MissingReads().empty()) {
      state.PauseTiming();
      (void)lane->OnRead({std::make_shared<google::spanner::v1::ResultSet>()});
      state.ResumeTiming();
    }
    wire.clear();
    lane->AppendMutations(&wire);
    lane->OnCommitted();
    benchmark::DoNotOptimize(wire.data());
  }
  SetRate(state, chunk);
}

void BM_SnapshotRecord(benchmark::State& state) { RunRecords(state, ReadPipeline()); }
BENCHMARK(BM_SnapshotRecord)->Unit(benchmark::kMicrosecond);

void BM_SnapshotAndAggregateRecord(benchmark::State& state) {
  RunRecords(state, StrCat(ReadPipeline(), kAggregate));
}
BENCHMARK(BM_SnapshotAndAggregateRecord)->Unit(benchmark::kMicrosecond);

void BM_Transform(benchmark::State& state) {
  const PipelineSpec spec = Must(ParsePipeline(kPipelineFile, ReadPipeline()));
  const Plan plan = Must(MakePlan(spec, nullptr));
  const auto transform = Must(Transform::Create(plan, 0));
  const Chunk chunk;
  for (auto unused : state) transform->Run(chunk.records());
  SetRate(state, chunk);
}
BENCHMARK(BM_Transform)->Unit(benchmark::kMicrosecond);

// Rows that are there already into a lane's batch, and its mutations out of it.
void BM_EncodeRows(benchmark::State& state) {
  const PipelineSpec spec = Must(ParsePipeline(kPipelineFile, ReadPipeline()));
  const Plan plan = Must(MakePlan(spec, nullptr));
  const auto transform = Must(Transform::Create(plan, 0));
  const Chunk chunk;
  transform->Run(chunk.records());
  const TableRows& rows = transform->tables()[0];
  const BatchLimits limits{.records = 100000, .bytes = 64 << 20, .mutations = 1000000};
  LaneBatch batch(plan, 0, LaneName{"signups", 0, 0}, limits);
  std::string wire;
  for (auto unused : state) {
    batch.BeginChunk();
    for (uint32_t i = 0; i < kRecords; ++i) {
      const uint32_t record =
          batch.BeginRecord({.offset = chunk.offsets[i], .key = chunk.keys[i], .kept = false});
      batch.AddRow(0, record, rows, i);
    }
    batch.Close(limits);
    wire.clear();
    batch.AppendMutations(&wire);
    batch.OnCommitted();
    benchmark::DoNotOptimize(wire.data());
  }
  SetRate(state, chunk);
}
BENCHMARK(BM_EncodeRows)->Unit(benchmark::kMicrosecond);

void BM_DecodeJson(benchmark::State& state) {
  const PipelineSpec spec = Must(ParsePipeline(kPipelineFile, ReadPipeline()));
  const formats::Schema& schema = spec.sources[0].value.columns;
  const auto decoder = Must(formats::MakeJsonDecoder(schema));
  const Chunk chunk;
  std::vector<uint32_t> rows(kRecords);
  for (uint32_t i = 0; i < kRecords; ++i) rows[i] = i;
  std::vector<std::vector<sql::Datum>> data(schema.size(), std::vector<sql::Datum>(kRecords));
  std::vector<sql::Datum*> columns;
  for (auto& column : data) columns.push_back(column.data());
  formats::DecodeResult result;
  const auto& errors = result.errors;
  sql::Arena arena;
  for (auto unused : state) {
    arena.Reset();
    decoder->Decode({chunk.values, rows}, arena, columns, &result);
  }
  if (!errors.empty()) state.SkipWithError(errors[0].message.c_str());
  SetRate(state, chunk);
}
BENCHMARK(BM_DecodeJson)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ks::pipeline
