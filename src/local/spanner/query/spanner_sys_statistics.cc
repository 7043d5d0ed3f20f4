// SPANNER_SYS's statistics by interval: what ran, which tables and columns it used, what waited for
// whom.
//
// Columns and their order are those of https://cloud.google.com/spanner/docs/introspection
// (tests/conformance/python/test_statistics.py has a list of them); what one machine has no number
// for is NULL.
#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/str_cat.h"
#include "local/spanner/query/system_row.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

namespace {

constexpr char kDistribution[] =
    "ARRAY<STRUCT<COUNT INT64, MEAN FLOAT64, SUM_OF_SQUARED_DEVIATION FLOAT64, NUM_FINITE_BUCKETS "
    "INT64, GROWTH_FACTOR FLOAT64, SCALE FLOAT64, BUCKET_COUNTS ARRAY<INT64>>>";

sql::Value Mean(double sum, int64_t count) {
  return Real(count == 0 ? 0 : sum / static_cast<double>(count));
}
// `a,b` as an ARRAY<STRING>
sql::Value Names(std::string_view list) {
  std::vector<sql::Value> names;
  for (std::string_view name : absl::StrSplit(AbslView(list), ',', absl::SkipEmpty())) {
    names.push_back(Text(name));
  }
  return sql::Value::Array(sql::Type::String(), names);
}

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

template <const Family& kFamily>
void FillTop(DatabaseCore& core, const Schema&, int minutes, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(kFamily.subject, minutes)) {
    for (const auto& [key, sums] : interval.by_key) {
      NamedRow row(kFamily.top);
      row.Set("INTERVAL_END", TimeOfSeconds(interval.end_seconds));
      kFamily.set_key(key, row);
      kFamily.set_sums(sums, row);
      rows->push_back(row.Take());
    }
  }
}

template <const Family& kFamily>
void FillTotal(DatabaseCore& core, const Schema&, int minutes, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(kFamily.subject, minutes)) {
    NamedRow row(kFamily.total);
    row.Set("INTERVAL_END", TimeOfSeconds(interval.end_seconds));
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
  row.Set("TEXT_TRUNCATED", Flag(key.text.size() >= kQueryTextShown));
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
  row.Set("FPRINT", Fingerprint(key.tag.empty() ? key.text : key.tag));
  const size_t end = key.text.find(';');
  row.Set("WRITE_CONSTRUCTIVE_COLUMNS", Names(std::string_view(key.text).substr(0, end)));
  row.Set("WRITE_DELETE_TABLES", Names(std::string_view(key.text).substr(end + 1)));
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

void FillLockTop(DatabaseCore& core, const Schema& schema, int minutes, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(Statistics::Subject::kLocks, minutes)) {
    for (const auto& [key, sums] : interval.by_key) {
      NamedRow row(kLockTop);
      row.Set("INTERVAL_END", TimeOfSeconds(interval.end_seconds));
      row.Set("LOCK_WAIT_SECONDS", Real(sums.seconds));
      SetLockRow(schema, key, sums, row);
      rows->push_back(row.Take());
    }
  }
}

void FillLockTotal(DatabaseCore& core, const Schema&, int minutes, MetadataRows* rows) {
  for (const auto& interval : core.statistics().Of(Statistics::Subject::kLocks, minutes)) {
    rows->push_back({TimeOfSeconds(interval.end_seconds), Real(interval.total.seconds)});
  }
}

// ---- Operations on tables and columns ----

constexpr MetadataColumn kTableOperationColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true}, {"TABLE_NAME", "STRING(MAX)", true},
    {"READ_QUERY_COUNT", "INT64", true}, {"WRITE_COUNT", "INT64", true},
    {"DELETE_COUNT", "INT64", true},
};
constexpr MetadataColumn kColumnOperationColumns[] = {
    {"INTERVAL_END", "TIMESTAMP", true},
    {"TABLE_NAME", "STRING(MAX)", true},
    {"COLUMN_NAME", "STRING(MAX)", true},
    {"QUERY_COUNT", "INT64", true},
    {"READ_COUNT", "INT64", true},
    {"WRITE_COUNT", "INT64", true},
    {"IS_QUERY_CACHE_MEMORY_CAPPED", "BOOL", true},
};

struct Operations {
  int64_t reads = 0, queries = 0, writes = 0, deletes = 0;
};
using Counter = int64_t Operations::*;

// What is counted for each table (an empty column) and each of its columns, in one interval. Read
// off what queries, reads and commits are counted by.
class OperationsOf {
 public:
  using Place = std::pair<std::string, std::string>;  // table or index, column

