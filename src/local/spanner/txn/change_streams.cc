#include "local/spanner/txn/change_streams.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/str_cat.h"
#include "local/spanner/limits.h"
#include "local/spanner/schema/duration.h"
#include "local/spanner/txn/json_value.h"

namespace ks::local {
namespace {

using Json = nlohmann::json;
using sql::Datum;

constexpr size_t kTimestampBytes = 8;

void AppendBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

std::string OptionText(const ChangeStream& stream, std::string_view name) {
  for (const OptionEntry& option : stream.options) {
    if (option.name != name || option.value == "NULL") continue;
    const std::string_view value = option.value;
    return std::string(value.front() == '\'' ? value.substr(1, value.size() - 2) : value);
  }
  return "";
}

bool OptionOn(const ChangeStream& stream, std::string_view name) {
  return OptionText(stream, name) == "true";
}

uint64_t HashOf(std::string_view key) {
  uint64_t hash = 14695981039346656037u;
  for (unsigned char c : key) hash = (hash ^ c) * 1099511628211u;
  return hash ^ hash >> 32;
}

// ---- What a row's change is to a stream ----

enum class ModType : uint8_t { kInsert, kUpdate, kDelete };
constexpr const char* kModNames[] = {"INSERT", "UPDATE", "DELETE"};

struct Change {
  ModType type;
  const RowWrite* row;
  const Datum* before;  // null: INSERT
  const Datum* after;   // null: DELETE
};

// Rows that were replaced leave a DELETE and an INSERT.
void AddChanges(const RowWrite& row, std::vector<Change>* changes) {
  const bool was = row.base_state == BaseState::kPresent;
  const bool is = row.now != nullptr;
  const bool replaced = was && is && row.deleted;
  if (was && (!is || replaced)) changes->push_back({ModType::kDelete, &row, row.base, nullptr});
  if (is && (!was || replaced)) changes->push_back({ModType::kInsert, &row, nullptr, row.now});
  if (was && is && !replaced) changes->push_back({ModType::kUpdate, &row, row.base, row.now});
}

bool Excluded(const ChangeStream& stream, const Writer& writer, ModType type) {
  static constexpr const char* kExclude[] = {"exclude_insert", "exclude_update", "exclude_delete"};
  if (OptionOn(stream, kExclude[static_cast<int>(type)])) return true;
  if (writer.exclude_from_change_streams && OptionOn(stream, "allow_txn_exclusion")) return true;
  return type == ModType::kDelete && writer.system && OptionOn(stream, "exclude_ttl_deletes");
}

class StreamRecorder {
 public:
  StreamRecorder(TransactionState& txn, const ChangeStream& stream, CommitTimestamp timestamp)
      : txn_(txn),
        stream_(stream),
        timestamp_(timestamp),
        period_(PeriodOf(stream, timestamp)),
        capture_(OptionText(stream, "value_capture_type")) {
    if (capture_.empty()) capture_ = "OLD_AND_NEW_VALUES";
  }

  void Add(const Change& change) {
    const Table& table = *change.row->table;
    if (!stream_.Watches(table) || Excluded(stream_, txn_.writer, change.type)) return;
    std::vector<int> watched;
    std::vector<int> changed;
    for (int c = 0; c < static_cast<int>(table.columns.size()); ++c) {
      if (table.IsKey(c) || !stream_.Watches(table, c)) continue;
      watched.push_back(c);
      const bool differs = change.type == ModType::kUpdate &&
                           Shown(table, c, change.before) != Shown(table, c, change.after);
      if (differs) changed.push_back(c);
    }
    if (change.type == ModType::kUpdate && changed.empty()) return;
    const bool whole_row = capture_ == "NEW_ROW" || capture_ == "NEW_ROW_AND_OLD_VALUES";
    const bool whole = change.type != ModType::kUpdate || whole_row;
    const std::vector<int>& shown = whole ? watched : changed;
    ChangeRecord& record = RecordFor(change, shown);
    record.mods.push_back(
        {Values(table, KeyColumns(table), change.before != nullptr ? change.before : change.after),
         change.type == ModType::kDelete ? "{}" : Values(table, shown, change.after),
         OldValues(change, change.type == ModType::kDelete ? watched : changed)});
  }

