// The way of a record without I/O: decode a JSON signup of about 190 bytes, evaluate two functions,
// encode the row as the wire bytes of a mutation. Target: at most 1.2 µs of CPU per record
// (docs/internals/performance.md).
//
//   cmake --preset release && ninja -C build/release ks_pipeline_bench &&
//   build/release/bin/ks_pipeline_bench
#include <benchmark/benchmark.h>
#include <google/protobuf/dynamic_message.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/str_cat.h"
#include "formats/avro.h"
#include "formats/decoder.h"
#include "formats/protobuf.h"
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

// A decoder alone, over messages of its format.
void RunDecoder(benchmark::State& state, formats::Decoder& decoder,
                const std::vector<std::string>& texts) {
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  std::vector<uint32_t> rows(values.size());
  for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  std::vector<std::vector<sql::Datum>> data(decoder.schema().size(),
                                            std::vector<sql::Datum>(values.size()));
  std::vector<sql::Datum*> columns;
  for (auto& column : data) columns.push_back(column.data());
  formats::DecodeResult result;
  sql::Arena arena;
  for (auto unused : state) {
    arena.Reset();
    decoder.Decode({values, rows}, arena, columns, &result);
  }
  if (!result.errors.empty()) state.SkipWithError(result.errors[0].message.c_str());
  int64_t bytes = 0;
  for (const std::string_view value : values) bytes += static_cast<int64_t>(value.size());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(values.size()));
  state.SetBytesProcessed(state.iterations() * bytes);
}

formats::Schema SignupColumns() {
  return Must(ParsePipeline(kPipelineFile, ReadPipeline())).sources[0].value.columns;
}

void BM_DecodeJson(benchmark::State& state) {
  RunDecoder(state, *Must(formats::MakeJsonDecoder(SignupColumns())), Chunk().values_text);
}
BENCHMARK(BM_DecodeJson)->Unit(benchmark::kMicrosecond);

// The same signups inside Debezium's envelope, without the converter's schema.
void BM_DecodeDebezium(benchmark::State& state) {
  std::vector<std::string> texts;
  for (const std::string& text : Chunk().values_text) {
    texts.push_back(StrCat(R"({"before":null,"after":)", text,
                           R"(,"source":{"lsn":1,"ts_ms":1700000000000},"op":"c","ts_ms":1})"));
  }
  RunDecoder(state, *Must(formats::MakeDebeziumDecoder(SignupColumns())), texts);
}
BENCHMARK(BM_DecodeDebezium)->Unit(benchmark::kMicrosecond);

void BM_DecodeCsv(benchmark::State& state) {
  using sql::Type;
  std::vector<std::string> texts;
  for (size_t i = 0; i < kRecords; ++i) {
    texts.push_back(StrCat("Person.", i, "@Example.com,\"Person Number ", i,
                           "\",fr,2024-01-31T08:15:", 10 + i % 50, ".123Z,", i % 100, ".25"));
  }
  const auto decoder = Must(
      formats::MakeCsvDecoder({{"email", Type::String()},
                               {"name", Type::String()},
                               {"country", Type::String()},
                               {"created_at", Type::Timestamp()},
                               {"score", Type::Float64()}},
                              {.header = {"email", "name", "country", "created_at", "score"}}));
  RunDecoder(state, *decoder, texts);
}
BENCHMARK(BM_DecodeCsv)->Unit(benchmark::kMicrosecond);

// Avro as fastavro would write it: a length (zigzag) before each string.
void AppendAvroLong(int64_t value, std::string* out) {
  auto bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out->push_back(static_cast<char>(bits | 0x80));
  out->push_back(static_cast<char>(bits));
}

