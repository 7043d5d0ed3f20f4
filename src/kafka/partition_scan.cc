#include "kafka/partition_scan.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "kafka/limits.h"

namespace ks::kafka {
namespace {

constexpr int64_t kWaitNanos = 2 * env::kNanosPerMilli;

absl::Status Scan(ConsumerQueue& queue, Offset to, const VisitMessages& visit) {
  MessageBatch batch;
  std::vector<MessageView> records;
  int64_t heard = env::RealClock().MonotonicNanos();
  for (bool more = true; more;) {
    queue.Take(&batch);
    records.clear();
    for (size_t i = 0; more && i < batch.size(); ++i) {
      const MessageView message = batch[i];
      if (message.is_end()) {  // behind markers of transactions, where the last record is not
        more = message.offset() < to;
        continue;
      }
      KS_RETURN_IF_ERROR(message.error());
      more = message.offset().value() + 1 < to.value();
      if (message.offset() < to) records.push_back(message);
    }
    if (!records.empty() && !visit(records)) break;
    const int64_t now = env::RealClock().MonotonicNanos();
    if (!batch.empty()) heard = now;
    if (batch.empty() && now - heard > kScanSilenceMillis * env::kNanosPerMilli)
      return absl::UnavailableError("Kafka sends no more records");
    if (batch.empty()) env::SleepFor(kWaitNanos);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ScanPartition(Consumer& consumer, const TopicPartition& partition, Offset from,
                           Offset to, const VisitMessages& visit) {
  if (from >= to) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const auto queue, consumer.OpenQueue(partition));
  KS_RETURN_IF_ERROR(consumer.Assign({{partition, from}}));
  const absl::Status status = Scan(*queue, to, visit);
  KS_RETURN_IF_ERROR(consumer.Unassign({partition}));
  if (status.ok()) return status;
  return absl::Status(status.code(), StrCat("reading topic ", partition.topic, ", partition ",
                                            partition.partition.value(), ": ", status.message()));
}

}  // namespace ks::kafka
