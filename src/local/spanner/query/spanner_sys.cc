// SPANNER_SYS's tables of what is there now: what is running, how big tables are, how far row
// deletion is, split points, versions of the optimizer.
//
// Columns and their order are those of https://cloud.google.com/spanner/docs/introspection
// (tests/conformance/python/test_statistics.py has a list of them).
#include <string>

#include "local/spanner/query/system_row.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kSupportedOptimizerVersionsColumns[] = {
    {"VERSION", "INT64"},
    {"RELEASE_DATE", "DATE"},
    {"IS_DEFAULT", "BOOL"},
};

void FillSupportedOptimizerVersions(const Schema&, MetadataRows* rows) {
  constexpr int64_t kReleased = 20'000;  // 2024-10-04
  rows->push_back({Int(1), sql::Value::Date(kReleased), Flag(true)});
}

// ---- What is running ----

constexpr MetadataColumn kOldestActiveColumns[] = {
    {"START_TIME", "TIMESTAMP", true},   {"TEXT_FINGERPRINT", "INT64", true},
    {"TEXT", "STRING(MAX)", true},       {"TEXT_TRUNCATED", "BOOL", true},
    {"SESSION_ID", "STRING(MAX)", true}, {"QUERY_ID", "STRING(MAX)", true},
};

std::string_view SessionId(const Statistics::Running& running) {
  return std::string_view(running.session).substr(running.session.rfind('/') + 1);
}

void FillOldestActive(DatabaseCore& core, const Schema&, int, MetadataRows* rows) {
  for (const auto& running : core.statistics().Active()) {
    rows->push_back({TimeOfNanos(running.started_nanos), Fingerprint(running.text),
                     Text(running.text), Flag(running.text.size() >= kQueryTextShown),
                     Text(SessionId(running)), Text(std::to_string(running.id))});
  }
}

constexpr MetadataColumn kActiveSummaryColumns[] = {
    {"ACTIVE_COUNT", "INT64", true},          {"OLDEST_START_TIME", "TIMESTAMP", true},
    {"COUNT_OLDER_THAN_1S", "INT64", true},   {"COUNT_OLDER_THAN_10S", "INT64", true},
    {"COUNT_OLDER_THAN_100S", "INT64", true},
};

void FillActiveSummary(DatabaseCore& core, const Schema&, int, MetadataRows* rows) {
  const auto active = core.statistics().Active();
  const int64_t now = core.statistics().NowNanos();
  int64_t older[3] = {0, 0, 0};
  for (const auto& running : active) {
    int64_t limit = sql::kNanosPerSecond;
    for (int64_t& count : older) {
      count += now - running.started_nanos > limit;
      limit *= 10;
    }
  }
  rows->push_back({Int(static_cast<int64_t>(active.size())),
                   active.empty() ? sql::Value::Null(sql::Type::Timestamp())
                                  : TimeOfNanos(active.front().started_nanos),
                   Int(older[0]), Int(older[1]), Int(older[2])});
}

constexpr MetadataColumn kPartitionedDmlColumns[] = {
    {"TEXT", "STRING(MAX)", true},
    {"TEXT_FINGERPRINT", "INT64", true},
    {"SESSION_ID", "STRING(MAX)", true},
    {"NUM_PARTITIONS_TOTAL", "INT64", true},
    {"NUM_PARTITIONS_COMPLETE", "INT64", true},
    {"NUM_TRIVIAL_PARTITIONS_COMPLETE", "INT64", true},
    {"PROGRESS", "FLOAT64", true},
    {"ROWS_PROCESSED", "INT64", true},
    {"START_TIMESTAMP", "TIMESTAMP", true},
    {"LAST_UPDATE_TIMESTAMP", "TIMESTAMP", true},
};

void FillPartitionedDmls(DatabaseCore& core, const Schema&, int, MetadataRows* rows) {
  for (const auto& running : core.statistics().ActivePartitioned()) {
    const int64_t to_do = running.parts - running.trivial;
    const int64_t done = running.parts_done - running.trivial;
    rows->push_back({Text(running.text), Fingerprint(running.text), Text(SessionId(running)),
                     Int(running.parts), Int(running.parts_done), Int(running.trivial),
                     Real(to_do == 0 ? 1 : static_cast<double>(done) / static_cast<double>(to_do)),
                     Int(running.rows), TimeOfNanos(running.started_nanos),
                     TimeOfNanos(running.updated_nanos)});
  }
}

// ---- Tables ----

