#include "sim_data.h"

#include <map>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/str_cat.h"
#include "pipeline/offline/target_from_ddl.h"
#include "pipeline/plan.h"
#include "pipeline/record_writer.h"
#include "pipeline/testing/fake_lane_data.h"

namespace ks::sim {
namespace {

using namespace pipeline;  // NOLINT: the simulation is about this one module

constexpr std::string_view kFile = R"(pipeline: sim
from:
  kafka: {brokers: "sim:9092", topic: t}
  key: {format: string, name: k}
  value:
    format: json
    schema: {g: STRING, v: INT64, p: STRING, rejected: BOOL, unwanted: BOOL}
to:
  spanner: {database: projects/p/instances/i/databases/d}
assert:
  - {check: rejected IS NULL, else: dead_letter}
  - {check: unwanted IS NULL, else: skip}
tables:
  Applied:
    select: |
      SELECT k AS Key, _partition AS KafkaPartition, _offset AS KafkaOffset, p AS Poison
    tombstones: ignore
  Latest: SELECT k AS Key, _offset AS KafkaOffset WHERE k IS NOT NULL
  Groups: |
    SELECT g AS GroupKey, COUNT(*) AS Number, SUM(v) AS Total, MAX(v) AS Highest GROUP BY GroupKey
)";
// Records are change events, whose aggregate takes back what a row was before.
constexpr std::string_view kChangesFile = R"(pipeline: sim
from:
  kafka: {brokers: "sim:9092", topic: t}
  key: {format: string, name: k}
  value:
    format: debezium
    schema: {g: STRING NOT NULL, v: INT64, p: STRING}
to:
  spanner: {database: projects/p/instances/i/databases/d}
tables:
  Applied:
    select: |
      SELECT k AS Key, _partition AS KafkaPartition, _offset AS KafkaOffset, p AS Poison
    tombstones: ignore
  Latest: SELECT k AS Key, _offset AS KafkaOffset WHERE k IS NOT NULL
  Groups: SELECT g AS GroupKey, COUNT(*) AS Number, SUM(v) AS Total GROUP BY GroupKey
)";
constexpr std::string_view kLogTable = R"(  Log:
    mode: append
    select: SELECT _partition AS KafkaPartition, _offset AS KafkaOffset
)";
constexpr std::string_view kDdl = R"(
CREATE TABLE Applied (Key STRING(MAX), KafkaPartition INT64, KafkaOffset INT64, Poison STRING(MAX))
  PRIMARY KEY (Key, KafkaPartition, KafkaOffset);
CREATE TABLE Latest (Key STRING(MAX), KafkaOffset INT64) PRIMARY KEY (Key);
CREATE TABLE Log (KafkaPartition INT64, KafkaOffset INT64)
  PRIMARY KEY (KafkaPartition, KafkaOffset);
)";

std::string FileOf(const PipelineChoice& choice) {
  std::string text(choice.changes ? kChangesFile : kFile);
  if (choice.with_log) text += kLogTable;
  return StrCat(text, "on_error: ", PolicyName(choice.on_error), "\n");
}

// A planned file, and writers that are used again: making one compiles its SQL.
struct Planned {
  explicit Planned(const PipelineChoice& choice) {
    auto parsed = ParsePipeline("sim.yaml", FileOf(choice));
    KS_CHECK(parsed.ok());
    spec = *std::move(parsed);
    auto schema = TargetFromDdl(kDdl);
    KS_CHECK(schema.ok());
    auto made = MakePlan(spec, &*schema);
    KS_CHECK(made.ok());
    plan = *std::move(made);
  }
  PipelineSpec spec;
  Plan plan;
  std::map<int, std::vector<std::unique_ptr<RecordWriter>>> idle;  // by partition
};

Planned& PlannedFor(const PipelineChoice& choice) {
  static auto* const all = new std::map<std::tuple<Policy, bool, bool>, std::unique_ptr<Planned>>();
  auto& planned = (*all)[{choice.on_error, choice.with_log, choice.changes}];
  if (planned == nullptr) planned = std::make_unique<Planned>(choice);
  return *planned;
}

