#include "pipeline/transform.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/errors.h"
#include "pipeline/part_decoder.h"

namespace ks::pipeline {
namespace {

using sql::Datum;

RecordVerdict VerdictOf(Policy policy) {
  switch (policy) {
    case Policy::kDeadLetter:
      return RecordVerdict::kDeadLetter;
    case Policy::kSkip:
      return RecordVerdict::kSkip;
    case Policy::kStop:
      return RecordVerdict::kStop;
  }
  return RecordVerdict::kDeadLetter;
}

sql::TimestampValue TimestampOfMillis(int64_t millis) {
  int64_t seconds = millis / 1000;
  int64_t rest = millis % 1000;
  if (rest < 0) {
    rest += 1000;
    --seconds;
  }
  return {seconds, static_cast<int32_t>(rest * 1000000)};
}

}  // namespace

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kKey:
      return "key";
    case Stage::kValue:
      return "value";
    case Stage::kAssert:
      return "assert";
    case Stage::kSelect:
      return "select";
    case Stage::kTombstone:
      return "tombstone";
    case Stage::kWrite:
      return "write";
  }
  return "value";
}

Transform::Transform(const Plan& plan, const PlannedSource& source)
    : source_(source), on_error_(plan.spec->on_error) {}

absl::StatusOr<std::unique_ptr<Transform>> Transform::Create(const Plan& plan, size_t source) {
  auto transform = std::unique_ptr<Transform>(new Transform(plan, plan.sources[source]));
  KS_RETURN_IF_ERROR(transform->Prepare());
  return transform;
}

absl::Status Transform::Prepare() {
  const RecordColumns& record = source_.record;
  inputs_.resize(record.columns.size());
  const SourceSpec& spec = *source_.spec;
  if (spec.key.format != Format::kNone) {
    KS_ASSIGN_OR_RETURN(key_decoder_, MakePartDecoder(spec.key, true, spec.key.columns));
  }
  formats::Schema fields;
  for (size_t i = 0; i < spec.value.columns.size(); ++i) {
    if (record.value_columns[i] < 0) continue;
    fields.push_back(spec.value.columns[i]);
    value_columns_.push_back(record.value_columns[i]);
  }
  if (!fields.empty() || HasFields(spec.value.format)) {
    KS_ASSIGN_OR_RETURN(value_decoder_, MakePartDecoder(spec.value, false, std::move(fields)));
  }
  for (const PlannedAssert& assertion : source_.asserts) {
    KS_ASSIGN_OR_RETURN(auto program, sql::Program::Compile(*assertion.condition));
    asserts_.push_back({assertion.spec, std::move(program)});
  }
  for (const PlannedTable& table : source_.tables) KS_RETURN_IF_ERROR(PrepareTable(table));
  tables_.resize(compiled_.size());
  taken_back_.resize(compiled_.size());
  return absl::OkStatus();
}

absl::Status Transform::PrepareTable(const PlannedTable& plan) {
  Table table{.plan = &plan};
  KS_ASSIGN_OR_RETURN(table.select, sql::RecordSelect::Compile(plan.select));
  if (plan.aggregate && plan.aggregate->takes_back) {
    KS_ASSIGN_OR_RETURN(table.before, sql::RecordSelect::Compile(plan.select));
  }
  if (!plan.tombstone_key.empty()) {
    KS_ASSIGN_OR_RETURN(table.tombstone_key,
                        sql::Program::Compile(plan.tombstone_key, sql::ProgramOptions()));
  }
  compiled_.push_back(std::move(table));
  return absl::OkStatus();
}

void Transform::Run(const Records& records) {
  arena_.Reset();
  failures_.clear();
  verdicts_.assign(records.size(), RecordVerdict::kOk);
  int64_t since = times_ == nullptr ? 0 : times_->clock->MonotonicNanos();
  const auto lap = [&](int64_t StageTimes::*stage) {
    if (times_ == nullptr) return;
    const int64_t now = times_->clock->MonotonicNanos();
    times_->*stage += now - std::exchange(since, now);
  };
  FillMetadata(records);
  DecodeRecords(records);
  lap(&StageTimes::decode_nanos);
  sql::EvalContext context(arena_);
  context.now_column = &inputs_[static_cast<size_t>(source_.record.of(RecordColumns::kTimestamp))];
  CheckAsserts(context);
  if (source_.before >= 0) FindBefore(records.size());
  for (size_t table = 0; table < compiled_.size(); ++table) RunTable(table, context);
  for (size_t table = 0; table < compiled_.size(); ++table) RunTombstones(table, context);
  std::sort(failures_.begin(), failures_.end(),
            [](const RecordFailure& a, const RecordFailure& b) { return a.record < b.record; });
  lap(&StageTimes::evaluate_nanos);
}

