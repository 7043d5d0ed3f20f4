// RecordPath: from Kafka's messages to rows in lanes, for one partition: decode, transform, append.
// Thread safety: one data thread; the factory may be called from any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "formats/schema_store.h"
#include "kafka/message.h"
#include "observe/metrics.h"
#include "observe/trace.h"
#include "pipeline/memory_budget.h"
#include "pipeline/partition.h"
#include "pipeline/plan.h"
#include "pipeline/ports.h"
#include "pipeline/transform.h"

namespace ks::runtime {

class RecordPath {
 public:
  virtual ~RecordPath() = default;
  // The state machine of the partition, whose lanes this path fills.
  virtual std::unique_ptr<pipeline::Partition> MakePartition(const kafka::TopicPartition& name,
                                                             const std::string& writer) = 0;
  // Whether Write can go ahead without waiting for a registry. False: a schema that one of these
  // messages needs is on its way; `told` as in formats::SchemaStore::Prepare.
  virtual bool Prepare(const kafka::MessageBatch& messages, absl::Span<const uint32_t> positions,
                       const formats::SchemaStore::Told& told) = 0;
  // Puts the admitted records into their lanes: record admission.rows[i] is
  // messages[positions[admission.rows[i]]]. The record at which the pipeline has to stop, if there
  // is one. `times`: as Transform::set_times.
  virtual std::optional<pipeline::RecordRefused> Write(const kafka::MessageBatch& messages,
                                                       absl::Span<const uint32_t> positions,
                                                       const pipeline::Admission& admission,
                                                       observe::Series& series,
                                                       pipeline::StageTimes* times) = 0;
};

using RecordPathFactory = std::function<std::unique_ptr<RecordPath>(const kafka::TopicPartition&)>;

// For the partitions of source `source` of the plan, which outlives them. Partitions say how far
// they are every `report_every_millis`, hold together what `memory` allows, and trace what `traces`
// takes.
RecordPathFactory MakeRecordPathFactory(const pipeline::Plan& plan, size_t source,
                                        int report_every_millis, pipeline::MemoryBudget* memory,
                                        const observe::TraceSampling& traces);

}  // namespace ks::runtime