  void Write(Store::Batch& batch) {
    std::map<int, ChangeRecord*> last;
    for (ChangeRecord& record : records_) last[record.partition] = &record;
    for (auto& [partition, record] : last) record->last_in_partition = true;
    for (size_t i = 0; i < records_.size(); ++i) {
      ChangeRecord& record = records_[i];
      record.sequence = static_cast<int64_t>(i);
      record.records_in_transaction = static_cast<int64_t>(records_.size());
      record.partitions_in_transaction = static_cast<int64_t>(last.size());
      std::string key;
      AppendKeySpace(stream_.space, &key);
      AppendBigEndian(static_cast<uint64_t>(timestamp_.value()), kTimestampBytes, &key);
      AppendBigEndian(i, 4, &key);
      batch.Put(key, Encode(record));
    }
  }

 private:
  static std::vector<int> KeyColumns(const Table& table) {
    std::vector<int> columns;
    for (const KeyColumn& part : table.key) columns.push_back(part.column);
    return columns;
  }

  std::string OldValues(const Change& change, const std::vector<int>& columns) const {
    const bool wanted = capture_ == "OLD_AND_NEW_VALUES" || capture_ == "NEW_ROW_AND_OLD_VALUES";
    if (!wanted || change.before == nullptr) return "{}";
    return Values(*change.row->table, columns, change.before);
  }

  // A column's value as records show it.
  Json Shown(const Table& table, int c, const Datum* image) const {
    const Column& column = table.columns[c];
    const bool pending = column.allow_commit_timestamp && IsPendingCommitTimestamp(image[c]);
    const Datum value = pending ? Datum::Timestamp(ToSqlTimestamp(timestamp_)) : image[c];
    return JsonOf(column.type, value);
  }

  std::string Values(const Table& table, const std::vector<int>& columns,
                     const Datum* image) const {
    Json values = Json::object();
    for (int c : columns) values[table.columns[c].name] = Shown(table, c, image);
    return values.dump();
  }

  // The record that takes the change: the last one, when it is of the same kind.
  ChangeRecord& RecordFor(const Change& change, const std::vector<int>& shown) {
    const Table& table = *change.row->table;
    const int partition =
        static_cast<int>(HashOf(change.row->key) % static_cast<uint64_t>(PartitionsIn(period_)));
    for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
      if (record->partition != partition) continue;
      const bool same = record->table == table.name && shown == shown_of_last_[partition] &&
                        record->mod_type == kModNames[static_cast<int>(change.type)] &&
                        record->mods.size() < limits::kModsPerChangeRecord;
      if (same) return *record;
      break;
    }
    shown_of_last_[partition] = shown;
    ChangeRecord& record = records_.emplace_back();
    record.partition = partition;
    record.table = table.name;
    record.mod_type = kModNames[static_cast<int>(change.type)];
    record.capture_type = capture_;
    record.transaction_tag = txn_.writer.transaction_tag;
    record.system = txn_.writer.system;
    for (int c : KeyColumns(table)) AddColumn(table, c, &record);
    for (int c : shown) AddColumn(table, c, &record);
    return record;
  }

  static void AddColumn(const Table& table, int c, ChangeRecord* record) {
    record->columns.push_back(
        {table.columns[c].name, JsonTypeOf(table.columns[c].type), table.IsKey(c), c + 1});
  }

  static std::string Encode(const ChangeRecord& record) {
    Json columns = Json::array();
    for (const auto& c : record.columns) columns.push_back({c.name, c.type, c.is_key, c.ordinal});
    Json mods = Json::array();
    for (const auto& m : record.mods) mods.push_back({m.keys, m.new_values, m.old_values});
    const Json out = {{"partition", record.partition},
                      {"sequence", record.sequence},
                      {"last", record.last_in_partition},
                      {"table", record.table},
                      {"columns", columns},
                      {"mods", mods},
                      {"mod_type", record.mod_type},
                      {"capture_type", record.capture_type},
                      {"records", record.records_in_transaction},
                      {"partitions", record.partitions_in_transaction},
                      {"tag", record.transaction_tag},
                      {"system", record.system}};
    const std::vector<uint8_t> bytes = Json::to_cbor(out);
    return std::string(bytes.begin(), bytes.end());
  }

  TransactionState& txn_;
  const ChangeStream& stream_;
  const CommitTimestamp timestamp_;
  const int64_t period_;
  std::string capture_;
  std::vector<ChangeRecord> records_;
  std::map<int, std::vector<int>> shown_of_last_;
};

}  // namespace

// ---- Partitions ----

int64_t PeriodOf(const ChangeStream& stream, CommitTimestamp timestamp) {
  return std::max<int64_t>(0, timestamp.value() - stream.created_micros) /
         limits::kStreamPartitionMicros;
}

