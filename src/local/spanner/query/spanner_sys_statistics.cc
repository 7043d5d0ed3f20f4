// SPANNER_SYS: what has run lately, what waited for whom, what is running, how big tables are.
//
// Columns and their order are those of https://cloud.google.com/spanner/docs/introspection
// (tests/conformance/python/test_statistics.py has a list of them); what one machine has no number
// for is NULL.
#include <array>
#include <string>

#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/str_cat.h"
#include "local/spanner/query/metadata_table.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/core.h"
#include "sql/functions/farm_hash.h"

namespace ks::local {

namespace {

constexpr size_t kTextShown = 64 << 10;
constexpr char kDistribution[] =
    "ARRAY<STRUCT<COUNT INT64, MEAN FLOAT64, SUM_OF_SQUARED_DEVIATION FLOAT64, NUM_FINITE_BUCKETS "
    "INT64, GROWTH_FACTOR FLOAT64, SCALE FLOAT64, BUCKET_COUNTS ARRAY<INT64>>>";

sql::Value Real(double value) { return sql::Value::Float64(value); }
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
// `a,b` as an ARRAY<STRING>
sql::Value Names(std::string_view list) {
  std::vector<sql::Value> names;
  for (std::string_view name : absl::StrSplit(AbslView(list), ',', absl::SkipEmpty())) {
    names.push_back(Text(name));
  }
  return sql::Value::Array(sql::Type::String(), names);
}

// A row that is filled by the names of its columns; the rest is NULL.
class NamedRow {
 public:
  explicit NamedRow(absl::Span<const MetadataColumn> columns) : columns_(columns) {
    for (const MetadataColumn& column : columns) {
      values_.push_back(sql::Value::Null(TypeOf(column)));
    }
  }
  NamedRow& Set(std::string_view name, sql::Value value) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].name != name) continue;
      values_[i] = std::move(value);
      return *this;
    }
    KS_CHECK(false);  // no column of this name
    return *this;
  }
  MetadataRow Take() { return std::move(values_); }

 private:
  const absl::Span<const MetadataColumn> columns_;
  MetadataRow values_;
};

// TOP tables have a row per interval and key, TOTAL ones a row per interval: their columns are the
// others'.
struct KeyedColumn {
  MetadataColumn column;
  bool of_key = false;
};
constexpr KeyedColumn OfKey(const char* name, const char* type) {
  return {{name, type, true}, true};
}
constexpr KeyedColumn Sum(const char* name, const char* type) {
  return {{name, type, true}, false};
}

template <const auto& kList>
constexpr auto TopColumns() {
  std::array<MetadataColumn, std::size(kList)> columns{};
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = kList[i].column;
  return columns;
}
template <const auto& kList>
constexpr size_t CountSums() {
  size_t count = 0;
  for (const KeyedColumn& c : kList) count += c.of_key ? 0 : 1;
  return count;
}
template <const auto& kList>
constexpr auto TotalColumns() {
  std::array<MetadataColumn, CountSums<kList>()> columns{};
  size_t next = 0;
  for (const KeyedColumn& c : kList) {
    if (!c.of_key) columns[next++] = c.column;
  }
  return columns;
}

using Sums = Statistics::Sums;
using Key = Statistics::Key;
struct Family {
  Statistics::Subject subject;
  absl::Span<const MetadataColumn> top;
  absl::Span<const MetadataColumn> total;
  void (*set_key)(const Key& key, NamedRow& row);
  void (*set_sums)(const Sums& sums, NamedRow& row);
};

template <const Family& kFamily, int kMinutes>
void FillTop(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(kFamily.subject, kMinutes)) {
    for (const auto& [key, sums] : interval.by_key) {
      NamedRow row(kFamily.top);
      row.Set("INTERVAL_END", Time(interval.end_seconds));
      kFamily.set_key(key, row);
      kFamily.set_sums(sums, row);
      rows->push_back(row.Take());
    }
  }
}

template <const Family& kFamily, int kMinutes>
void FillTotal(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(kFamily.subject, kMinutes)) {
    NamedRow row(kFamily.total);
    row.Set("INTERVAL_END", Time(interval.end_seconds));
    kFamily.set_sums(interval.total, row);
    rows->push_back(row.Take());
  }
}

// ---- Queries ----

