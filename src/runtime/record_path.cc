#include "runtime/record_path.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "pipeline/record_writer.h"
#include "runtime/message_records.h"

namespace ks::runtime {
namespace {

using observe::MetricId;

class PlannedRecordPath : public RecordPath {
 public:
  PlannedRecordPath(const pipeline::Plan& plan, size_t source, int report_every_millis,
                    const pipeline::MemoryBudget* memory, const observe::TraceSampling& traces,
                    std::unique_ptr<pipeline::RecordWriter> writer)
      : spec_(*plan.spec),
        source_(spec_.sources[source]),
        report_every_millis_(report_every_millis),
        memory_(memory),
        traces_(traces),
        writer_(std::move(writer)),
        key_schemas_(source_.key),
        value_schemas_(source_.value) {}

  std::unique_ptr<pipeline::Partition> MakePartition(const kafka::TopicPartition& name,
                                                     const std::string& writer) override;
  bool Prepare(const kafka::MessageBatch& messages, absl::Span<const uint32_t> positions,
               const formats::SchemaStore::Told& told) override;
  std::optional<pipeline::RecordRefused> Write(const kafka::MessageBatch& messages,
                                               absl::Span<const uint32_t> positions,
                                               const pipeline::Admission& admission,
                                               observe::Series& series,
                                               pipeline::StageTimes* times) override;

 private:
  // The schemas of keys or of values that need not be waited for any more.
  struct Schemas {
    formats::SchemaStore* store = nullptr;  // null: messages name none, or it is not asked
    int32_t last = -1;
    absl::flat_hash_set<int32_t> known;

    explicit Schemas(const pipeline::PartSpec& part)
        : store(part.format == pipeline::Format::kJson ? nullptr : part.store.get()) {}
    bool Prepare(std::optional<std::string_view> bytes, const formats::SchemaStore::Told& told);
  };

  const pipeline::PipelineSpec& spec_;
  const pipeline::SourceSpec& source_;
  const int report_every_millis_;
  const pipeline::MemoryBudget* const memory_;
  const observe::TraceSampling traces_;
  const std::unique_ptr<pipeline::RecordWriter> writer_;
  Schemas key_schemas_;
  Schemas value_schemas_;
  MessageRecords chunk_;
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
  options.traces = traces_;
  options.report_nanos = report_every_millis_ * env::kNanosPerMilli;
  options.dead_letters.count = spec_.breaker.max;
  options.dead_letters.window_nanos = spec_.breaker.window_ms * env::kNanosPerMilli;
  return std::make_unique<pipeline::Partition>(std::move(options), writer_->factory(),
                                               &env::RealRandom());
}

bool PlannedRecordPath::Schemas::Prepare(std::optional<std::string_view> bytes,
                                         const formats::SchemaStore::Told& told) {
  int32_t id = 0;
  if (!bytes || !formats::ReadFrame(*bytes, &id) || id == last) return true;
  if (!known.contains(id)) {
    if (!store->Prepare(id, told)) return false;
    if (!store->ById(id).ok()) return true;  // an error is asked about again
    known.insert(id);
  }
  last = id;
  return true;
}

bool PlannedRecordPath::Prepare(const kafka::MessageBatch& messages,
                                absl::Span<const uint32_t> positions,
                                const formats::SchemaStore::Told& told) {
  if (key_schemas_.store == nullptr && value_schemas_.store == nullptr) return true;
  for (const uint32_t position : positions) {
    const kafka::MessageView message = messages[position];
    if (key_schemas_.store != nullptr && !key_schemas_.Prepare(message.key(), told)) return false;
    if (value_schemas_.store != nullptr && !value_schemas_.Prepare(message.value(), told))
      return false;
  }
  return true;
}

std::optional<pipeline::RecordRefused> PlannedRecordPath::Write(
    const kafka::MessageBatch& messages, absl::Span<const uint32_t> positions,
    const pipeline::Admission& admission, observe::Series& series, pipeline::StageTimes* times) {
  chunk_.Clear();
  for (const uint32_t row : admission.rows) chunk_.Add(messages[positions[row]]);
  writer_->set_times(times);
  const pipeline::RecordWriterStats before = writer_->stats();
  auto refused = writer_->Write(chunk_.records(), admission.lanes);
  const pipeline::RecordWriterStats& after = writer_->stats();
  series.Add(MetricId::kRows, static_cast<double>(after.rows - before.rows));
  series.Add(MetricId::kSkipped, static_cast<double>(after.skipped - before.skipped));
  return refused;
}

}  // namespace

RecordPathFactory MakeRecordPathFactory(const pipeline::Plan& plan, size_t source,
                                        int report_every_millis, pipeline::MemoryBudget* memory,
                                        const observe::TraceSampling& traces) {
  return [&plan, source, report_every_millis, memory,
          traces](const kafka::TopicPartition& name) -> std::unique_ptr<RecordPath> {
    auto writer = pipeline::RecordWriter::Create(plan, source, name.topic, name.partition.value());
    KS_CHECK(writer.ok());  // a plan was made of the same SQL
    (*writer)->set_memory(memory);
    return std::make_unique<PlannedRecordPath>(plan, source, report_every_millis, memory, traces,
                                               *std::move(writer));
  };
}

}  // namespace ks::runtime