void Transform::FillMetadata(const Records& records) {
  const RecordColumns& record = source_.record;
  const size_t count = records.size();
  topic_ = Datum::Str(records.topic);
  partition_ = Datum::Int64(records.partition);
  Datum* offsets = arena_.AllocateArray<Datum>(count);
  Datum* timestamps = arena_.AllocateArray<Datum>(count);
  Datum* keys = arena_.AllocateArray<Datum>(count);
  for (size_t i = 0; i < count; ++i) {
    offsets[i] = Datum::Int64(records.offsets[i]);
    const int64_t millis = records.timestamps_ms[i];
    timestamps[i] = millis < 0 ? Datum::Null() : Datum::Timestamp(TimestampOfMillis(millis));
    keys[i] = records.keys[i].data() == nullptr ? Datum::Null() : Datum::Str(records.keys[i]);
  }
  const auto set = [&](RecordColumns::Metadata which, const Datum* data, bool constant) {
    inputs_[static_cast<size_t>(record.of(which))] = {data, constant};
  };
  set(RecordColumns::kTopic, &topic_, true);
  set(RecordColumns::kPartition, &partition_, true);
  set(RecordColumns::kOffset, offsets, false);
  set(RecordColumns::kTimestamp, timestamps, false);
  set(RecordColumns::kKey, keys, false);
  FillHeaders(records);
}

void Transform::FillHeaders(const Records& records) {
  const auto input = static_cast<size_t>(source_.record.of(RecordColumns::kHeaders));
  no_headers_ = Datum::Elements({});
  inputs_[input] = {&no_headers_, true};
  if (records.headers == nullptr || !source_.reads_headers) return;
  Datum* column = arena_.AllocateArray<Datum>(records.size());
  std::vector<RecordHeader> headers;
  for (uint32_t i = 0; i < records.size(); ++i) {
    headers.clear();
    records.headers->Read(i, &headers);
    Datum* elements = arena_.AllocateArray<Datum>(headers.size());
    for (size_t j = 0; j < headers.size(); ++j) {
      Datum* fields = arena_.AllocateArray<Datum>(2);
      fields[0] = Datum::Str(headers[j].name);
      fields[1] = headers[j].value.data() == nullptr ? Datum::Null() : Datum::Str(headers[j].value);
      elements[j] = Datum::Elements({fields, 2});
    }
    column[i] = Datum::Elements({elements, headers.size()});
  }
  inputs_[input] = {column, false};
}

void Transform::DecodeRecords(const Records& records) {
  const auto count = static_cast<uint32_t>(records.size());
  std::vector<Datum*> columns(static_cast<size_t>(source_.record.metadata));
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i] = arena_.AllocateArray<Datum>(count);
    inputs_[i] = {columns[i], false};
  }
  all_.resize(count);
  live_.clear();
  tombstones_.clear();
  for (uint32_t i = 0; i < count; ++i) {
    all_[i] = i;
    (records.values[i].data() == nullptr ? tombstones_ : live_).push_back(i);
  }
  std::vector<formats::RecordError> keyless;
  if (key_decoder_ != nullptr) {
    decoded_.Clear();
    const auto keys = static_cast<size_t>(source_.record.key_columns);
    key_decoder_->Decode({records.keys, all_}, arena_, {columns.data(), keys}, &decoded_);
    TakeKeyless(records, &keyless);
    FailDecoded(Stage::kKey, source_.spec->key);
    DropFailed(&live_);
    DropFailed(&tombstones_);
  }
  // A tombstone has no value: its columns are NULL, for SELECTs that never see it and for keys that
  // do not read them.
  for (const int column : value_columns_) {
    for (const uint32_t record : tombstones_)
      columns[static_cast<size_t>(column)][record] = Datum::Null();
  }
  if (value_decoder_ != nullptr) DecodeValues(records, columns);
  FailKeyless(&keyless);
}