constexpr MetadataColumn kTableSizeColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true}, {"TABLE_NAME", "STRING(MAX)", true},
    {"USED_BYTES", "FLOAT64", true},     {"USED_SSD_BYTES", "FLOAT64", true},
    {"USED_HDD_BYTES", "FLOAT64", true},
};

// As of now: there is no history.
void FillTableSizes(DatabaseCore& core, const Schema& schema, int, MetadataRows* rows) {
  constexpr int64_t kHour = 3'600;
  const sql::Value end =
      TimeOfSeconds(core.statistics().NowNanos() / sql::kNanosPerSecond / kHour * kHour);
  const auto add = [&](const std::string& name, KeySpaceId space) {
    const auto bytes = static_cast<double>(core.store().ApproximateBytes(SpaceSpan(space)));
    rows->push_back({end, Text(name), Real(bytes), Real(bytes), Real(0)});
  };
  for (const auto& table : schema.tables) add(table->name, table->space);
  for (const auto& index : schema.indexes) add(index->name, index->space);
  for (const ChangeStream& stream : schema.change_streams) add(stream.name, stream.space);
}

constexpr MetadataColumn kSplitPointColumns[] = {
    {"TABLE_NAME", "STRING(MAX)", true}, {"INDEX_NAME", "STRING(MAX)", true},
    {"INITIATOR", "STRING(MAX)", true},  {"SPLIT_KEY", "STRING(MAX)", true},
    {"EXPIRE_TIME", "TIMESTAMP", true},
};

void FillSplitPoints(DatabaseCore& core, const Schema&, int, MetadataRows* rows) {
  for (const SplitPoints::Point& point : core.split_points().All()) {
    rows->push_back({Text(point.table), Text(point.index), Text(point.initiator), Text(point.key),
                     TimeOfNanos(point.expires_nanos)});
  }
}

// ---- Row deletion policies ----

constexpr MetadataColumn kRowDeletionColumns[] = {
    {"TABLE_NAME", "STRING(MAX)"},
    {"PROCESSED_WATERMARK", "TIMESTAMP", true},
    {"UNDELETABLE_ROWS", "INT64"},
    {"MIN_UNDELETABLE_TIMESTAMP", "TIMESTAMP", true},
};

// The watermark is NULL until the first round.
void FillRowDeletionPolicies(DatabaseCore& core, const Schema& schema, int, MetadataRows* rows) {
  const auto expiries = core.statistics().Expiries();
  for (const auto& table : schema.tables) {
    if (!table->row_deletion_policy) continue;
    NamedRow row(kRowDeletionColumns);
    row.Set("TABLE_NAME", Text(table->name));
    row.Set("UNDELETABLE_ROWS", Int(0));
    if (const auto found = expiries.find(table->name); found != expiries.end()) {
      row.Set("PROCESSED_WATERMARK", TimeOfNanos(found->second.began_nanos));
      row.Set("UNDELETABLE_ROWS", Int(found->second.undeletable));
      if (found->second.undeletable > 0) {
        row.Set("MIN_UNDELETABLE_TIMESTAMP",
                sql::Value::Timestamp(found->second.oldest_undeletable));
      }
    }
    rows->push_back(row.Take());
  }
}

constexpr MetadataTable kTables[] = {
    {"SPANNER_SYS", "ACTIVE_PARTITIONED_DMLS", kPartitionedDmlColumns, nullptr,
     &FillPartitionedDmls},
    {"SPANNER_SYS", "ACTIVE_QUERIES_SUMMARY", kActiveSummaryColumns, nullptr, &FillActiveSummary},
    {"SPANNER_SYS", "OLDEST_ACTIVE_QUERIES", kOldestActiveColumns, nullptr, &FillOldestActive},
    {"SPANNER_SYS", "ROW_DELETION_POLICIES", kRowDeletionColumns, nullptr,
     &FillRowDeletionPolicies},
    {"SPANNER_SYS", "SUPPORTED_OPTIMIZER_VERSIONS", kSupportedOptimizerVersionsColumns,
     &FillSupportedOptimizerVersions},
    {"SPANNER_SYS", "TABLE_SIZES_STATS_1HOUR", kTableSizeColumns, nullptr, &FillTableSizes},
    {"SPANNER_SYS", "USER_SPLIT_POINTS", kSplitPointColumns, nullptr, &FillSplitPoints},
};

}  // namespace

absl::Span<const MetadataTable> SystemMetadata() { return kTables; }

}  // namespace ks::local