constexpr KeyedColumn kQueryColumns[] = {
    Sum("INTERVAL_END", "TIMESTAMP"),
    OfKey("TEXT", "STRING(MAX)"),
    OfKey("TEXT_TRUNCATED", "BOOL"),
    OfKey("TEXT_FINGERPRINT", "INT64"),
    Sum("EXECUTION_COUNT", "INT64"),
    Sum("AVG_LATENCY_SECONDS", "FLOAT64"),
    Sum("AVG_ROWS", "FLOAT64"),
    Sum("AVG_BYTES", "FLOAT64"),
    Sum("AVG_ROWS_SCANNED", "FLOAT64"),
    Sum("AVG_CPU_SECONDS", "FLOAT64"),
    Sum("CANCELLED_OR_DISCONNECTED_EXECUTION_COUNT", "INT64"),
    Sum("TIMED_OUT_EXECUTION_COUNT", "INT64"),
    Sum("ALL_FAILED_EXECUTION_COUNT", "INT64"),
    Sum("ALL_FAILED_AVG_LATENCY_SECONDS", "FLOAT64"),
    OfKey("REQUEST_TAG", "STRING(MAX)"),
    Sum("AVG_BYTES_WRITTEN", "FLOAT64"),
    Sum("AVG_ROWS_WRITTEN", "FLOAT64"),
    OfKey("STATEMENT_COUNT", "INT64"),
    Sum("LATENCY_DISTRIBUTION", kDistribution),
    Sum("RUN_IN_RW_TRANSACTION_EXECUTION_COUNT", "INT64"),
    OfKey("QUERY_TYPE", "STRING(MAX)"),
    Sum("AVG_MEMORY_PEAK_USAGE_BYTES", "FLOAT64"),
    Sum("AVG_MEMORY_USAGE_PERCENTAGE", "FLOAT64"),
    Sum("AVG_QUERY_PLAN_CREATION_TIME_SECS", "FLOAT64"),
    Sum("AVG_FILESYSTEM_DELAY_SECS", "FLOAT64"),
    Sum("AVG_REMOTE_SERVER_CALLS", "FLOAT64"),
    Sum("AVG_ROWS_SPOOLED", "FLOAT64"),
    Sum("AVG_DISK_IO_COST", "FLOAT64"),
};
constexpr auto kQueryTop = TopColumns<kQueryColumns>();
constexpr auto kQueryTotal = TotalColumns<kQueryColumns>();

void SetQueryKey(const Key& key, NamedRow& row) {
  row.Set("TEXT", Text(key.text));
  row.Set("TEXT_TRUNCATED", Flag(key.text.size() >= kTextShown));
  row.Set("TEXT_FINGERPRINT", Fingerprint(key.tag.empty() ? key.text : key.tag));
  row.Set("REQUEST_TAG", Text(key.tag));
  row.Set("STATEMENT_COUNT", Int(1));
  row.Set("QUERY_TYPE", Text("QUERY"));
}
void SetQuerySums(const Sums& sums, NamedRow& row) {
  row.Set("EXECUTION_COUNT", Int(sums.count));
  row.Set("AVG_LATENCY_SECONDS", Mean(sums.seconds, sums.count));
  row.Set("AVG_ROWS", Mean(static_cast<double>(sums.rows), sums.count));
  row.Set("AVG_ROWS_SCANNED", Mean(static_cast<double>(sums.rows_scanned), sums.count));
  row.Set("CANCELLED_OR_DISCONNECTED_EXECUTION_COUNT", Int(sums.cancelled));
  row.Set("TIMED_OUT_EXECUTION_COUNT", Int(sums.timed_out));
  row.Set("ALL_FAILED_EXECUTION_COUNT", Int(sums.failed));
  row.Set("ALL_FAILED_AVG_LATENCY_SECONDS", Mean(sums.failed_seconds, sums.failed));
  row.Set("AVG_ROWS_WRITTEN", Mean(static_cast<double>(sums.rows_written), sums.count));
  row.Set("RUN_IN_RW_TRANSACTION_EXECUTION_COUNT", Int(sums.in_read_write));
}
constexpr Family kQueries{Statistics::Subject::kQueries, kQueryTop, kQueryTotal, &SetQueryKey,
                          &SetQuerySums};

// ---- Reads ----

