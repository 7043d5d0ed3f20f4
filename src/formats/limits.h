// What this module limits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::formats {

// Objects and arrays inside each other in one message; deeper ones are malformed. Kafka's own JSON
// tools stop at 1,000.
inline constexpr uint32_t kJsonDepthMax = 256;

// Bytes of messages decoded in one go; a longer message is decoded alone. Keeps the parser's memory
// (about six bytes a byte) inside a processor's cache.
inline constexpr size_t kJsonWindowBytes = 256 * 1024;

// How much of a wrong value an error message shows.
inline constexpr size_t kErrorExcerptBytes = 40;

// Of a decimal in a message: Avro, Connect and Debezium set no limit, databases stop far below.
inline constexpr int32_t kDecimalScaleMax = 1000;
inline constexpr size_t kDecimalBytesMax = 1024;

// Schemas of Kafka Connect's JSON that a decoder keeps; they change with the source's table.
inline constexpr size_t kConnectSchemasMax = 16;

}  // namespace ks::formats
