// SPANNER_SYS: what has run lately, what is running, and how big tables are.
//
// Columns are those of https://cloud.google.com/spanner/docs/introspection, but for those that are
// arrays of structs; what one machine has no number for is NULL.
#include <string>

#include "local/spanner/query/metadata_table.h"
#include "local/spanner/txn/core.h"
#include "sql/functions/farm_hash.h"

namespace ks::local {

namespace {

constexpr size_t kTextShown = 64 << 10;

sql::Value Real(double value) { return sql::Value::Float64(value); }
sql::Value NullReal() { return sql::Value::Null(sql::Type::Float64()); }
sql::Value Mean(double sum, int64_t count) {
  return Real(count == 0 ? 0 : sum / static_cast<double>(count));
}
sql::Value Time(int64_t seconds, int32_t nanos = 0) {
  return sql::Value::Timestamp({seconds, nanos});
}
sql::Value TimeOfNanos(int64_t nanos) {
  return Time(nanos / 1'000'000'000, static_cast<int32_t>(nanos % 1'000'000'000));
}
sql::Value Fingerprint(std::string_view text) {
  return Int(static_cast<int64_t>(sql::FarmFingerprint(text) >> 1));
}

// ---- Queries ----

constexpr MetadataColumn kQueryTopColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"REQUEST_TAG", "STRING(MAX)", true},
    {"QUERY_TYPE", "STRING(MAX)", true},
    {"TEXT", "STRING(MAX)", true},
    {"TEXT_TRUNCATED", "BOOL", true},
    {"TEXT_FINGERPRINT", "INT64", true},
    {"EXECUTION_COUNT", "INT64", true},
    {"AVG_LATENCY_SECONDS", "FLOAT64", true},
    {"AVG_ROWS", "FLOAT64", true},
    {"AVG_BYTES", "FLOAT64", true},
    {"AVG_ROWS_SCANNED", "FLOAT64", true},
    {"AVG_CPU_SECONDS", "FLOAT64", true},
    {"ALL_FAILED_EXECUTION_COUNT", "INT64", true},
    {"ALL_FAILED_AVG_LATENCY_SECONDS", "FLOAT64", true},
    {"CANCELLED_OR_DISCONNECTED_EXECUTION_COUNT", "INT64", true},
    {"TIMED_OUT_EXECUTION_COUNT", "INT64", true},
    {"AVG_BYTES_WRITTEN", "FLOAT64", true},
    {"AVG_ROWS_WRITTEN", "FLOAT64", true},
    {"STATEMENT_COUNT", "INT64", true},
    {"RUN_IN_RW_TRANSACTION_EXECUTION_COUNT", "INT64", true},
};

constexpr MetadataColumn kQueryTotalColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"EXECUTION_COUNT", "INT64", true},
    {"AVG_LATENCY_SECONDS", "FLOAT64", true},
    {"AVG_ROWS", "FLOAT64", true},
    {"AVG_BYTES", "FLOAT64", true},
    {"AVG_ROWS_SCANNED", "FLOAT64", true},
    {"AVG_CPU_SECONDS", "FLOAT64", true},
    {"ALL_FAILED_EXECUTION_COUNT", "INT64", true},
    {"ALL_FAILED_AVG_LATENCY_SECONDS", "FLOAT64", true},
    {"CANCELLED_OR_DISCONNECTED_EXECUTION_COUNT", "INT64", true},
    {"TIMED_OUT_EXECUTION_COUNT", "INT64", true},
    {"AVG_BYTES_WRITTEN", "FLOAT64", true},
    {"AVG_ROWS_WRITTEN", "FLOAT64", true},
    {"RUN_IN_RW_TRANSACTION_EXECUTION_COUNT", "INT64", true},
};

// The columns from EXECUTION_COUNT to AVG_ROWS_WRITTEN.
void AppendQuerySums(const Statistics::Sums& sums, MetadataRow* row) {
  const sql::Value values[] = {Int(sums.count),
                               Mean(sums.seconds, sums.count),
                               Mean(static_cast<double>(sums.rows), sums.count),
                               NullReal(),
                               Mean(static_cast<double>(sums.rows_scanned), sums.count),
                               NullReal(),
                               Int(sums.failed),
                               Mean(sums.failed_seconds, sums.failed),
                               Int(sums.cancelled),
                               Int(sums.timed_out),
                               NullReal(),
                               Mean(static_cast<double>(sums.rows_written), sums.count)};
  row->insert(row->end(), std::begin(values), std::end(values));
}