class RealPath : public DataPath {
 public:
  RealPath(const PipelineChoice& choice, int partition)
      : planned_(PlannedFor(choice)), partition_(partition) {
    auto& idle = planned_.idle[partition];
    if (idle.empty()) {
      auto made = RecordWriter::Create(planned_.plan, 0, kTopic, partition);
      KS_CHECK(made.ok());
      idle.push_back(*std::move(made));
    }
    writer_ = std::move(idle.back());
    idle.pop_back();
    writer_->set_cache_groups(choice.cache_groups);
  }
  ~RealPath() override { planned_.idle[partition_].push_back(std::move(writer_)); }

  LaneDataFactory factory() override { return writer_->factory(); }

  std::optional<RecordRefused> Add(const std::vector<const SimRecord*>& all,
                                   const Admission& admission, Partition*) override {
    std::vector<int64_t> offsets;
    std::vector<int64_t> timestamps;
    std::vector<std::string_view> keys;
    std::vector<std::string_view> values;
    for (const uint32_t row : admission.rows) {
      const SimRecord& record = *all[row];
      offsets.push_back(record.offset);
      timestamps.push_back(record.timestamp_ms);
      keys.push_back(record.key ? std::string_view(*record.key) : std::string_view());
      values.push_back(record.value ? std::string_view(*record.value) : std::string_view());
    }
    const Records records{.topic = kTopic,
                          .partition = partition_,
                          .offsets = offsets,
                          .timestamps_ms = timestamps,
                          .keys = keys,
                          .values = values};
    return writer_->Write(records, admission.lanes);
  }

 private:
  Planned& planned_;
  const int partition_;
  std::unique_ptr<RecordWriter> writer_;
};

class FakePath : public DataPath {
 public:
  FakePath(Policy on_error, int partition, bool transaction, env::Random* random)
      : on_error_(on_error), partition_(partition), transaction_(transaction), random_(random) {}

  LaneDataFactory factory() override {
    return [this](int lane, int) {
      const Verdict verdict = on_error_ == Policy::kSkip   ? Verdict::kSkip
                              : on_error_ == Policy::kStop ? Verdict::kStop
                                                           : Verdict::kDeadLetter;
      return std::make_unique<FakeLaneData>(FakeLaneData::Options{.partition = partition_,
                                                                  .lane = lane,
                                                                  .verdict = verdict,
                                                                  .transaction = transaction_,
                                                                  .random = random_});
    };
  }

  std::optional<RecordRefused> Add(const std::vector<const SimRecord*>& all,
                                   const Admission& admission, Partition* partition) override {
    for (size_t i = 0; i < admission.rows.size(); ++i) {
      const SimRecord& record = *all[admission.rows[i]];
      static_cast<FakeLaneData&>(partition->lane_data(admission.lanes[i]))
          .Add({.offset = record.offset,
                .key = record.key.value_or(""),
                .group = record.group,
                .value = record.number,
                .timestamp_ms = record.timestamp_ms,
                .refused = record.kind == Kind::kPoison});
    }
    return std::nullopt;
  }

 private:
  const Policy on_error_;
  const int partition_;
  const bool transaction_;
  env::Random* const random_;
};

}  // namespace

std::unique_ptr<DataPath> MakeRealPath(const PipelineChoice& choice, int partition) {
  return std::make_unique<RealPath>(choice, partition);
}

std::unique_ptr<DataPath> MakeFakePath(Policy on_error, int partition, bool transaction,
                                       env::Random* random) {
  return std::make_unique<FakePath>(on_error, partition, transaction, random);
}

void DefineTables(SimSpanner* spanner) {
  spanner->Define("Applied", {.key = {"Key", "KafkaPartition", "KafkaOffset"}});
  spanner->Define("Log", {.key = {"KafkaPartition", "KafkaOffset"}});
  spanner->Define("GroupsPartials",
                  {.key = {"GroupKey", "KafkaTopic", "KafkaPartition", "KafkaLane"}});
}

}  // namespace ks::sim
