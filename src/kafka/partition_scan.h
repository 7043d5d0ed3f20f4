// Reads a range of one partition's records, outside of any group: for commands that look.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "kafka/consumer.h"

namespace ks::kafka {

// Every record of [from, to), in order; gaps are passed. `consumer` is subscribed to nothing.
// UNAVAILABLE when nothing comes for kScanSilenceMillis; OUT_OF_RANGE where records are gone.
absl::Status ScanPartition(Consumer& consumer, const TopicPartition& partition, Offset from,
                           Offset to, const std::function<void(const MessageView&)>& visit);

}  // namespace ks::kafka
