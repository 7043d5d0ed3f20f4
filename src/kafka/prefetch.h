// Prefetch: what librdkafka fetches ahead of each partition, and how partitions share a budget.
// librdkafka's own setting is per queue, we have a queue per partition, and it is fixed when the
// consumer starts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kafka/limits.h"

namespace ks::kafka {

struct Prefetch {
  int messages = kPrefetchMessages;
  int kbytes = kPrefetchKbytes;
  bool operator==(const Prefetch&) const = default;
};

// Half of a partition's share for its messages' bytes, half for what messages cost beside them. One
// member may get all partitions, so all count.
inline Prefetch PrefetchWithin(int64_t budget_bytes, int64_t partitions) {
  const int64_t half = budget_bytes / std::max<int64_t>(partitions, 1) / 2;
  return {.messages = static_cast<int>(std::clamp<int64_t>(
              half / kMessageOverheadBytes, kPrefetchMessagesMin, kPrefetchMessages)),
          .kbytes = static_cast<int>(
              std::clamp<int64_t>(half >> 10, kPrefetchKbytesMin, kPrefetchKbytes))};
}

}  // namespace ks::kafka
