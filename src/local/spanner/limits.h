// Limits of the local Spanner: what production refuses, this refuses, with the same codes.
//
// Source: https://cloud.google.com/spanner/quotas. Each is checked in one place; the file is named
// behind it.
#pragma once

#include <cstdint>

namespace ks::local::limits {

// ---- Commits (txn/rules/) ----
inline constexpr int64_t kMutationsPerCommit = 80'000;       // counted with index entries
inline constexpr int64_t kCommitBytes = int64_t{100} << 20;  // rows and index entries as stored
inline constexpr int64_t kKeyBytes = 8 << 10;                // one primary or index key
inline constexpr int64_t kCellBytes = 10 << 20;              // one value
inline constexpr int64_t kStringChars = kCellBytes / 4;      // STRING(MAX)

// ---- Schema (schema/validate.cc) ----
inline constexpr int kTablesPerDatabase = 5'000;
inline constexpr int kIndexesPerDatabase = 10'000;
inline constexpr int kIndexesPerTable = 128;
inline constexpr int kColumnsPerTable = 1'024;
inline constexpr int kKeyColumns = 16;
inline constexpr int kInterleaveDepth = 7;
inline constexpr int kIdentifierChars = 128;

// ---- Time ----
inline constexpr int64_t kVersionRetentionMicros =
    int64_t{3600} * 1'000'000;  // version_retention_period's default
inline constexpr int64_t kIdleTransactionNanos =
    int64_t{10} * 1'000'000'000;  // then others may abort it
inline constexpr int64_t kReadFutureMicros =
    int64_t{3600} * 1'000'000;  // furthest exact read ahead of now

}  // namespace ks::local::limits