template <int kMinutes>
void FillQueryTop(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Queries(kMinutes)) {
    for (const auto& [key, sums] : interval.by_key) {
      MetadataRow row = {
          Time(interval.end_seconds),          Text(key.tag),        Text("QUERY"), Text(key.text),
          Flag(key.text.size() >= kTextShown), Fingerprint(key.text)};
      AppendQuerySums(sums, &row);
      row.push_back(Int(1));
      row.push_back(Int(sums.in_read_write));
      rows->push_back(std::move(row));
    }
  }
}

template <int kMinutes>
void FillQueryTotal(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Queries(kMinutes)) {
    MetadataRow row = {Time(interval.end_seconds)};
    AppendQuerySums(interval.total, &row);
    row.push_back(Int(interval.total.in_read_write));
    rows->push_back(std::move(row));
  }
}

// ---- Transactions ----

constexpr MetadataColumn kTransactionTopColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"TRANSACTION_TAG", "STRING(MAX)", true},
    {"FPRINT", "INT64", true},
    {"ATTEMPT_COUNT", "INT64", true},
    {"COMMIT_ATTEMPT_COUNT", "INT64", true},
    {"COMMIT_ABORT_COUNT", "INT64", true},
    {"COMMIT_RETRY_COUNT", "INT64", true},
    {"COMMIT_FAILED_PRECONDITION_COUNT", "INT64", true},
    {"AVG_PARTICIPANTS", "FLOAT64", true},
    {"AVG_TOTAL_LATENCY_SECONDS", "FLOAT64", true},
    {"AVG_COMMIT_LATENCY_SECONDS", "FLOAT64", true},
    {"AVG_BYTES", "FLOAT64", true},
};

constexpr MetadataColumn kTransactionTotalColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"ATTEMPT_COUNT", "INT64", true},
    {"COMMIT_ATTEMPT_COUNT", "INT64", true},
    {"COMMIT_ABORT_COUNT", "INT64", true},
    {"COMMIT_RETRY_COUNT", "INT64", true},
    {"COMMIT_FAILED_PRECONDITION_COUNT", "INT64", true},
    {"AVG_PARTICIPANTS", "FLOAT64", true},
    {"AVG_TOTAL_LATENCY_SECONDS", "FLOAT64", true},
    {"AVG_COMMIT_LATENCY_SECONDS", "FLOAT64", true},
    {"AVG_BYTES", "FLOAT64", true},
};

// The columns from ATTEMPT_COUNT on.
void AppendCommitSums(const Statistics::Sums& sums, MetadataRow* row) {
  const int64_t attempts = sums.count + sums.failed;
  const sql::Value values[] = {Int(attempts),
                               Int(attempts),
                               Int(sums.aborted),
                               Int(0),
                               Int(sums.precondition),
                               Real(1),
                               NullReal(),
                               Mean(sums.seconds, sums.count),
                               NullReal()};
  row->insert(row->end(), std::begin(values), std::end(values));
}

template <int kMinutes>
void FillTransactionTop(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Commits(kMinutes)) {
    for (const auto& [key, sums] : interval.by_key) {
      MetadataRow row = {Time(interval.end_seconds), Text(key.tag), Fingerprint(key.tag)};
      AppendCommitSums(sums, &row);
      rows->push_back(std::move(row));
    }
  }
}

template <int kMinutes>
void FillTransactionTotal(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Commits(kMinutes)) {
    MetadataRow row = {Time(interval.end_seconds)};
    AppendCommitSums(interval.total, &row);
    rows->push_back(std::move(row));
  }
}

// ---- What is running ----

constexpr MetadataColumn kOldestActiveColumns[] = {
    {"START_TIME", "TIMESTAMP", true},   {"TEXT_FINGERPRINT", "INT64", true},
    {"TEXT", "STRING(MAX)", true},       {"TEXT_TRUNCATED", "BOOL", true},
    {"SESSION_ID", "STRING(MAX)", true}, {"QUERY_ID", "STRING(MAX)", true},
};

