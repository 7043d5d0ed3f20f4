// Transform: one source's records become rows of its tables.
//
//   decode key and value -> assertions -> each table's SELECT (or, for a tombstone, the keys to
//   delete)
//
// A chunk of records goes through as columns. Every record ends with one verdict: its rows are all
// there, or it failed and has none in any table. Nothing is allocated per record once buffers have
// grown, except for what fails.
//
// Invariants, tested in tests/pipelines and tests/sim:
//   1. A record whose verdict is kOk has all rows of all tables; any other has none (whoever reads
//   tables() must skip
//      rows of records that are not kOk).
//   2. Rows come in the order of their records, table by table.
//   3. The same records give the same rows: CURRENT_TIMESTAMP() is the record's time.
//
// Thread safety: one thread; the Plan is shared. Results live until the next Run.
// SQL NULL in an assertion passes, as in a CHECK constraint.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "env/clock.h"
#include "formats/decoder.h"
#include "pipeline/plan.h"
#include "sql/eval/expression.h"
#include "sql/eval/record_select.h"
#include "sql/functions/function.h"

namespace ks::pipeline {

using RecordHeader = formats::Header;
using HeaderSource = formats::HeaderSource;

// A chunk of records of one partition, in offset order, in Kafka's memory. The spans are of one
// length, at most kTransformRecordsMax.
struct Records {
  std::string_view topic;
  int32_t partition = 0;
  absl::Span<const int64_t> offsets;
  absl::Span<const int64_t> timestamps_ms;    // -1: none
  absl::Span<const std::string_view> keys;    // data() == nullptr: none
  absl::Span<const std::string_view> values;  // data() == nullptr: a tombstone
  const HeaderSource* headers = nullptr;      // null: no record has headers

  size_t size() const { return offsets.size(); }
};

// Where a record failed; the column Stage of kafka_spanner.DeadLetters.
enum class Stage : uint8_t { kKey, kValue, kAssert, kSelect, kTombstone, kWrite };
std::string_view StageName(Stage stage);

enum class RecordVerdict : uint8_t { kOk, kDeadLetter, kSkip, kStop };

struct RecordFailure {
  uint32_t record = 0;
  Stage stage = Stage::kValue;
  std::string reason;
};

// The rows of one table.
struct TableRows {
  sql::Rows rows;  // rows of `columns`, ascending
  const uint32_t* records =
      nullptr;  // records[row]: the record a row comes from; null: the same number
  std::vector<sql::Column>
      columns;        // in the order of PlannedTable::columns; aggregates: RecordSelect's columns
  sql::Rows deletes;  // records whose row is to be deleted
  std::vector<sql::Column> delete_key;  // by record

  uint32_t record(uint32_t row) const { return records == nullptr ? row : records[row]; }
};

// Where time goes, added up. Whoever measures gives the clock.
struct StageTimes {
  env::Clock* clock = nullptr;
  int64_t decode_nanos = 0;
  int64_t evaluate_nanos = 0;
};

class Transform {
 public:
  static absl::StatusOr<std::unique_ptr<Transform>> Create(const Plan& plan, size_t source);

  void Run(const Records& records);
  // Adds to `times` from now on; null: nobody measures.
  void set_times(StageTimes* times) { times_ = times; }

  const PlannedSource& source() const { return source_; }
  const std::vector<TableRows>& tables() const { return tables_; }
  // By table: rows that were added by earlier records, and are so no more. Aggregates over rows
  // that change have them; the others none.
  const std::vector<TableRows>& taken_back() const { return taken_back_; }
  absl::Span<const RecordVerdict> verdicts() const { return verdicts_; }
  // Of the records that are not kOk, one each, ascending.
  const std::vector<RecordFailure>& failures() const { return failures_; }

 private:
  struct Assert {
    const AssertSpec* spec;
    std::unique_ptr<sql::Program> program;
  };
  struct Table {
    const PlannedTable* plan;
    std::unique_ptr<sql::RecordSelect> select;
    std::unique_ptr<sql::Program> tombstone_key;  // null: there is none
    sql::RecordSelect::Result result;
    std::unique_ptr<sql::RecordSelect> before;  // the SELECT over rows as they were; null: none
    sql::RecordSelect::Result before_result;
  };

  Transform(const Plan& plan, const PlannedSource& source);
  absl::Status Prepare();
  absl::Status PrepareTable(const PlannedTable& plan);
  void FillMetadata(const Records& records);
  void FillHeaders(const Records& records);
  void DecodeRecords(const Records& records);
  void DecodeValues(const Records& records, const std::vector<sql::Datum*>& columns);
  void FailDecoded(Stage stage, const PartSpec& part);
  void TakeKeyless(const Records& records, std::vector<formats::RecordError>* keyless);
  void FailKeyless(std::vector<formats::RecordError>* keyless);
  void CheckAsserts(sql::EvalContext& context);
  void RunTable(size_t table, sql::EvalContext& context);
  void FindBefore(size_t count);
  bool HasWholeRow(const sql::Datum& before) const;
  void TakeBack(size_t table, sql::EvalContext& context);
  void RunTombstones(size_t table, sql::EvalContext& context);

  void Fail(uint32_t record, Policy policy, Stage stage, std::string reason);
  void TakeErrors(Stage stage, sql::EvalContext& context);
  void DropFailed(std::vector<uint32_t>* records) const;

  const PlannedSource& source_;
  const Policy on_error_;
  StageTimes* times_ = nullptr;
  std::unique_ptr<formats::Decoder> key_decoder_;  // null: the key has no columns
  std::unique_ptr<formats::Decoder> value_decoder_;
  std::vector<int> value_columns_;  // by field of value_decoder_: the record's column
  std::vector<Assert> asserts_;
  std::vector<Table> compiled_;

  // Of the last chunk.
  sql::Arena arena_;
  std::vector<sql::Column> inputs_;  // by the record's columns
  std::vector<uint32_t> all_;
  std::vector<uint32_t> live_;        // records with a value that have not failed
  std::vector<uint32_t> tombstones_;  // records without
  std::vector<TableRows> tables_;
  std::vector<uint32_t> changed_;           // records that say what their row was before
  std::vector<sql::Column> before_inputs_;  // as inputs_, with the row as it was
  std::vector<TableRows> taken_back_;
  std::vector<RecordVerdict> verdicts_;
  std::vector<RecordFailure> failures_;
  formats::DecodeResult decoded_;
  sql::Datum topic_;
  sql::Datum partition_;
  sql::Datum no_headers_;
};

}  // namespace ks::pipeline
