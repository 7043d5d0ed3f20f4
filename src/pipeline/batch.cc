#include "pipeline/batch.h"

#include <algorithm>

#include "base/str_cat.h"
#include "pipeline/dead_letter_text.h"
#include "pipeline/limits.h"
#include "sql/types/value.h"

namespace ks::pipeline {
namespace {

using sql::Datum;
using sql::Type;

const std::vector<std::string> kDeadLetterColumns = {
    "Pipeline",    "Topic",   "KafkaPartition", "KafkaOffset", "RecordTimestamp", "RecordKey",
    "RecordValue", "Headers", "Stage",          "Reason",      "FailedAt"};

std::vector<sql::TypeRef> DeadLetterTypes() {
  return {Type::String(),    Type::String(), Type::Int64(),    Type::Int64(),
          Type::Timestamp(), Type::Bytes(),  Type::Bytes(),    Type::Json(),
          Type::String(),    Type::String(), Type::Timestamp()};
}
constexpr uint32_t kDeadLetterMutations = 11;
constexpr size_t kNotKept = SIZE_MAX;

}  // namespace

struct LaneBatch::Row {
  uint32_t record;
  bool remove;  // aggregates: it is taken back
  uint32_t key_size;
  uint64_t hash;
  size_t begin;
  size_t elements;
  size_t end;  // aggregates: the index of its inputs
};

struct LaneBatch::TableBytes {
  WireBuffer bytes;
  std::vector<Row> rows;
  std::vector<Datum> inputs;  // aggregates: the arguments of each row, in turn
  size_t next = 0;            // the first row that is in no closed batch yet

  std::string_view key(const Row& row) const {
    return bytes.view().substr(row.elements, row.key_size);
  }
  size_t bytes_held() const {
    return bytes.capacity() + rows.capacity() * sizeof(Row) + inputs.capacity() * sizeof(Datum);
  }
  void Clear() {
    bytes.Clear();
    rows.clear();
    inputs.clear();
    next = 0;
  }
};

struct LaneBatch::Record {
  int64_t offset;
  int64_t timestamp_ms;
  size_t raw;        // key, value and headers lie here in Segment::raw, or kNotKept
  int64_t key_size;  // -1: none
  int64_t value_size;
  int64_t headers_size;
  uint32_t bytes;
  uint32_t mutations;
  bool dead_letter;
};

struct LaneBatch::Segment {
  std::vector<Record> records;
  std::vector<TableBytes> tables;  // the plan's, then the dead letters
  WireBuffer raw;
  sql::Arena arena;  // what aggregates' inputs point to
  BatchSize size;
  uint32_t next = 0;  // the first record that is in no closed batch yet

