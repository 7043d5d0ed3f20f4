#include "runtime/record_path.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/str_cat.h"
#include "pipeline/batch.h"
#include "pipeline/transform.h"

namespace ks::runtime {
namespace {

using observe::MetricId;
using pipeline::RecordVerdict;

// The headers of a chunk's messages, read only where somebody asks for them.
class MessageHeaders : public pipeline::HeaderSource {
 public:
  explicit MessageHeaders(const std::vector<kafka::MessageView>& messages) : messages_(messages) {}
  void Read(uint32_t record, std::vector<pipeline::RecordHeader>* headers) const override {
    for (const kafka::Header& header : messages_[record].headers()) {
      headers->push_back({header.name, header.value.value_or(std::string_view())});
    }
  }

 private:
  const std::vector<kafka::MessageView>& messages_;
};

// For a dead letter: [["name","value"],…]; a value that is no UTF-8 is shown with replacement
// characters.
std::string HeadersJson(const kafka::MessageView& message) {
  nlohmann::json list = nlohmann::json::array();
  for (const kafka::Header& header : message.headers()) {
    const nlohmann::json value =
        header.value ? nlohmann::json(std::string(*header.value)) : nlohmann::json(nullptr);
    list.push_back({std::string(header.name), value});
  }
  return list.empty() ? "" : list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class PlannedRecordPath : public RecordPath {
 public:
  PlannedRecordPath(const pipeline::Plan& plan, size_t source, int report_every_millis,
                    kafka::TopicPartition name, std::unique_ptr<pipeline::Transform> transform)
      : plan_(plan),
        source_(source),
        report_every_millis_(report_every_millis),
        name_(std::move(name)),
        transform_(std::move(transform)),
        headers_(messages_) {}

  std::unique_ptr<pipeline::Partition> MakePartition(const kafka::TopicPartition& name,
                                                     const std::string& writer) override;
  std::optional<pipeline::RecordRefused> Write(const kafka::MessageBatch& messages,
                                               absl::Span<const uint32_t> positions,
                                               const pipeline::Admission& admission,
                                               pipeline::Partition& partition,
                                               observe::Series& series) override;

 private:
  void Gather(const kafka::MessageBatch& messages, absl::Span<const uint32_t> positions,
              const pipeline::Admission& admission);
  void BeginRecords(const pipeline::Admission& admission, pipeline::Partition& partition,
                    observe::Series& series);
  void AddRows(observe::Series& series);
  pipeline::RawRecord Raw(uint32_t record);

  const pipeline::Plan& plan_;
  const size_t source_;
  const int report_every_millis_;
  const kafka::TopicPartition name_;
  const std::unique_ptr<pipeline::Transform> transform_;

  // The chunk at hand, an entry per admitted record.
  std::vector<kafka::MessageView> messages_;
  const MessageHeaders headers_;
  std::vector<int64_t> offsets_;
  std::vector<int64_t> timestamps_ms_;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> values_;
  std::vector<pipeline::LaneBatch*> lanes_;
  std::vector<uint32_t> numbers_;  // of each record within its lane's chunk
  std::string header_json_;
  std::optional<uint32_t> refused_;  // the first record whose verdict is kStop
};

std::unique_ptr<pipeline::Partition> PlannedRecordPath::MakePartition(
    const kafka::TopicPartition& name, const std::string& writer) {
  const pipeline::PipelineSpec& spec = *plan_.spec;
  const pipeline::SourceSpec& source = spec.sources[source_];
  pipeline::PartitionOptions options;
  options.key = {spec.name, name.topic, name.partition.value()};
  options.writer = writer;
  options.lanes = source.lanes;
  options.continue_on_data_loss = source.continue_on_data_loss;
  options.batch = {spec.batch.records, spec.batch.bytes, spec.batch.mutations};
  options.open_bytes_max = std::max<int64_t>(spec.batch.bytes, spec.memory_bytes / 8);
  options.report_nanos = report_every_millis_ * env::kNanosPerMilli;
  options.dead_letters.count = spec.breaker.max;
  options.dead_letters.window_nanos = spec.breaker.window_ms * env::kNanosPerMilli;
  const pipeline::BatchLimits segment = options.batch;
  pipeline::LaneDataFactory make_lane = [this, segment](
                                            int lane, int) -> std::unique_ptr<pipeline::LaneData> {
    return std::make_unique<pipeline::LaneBatch>(
        plan_, source_, pipeline::LaneName{name_.topic, name_.partition.value(), lane}, segment);
  };
  return std::make_unique<pipeline::Partition>(std::move(options), std::move(make_lane),
                                               &env::RealRandom());
}

void PlannedRecordPath::Gather(const kafka::MessageBatch& messages,
                               absl::Span<const uint32_t> positions,
                               const pipeline::Admission& admission) {
  messages_.clear();
  offsets_.clear();
  timestamps_ms_.clear();
  keys_.clear();
  values_.clear();
  for (const uint32_t row : admission.rows) {
    const kafka::MessageView message = messages[positions[row]];
    messages_.push_back(message);
    offsets_.push_back(message.offset().value());
    timestamps_ms_.push_back(message.timestamp_ms());
    keys_.push_back(message.key().value_or(std::string_view()));
    values_.push_back(message.value().value_or(std::string_view()));
  }
}

pipeline::RawRecord PlannedRecordPath::Raw(uint32_t record) {
  header_json_ = messages_[record].has_headers() ? HeadersJson(messages_[record]) : std::string();
  return {offsets_[record], timestamps_ms_[record], keys_[record], values_[record], header_json_};
}

std::optional<pipeline::RecordRefused> PlannedRecordPath::Write(
    const kafka::MessageBatch& messages, absl::Span<const uint32_t> positions,
    const pipeline::Admission& admission, pipeline::Partition& partition, observe::Series& series) {
  Gather(messages, positions, admission);
  pipeline::Records records;
  records.topic = name_.topic;
  records.partition = name_.partition.value();
  records.offsets = offsets_;
  records.timestamps_ms = timestamps_ms_;
  records.keys = keys_;
  records.values = values_;
  records.headers = &headers_;
  transform_->Run(records);
  BeginRecords(admission, partition, series);
  AddRows(series);
  if (!refused_) return std::nullopt;
  std::string reason = "the pipeline stops at records like this one";
  for (const pipeline::RecordFailure& failure : transform_->failures()) {
    if (failure.record == *refused_) reason = failure.reason;
  }
  return pipeline::RecordRefused{
      admission.lanes[*refused_], offsets_[*refused_],
      absl::FailedPreconditionError(
          StrCat("stopped at offset ", offsets_[*refused_], " of ", name_.topic, " [",
                 name_.partition.value(), "]: ", reason,
                 ". Correct the pipeline, or say `else: dead_letter` or `skip`."))};
}

// Opens the records that have rows or become dead letters, in offset order. Nothing is opened in a
// lane behind its record that may not be passed.
void PlannedRecordPath::BeginRecords(const pipeline::Admission& admission,
                                     pipeline::Partition& partition, observe::Series& series) {
  lanes_.assign(admission.rows.size(), nullptr);
  numbers_.resize(admission.rows.size());
  refused_.reset();
  for (int lane = 0; lane < partition.lanes(); ++lane) {
    static_cast<pipeline::LaneBatch&>(partition.lane_data(lane)).BeginChunk();
  }
  const absl::Span<const RecordVerdict> verdicts = transform_->verdicts();
  int64_t skipped = 0;
  for (uint32_t i = 0; i < admission.rows.size(); ++i) {
    if (verdicts[i] == RecordVerdict::kStop && !refused_) refused_ = i;
    if (refused_ && admission.lanes[i] == admission.lanes[*refused_]) continue;
    if (verdicts[i] == RecordVerdict::kStop) continue;
    skipped += verdicts[i] == RecordVerdict::kSkip;
    if (verdicts[i] == RecordVerdict::kSkip) continue;
    auto& batch = static_cast<pipeline::LaneBatch&>(partition.lane_data(admission.lanes[i]));
    lanes_[i] = &batch;
    numbers_[i] = batch.BeginRecord(Raw(i));
  }
  if (skipped > 0) series.Add(MetricId::kSkipped, static_cast<double>(skipped));
}

void PlannedRecordPath::AddRows(observe::Series& series) {
  const absl::Span<const RecordVerdict> verdicts = transform_->verdicts();
  for (const pipeline::RecordFailure& failure : transform_->failures()) {
    const uint32_t record = failure.record;
    if (verdicts[record] != RecordVerdict::kDeadLetter || lanes_[record] == nullptr) continue;
    lanes_[record]->AddDeadLetter(numbers_[record], failure.stage, failure.reason);
  }
  int64_t written = 0;
  for (size_t table = 0; table < transform_->tables().size(); ++table) {
    const pipeline::TableRows& rows = transform_->tables()[table];
    for (const uint32_t row : rows.rows) {
      const uint32_t record = rows.record(row);
      if (verdicts[record] != RecordVerdict::kOk || lanes_[record] == nullptr) continue;
      lanes_[record]->AddRow(table, numbers_[record], rows, row);
      ++written;
    }
    for (const uint32_t record : rows.deletes) {
      if (verdicts[record] != RecordVerdict::kOk || lanes_[record] == nullptr) continue;
      lanes_[record]->AddDelete(table, numbers_[record], rows, record);
      ++written;
    }
  }
  series.Add(MetricId::kRows, static_cast<double>(written));
}

}  // namespace

RecordPathFactory MakeRecordPathFactory(const pipeline::Plan& plan, size_t source,
                                        int report_every_millis) {
  return [&plan, source,
          report_every_millis](const kafka::TopicPartition& name) -> std::unique_ptr<RecordPath> {
    auto transform = pipeline::Transform::Create(plan, source);
    KS_CHECK(transform.ok());  // a plan was made of the same SQL
    return std::make_unique<PlannedRecordPath>(plan, source, report_every_millis, name,
                                               *std::move(transform));
  };
}

}  // namespace ks::runtime
