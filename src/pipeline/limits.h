// What the pipeline limits, and what Spanner limits for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::pipeline {

// ---- Spanner's, https://cloud.google.com/spanner/quotas
inline constexpr int64_t kSpannerMutationsMax = 80'000;  // per commit, index entries included
inline constexpr int64_t kSpannerCommitBytesMax = 100LL << 20;     // per commit
inline constexpr int64_t kSpannerCellBytesMax = 10LL << 20;        // one value
inline constexpr int64_t kSpannerStringCharactersMax = 2'621'440;  // of a STRING(MAX)
inline constexpr int64_t kSpannerIdentifierBytesMax = 128;  // a table's, column's, index' name
inline constexpr int kSpannerKeyColumnsMax = 16;

// ---- A batch. Half of Spanner's limits: index entries of tables we do not see (foreign keys,
// search indexes) count too.
inline constexpr int64_t kBatchRecordsDefault = 10'000;
inline constexpr int64_t kBatchRecordsMax = 1'000'000;
inline constexpr int64_t kBatchBytesDefault = 8LL << 20;
inline constexpr int64_t kBatchBytesMax = 64LL << 20;
inline constexpr int64_t kBatchMutationsDefault = 40'000;
inline constexpr int64_t kBatchMutationsMax =
    kSpannerMutationsMax - 1000;  // room for the checkpoints

// Records that are transformed at once: enough to spread the cost of a call, few enough for a
// processor's cache.
inline constexpr size_t kTransformRecordsMax = 1024;

// ---- A worker
inline constexpr int64_t kMemoryBytesDefault = 128LL << 20;
inline constexpr int64_t kMemoryBytesMin = 8LL << 20;
inline constexpr int64_t kMemoryBytesMax = 1LL << 40;
inline constexpr int64_t kDeadLettersMaxDefault = 1'000;
inline constexpr int64_t kDeadLettersWindowMsDefault = 60'000;

// ---- A pipeline file
inline constexpr size_t kPipelineFileBytesMax = 1 << 20;
inline constexpr size_t kPipelineNameBytesMax = 128;  // kafka_spanner.Partitions.Pipeline
inline constexpr int kPipelineLanesMax = 64;
inline constexpr size_t kTypeDepthMax = 16;
inline constexpr size_t kErrorExcerptBytes = 60;

// ---- A dead letter: columns of kafka_spanner.DeadLetters
inline constexpr size_t kDeadLetterReasonBytesMax = 4096;
inline constexpr size_t kDeadLetterCellBytesMax = kSpannerCellBytesMax;  // of key, value, headers

// ---- Aggregates
inline constexpr size_t kPartialCacheEntriesDefault =
    100'000;  // groups that one lane keeps in memory per table
inline constexpr size_t kPartialReadKeysMax = 10'000;  // keys of one read

// Files of a Protobuf schema that import each other.
inline constexpr size_t kSchemaImportDepthMax = 32;

// Lines of a fixture that are compared one by one after the first that differs.
inline constexpr size_t kDiffLinesMax = 1000;

}  // namespace ks::pipeline