  size_t bytes_held() const {
    size_t bytes = records.capacity() * sizeof(Record) + raw.capacity() + arena.bytes_reserved();
    for (const TableBytes& table : tables) bytes += table.bytes_held();
    return bytes;
  }
};

// The batch is the first records of the segments, up to what each segment calls `next`.
struct LaneBatch::Closed {
  struct RowOf {
    uint32_t segment;
    uint32_t row;
    bool live;  // false: a later row has its key
  };
  struct Table {
    KeyTable keys;            // of `rows`
    std::vector<RowOf> rows;  // in order
    size_t write_bytes = 0;
    size_t delete_bytes = 0;
  };
  std::vector<Table> tables;
  ClosedBatch batch;
  uint32_t first = 0;       // the number of its first record in the first segment that has one …
  uint32_t segment = 0;     // … and that segment
  bool rejected = false;    // Spanner refused the record: its rows are left out …
  std::string dead_letter;  // … and this is written, unless it is empty
};

LaneBatch::LaneBatch(const Plan& plan, size_t source, LaneName name, const BatchLimits& segment,
                     size_t cache_groups)
    : plan_(plan),
      source_(plan.sources[source]),
      name_(std::move(name)),
      segment_limits_(segment),
      dead_letters_(MutationKind::kInsertOrUpdate, "kafka_spanner.DeadLetters", kDeadLetterColumns,
                    DeadLetterTypes()),
      closed_(std::make_unique<Closed>()) {
  WireBuffer suffix;
  AppendListElement(Type::String(), Datum::Str(name_.topic), &suffix);
  AppendListElement(Type::Int64(), Datum::Int64(name_.partition), &suffix);
  AppendListElement(Type::Int64(), Datum::Int64(name_.lane), &suffix);
  for (const PlannedTable& table : source_.tables) {
    aggregates_.push_back(
        table.aggregate ? std::make_unique<AggregateLane>(*table.aggregate, *table.write,
                                                          std::string(suffix.view()), cache_groups)
                        : nullptr);
  }
  closed_->tables.resize(source_.tables.size() + 1);
}

LaneBatch::~LaneBatch() {
  if (memory_ != nullptr) memory_->Add(-counted_bytes_);
}

// Segments with records in them. A batch that is under way is held twice: its mutations are gRPC's.
void LaneBatch::CountMemory() {
  if (memory_ == nullptr) return;
  int64_t held = closed_->batch.size.bytes;
  for (const auto& segment : segments_) held += static_cast<int64_t>(segment->bytes_held());
  memory_->Add(held - counted_bytes_);
  counted_bytes_ = held;
}

// ---- Adding

std::unique_ptr<LaneBatch::Segment> LaneBatch::TakeSpare() {
  if (spare_ != nullptr) return std::move(spare_);
  auto segment = std::make_unique<Segment>();
  segment->tables.resize(source_.tables.size() + 1);
  return segment;
}

void LaneBatch::Recycle(std::unique_ptr<Segment> segment) {
  segment->records.clear();
  for (TableBytes& table : segment->tables) table.Clear();
  segment->raw.Clear();
  segment->arena.Reset();
  segment->size = {};
  segment->next = 0;
  spare_ = std::move(segment);
}

LaneBatch::Segment& LaneBatch::Last() { return *segments_.back(); }
LaneBatch::TableBytes& LaneBatch::Table(size_t table) { return Last().tables[table]; }

void LaneBatch::BeginChunk() {
  // What is closed and what gathers lie apart, so that a segment is free again with its batch.
  if (!segments_.empty() && Last().next == 0) {
    const BatchSize& size = Last().size;
    const bool full = size.records >= segment_limits_.records ||
                      size.bytes >= segment_limits_.bytes ||
                      size.mutations >= segment_limits_.mutations;
    if (!full) return;
  }
  segments_.push_back(TakeSpare());
}

uint32_t LaneBatch::BeginRecord(const RawRecord& raw) {
  Segment& segment = Last();
  Record record{.offset = raw.offset, .timestamp_ms = raw.timestamp_ms, .raw = segment.raw.size()};
  record.key_size = raw.key.data() == nullptr ? -1 : static_cast<int64_t>(raw.key.size());
  record.value_size = raw.value.data() == nullptr ? -1 : static_cast<int64_t>(raw.value.size());
  record.headers_size = static_cast<int64_t>(raw.headers.size());
  if (raw.kept) {
    segment.raw.Append(raw.key);
    segment.raw.Append(raw.value);
    segment.raw.Append(raw.headers);
  } else {
    record.raw = kNotKept;
  }
  segment.records.push_back(record);
  ++segment.size.records;
  ++open_.records;
  return static_cast<uint32_t>(segment.records.size() - 1);
}

void LaneBatch::Count(Record& record, uint32_t bytes, uint32_t mutations) {
  record.bytes += bytes;
  record.mutations += mutations;
  for (BatchSize* size : {&Last().size, &open_}) {
    size->bytes += bytes;
    size->mutations += mutations;
  }
}

void LaneBatch::AddAggregated(size_t table, uint32_t record, const TableRows& rows, uint32_t row,
                              bool taken_back) {
  const PlannedTable& plan = source_.tables[table];
  TableBytes& to = Table(table);
  const AggregatePlan& aggregate = *plan.aggregate;
  const size_t begin = to.bytes.size();
  for (size_t i = 0; i < aggregate.key_inputs.size(); ++i) {
    AppendListElement(aggregate.key_types[i],
                      rows.columns[static_cast<size_t>(aggregate.key_inputs[i])].at(row),
                      &to.bytes);
  }
  const auto key_size = static_cast<uint32_t>(to.bytes.size() - begin);
  const uint64_t hash = HashKeyBytes(to.bytes.view().substr(begin));
  to.rows.push_back({record, taken_back, key_size, hash, begin, begin, to.inputs.size()});
  for (size_t i = aggregate.first_aggregate_input; i < rows.columns.size(); ++i) {
    to.inputs.push_back(
        sql::DeepCopy(aggregate.input_types[i], rows.columns[i].at(row), Last().arena));
  }
  Count(Last().records[record], key_size + aggregate.row_bytes, plan.write_mutations);
}

void LaneBatch::TakeBackRow(size_t table, uint32_t record, const TableRows& rows, uint32_t row) {
  AddAggregated(table, record, rows, row, true);
}

void LaneBatch::AddRow(size_t table, uint32_t record, const TableRows& rows, uint32_t row) {
  const PlannedTable& plan = source_.tables[table];
  if (plan.aggregate) return AddAggregated(table, record, rows, row, false);
  TableBytes& to = Table(table);
  const auto keys = static_cast<size_t>(plan.key_columns);
  const MutationShape::RowBytes bytes = plan.write->AppendRow(rows.columns, row, keys, &to.bytes);
  const auto key_size = static_cast<uint32_t>(bytes.key_end - bytes.elements);
  const uint64_t hash = plan.mode == TableMode::kSnapshot
                            ? HashKeyBytes(to.bytes.view().substr(bytes.elements, key_size))
                            : 0;
  to.rows.push_back({record, false, key_size, hash, bytes.begin, bytes.elements, bytes.end});
  Count(Last().records[record], static_cast<uint32_t>(bytes.end - bytes.begin),
        plan.write_mutations);
}

void LaneBatch::AddDelete(size_t table, uint32_t record, const TableRows& rows,
                          uint32_t source_record) {
  const PlannedTable& plan = source_.tables[table];
  TableBytes& to = Table(table);
  const auto bytes =
      plan.remove->AppendRow(rows.delete_key, source_record, rows.delete_key.size(), &to.bytes);
  const auto key_size = static_cast<uint32_t>(bytes.key_end - bytes.elements);
  const uint64_t hash = HashKeyBytes(to.bytes.view().substr(bytes.elements, key_size));
  to.rows.push_back({record, true, key_size, hash, bytes.begin, bytes.elements, bytes.end});
  Count(Last().records[record], static_cast<uint32_t>(bytes.end - bytes.begin),
        plan.delete_mutations);
}

void LaneBatch::AddDeadLetter(uint32_t index, Stage stage, std::string_view reason) {
  Record& record = Last().records[index];
  record.dead_letter = true;
  TableBytes& to = Last().tables.back();
  const size_t begin = to.bytes.size();
  AppendDeadLetter(Last(), record, stage, reason, &to.bytes);
  to.rows.push_back({index, false, 0, 0, begin, begin, to.bytes.size()});
  Count(record, static_cast<uint32_t>(to.bytes.size() - begin), kDeadLetterMutations);
}

void LaneBatch::AppendDeadLetter(const Segment& segment, const Record& record, Stage stage,
                                 std::string_view reason, WireBuffer* rows) const {
  std::string_view raw = segment.raw.view().substr(record.raw);
  std::string note;
  const auto take = [&](std::string_view what, int64_t size) {
    if (size < 0) return Datum::Null();
    const auto bytes = static_cast<size_t>(size);
    const Datum piece = Datum::Str(raw.substr(0, std::min(bytes, kDeadLetterCellBytesMax)));
    note += CutNote(what, bytes);
    raw.remove_prefix(bytes);
    return piece;
  };
  const Datum key = take("key", record.key_size);
  const Datum value = take("value", record.value_size);
  const bool has_headers = record.headers_size > 0 &&
                           static_cast<size_t>(record.headers_size) <= kDeadLetterCellBytesMax;
  if (record.headers_size > 0 && !has_headers) note += "; the headers are too large to be kept";
  const Datum headers = has_headers ? take("headers", record.headers_size) : Datum::Null();
  const std::string text = DeadLetterReason(reason, note);
  const int64_t seconds = record.timestamp_ms >= 0 ? record.timestamp_ms / 1000 : 0;
  const auto nanos = static_cast<int32_t>(record.timestamp_ms % 1000 * 1000000);
  const Datum row[] = {Datum::Str(plan_.spec->name),
                       Datum::Str(name_.topic),
                       Datum::Int64(name_.partition),
                       Datum::Int64(record.offset),
                       record.timestamp_ms < 0 ? Datum::Null() : Datum::Timestamp({seconds, nanos}),
                       key,
                       value,
                       headers,
                       Datum::Str(StageName(stage)),
                       Datum::Str(text),
                       PendingCommitTimestampDatum()};
  dead_letters_.AppendRow(row, rows);
}

// ---- LaneData

BatchSize LaneBatch::open() const { return open_; }

// Takes the records of a segment that are still within the limits; false when some are left.
bool LaneBatch::CloseRecords(uint32_t index, const BatchLimits& limits) {
  Segment& segment = *segments_[index];
  BatchSize& size = closed_->batch.size;
  for (; segment.next < segment.records.size(); ++segment.next) {
    const Record& record = segment.records[segment.next];
    const bool fits = size.records < limits.records && size.bytes + record.bytes <= limits.bytes &&
                      size.mutations + record.mutations <= limits.mutations;
    if (!fits && size.records > 0) return false;
    if (size.records == 0) {
      closed_->segment = index;
      closed_->first = segment.next;
    }
    ++size.records;
    size.bytes += record.bytes;
    size.mutations += record.mutations;
    for (size_t table = 0; table < segment.tables.size(); ++table) TakeRows(table, index);
    closed_->batch.dead_letters += record.dead_letter ? 1 : 0;
    closed_->batch.end_offset = record.offset + 1;
    closed_->batch.last_timestamp_ms =
        std::max(closed_->batch.last_timestamp_ms, record.timestamp_ms);
    open_.records -= 1;
    open_.bytes -= record.bytes;
    open_.mutations -= record.mutations;
  }
  return true;
}

bool LaneBatch::IsSnapshot(size_t table) const {
  return table < source_.tables.size() && source_.tables[table].mode == TableMode::kSnapshot;
}

ClosedBatch LaneBatch::Close(const BatchLimits& limits) {
  closed_->batch = {.last_timestamp_ms = -1};
  closed_->rejected = false;
  closed_->dead_letter.clear();
  for (size_t table = 0; table < closed_->tables.size(); ++table) {
    Closed::Table& closed = closed_->tables[table];
    closed.rows.clear();
    closed.write_bytes = closed.delete_bytes = 0;
    if (!IsSnapshot(table)) continue;
    size_t open_rows = 0;
    for (const auto& segment : segments_) {
      open_rows += segment->tables[table].rows.size() - segment->tables[table].next;
    }
    closed.keys.Reset(open_rows);
  }
  for (uint32_t index = 0; index < segments_.size() && CloseRecords(index, limits); ++index) {
  }
  for (size_t table = 0; table < source_.tables.size(); ++table) {
    if (aggregates_[table] != nullptr) FoldRows(table);
  }
  return closed_->batch;
}

// Puts the rows of the segment's next record into the closed batch; in a snapshot's table they
// replace earlier ones of their keys.
void LaneBatch::TakeRows(size_t table, uint32_t index) {
  const uint32_t record = segments_[index]->next;
  TableBytes& bytes = segments_[index]->tables[table];
  Closed::Table& closed = closed_->tables[table];
  const bool counts_bytes = table >= aggregates_.size() || aggregates_[table] == nullptr;
  const bool snapshot = IsSnapshot(table);
  for (; bytes.next < bytes.rows.size() && bytes.rows[bytes.next].record == record; ++bytes.next) {
    const Row& row = bytes.rows[bytes.next];
    closed.rows.push_back({index, static_cast<uint32_t>(bytes.next), true});
    if (!counts_bytes) continue;
    (row.remove ? closed.delete_bytes : closed.write_bytes) += row.end - row.begin;
    if (!snapshot) continue;
    const auto position = static_cast<uint32_t>(closed.rows.size() - 1);
    const uint32_t before = closed.keys.Replace(row.hash, position, [&](uint32_t other) {
      const TableBytes& its = segments_[closed.rows[other].segment]->tables[table];
      const Row& its_row = its.rows[closed.rows[other].row];
      return its_row.hash == row.hash && its.key(its_row) == bytes.key(row);
    });
    if (before != KeyTable::kNone) Supersede(table, before);
  }
}

// The row at `position` of the closed batch gives way to a later one.
void LaneBatch::Supersede(size_t table, uint32_t position) {
  Closed::Table& closed = closed_->tables[table];
  Closed::RowOf& superseded = closed.rows[position];
  superseded.live = false;
  const Row& row = segments_[superseded.segment]->tables[table].rows[superseded.row];
  const size_t bytes = row.end - row.begin;
  const PlannedTable& plan = source_.tables[table];
  (row.remove ? closed.delete_bytes : closed.write_bytes) -= bytes;
  closed_->batch.size.bytes -= static_cast<int64_t>(bytes);
  closed_->batch.size.mutations -= row.remove ? plan.delete_mutations : plan.write_mutations;
}

void LaneBatch::FoldRows(size_t table) {
  const PlannedTable& plan = source_.tables[table];
  AggregateLane& aggregate = *aggregates_[table];
  const Closed::Table& closed = closed_->tables[table];
  for (const Closed::RowOf& each : closed.rows) {
    const TableBytes& bytes = segments_[each.segment]->tables[table];
    const Row& row = bytes.rows[each.row];
    aggregate.Fold(bytes.key(row), row.hash, bytes.inputs.data() + row.end, row.remove);
  }
  // Rows were counted one by one; what is written is one per group.
  const auto folded = static_cast<int64_t>(closed.rows.size() - aggregate.touched());
  closed_->batch.size.mutations -= folded * plan.write_mutations;
}

std::vector<ReadSpec> LaneBatch::MissingReads() {
  std::vector<ReadSpec> reads;
  for (const auto& aggregate : aggregates_) {
    if (aggregate == nullptr) continue;
    for (ReadSpec& read : aggregate->MissingReads()) reads.push_back(std::move(read));
  }
  return reads;
}

absl::Status LaneBatch::OnRead(const std::vector<RowsPtr>& rows) {
  size_t next = 0;
  for (const auto& aggregate : aggregates_) {
    if (aggregate == nullptr || aggregate->MissingReads().empty()) continue;
    if (absl::Status status = aggregate->OnRead(rows[next++]); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void LaneBatch::AppendMutations(std::string* wire) {
  if (closed_->rejected) {
    wire->append(closed_->dead_letter);
    return;
  }
  for (size_t table = 0; table < closed_->tables.size(); ++table) AppendTable(table, wire);
}

void LaneBatch::AppendTable(size_t table, std::string* wire) {
  const Closed::Table& closed = closed_->tables[table];
  if (closed.rows.empty()) return;
  scratch_.Clear();
  if (table < aggregates_.size() && aggregates_[table] != nullptr) {
    WireBuffer rows;
    aggregates_[table]->AppendRows(&rows);
    source_.tables[table].write->AppendMutation(rows.view(), &scratch_);
    wire->append(scratch_.view());
    return;
  }
  const bool dead_letters = table == source_.tables.size();
  for (const bool remove : {true, false}) {
    const size_t size = remove ? closed.delete_bytes : closed.write_bytes;
    if (size == 0) continue;
    const MutationShape& shape = dead_letters ? dead_letters_
                                 : remove     ? *source_.tables[table].remove
                                              : *source_.tables[table].write;
    scratch_.Clear();
    shape.AppendMutationFront(size, &scratch_);
    wire->reserve(wire->size() + scratch_.size() + size);
    wire->append(scratch_.view());
    for (const Closed::RowOf& each : closed.rows) {
      const TableBytes& bytes = segments_[each.segment]->tables[table];
      const Row& row = bytes.rows[each.row];
      if (!each.live || row.remove != remove) continue;
      wire->append(bytes.bytes.view().substr(row.begin, row.end - row.begin));
    }
  }
}

void LaneBatch::OnCommitted() {
  suspicious_ = false;
  for (const auto& aggregate : aggregates_) {
    if (aggregate != nullptr) aggregate->OnCommitted();
  }
  while (!segments_.empty() && segments_.front()->next == segments_.front()->records.size()) {
    Recycle(std::move(segments_.front()));
    segments_.pop_front();
  }
  closed_->batch = {};
  CountMemory();
}

void LaneBatch::OnDropped() {
  suspicious_ = true;
  open_ = {};
  for (const auto& aggregate : aggregates_) {
    if (aggregate != nullptr) aggregate->Clear();
  }
  while (!segments_.empty()) {
    Recycle(std::move(segments_.front()));
    segments_.pop_front();
  }
  closed_->batch = {};
  CountMemory();
}

Verdict LaneBatch::OnDataError(const absl::Status& status) {
  const Policy policy = plan_.spec->on_error;
  if (policy == Policy::kStop) return Verdict::kStop;
  const Segment& segment = *segments_[closed_->segment];
  const Record& record = segment.records[closed_->first];
  if (policy == Policy::kDeadLetter && record.raw == kNotKept) return Verdict::kReadAgain;
  for (const auto& aggregate : aggregates_) {
    if (aggregate != nullptr) aggregate->Clear();
  }
  closed_->rejected = true;
  if (policy == Policy::kSkip) return Verdict::kSkip;
  WireBuffer rows;
  AppendDeadLetter(segment, record, Stage::kWrite, View(status.message()), &rows);
  WireBuffer mutation;
  dead_letters_.AppendMutation(rows.view(), &mutation);
  closed_->dead_letter = std::string(mutation.view());
  return Verdict::kDeadLetter;
}

}  // namespace ks::pipeline
