// Reads a range of one partition's records, outside of any group: for commands that look.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "kafka/consumer.h"

namespace ks::kafka {

// Some records, in order, at most kPollMessagesMax; valid during the call. False: enough.
using VisitMessages = std::function<bool(const std::vector<MessageView>&)>;

// Every record of [from, to), in order; gaps are passed. `consumer` is subscribed to nothing.
// UNAVAILABLE when nothing comes for kScanSilenceMillis; OUT_OF_RANGE where records are gone.
absl::Status ScanPartition(Consumer& consumer, const TopicPartition& partition, Offset from,
                           Offset to, const VisitMessages& visit);

}  // namespace ks::kafka
