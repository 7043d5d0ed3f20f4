#include "runtime/record_path.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "pipeline/record_writer.h"

namespace ks::runtime {
namespace {

using observe::MetricId;

// The headers of a chunk's messages, read only where somebody asks for them.
class MessageHeaders : public pipeline::HeaderSource {
 public:
  explicit MessageHeaders(const std::vector<kafka::MessageView>& messages) : messages_(messages) {}
  void Read(uint32_t record, std::vector<pipeline::RecordHeader>* headers) const override {
    if (!messages_[record].has_headers()) return;
    for (const kafka::Header& header : messages_[record].headers()) {
      headers->push_back({header.name, header.value.value_or(std::string_view())});
    }
  }

 private:
  const std::vector<kafka::MessageView>& messages_;
};

class PlannedRecordPath : public RecordPath {
 public:
  PlannedRecordPath(const pipeline::Plan& plan, size_t source, int report_every_millis,
                    const pipeline::MemoryBudget* memory,
                    std::unique_ptr<pipeline::RecordWriter> writer)
      : spec_(*plan.spec),
        source_(spec_.sources[source]),
        report_every_millis_(report_every_millis),
        memory_(memory),
        writer_(std::move(writer)),
        headers_(messages_) {}

  std::unique_ptr<pipeline::Partition> MakePartition(const kafka::TopicPartition& name,
                                                     const std::string& writer) override;
  std::optional<pipeline::RecordRefused> Write(const kafka::MessageBatch& messages,
                                               absl::Span<const uint32_t> positions,
                                               const pipeline::Admission& admission,
                                               observe::Series& series) override;

 private:
  void Gather(const kafka::MessageBatch& messages, absl::Span<const uint32_t> positions,
              absl::Span<const uint32_t> rows);

  const pipeline::PipelineSpec& spec_;
  const pipeline::SourceSpec& source_;
  const int report_every_millis_;
  const pipeline::MemoryBudget* const memory_;
  const std::unique_ptr<pipeline::RecordWriter> writer_;

  // The chunk at hand, an entry per admitted record.
  std::vector<kafka::MessageView> messages_;
  const MessageHeaders headers_;
  std::vector<int64_t> offsets_;
  std::vector<int64_t> timestamps_ms_;
  std::vector<std::string_view> keys_;
  std::vector<std::string_view> values_;
};

std::unique_ptr<pipeline::Partition> PlannedRecordPath::MakePartition(
    const kafka::TopicPartition& name, const std::string& writer) {
  pipeline::PartitionOptions options;
  options.key = {spec_.name, name.topic, name.partition.value()};
  options.writer = writer;
  options.lanes = source_.lanes;
  options.continue_on_data_loss = source_.continue_on_data_loss;
  options.batch = {spec_.batch.records, spec_.batch.bytes, spec_.batch.mutations};
  options.memory = memory_;
  options.report_nanos = report_every_millis_ * env::kNanosPerMilli;
  options.dead_letters.count = spec_.breaker.max;
  options.dead_letters.window_nanos = spec_.breaker.window_ms * env::kNanosPerMilli;
  return std::make_unique<pipeline::Partition>(std::move(options), writer_->factory(),
                                               &env::RealRandom());
}

void PlannedRecordPath::Gather(const kafka::MessageBatch& messages,
                               absl::Span<const uint32_t> positions,
                               absl::Span<const uint32_t> rows) {
  messages_.clear();
  offsets_.clear();
  timestamps_ms_.clear();
  keys_.clear();
  values_.clear();
  for (const uint32_t row : rows) {
    const kafka::MessageView message = messages[positions[row]];
    messages_.push_back(message);
    offsets_.push_back(message.offset().value());
    timestamps_ms_.push_back(message.timestamp_ms());
    keys_.push_back(message.key().value_or(std::string_view()));
    values_.push_back(message.value().value_or(std::string_view()));
  }
}

std::optional<pipeline::RecordRefused> PlannedRecordPath::Write(
    const kafka::MessageBatch& messages, absl::Span<const uint32_t> positions,
    const pipeline::Admission& admission, observe::Series& series) {
  Gather(messages, positions, admission.rows);
  pipeline::Records records;
  records.topic = messages_.front().topic();
  records.partition = messages_.front().partition().value();
  records.offsets = offsets_;
  records.timestamps_ms = timestamps_ms_;
  records.keys = keys_;
  records.values = values_;
  records.headers = &headers_;
  const pipeline::RecordWriterStats before = writer_->stats();
  auto refused = writer_->Write(records, admission.lanes);
  const pipeline::RecordWriterStats& after = writer_->stats();
  series.Add(MetricId::kRows, static_cast<double>(after.rows - before.rows));
  series.Add(MetricId::kSkipped, static_cast<double>(after.skipped - before.skipped));
  return refused;
}

}  // namespace

RecordPathFactory MakeRecordPathFactory(const pipeline::Plan& plan, size_t source,
                                        int report_every_millis, pipeline::MemoryBudget* memory) {
  return [&plan, source, report_every_millis,
          memory](const kafka::TopicPartition& name) -> std::unique_ptr<RecordPath> {
    auto writer = pipeline::RecordWriter::Create(plan, source, name.topic, name.partition.value());
    KS_CHECK(writer.ok());  // a plan was made of the same SQL
    (*writer)->set_memory(memory);
    return std::make_unique<PlannedRecordPath>(plan, source, report_every_millis, memory,
                                               *std::move(writer));
  };
}

}  // namespace ks::runtime
