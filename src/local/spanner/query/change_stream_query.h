// Reading change streams: `SELECT ChangeRecord FROM READ_<stream>(…)`, which stands alone and runs
// until its end_timestamp, or for ever.
//
// Without a partition token it gives the tokens of that moment and ends; with one it gives the
// partition's records in commit order, heartbeats while there are none, and the partition's
// children where it ends. Thread safety: one call per thread; it waits without locks. Invariants
// (ddl/change_stream_test.cc): following tokens from parents to children gives every record of the
// stream exactly once, and those of a partition in commit order. Source:
// https://cloud.google.com/spanner/docs/change-streams/details
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/txn/core.h"
#include "sql/types/value.h"

namespace ks::local {

struct ChangeStreamQuery {
  std::string stream;  // as declared
  CommitTimestamp start;
  std::optional<CommitTimestamp> end;  // inclusive
  std::optional<std::string> token;
  int64_t heartbeat_millis = 0;
};

// The value of a query parameter as this type.
using ParameterLookup =
    std::function<absl::StatusOr<sql::Value>(std::string_view name, sql::TypeRef type)>;

// Nothing when `text` reads no change stream.
absl::StatusOr<std::optional<ChangeStreamQuery>> ParseChangeStreamQuery(
    const Schema& schema, std::string_view text, const ParameterLookup& parameters);

// ARRAY<STRUCT<data_change_record …, heartbeat_record …, child_partitions_record …>>
sql::TypeRef ChangeRecordType();

struct ChangeStreamOutput {
  std::function<absl::Status(const sql::Value& record)> emit;
  std::function<absl::Status()> check_alive;
};
absl::Status RunChangeStreamQuery(DatabaseCore& core, const ChangeStreamQuery& query,
                                  const ChangeStreamOutput& output);

}  // namespace ks::local