  // `names`: `T.a,T.b`, or `T` alone for a delete. Each counts once, whatever the rows.
  void Count(std::string_view names, Counter counter, int64_t times) {
    std::set<Place> places;
    for (std::string_view name : absl::StrSplit(AbslView(names), ',', absl::SkipEmpty())) {
      const size_t dot = counter == &Operations::deletes ? name.size() : name.rfind('.');
      const std::string table(name.substr(0, dot));
      places.emplace(table, "");
      if (dot + 1 < name.size()) places.emplace(table, std::string(name.substr(dot + 1)));
    }
    for (const Place& place : places) counts_[place].*counter += times;
  }
  const std::map<Place, Operations>& counts() const { return counts_; }

 private:
  std::map<Place, Operations> counts_;
};

std::map<int64_t, OperationsOf> OperationsByInterval(const Statistics& statistics, int minutes) {
  using Subject = Statistics::Subject;
  std::map<int64_t, OperationsOf> result;  // by the negative end: the newest first
  for (const Subject subject : {Subject::kReads, Subject::kQueries, Subject::kCommits}) {
    for (const auto& interval : statistics.Of(subject, minutes)) {
      OperationsOf& into = result[-interval.end_seconds];
      for (const auto& [key, sums] : interval.by_key) {
        if (subject == Subject::kReads) into.Count(key.text, &Operations::reads, sums.count);
        into.Count(sums.scanned, &Operations::queries, sums.count);
        into.Count(sums.written, &Operations::writes, sums.count);
        into.Count(sums.deleted, &Operations::deletes, sums.count);
      }
    }
  }
  return result;
}

void FillTableOperations(DatabaseCore& core, const Schema&, int minutes, MetadataRows* rows) {
  for (const auto& [end, operations] : OperationsByInterval(core.statistics(), minutes)) {
    for (const auto& [place, counts] : operations.counts()) {
      if (!place.second.empty()) continue;
      rows->push_back({TimeOfSeconds(-end), Text(place.first), Int(counts.reads + counts.queries),
                       Int(counts.writes), Int(counts.deletes)});
    }
  }
}

void FillColumnOperations(DatabaseCore& core, const Schema&, int minutes, MetadataRows* rows) {
  for (const auto& [end, operations] : OperationsByInterval(core.statistics(), minutes)) {
    for (const auto& [place, counts] : operations.counts()) {
      if (place.second.empty()) continue;
      rows->push_back({TimeOfSeconds(-end), Text(place.first), Text(place.second),
                       Int(counts.queries), Int(counts.reads), Int(counts.writes), Flag(false)});
    }
  }
}

// ---- All of them ----

struct Source {
  const char* name;  // without the interval
  absl::Span<const MetadataColumn> columns;
  void (*fill)(DatabaseCore& core, const Schema& schema, int minutes, MetadataRows* rows);
};

constexpr Source kSources[] = {
    {"COLUMN_OPERATIONS_STATS", kColumnOperationColumns, &FillColumnOperations},
    {"LOCK_STATS_TOP", kLockTop, &FillLockTop},
    {"LOCK_STATS_TOTAL", kLockTotal, &FillLockTotal},
    {"QUERY_STATS_TOP", kQueryTop, &FillTop<kQueries>},
    {"QUERY_STATS_TOTAL", kQueryTotal, &FillTotal<kQueries>},
    {"READ_STATS_TOP", kReadTop, &FillTop<kReads>},
    {"READ_STATS_TOTAL", kReadTotal, &FillTotal<kReads>},
    {"TABLE_OPERATIONS_STATS", kTableOperationColumns, &FillTableOperations},
    {"TXN_STATS_TOP", kCommitTop, &FillTop<kCommits>},
    {"TXN_STATS_TOTAL", kCommitTotal, &FillTotal<kCommits>},
};
constexpr struct {
  const char* suffix;
  int minutes;
} kIntervals[] = {{"_MINUTE", 1}, {"_10MINUTE", 10}, {"_HOUR", 60}};

std::vector<MetadataTable> MakeTables() {
  std::vector<MetadataTable> tables;
  static auto* names = new std::deque<std::string>;
  for (const Source& source : kSources) {
    for (const auto& interval : kIntervals) {
      const std::string& name = names->emplace_back(StrCat(source.name, interval.suffix));
      tables.push_back(
          {"SPANNER_SYS", name.c_str(), source.columns, nullptr, source.fill, interval.minutes});
    }
  }
  return tables;
}

}  // namespace

absl::Span<const MetadataTable> StatisticsMetadata() {
  static const auto* tables = new std::vector<MetadataTable>(MakeTables());
  return *tables;
}

}  // namespace ks::local