CommitTimestamp PeriodStart(const ChangeStream& stream, int64_t period) {
  return CommitTimestamp(stream.created_micros + period * limits::kStreamPartitionMicros);
}

int PartitionsIn(int64_t period) { return period % 2 == 0 ? 1 : 2; }

std::vector<StreamPartition> ChildrenOf(const StreamPartition& partition) {
  std::vector<StreamPartition> children;
  for (int n = 0; n < PartitionsIn(partition.period + 1); ++n) {
    children.push_back({partition.period + 1, n});
  }
  return children;
}

std::vector<StreamPartition> ParentsOf(const StreamPartition& partition) {
  std::vector<StreamPartition> parents;
  for (int n = 0; n < PartitionsIn(partition.period - 1); ++n) {
    parents.push_back({partition.period - 1, n});
  }
  return parents;
}

std::string PrintToken(const ChangeStream& stream, const StreamPartition& partition) {
  return absl::WebSafeBase64Escape(
      StrCat(stream.name, "/", stream.space, "/", partition.period, "/", partition.number));
}

std::optional<StreamPartition> ParseToken(const ChangeStream& stream, std::string_view token) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(AbslView(token), &text)) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  StreamPartition partition;
  const bool valid = parts.size() == 4 && parts[0] == stream.name &&
                     parts[1] == StrCat(stream.space) &&
                     absl::SimpleAtoi(parts[2], &partition.period) &&
                     absl::SimpleAtoi(parts[3], &partition.number) && partition.period >= 0 &&
                     partition.number >= 0 && partition.number < PartitionsIn(partition.period);
  if (!valid) return std::nullopt;
  return partition;
}

int64_t RetentionMicros(const ChangeStream& stream) {
  return ParseDuration(OptionText(stream, "retention_period"))
      .value_or(limits::kStreamRetentionMinMicros);
}

// ---- Entries ----

KeySpan EntriesBetween(const ChangeStream& stream, CommitTimestamp from, CommitTimestamp to) {
  KeySpan span;
  AppendKeySpace(stream.space, &span.start);
  AppendKeySpace(stream.space, &span.limit);
  AppendBigEndian(static_cast<uint64_t>(from.value()), kTimestampBytes, &span.start);
  AppendBigEndian(static_cast<uint64_t>(to.value()), kTimestampBytes, &span.limit);
  return span;
}

CommitTimestamp TimestampOfEntry(std::string_view key) {
  uint64_t micros = 0;
  for (size_t i = 0; i < kTimestampBytes; ++i) {
    micros = micros << 8 | static_cast<unsigned char>(key[kKeySpaceBytes + i]);
  }
  return CommitTimestamp(static_cast<int64_t>(micros));
}

absl::StatusOr<ChangeRecord> DecodeChangeRecord(std::string_view value) {
  const Json in = Json::from_cbor(value.begin(), value.end(), true, false);
  if (in.is_discarded()) return absl::DataLossError("stored change record cannot be read");
  try {  // the library's accessors report a missing field this way; nothing of ours throws
    ChangeRecord record;
    record.partition = in.at("partition");
    record.sequence = in.at("sequence");
    record.last_in_partition = in.at("last");
    record.table = in.at("table");
    for (const Json& c : in.at("columns")) {
      record.columns.push_back({c.at(0), c.at(1), c.at(2), c.at(3)});
    }
    for (const Json& m : in.at("mods")) record.mods.push_back({m.at(0), m.at(1), m.at(2)});
    record.mod_type = in.at("mod_type");
    record.capture_type = in.at("capture_type");
    record.records_in_transaction = in.at("records");
    record.partitions_in_transaction = in.at("partitions");
    record.transaction_tag = in.at("tag");
    record.system = in.at("system");
    return record;
  } catch (const std::exception& e) {
    return absl::DataLossError(StrCat("stored change record cannot be read: ", e.what()));
  }
}

// ---- Writing ----

void RecordChanges(TransactionState& txn, CommitTimestamp timestamp, Store::Batch& batch) {
  if (txn.schema->change_streams.empty()) return;
  std::vector<Change> changes;
  for (const auto& [key, row] : txn.writes.rows()) {
    if (row->written && row->table->watched) AddChanges(*row, &changes);
  }
  if (changes.empty()) return;
  for (const ChangeStream& stream : txn.schema->change_streams) {
    StreamRecorder recorder(txn, stream, timestamp);
    for (const Change& change : changes) recorder.Add(change);
    recorder.Write(batch);
  }
}

}  // namespace ks::local
