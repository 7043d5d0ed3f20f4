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

// An Avro schema: types inside each other, types at all, bytes of a fixed, and records that become
// STRUCTs inside each other before the rest is JSON.
inline constexpr size_t kAvroSchemaDepthMax = 64;
inline constexpr size_t kAvroSchemaNodesMax = 10000;
inline constexpr int64_t kAvroFixedBytesMax = 1 << 20;
inline constexpr size_t kAvroStructDepthMax = 8;

// An Avro message: values inside each other, which a schema that holds itself allows, and elements
// that take no byte, which a few bytes could ask for by the billion.
inline constexpr uint32_t kAvroDepthMax = 128;
inline constexpr int64_t kAvroEmptyElementsMax = 65536;

// A Protobuf schema: its bytes, files that import each other, fields in all plans, and messages
// that become STRUCTs inside each other before the rest is JSON.
inline constexpr size_t kProtobufSchemaBytesMax = 8 << 20;
inline constexpr size_t kProtobufFilesMax = 64;
inline constexpr size_t kProtobufFieldsMax = 100000;
inline constexpr size_t kProtobufStructDepthMax = 8;

// A Protobuf message: messages inside each other (100 is Protobuf's own limit), numbers in front of
// it that say which type it is, what it holds, where absent values count too, and its JSON.
inline constexpr uint32_t kProtobufDepthMax = 100;
inline constexpr int64_t kProtobufIndexesMax = 32;
inline constexpr size_t kProtobufValuesMax = 4 << 20;
inline constexpr size_t kProtobufJsonBytesMax = 64 << 20;

// A schema registry: how often a request is tried and how long until it is again (doubled each
// time), how long a number is not asked for again that has no schema or whose schema could not be
// had, how many such numbers are remembered, and how deep schemas may refer to each other.
// Where only the partition waits whose records need it, it is tried for about a minute.
inline constexpr int kRegistryAttempts = 4;
inline constexpr int kRegistryPatientAttempts = 8;
inline constexpr int64_t kRegistryRetryMillis = 250;
inline constexpr int64_t kNoSchemaMillis = 10000;
inline constexpr size_t kNoSchemasMax = 1000;
inline constexpr size_t kReferenceDepthMax = 32;

}  // namespace ks::formats