void FillOldestActive(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& running : core.statistics().Active()) {
    const std::string session = running.session.substr(running.session.rfind('/') + 1);
    rows->push_back({TimeOfNanos(running.started_nanos), Fingerprint(running.text),
                     Text(running.text), Flag(running.text.size() >= kTextShown), Text(session),
                     Text(std::to_string(running.id))});
  }
}

constexpr MetadataColumn kActiveSummaryColumns[] = {
    {"ACTIVE_COUNT", "INT64", true},          {"OLDEST_START_TIME", "TIMESTAMP", true},
    {"COUNT_OLDER_THAN_1S", "INT64", true},   {"COUNT_OLDER_THAN_10S", "INT64", true},
    {"COUNT_OLDER_THAN_100S", "INT64", true},
};

void FillActiveSummary(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  const auto active = core.statistics().Active();
  const int64_t now = core.statistics().NowNanos();
  int64_t older[3] = {0, 0, 0};
  for (const auto& running : active) {
    int64_t limit = 1'000'000'000;
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

// ---- Sizes ----

constexpr MetadataColumn kTableSizeColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"TABLE_NAME", "STRING(MAX)", true},
    {"USED_BYTES", "FLOAT64", true},
};

// As of now: there is no history.
void FillTableSizes(DatabaseCore& core, const Schema& schema, MetadataRows* rows) {
  constexpr int64_t kHour = 3'600;
  const sql::Value end = Time(core.statistics().NowNanos() / 1'000'000'000 / kHour * kHour);
  const auto add = [&](const std::string& name, KeySpaceId space) {
    const auto bytes = static_cast<double>(core.store().ApproximateBytes(space));
    rows->push_back({end, Text(name), Real(bytes)});
  };
  for (const auto& table : schema.tables) add(table->name, table->space);
  for (const auto& index : schema.indexes) add(index->name, index->space);
  for (const ChangeStream& stream : schema.change_streams) add(stream.name, stream.space);
}

constexpr MetadataTable kTables[] = {
    {"SPANNER_SYS", "ACTIVE_QUERIES_SUMMARY", kActiveSummaryColumns, nullptr, &FillActiveSummary},
    {"SPANNER_SYS", "OLDEST_ACTIVE_QUERIES", kOldestActiveColumns, nullptr, &FillOldestActive},
    {"SPANNER_SYS", "QUERY_STATS_TOP_MINUTE", kQueryTopColumns, nullptr, &FillQueryTop<1>},
    {"SPANNER_SYS", "QUERY_STATS_TOP_10MINUTE", kQueryTopColumns, nullptr, &FillQueryTop<10>},
    {"SPANNER_SYS", "QUERY_STATS_TOP_HOUR", kQueryTopColumns, nullptr, &FillQueryTop<60>},
    {"SPANNER_SYS", "QUERY_STATS_TOTAL_MINUTE", kQueryTotalColumns, nullptr, &FillQueryTotal<1>},
    {"SPANNER_SYS", "QUERY_STATS_TOTAL_10MINUTE", kQueryTotalColumns, nullptr, &FillQueryTotal<10>},
    {"SPANNER_SYS", "QUERY_STATS_TOTAL_HOUR", kQueryTotalColumns, nullptr, &FillQueryTotal<60>},
    {"SPANNER_SYS", "TABLE_SIZES_STATS_1HOUR", kTableSizeColumns, nullptr, &FillTableSizes},
    {"SPANNER_SYS", "TXN_STATS_TOP_MINUTE", kTransactionTopColumns, nullptr,
     &FillTransactionTop<1>},
    {"SPANNER_SYS", "TXN_STATS_TOP_10MINUTE", kTransactionTopColumns, nullptr,
     &FillTransactionTop<10>},
    {"SPANNER_SYS", "TXN_STATS_TOP_HOUR", kTransactionTopColumns, nullptr, &FillTransactionTop<60>},
    {"SPANNER_SYS", "TXN_STATS_TOTAL_MINUTE", kTransactionTotalColumns, nullptr,
     &FillTransactionTotal<1>},
    {"SPANNER_SYS", "TXN_STATS_TOTAL_10MINUTE", kTransactionTotalColumns, nullptr,
     &FillTransactionTotal<10>},
    {"SPANNER_SYS", "TXN_STATS_TOTAL_HOUR", kTransactionTotalColumns, nullptr,
     &FillTransactionTotal<60>},
};

}  // namespace

absl::Span<const MetadataTable> StatisticsMetadata() { return kTables; }

}  // namespace ks::local
