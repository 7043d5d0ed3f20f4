#include "sql/eval/record_select.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace ks::sql {

// One UNNEST of FROM. Columns so far are `inputs`; the step adds the element and the offset.
struct FanOut {
  std::unique_ptr<Program> array;
  std::unique_ptr<Program> condition;  // null: none
  bool offset = false;
  bool outer = false;
};

struct RecordSelect::State {
  const AnalyzedSelect* select;
  std::vector<FanOut> fan_out;
  std::unique_ptr<Program> where;  // null: none
  std::unique_ptr<Program> outputs;
  std::vector<TypeRef> types;
};

namespace {

using ProgramPtr = std::unique_ptr<Program>;

// The rows that are left while a batch goes through the steps.
struct Flow {
  std::vector<Column> columns;
  Rows rows;
  const uint32_t* records = nullptr;
};

uint32_t RecordOf(const Flow& flow, uint32_t row) {
  return flow.records == nullptr ? row : flow.records[row];
}

// Runs a program whose rows may have come from fewer records; errors go to the records.
void Evaluate(Program& program, EvalContext& context, const Flow& flow, Column* outputs) {
  if (flow.records == nullptr)
    return program.Evaluate(context, flow.rows, flow.columns.data(), outputs);
  EvalContext inner(context.arena);
  inner.now = context.now;
  inner.default_zone = context.default_zone;
  Column now;
  if (context.now_column != nullptr) {
    Datum* data = context.arena.AllocateArray<Datum>(flow.rows.empty() ? 0 : flow.rows.back() + 1);
    for (uint32_t row : flow.rows) data[row] = context.now_column->at(flow.records[row]);
    now = Column{data, false};
    inner.now_column = &now;
  }
  program.Evaluate(inner, flow.rows, flow.columns.data(), outputs);
  for (auto& [row, error] : inner.TakeErrors()) context.Fail(flow.records[row], std::move(error));
}

// Takes out the rows of records that failed.
void DropFailed(EvalContext& context, Flow* flow) {
  if (!context.failed()) return;
  std::vector<uint32_t> failed;
  for (const auto& [record, error] : context.errors()) failed.push_back(record);
  std::sort(failed.begin(), failed.end());
  uint32_t* kept = context.arena.AllocateArray<uint32_t>(flow->rows.size());
  size_t count = 0;
  for (uint32_t row : flow->rows) {
    if (!std::binary_search(failed.begin(), failed.end(), RecordOf(*flow, row)))
      kept[count++] = row;
  }
  flow->rows = Rows(kept, count);
}

constexpr uint32_t kNoElement = UINT32_MAX;

// One row for each pair: flow row, element number.
void Spread(EvalContext& context, const Column& arrays, bool offset,
            const std::vector<uint32_t>& rows, const std::vector<uint32_t>& elements, Flow* flow) {
  Arena& arena = context.arena;
  const size_t count = rows.size();
  Flow wide;
  for (const Column& column : flow->columns) {
    Datum* data = arena.AllocateArray<Datum>(count);
    for (size_t i = 0; i < count; ++i) data[i] = column.at(rows[i]);
    wide.columns.push_back(Column{data, false});
  }
  Datum* values = arena.AllocateArray<Datum>(count);
  Datum* offsets = arena.AllocateArray<Datum>(count);
  uint32_t* records = arena.AllocateArray<uint32_t>(count);
  for (size_t i = 0; i < count; ++i) {
    const bool none = elements[i] == kNoElement;
    values[i] = none ? Datum::Null() : arrays.at(rows[i]).elements()[elements[i]];
    offsets[i] = none ? Datum::Null() : Datum::Int64(elements[i]);
    records[i] = RecordOf(*flow, rows[i]);
  }
  wide.columns.push_back(Column{values, false});
  if (offset) wide.columns.push_back(Column{offsets, false});
  wide.records = records;
  uint32_t* all = arena.AllocateArray<uint32_t>(count);
  for (size_t i = 0; i < count; ++i) all[i] = static_cast<uint32_t>(i);
  wide.rows = Rows(all, count);
  *flow = std::move(wide);
}

void RunFanOut(FanOut& step, EvalContext& context, Flow* flow) {
  Column arrays;
  Evaluate(*step.array, context, *flow, &arrays);
  DropFailed(context, flow);
  std::vector<uint32_t> rows;
  std::vector<uint32_t> elements;
  for (uint32_t row : flow->rows) {
    const Datum& array = arrays.at(row);
    const size_t size = array.null() ? 0 : array.elements().size();
    for (size_t i = 0; i < size; ++i) {
      rows.push_back(row);
      elements.push_back(static_cast<uint32_t>(i));
    }
    if (size == 0 && step.outer) {
      rows.push_back(row);
      elements.push_back(kNoElement);
    }
  }
  const Flow before = *flow;
  Spread(context, arrays, step.offset, rows, elements, flow);
  if (step.condition == nullptr) return;
  Column passed;
  Evaluate(*step.condition, context, *flow, &passed);
  // What passed, and for LEFT JOIN a row of NULLs where nothing of a row did.
  std::vector<uint32_t> kept_rows;
  std::vector<uint32_t> kept_elements;
  for (size_t i = 0; i < rows.size();) {
    const size_t kept = kept_rows.size();
    size_t end = i;
    for (; end < rows.size() && rows[end] == rows[i]; ++end) {
      const Datum& value = passed.at(static_cast<uint32_t>(end));
      if (elements[end] == kNoElement || value.null() || !value.bool_value()) continue;
      kept_rows.push_back(rows[end]);
      kept_elements.push_back(elements[end]);
    }
    if (step.outer && kept_rows.size() == kept) {
      kept_rows.push_back(rows[i]);
      kept_elements.push_back(kNoElement);
    }
    i = end;
  }
  *flow = before;
  Spread(context, arrays, step.offset, kept_rows, kept_elements, flow);
  DropFailed(context, flow);
}

}  // namespace

