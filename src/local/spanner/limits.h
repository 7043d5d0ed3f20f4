// Limits of the local Spanner: what production refuses, this refuses, with the same codes.
//
// Source: https://cloud.google.com/spanner/quotas. Each is checked in one place; the file is named
// behind it. What is a Limit can be relaxed before the server starts (`kafka-spanner spanner
// --limit NAME=VALUE`, see limits.cc for the table); the rest are constants. Thread safety: read
// from any thread; changed only before there are others.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace ks::local::limits {

class Limit {
 public:
  constexpr Limit(std::string_view name, int64_t value, std::string_view what)
      : name_(name), what_(what), value_(value) {}
  Limit(const Limit&) = delete;

  operator int64_t() const { return value_.load(std::memory_order_relaxed); }  // NOLINT
  std::string_view name() const { return name_; }
  std::string_view what() const { return what_; }
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }

 private:
  const std::string_view name_;
  const std::string_view what_;
  std::atomic<int64_t> value_;
};

// All that can be relaxed, in the order in which help shows them.
absl::Span<Limit* const> All();
// Takes "mutations=200000". INVALID_ARGUMENT: no such limit, or no positive number.
absl::Status Relax(std::string_view setting);

// ---- Commits (txn/rules/, txn/commit.cc) ----
inline constinit Limit kMutationsPerCommit{"mutations", 80'000, "in one commit, index entries too"};
inline constinit Limit kCommitBytes{"commit-bytes", int64_t{100} << 20, "rows and index entries"};
inline constinit Limit kKeyBytes{"key-bytes", 8 << 10, "of one primary or index key"};
inline constinit Limit kCellBytes{"cell-bytes", 10 << 20, "of one value"};
inline constinit Limit kStringChars{"string-chars", (10 << 20) / 4, "of a STRING(MAX)"};

// ---- Messages (server/) ----
inline constinit Limit kMessageBytes{"message-bytes", 100 << 20, "of any request or answer"};
inline constinit Limit kRequestBytes{"request-bytes", 10 << 20, "of one that is no commit"};
inline constinit Limit kAdminBytes{"admin-bytes", 1 << 20, "of administration but schemas"};
// Production has 500. Tests make more schema changes than that, so it is not the default here.
inline constinit Limit kAdminRequests{"admin-requests", 1'000'000, "of administration in 100 s"};
inline constinit Limit kUnaryResultBytes{"result-bytes", 10 << 20, "of Read and ExecuteSql"};
inline constinit Limit kSqlChars{"sql-chars", 1'000'000, "of one statement"};
inline constinit Limit kQueryParameters{"parameters", 950, "of one statement"};

// ---- Queries (query/query_limits.cc) ----
inline constinit Limit kJoins{"joins", 20, "of one statement"};
inline constinit Limit kFunctionCalls{"function-calls", 1'000, "of one statement"};
inline constinit Limit kNestedFunctions{"nested-functions", 75, "function calls in each other"};
inline constinit Limit kNestedSubqueries{"nested-subqueries", 25, "subquery expressions likewise"};
inline constinit Limit kNestedSubselects{"nested-subselects", 60, "SELECTs likewise"};
inline constinit Limit kNestedGroupBys{"nested-group-bys", 35, "GROUP BYs likewise"};
inline constinit Limit kGroupByColumns{"group-by-columns", 1'000, "of one GROUP BY"};
inline constinit Limit kInValues{"in-values", 10'000, "of one IN"};
inline constinit Limit kStructFields{"struct-fields", 1'000, "of one STRUCT that is made"};
inline constinit Limit kSubqueryChildren{"select-subqueries", 50, "in one SELECT list"};
inline constinit Limit kUnions{"unions", 200, "SELECTs of one set operation"};

// ---- Schema (schema/validate.cc) ----
inline constinit Limit kTablesPerDatabase{"tables", 5'000, "of a database"};
inline constinit Limit kIndexesPerDatabase{"indexes", 10'000, "of a database"};
inline constinit Limit kIndexesPerTable{"table-indexes", 128, "of a table"};
inline constinit Limit kColumnsPerTable{"columns", 1'024, "of a table"};
inline constinit Limit kKeyColumns{"key-columns", 16, "of a table or index"};
inline constinit Limit kInterleaveDepth{"interleave-depth", 7, "tables within tables"};
inline constinit Limit kViewsPerDatabase{"views", 5'000, "of a database"};
inline constinit Limit kRolesPerDatabase{"roles", 100, "of a database"};
inline constinit Limit kChangeStreamsPerDatabase{"change-streams", 10, "of a database"};
inline constinit Limit kChangeStreamsPerColumn{"column-change-streams", 3, "that watch a column"};
inline constinit Limit kDdlBytes{"ddl-bytes", 10 << 20, "of the statements of one schema change"};
inline constexpr int kIdentifierChars = 128;
inline constexpr int64_t kStreamRetentionMinMicros = int64_t{86'400} * 1'000'000;  // also default
inline constexpr int64_t kStreamRetentionMaxMicros = 7 * kStreamRetentionMinMicros;

// ---- Change streams (txn/change_streams.cc) ----
inline constexpr int64_t kStreamPartitionMicros = int64_t{20 * 60} * 1'000'000;
inline constexpr size_t kModsPerChangeRecord = 1'000;
inline constexpr int64_t kStreamHeartbeatMinMillis = 100;
inline constexpr int64_t kStreamHeartbeatMaxMillis = 300'000;
inline constexpr int64_t kStreamPollMillis = 20;  // how often a reader looks for new records
inline constexpr int64_t kStreamFutureMicros = int64_t{600} * 1'000'000;  // of start_timestamp

// ---- Row deletion policies (txn/row_deletion.cc) ----
inline constexpr int64_t kRowDeletionBatch = 1'000;  // rows deleted by one transaction

// ---- Sequences (txn/sequences.cc) ----
inline constexpr int64_t kSequenceBlock = 1'000;  // numbers reserved by one write

// ---- Administration (server/registry.cc) ----
inline constinit Limit kDatabasesPerInstance{"databases", 100, "of an instance"};

// ---- Split points (server/rpc/split_points.cc) ----
inline constinit Limit kSplitPointsPerRequest{"split-points", 100, "of one AddSplitPoints"};
inline constexpr int64_t kSplitPointLifeNanos = int64_t{10} * 86'400 * 1'000'000'000;
inline constexpr int64_t kSplitPointLifeMaxNanos = 3 * kSplitPointLifeNanos;

// ---- Backups (txn/copy.cc, server/rpc/backups.cc) ----
// https://cloud.google.com/spanner/docs/backup: how long one may live, from its creation.
inline constexpr int64_t kBackupLifeMinNanos = int64_t{6} * 3'600 * 1'000'000'000;
inline constexpr int64_t kBackupLifeMaxNanos = int64_t{366} * 86'400 * 1'000'000'000;
inline constexpr size_t kCopyBatchBytes = 1 << 20;  // written at once

// ---- Time ----
inline constexpr int64_t kVersionRetentionMicros =
    int64_t{3600} * 1'000'000;  // version_retention_period's default, and least
inline constexpr int64_t kVersionRetentionMaxMicros = 168 * kVersionRetentionMicros;
inline constinit Limit kIdleTransactionNanos{"idle-transaction-nanos", int64_t{10} * 1'000'000'000,
                                             "without a call, then it is aborted"};
inline constexpr int64_t kReadFutureMicros =
    int64_t{3600} * 1'000'000;  // furthest exact read ahead of now

}  // namespace ks::local::limits