// A record without a key may be about no row (Debezium's TRUNCATE): its value says more of it.
void Transform::TakeKeyless(const Records& records, std::vector<formats::RecordError>* keyless) {
  std::erase_if(decoded_.errors, [&](formats::RecordError& error) {
    const bool taken =
        records.keys[error.row].data() == nullptr && records.values[error.row].data() != nullptr;
    if (taken) keyless->push_back(std::move(error));
    return taken;
  });
}

// Those whose value wants a row after all.
void Transform::FailKeyless(std::vector<formats::RecordError>* keyless) {
  if (keyless->empty()) return;
  decoded_.errors.clear();
  for (formats::RecordError& error : *keyless) {
    if (std::binary_search(live_.begin(), live_.end(), error.row) ||
        std::binary_search(tombstones_.begin(), tombstones_.end(), error.row))
      decoded_.errors.push_back(std::move(error));
  }
  FailDecoded(Stage::kKey, source_.spec->key);
  DropFailed(&live_);
  DropFailed(&tombstones_);
}

void Transform::DecodeValues(const Records& records, const std::vector<Datum*>& columns) {
  std::vector<Datum*> outputs;
  for (const int column : value_columns_) outputs.push_back(columns[static_cast<size_t>(column)]);
  decoded_.Clear();
  value_decoder_->Decode({records.values, live_, records.headers}, arena_, outputs, &decoded_);
  FailDecoded(Stage::kValue, source_.spec->value);
  DropFailed(&live_);
  if (decoded_.deletes.empty() && decoded_.ignored.empty()) return;
  const auto listed = [](const std::vector<uint32_t>& rows, uint32_t record) {
    return std::binary_search(rows.begin(), rows.end(), record);
  };
  std::erase_if(live_, [&](uint32_t record) {
    return listed(decoded_.deletes, record) || listed(decoded_.ignored, record);
  });
  const auto middle = static_cast<ptrdiff_t>(tombstones_.size());
  tombstones_.insert(tombstones_.end(), decoded_.deletes.begin(), decoded_.deletes.end());
  std::inplace_merge(tombstones_.begin(), tombstones_.begin() + middle, tombstones_.end());
}

void Transform::FailDecoded(Stage stage, const PartSpec& part) {
  for (formats::RecordError& error : decoded_.errors) {
    Policy policy = on_error_;
    if (error.kind == formats::ErrorKind::kSchemaChanged) {
      if (part.on_schema_change == SchemaChange::kStop) policy = Policy::kStop;
      if (part.on_schema_change == SchemaChange::kDeadLetter) policy = Policy::kDeadLetter;
    }
    if (error.kind == formats::ErrorKind::kNoSchema) policy = Policy::kStop;
    Fail(error.row, policy, stage, std::move(error.message));
  }
}

void Transform::CheckAsserts(sql::EvalContext& context) {
  for (Assert& assertion : asserts_) {
    const sql::Column result = assertion.program->Evaluate(context, live_, inputs_.data());
    TakeErrors(Stage::kAssert, context);
    for (const uint32_t record : live_) {
      const Datum& value = result.at(record);
      if (value.null() || value.bool_value() || verdicts_[record] != RecordVerdict::kOk) continue;
      Fail(record, assertion.spec->otherwise, Stage::kAssert,
           AssertionFailed(assertion.spec->message, assertion.spec->check.text));
    }
    DropFailed(&live_);
  }
}

void Transform::RunTable(size_t table, sql::EvalContext& context) {
  Table& compiled = compiled_[table];
  TableRows& rows = tables_[table];
  // A record that another table's SELECT refused has verdict enough; here it may run along.
  compiled.select->Run(context, live_, inputs_.data(), &compiled.result);
  TakeErrors(Stage::kSelect, context);
  rows.rows = compiled.result.rows;
  rows.records = compiled.result.records;
  rows.deletes = {};
  rows.columns.clear();
  if (compiled.plan->mode == TableMode::kAggregate) {
    rows.columns = compiled.result.columns;
    if (compiled.before != nullptr) TakeBack(table, context);
  } else {
    for (const int output : compiled.plan->outputs) {
      rows.columns.push_back(compiled.result.columns[static_cast<size_t>(output)]);
    }
  }
}