RecordSelect::RecordSelect(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordSelect::~RecordSelect() = default;

const std::vector<TypeRef>& RecordSelect::types() const { return state_->types; }

absl::StatusOr<std::unique_ptr<RecordSelect>> RecordSelect::Compile(const AnalyzedSelect& select) {
  auto state = std::make_unique<State>();
  state->select = &select;
  std::vector<ColumnId> ids;
  for (size_t i = 0; i < static_cast<size_t>(select.source_columns); ++i)
    ids.push_back(static_cast<ColumnId>(i));
  const ProgramOptions options{&ids, nullptr};
  for (const AnalyzedSelect::Unnest& unnest : select.unnest) {
    FanOut step;
    KS_ASSIGN_OR_RETURN(step.array, Program::Compile(*unnest.array, options));
    step.offset = unnest.offset.id >= 0;
    step.outer = unnest.outer;
    ids.push_back(unnest.element.id);
    if (step.offset) ids.push_back(unnest.offset.id);
    if (unnest.condition != nullptr) {
      KS_ASSIGN_OR_RETURN(step.condition, Program::Compile(*unnest.condition, options));
    }
    state->fan_out.push_back(std::move(step));
  }
  if (select.where != nullptr) {
    KS_ASSIGN_OR_RETURN(state->where, Program::Compile(*select.where, options));
  }
  std::vector<const ResolvedExpr*> roots;
  if (select.grouped) {
    for (const ComputedColumn& key : select.group_by) roots.push_back(key.expr.get());
    for (const AggregateCall& call : select.aggregates) {
      for (const auto& argument : call.arguments) roots.push_back(argument.get());
      if (call.having_expr != nullptr) roots.push_back(call.having_expr.get());
    }
  } else {
    for (const AnalyzedSelect::Output& output : select.output) roots.push_back(output.expr.get());
  }
  for (const ResolvedExpr* root : roots) state->types.push_back(root->type);
  KS_ASSIGN_OR_RETURN(state->outputs, Program::Compile(roots, options));
  return std::unique_ptr<RecordSelect>(new RecordSelect(std::move(state)));
}

void RecordSelect::Run(EvalContext& context, Rows rows, const Column* inputs, Result* result) {
  Flow flow;
  flow.columns.assign(inputs, inputs + state_->select->source_columns);
  flow.rows = rows;
  for (FanOut& step : state_->fan_out) RunFanOut(step, context, &flow);
  if (state_->where != nullptr && !flow.rows.empty()) {
    Column passed;
    Evaluate(*state_->where, context, flow, &passed);
    uint32_t* kept = context.arena.AllocateArray<uint32_t>(flow.rows.size() + 1);
    flow.rows = Rows(kept, SelectTrue(flow.rows, passed, kept));
    DropFailed(context, &flow);
  }
  result->columns.resize(state_->types.size());
  if (!flow.rows.empty()) Evaluate(*state_->outputs, context, flow, result->columns.data());
  DropFailed(context, &flow);
  result->rows = flow.rows;
  result->records = flow.records;
}

}  // namespace ks::sql