void BM_DecodeAvro(benchmark::State& state) {
  using sql::Type;
  constexpr char kAvroSchema[] = R"({"type": "record", "name": "Signup", "fields": [
    {"name": "email", "type": "string"}, {"name": "name", "type": "string"},
    {"name": "country", "type": ["null", "string"]},
    {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "score", "type": "double"}, {"name": "referrer", "type": "string"}]})";
  const auto append_text = [](std::string_view text, std::string* out) {
    AppendAvroLong(static_cast<int64_t>(text.size()), out);
    out->append(text);
  };
  std::vector<std::string> texts(kRecords);
  for (size_t i = 0; i < kRecords; ++i) {
    std::string& text = texts[i];
    append_text(StrCat("Person.", i, "@Example.com"), &text);
    append_text(StrCat("Person Number ", i), &text);
    AppendAvroLong(1, &text);
    append_text("fr", &text);
    AppendAvroLong(1706688910123 + static_cast<int64_t>(i), &text);
    text.append(std::string_view("\0\0\0\0\0\0\x39\x40", 8));  // 25.0
    append_text("https://example.com/campaign/spring", &text);
  }
  const auto decoder =
      Must(formats::MakeAvroDecoder({{"email", Type::String(), true},
                                     {"name", Type::String()},
                                     {"country", Type::String()},
                                     {"created_at", Type::Timestamp(), true},
                                     {"score", Type::Float64()}},
                                    Must(formats::AvroSchema::Parse(kAvroSchema))));
  RunDecoder(state, *decoder, texts);
}
BENCHMARK(BM_DecodeAvro)->Unit(benchmark::kMicrosecond);

// The same as Protobuf; beside it, what Google's own reader takes to parse it into a message that
// is made for it at run time, without reading a field.
std::vector<std::string> ProtobufSignups(const formats::ProtobufSchema& schema) {
  const auto* type = Must(schema.Message(""));
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(type)->New());
  const auto* reflection = message->GetReflection();
  std::vector<std::string> texts;
  for (size_t i = 0; i < kRecords; ++i) {
    message->Clear();
    const auto set = [&](const char* name, const std::string& value) {
      reflection->SetString(message.get(), type->FindFieldByName(name), value);
    };
    set("email", StrCat("Person.", i, "@Example.com"));
    set("name", StrCat("Person Number ", i));
    set("country", "fr");
    set("referrer", "https://example.com/campaign/spring");
    const auto* made = type->FindFieldByName("created_at");
    auto* time = reflection->MutableMessage(message.get(), made);
    time->GetReflection()->SetInt64(time, made->message_type()->field(0),
                                    1706688910 + static_cast<int64_t>(i));
    time->GetReflection()->SetInt32(time, made->message_type()->field(1), 123000000);
    reflection->SetDouble(message.get(), type->FindFieldByName("score"), 25.0);
    texts.push_back(message->SerializeAsString());
  }
  return texts;
}

constexpr char kProtobufSchema[] = R"(syntax = "proto3";
  import "google/protobuf/timestamp.proto";
  message Signup { string email = 1; string name = 2; optional string country = 3;
    google.protobuf.Timestamp created_at = 4; double score = 5; string referrer = 6; })";

void BM_DecodeProtobuf(benchmark::State& state) {
  using sql::Type;
  const auto schema = Must(formats::ProtobufSchema::FromText(kProtobufSchema));
  const auto decoder = Must(formats::MakeProtobufDecoder({{"email", Type::String(), true},
                                                          {"name", Type::String()},
                                                          {"country", Type::String()},
                                                          {"created_at", Type::Timestamp(), true},
                                                          {"score", Type::Float64()}},
                                                         schema, ""));
  RunDecoder(state, *decoder, ProtobufSignups(schema));
}
BENCHMARK(BM_DecodeProtobuf)->Unit(benchmark::kMicrosecond);

void BM_ParseProtobufWithGoogles(benchmark::State& state) {
  const auto schema = Must(formats::ProtobufSchema::FromText(kProtobufSchema));
  const auto texts = ProtobufSignups(schema);
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(Must(schema.Message("")))->New());
  for (auto unused : state) {
    for (const std::string& text : texts) {
      if (!message->ParseFromString(text)) state.SkipWithError("not read");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(texts.size()));
}
BENCHMARK(BM_ParseProtobufWithGoogles)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ks::pipeline