// The records that change or delete a row, and the record's columns with the row as it was.
void Transform::FindBefore(size_t count) {
  const sql::Column& before = inputs_[static_cast<size_t>(source_.before)];
  const sql::Column& operation = inputs_[static_cast<size_t>(source_.operation)];
  changed_.clear();
  for (const auto* records : {&live_, &tombstones_}) {
    for (const uint32_t record : *records) {
      const Datum& op = operation.at(record);
      if (op.null() || (op.str() != "u" && op.str() != "d")) continue;
      if (HasWholeRow(before.at(record))) {
        changed_.push_back(record);
      } else {
        Fail(record, on_error_, Stage::kValue, NoRowBefore());
      }
    }
  }
  DropFailed(&live_);
  DropFailed(&tombstones_);
  std::sort(changed_.begin(), changed_.end());
  before_inputs_ = inputs_;
  // `_before` holds the row's own fields, in their order; those that the key hides stay the key's.
  const size_t fields =
      source_.record.columns[static_cast<size_t>(source_.before)].type->fields().size();
  for (size_t field = 0; field < fields; ++field) {
    const int column = source_.record.value_columns[field];
    if (column < 0) continue;
    Datum* const values = arena_.AllocateArray<Datum>(count);
    for (const uint32_t record : changed_) values[record] = before.at(record).elements()[field];
    before_inputs_[static_cast<size_t>(column)] = {values, false};
  }
}

// A database that logs only keys leaves NULLs in place of the rest, of which those that cannot be
// give it away.
bool Transform::HasWholeRow(const Datum& before) const {
  if (before.null()) return false;
  const auto& fields = source_.spec->value.columns;
  for (size_t i = 0; i < before.elements().size(); ++i) {
    if (fields[i].not_null && before.elements()[i].null()) return false;
  }
  return true;
}

void Transform::TakeBack(size_t table, sql::EvalContext& context) {
  Table& compiled = compiled_[table];
  compiled.before->Run(context, changed_, before_inputs_.data(), &compiled.before_result);
  TakeErrors(Stage::kSelect, context);
  TableRows& rows = taken_back_[table];
  rows.rows = compiled.before_result.rows;
  rows.records = compiled.before_result.records;
  rows.columns = compiled.before_result.columns;
}

void Transform::RunTombstones(size_t table, sql::EvalContext& context) {
  if (tombstones_.empty()) return;
  Table& compiled = compiled_[table];
  const PlannedTable& plan = *compiled.plan;
  if (plan.mode != TableMode::kSnapshot || plan.spec->tombstones == Tombstones::kIgnore) return;
  if (plan.spec->tombstones == Tombstones::kDeadLetter || compiled.tombstone_key == nullptr) {
    for (const uint32_t record : tombstones_) {
      Fail(record, Policy::kDeadLetter, Stage::kTombstone,
           TombstoneRefused(plan.spec->name, plan.no_tombstones));
    }
    return;
  }
  TableRows& rows = tables_[table];
  rows.delete_key.resize(compiled.tombstone_key->size());
  compiled.tombstone_key->Evaluate(context, tombstones_, inputs_.data(), rows.delete_key.data());
  TakeErrors(Stage::kTombstone, context);
  rows.deletes = tombstones_;
}

void Transform::Fail(uint32_t record, Policy policy, Stage stage, std::string reason) {
  if (verdicts_[record] != RecordVerdict::kOk) return;
  verdicts_[record] = VerdictOf(policy);
  failures_.push_back({record, stage, std::move(reason)});
}

void Transform::TakeErrors(Stage stage, sql::EvalContext& context) {
  if (!context.failed()) return;
  for (auto& [record, status] : context.TakeErrors()) {
    Fail(record, on_error_, stage, std::string(View(status.message())));
  }
  context.ClearErrors();
}

void Transform::DropFailed(std::vector<uint32_t>* records) const {
  if (failures_.empty()) return;
  std::erase_if(*records,
                [this](uint32_t record) { return verdicts_[record] != RecordVerdict::kOk; });
}

}  // namespace ks::pipeline
