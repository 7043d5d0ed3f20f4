#include "pipeline/recompute.h"

#include "base/check.h"
#include "base/status_macros.h"

namespace ks::pipeline {
namespace {

// What a group takes beside its key and states.
constexpr int64_t kGroupOverheadBytes = 160;

std::string_view Slice(const WireBuffer& buffer, size_t begin, size_t end) {
  return buffer.view().substr(begin, end - begin);
}

}  // namespace

Recompute::Recompute(const PlannedSource& source, std::unique_ptr<Transform> transform)
    : source_(source), transform_(std::move(transform)) {
  for (const PlannedTable& table : source.tables) {
    aggregates_.push_back(table.aggregate ? std::make_unique<AggregateLane>(
                                                *table.aggregate, *table.write, "", SIZE_MAX)
                                          : nullptr);
  }
}

absl::StatusOr<std::unique_ptr<Recompute>> Recompute::Create(const Plan& plan, size_t source) {
  KS_ASSIGN_OR_RETURN(auto transform, Transform::Create(plan, source));
  return std::unique_ptr<Recompute>(new Recompute(plan.sources[source], std::move(transform)));
}

void Recompute::Run(const Records& records, const VisitRow& visit) {
  transform_->Run(records);
  gave_.assign(records.size(), 0);
  const auto& verdicts = transform_->verdicts();
  for (size_t i = 0; i < source_.tables.size(); ++i) {
    const PlannedTable& table = source_.tables[i];
    const TableRows& rows = transform_->tables()[i];
    const auto keys = static_cast<size_t>(table.key_columns);
    // A record has either rows or a delete in a table, and both lists ascend.
    size_t next_delete = 0;
    const auto deletes_before = [&](uint32_t end) {
      for (; next_delete < rows.deletes.size() && rows.deletes[next_delete] < end; ++next_delete) {
        const uint32_t record = rows.deletes[next_delete];
        if (verdicts[record] != RecordVerdict::kOk) continue;
        row_.Clear();
        const auto bytes =
            table.remove->AppendRow(rows.delete_key, record, rows.delete_key.size(), &row_);
        Visit({i, record, true, Slice(row_, bytes.elements, bytes.key_end), {}}, visit);
      }
    };
    for (const uint32_t row : rows.rows) {
      const uint32_t record = rows.record(row);
      deletes_before(record);
      if (verdicts[record] != RecordVerdict::kOk) continue;
      if (table.aggregate) {
        if (Fold(i, row, rows, false)) gave_[record] = 1;
        continue;
      }
      row_.Clear();
      const auto bytes = table.write->AppendRow(rows.columns, row, keys, &row_);
      Visit({i, record, false, Slice(row_, bytes.elements, bytes.key_end),
             Slice(row_, bytes.key_end, bytes.end)},
            visit);
    }
    const TableRows& back = transform_->taken_back()[i];
    for (const uint32_t row : back.rows) {
      const uint32_t record = back.record(row);
      if (verdicts[record] == RecordVerdict::kOk && Fold(i, row, back, true)) gave_[record] = 1;
    }
    deletes_before(UINT32_MAX);
  }
}

void Recompute::Visit(const GivenRow& row, const VisitRow& visit) {
  if (wants_ && !wants_(row.table, row.key)) return;
  gave_[row.record] = 1;
  visit(row);
}

bool Recompute::Fold(size_t table, uint32_t row, const TableRows& rows, bool taken_back) {
  const AggregatePlan& plan = *source_.tables[table].aggregate;
  row_.Clear();
  for (size_t i = 0; i < plan.key_inputs.size(); ++i) {
    const auto input = static_cast<size_t>(plan.key_inputs[i]);
    AppendListElement(plan.key_types[i], rows.columns[input].at(row), &row_);
  }
  if (wants_ && !wants_(table, row_.view())) return false;
  inputs_.clear();
  for (size_t i = plan.first_aggregate_input; i < rows.columns.size(); ++i)
    inputs_.push_back(rows.columns[i].at(row));
  aggregates_[table]->Fold(row_.view(), 0, inputs_.data(), taken_back);
  return true;
}

void Recompute::Groups(size_t table, const VisitGroup& visit) const {
  KS_CHECK(aggregates_[table] != nullptr);
  aggregates_[table]->VisitTouched(visit);
}

void Recompute::DropGroups() {
  for (const auto& aggregate : aggregates_) {
    if (aggregate != nullptr) aggregate->Clear();
  }
}

int64_t Recompute::held_bytes() const {
  int64_t bytes = 0;
  for (size_t i = 0; i < aggregates_.size(); ++i) {
    if (aggregates_[i] == nullptr) continue;
    const AggregatePlan& plan = *source_.tables[i].aggregate;
    bytes += static_cast<int64_t>(aggregates_[i]->touched()) *
             (kGroupOverheadBytes + plan.row_bytes +
              static_cast<int64_t>(plan.states.size() * sizeof(PartialValue)));
  }
  return bytes;
}

std::vector<std::string> RowColumns(const PlannedTable& table) {
  if (!table.aggregate) return table.columns;
  std::vector<std::string> names = table.aggregate->key_names;
  for (const StateColumn& state : table.aggregate->states) names.push_back(state.name);
  return names;
}

std::vector<sql::TypeRef> RowTypes(const PlannedTable& table) {
  if (!table.aggregate) return table.types;
  std::vector<sql::TypeRef> types = table.aggregate->key_types;
  for (const StateColumn& state : table.aggregate->states) types.push_back(state.type);
  return types;
}

size_t RowKeyColumns(const PlannedTable& table) {
  return table.aggregate ? table.aggregate->key_names.size()
                         : static_cast<size_t>(table.key_columns);
}

google::protobuf::ListValue RowValues(std::string_view key, std::string_view rest) {
  google::protobuf::ListValue values;
  std::string bytes(key);
  bytes.append(rest);
  KS_CHECK(values.ParseFromString(bytes));  // our own
  return values;
}

}  // namespace ks::pipeline