constexpr KeyedColumn kReadColumns[] = {
    Sum("INTERVAL_END", "TIMESTAMP"),
    OfKey("READ_COLUMNS", "ARRAY<STRING(MAX)>"),
    OfKey("FPRINT", "INT64"),
    Sum("EXECUTION_COUNT", "INT64"),
    Sum("AVG_ROWS", "FLOAT64"),
    Sum("AVG_BYTES", "FLOAT64"),
    Sum("AVG_CPU_SECONDS", "FLOAT64"),
    Sum("AVG_LOCKING_DELAY_SECONDS", "FLOAT64"),
    Sum("AVG_CLIENT_WAIT_SECONDS", "FLOAT64"),
    Sum("AVG_LEADER_REFRESH_DELAY_SECONDS", "FLOAT64"),
    OfKey("REQUEST_TAG", "STRING(MAX)"),
    Sum("RUN_IN_RW_TRANSACTION_EXECUTION_COUNT", "INT64"),
    OfKey("READ_TYPE", "STRING(MAX)"),
    Sum("AVG_DISK_IO_COST", "FLOAT64"),
};
constexpr auto kReadTop = TopColumns<kReadColumns>();
constexpr auto kReadTotal = TotalColumns<kReadColumns>();

void SetReadKey(const Key& key, NamedRow& row) {
  row.Set("READ_COLUMNS", Names(key.text));
  row.Set("FPRINT", Fingerprint(key.tag.empty() ? key.text : key.tag));
  row.Set("REQUEST_TAG", Text(key.tag));
  row.Set("READ_TYPE", Text("READ"));
}
void SetReadSums(const Sums& sums, NamedRow& row) {
  row.Set("EXECUTION_COUNT", Int(sums.count));
  row.Set("AVG_ROWS", Mean(static_cast<double>(sums.rows), sums.count));
  row.Set("RUN_IN_RW_TRANSACTION_EXECUTION_COUNT", Int(sums.in_read_write));
}
constexpr Family kReads{Statistics::Subject::kReads, kReadTop, kReadTotal, &SetReadKey,
                        &SetReadSums};

// ---- Transactions ----

constexpr KeyedColumn kCommitColumns[] = {
    Sum("INTERVAL_END", "TIMESTAMP"),
    OfKey("FPRINT", "INT64"),
    OfKey("READ_COLUMNS", "ARRAY<STRING(MAX)>"),
    OfKey("WRITE_CONSTRUCTIVE_COLUMNS", "ARRAY<STRING(MAX)>"),
    OfKey("WRITE_DELETE_TABLES", "ARRAY<STRING(MAX)>"),
    Sum("COMMIT_ATTEMPT_COUNT", "INT64"),
    Sum("COMMIT_FAILED_PRECONDITION_COUNT", "INT64"),
    Sum("COMMIT_ABORT_COUNT", "INT64"),
    Sum("AVG_PARTICIPANTS", "FLOAT64"),
    Sum("AVG_TOTAL_LATENCY_SECONDS", "FLOAT64"),
    Sum("AVG_COMMIT_LATENCY_SECONDS", "FLOAT64"),
    Sum("AVG_BYTES", "FLOAT64"),
    Sum("COMMIT_RETRY_COUNT", "INT64"),
    OfKey("TRANSACTION_TAG", "STRING(MAX)"),
    Sum("OPERATIONS_BY_TABLE",
        "ARRAY<STRUCT<TABLE_NAME STRING(MAX), INSERT_OR_UPDATE_COUNT INT64, "
        "INSERT_OR_UPDATE_BYTES INT64>>"),
    Sum("TOTAL_LATENCY_DISTRIBUTION", kDistribution),
    Sum("ATTEMPT_COUNT", "INT64"),
    Sum("SERIALIZABLE_PESSIMISTIC_TXN_COUNT", "INT64"),
    Sum("REPEATABLE_READ_OPTIMISTIC_TXN_COUNT", "INT64"),
};
constexpr auto kCommitTop = TopColumns<kCommitColumns>();
constexpr auto kCommitTotal = TotalColumns<kCommitColumns>();

void SetCommitKey(const Key& key, NamedRow& row) {
  row.Set("FPRINT", Fingerprint(key.tag));
  row.Set("TRANSACTION_TAG", Text(key.tag));
}
void SetCommitSums(const Sums& sums, NamedRow& row) {
  const int64_t attempts = sums.count + sums.failed;
  row.Set("COMMIT_ATTEMPT_COUNT", Int(attempts));
  row.Set("COMMIT_FAILED_PRECONDITION_COUNT", Int(sums.precondition));
  row.Set("COMMIT_ABORT_COUNT", Int(sums.aborted));
  row.Set("AVG_PARTICIPANTS", Real(1));
  row.Set("AVG_COMMIT_LATENCY_SECONDS", Mean(sums.seconds, sums.count));
  row.Set("COMMIT_RETRY_COUNT", Int(0));
  row.Set("ATTEMPT_COUNT", Int(attempts));
}
constexpr Family kCommits{Statistics::Subject::kCommits, kCommitTop, kCommitTotal, &SetCommitKey,
                          &SetCommitSums};

