// Every number the Kafka side goes by.
#pragma once

#include <cstdint>

namespace ks::kafka {

// Messages taken from a queue at once. Larger batches amortise more and hold more memory.
inline constexpr int kPollMessagesMax = 2'000;
// Waits for a broker's answer to a question (metadata, watermarks, offsets for times).
inline constexpr int kQueryTimeoutMillis = 10'000;
// The last words to the group when leaving it.
inline constexpr int kCloseTimeoutMillis = 10'000;
// What librdkafka fetches ahead, per partition.
inline constexpr int kPrefetchKbytes = 8'192;
// librdkafka's mock cluster keeps this much of each partition, in bytes, and forgets the oldest.
inline constexpr int64_t kEmbeddedPartitionBytesMax = int64_t{5} << 20;

}  // namespace ks::kafka