// ---- Locks ----

constexpr MetadataColumn kLockTop[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"ROW_RANGE_START_KEY", "BYTES(MAX)", true},
    {"LOCK_WAIT_SECONDS", "FLOAT64", true},
    {"SAMPLE_LOCK_REQUESTS",
     "ARRAY<STRUCT<COLUMN STRING(MAX), LOCK_MODE STRING(MAX), TRANSACTION_TAG STRING(MAX)>>", true},
};
constexpr MetadataColumn kLockTotal[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"TOTAL_LOCK_WAIT_SECONDS", "FLOAT64", true},
};

// Whose keys the lock is on: a table, or an index of it.
struct Locked {
  const Table* table = nullptr;
  std::string_view name;
  const KeyShape* shape = nullptr;
};
Locked Owner(const Schema& schema, std::string_view key) {
  const auto in = [key](KeySpaceId space) {
    const KeySpan span = SpaceSpan(space);
    return span.start <= key && key < span.limit;
  };
  for (const auto& table : schema.tables) {
    if (in(table->space)) return {table.get(), table->name, &table->shape};
  }
  for (const auto& index : schema.indexes) {
    if (in(index->space)) return {schema.TableOf(*index), index->name, &index->shape};
  }
  return {};
}

// What was asked for, column by column: `T.c`, and `T._exists` for the row itself.
sql::Value Requests(const Locked& locked, const Sums& sums) {
  const sql::TypeRef type = TypeOf(kLockTop[3])->element();
  std::vector<sql::Value> requests;
  const auto add = [&](std::string_view column, ColumnMask bit) {
    if (((sums.locked_shared | sums.locked_exclusive) & bit) == 0) return;
    const bool exclusive = (sums.locked_exclusive & bit) != 0;
    requests.push_back(
        sql::Value::Struct(type, {Text(StrCat(locked.name, ".", column)),
                                  Text(exclusive ? "Exclusive" : "ReaderShared"), Text("")}));
  };
  add("_exists", kExistenceBit);
  for (size_t c = 0; locked.table != nullptr && c < locked.table->columns.size(); ++c) {
    if (!locked.table->IsKey(static_cast<int>(c))) {
      add(locked.table->columns[c].name, ColumnBit(static_cast<int>(c)));
    }
  }
  return sql::Value::Array(type, requests);
}

void SetLockRow(const Schema& schema, const Key& key, const Sums& sums, NamedRow& row) {
  const Locked locked = Owner(schema, key.text);
  if (locked.shape == nullptr) return;  // dropped since
  // `[7, a]`, or `[?]` where a range begins at no key.
  const std::string parts = FormatEncodedKey(*locked.shape, key.text);
  const std::string inside = parts == "[?]" ? "" : parts.substr(1, parts.size() - 2);
  row.Set("ROW_RANGE_START_KEY",
          sql::Value::Bytes(StrCat(locked.name, "(", inside, ")", sums.locked_range ? "+" : "")));
  row.Set("SAMPLE_LOCK_REQUESTS", Requests(locked, sums));
}

template <int kMinutes>
void FillLockTop(DatabaseCore& core, const Schema& schema, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(Statistics::Subject::kLocks, kMinutes)) {
    for (const auto& [key, sums] : interval.by_key) {
      NamedRow row(kLockTop);
      row.Set("INTERVAL_END", Time(interval.end_seconds));
      row.Set("LOCK_WAIT_SECONDS", Real(sums.seconds));
      SetLockRow(schema, key, sums, row);
      rows->push_back(row.Take());
    }
  }
}

template <int kMinutes>
void FillLockTotal(DatabaseCore& core, const Schema&, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(Statistics::Subject::kLocks, kMinutes)) {
    rows->push_back({Time(interval.end_seconds), Real(interval.total.seconds)});
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

// ---- Tables ----

constexpr MetadataColumn kTableSizeColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true}, {"TABLE_NAME", "STRING(MAX)", true},
    {"USED_BYTES", "FLOAT64", true},     {"USED_SSD_BYTES", "FLOAT64", true},
    {"USED_HDD_BYTES", "FLOAT64", true},
};

// As of now: there is no history.
void FillTableSizes(DatabaseCore& core, const Schema& schema, MetadataRows* rows) {
  constexpr int64_t kHour = 3'600;
  const sql::Value end = Time(core.statistics().NowNanos() / 1'000'000'000 / kHour * kHour);
  const auto add = [&](const std::string& name, KeySpaceId space) {
    const auto bytes = static_cast<double>(core.store().ApproximateBytes(space));
    rows->push_back({end, Text(name), Real(bytes), Real(bytes), Real(0)});
  };
  for (const auto& table : schema.tables) add(table->name, table->space);
  for (const auto& index : schema.indexes) add(index->name, index->space);
  for (const ChangeStream& stream : schema.change_streams) add(stream.name, stream.space);
}

constexpr MetadataTable kTables[] = {
    {"SPANNER_SYS", "ACTIVE_QUERIES_SUMMARY", kActiveSummaryColumns, nullptr, &FillActiveSummary},
    {"SPANNER_SYS", "LOCK_STATS_TOP_MINUTE", kLockTop, nullptr, &FillLockTop<1>},
    {"SPANNER_SYS", "LOCK_STATS_TOP_10MINUTE", kLockTop, nullptr, &FillLockTop<10>},
    {"SPANNER_SYS", "LOCK_STATS_TOP_HOUR", kLockTop, nullptr, &FillLockTop<60>},
    {"SPANNER_SYS", "LOCK_STATS_TOTAL_MINUTE", kLockTotal, nullptr, &FillLockTotal<1>},
    {"SPANNER_SYS", "LOCK_STATS_TOTAL_10MINUTE", kLockTotal, nullptr, &FillLockTotal<10>},
    {"SPANNER_SYS", "LOCK_STATS_TOTAL_HOUR", kLockTotal, nullptr, &FillLockTotal<60>},
    {"SPANNER_SYS", "OLDEST_ACTIVE_QUERIES", kOldestActiveColumns, nullptr, &FillOldestActive},
    {"SPANNER_SYS", "QUERY_STATS_TOP_MINUTE", kQueryTop, nullptr, &FillTop<kQueries, 1>},
    {"SPANNER_SYS", "QUERY_STATS_TOP_10MINUTE", kQueryTop, nullptr, &FillTop<kQueries, 10>},
    {"SPANNER_SYS", "QUERY_STATS_TOP_HOUR", kQueryTop, nullptr, &FillTop<kQueries, 60>},
    {"SPANNER_SYS", "QUERY_STATS_TOTAL_MINUTE", kQueryTotal, nullptr, &FillTotal<kQueries, 1>},
    {"SPANNER_SYS", "QUERY_STATS_TOTAL_10MINUTE", kQueryTotal, nullptr, &FillTotal<kQueries, 10>},
    {"SPANNER_SYS", "QUERY_STATS_TOTAL_HOUR", kQueryTotal, nullptr, &FillTotal<kQueries, 60>},
    {"SPANNER_SYS", "READ_STATS_TOP_MINUTE", kReadTop, nullptr, &FillTop<kReads, 1>},
    {"SPANNER_SYS", "READ_STATS_TOP_10MINUTE", kReadTop, nullptr, &FillTop<kReads, 10>},
    {"SPANNER_SYS", "READ_STATS_TOP_HOUR", kReadTop, nullptr, &FillTop<kReads, 60>},
    {"SPANNER_SYS", "READ_STATS_TOTAL_MINUTE", kReadTotal, nullptr, &FillTotal<kReads, 1>},
    {"SPANNER_SYS", "READ_STATS_TOTAL_10MINUTE", kReadTotal, nullptr, &FillTotal<kReads, 10>},
    {"SPANNER_SYS", "READ_STATS_TOTAL_HOUR", kReadTotal, nullptr, &FillTotal<kReads, 60>},
    {"SPANNER_SYS", "TABLE_SIZES_STATS_1HOUR", kTableSizeColumns, nullptr, &FillTableSizes},
    {"SPANNER_SYS", "TXN_STATS_TOP_MINUTE", kCommitTop, nullptr, &FillTop<kCommits, 1>},
    {"SPANNER_SYS", "TXN_STATS_TOP_10MINUTE", kCommitTop, nullptr, &FillTop<kCommits, 10>},
    {"SPANNER_SYS", "TXN_STATS_TOP_HOUR", kCommitTop, nullptr, &FillTop<kCommits, 60>},
    {"SPANNER_SYS", "TXN_STATS_TOTAL_MINUTE", kCommitTotal, nullptr, &FillTotal<kCommits, 1>},
    {"SPANNER_SYS", "TXN_STATS_TOTAL_10MINUTE", kCommitTotal, nullptr, &FillTotal<kCommits, 10>},
    {"SPANNER_SYS", "TXN_STATS_TOTAL_HOUR", kCommitTotal, nullptr, &FillTotal<kCommits, 60>},
};

}  // namespace

absl::Span<const MetadataTable> StatisticsMetadata() { return kTables; }

}  // namespace ks::local
