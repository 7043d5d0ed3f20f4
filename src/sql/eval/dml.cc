#include "sql/eval/dml.h"

#include <utility>

#include "base/status_macros.h"
#include "sql/catalog.h"
#include "sql/eval/plan/planner.h"

namespace ks::sql {

struct DmlPlan::State {
  State(const ResolvedDml& d, const ExecuteOptions& options) : dml(d), environment(options) {}

  const ResolvedDml& dml;
  Environment environment;
  OperatorPtr root;
  std::unique_ptr<Program> returning;  // over the table's columns, then the action
  std::vector<ColumnId> row_ids;
  std::vector<OutputColumn> returning_columns;
};

DmlPlan::DmlPlan(std::unique_ptr<State> state) : state_(std::move(state)) {}
DmlPlan::~DmlPlan() = default;

DmlKind DmlPlan::kind() const { return state_->dml.kind; }
const Table& DmlPlan::table() const { return *state_->dml.table; }
const std::vector<int>& DmlPlan::columns() const { return state_->dml.columns; }
bool DmlPlan::returning() const { return state_->dml.returning; }
const std::vector<OutputColumn>& DmlPlan::returning_columns() const {
  return state_->returning_columns;
}

absl::StatusOr<std::unique_ptr<DmlPlan>> DmlPlan::Make(const ResolvedDml& dml,
                                                       const ExecuteOptions& options) {
  auto state = std::make_unique<State>(dml, options);
  ColumnSet wanted(dml.old_row.begin(), dml.old_row.end());
  wanted.insert(dml.values.begin(), dml.values.end());
  wanted.insert(dml.is_default.begin(), dml.is_default.end());
  wanted.erase(-1);
  Planner planner(&state->environment);
  KS_ASSIGN_OR_RETURN(state->root, planner.Plan(*dml.rel, wanted));
  if (dml.returning) {
    const ColumnId count = static_cast<ColumnId>(dml.table->columns().size());
    for (ColumnId id = 0; id <= count; ++id) state->row_ids.push_back(id);
    std::vector<const ResolvedExpr*> roots;
    for (const ComputedColumn& column : dml.returning_columns) {
      roots.push_back(column.expr.get());
      state->returning_columns.push_back(
          {column.column.name, column.column.id, column.column.type});
    }
    KS_ASSIGN_OR_RETURN(state->returning,
                        Program::Compile(roots, {&state->row_ids, &state->environment}));
  }
  return std::unique_ptr<DmlPlan>(new DmlPlan(std::move(state)));
}

namespace {

Value ValueAt(const Operator& root, const Batch& batch, ColumnId id, uint32_t row) {
  const int place = root.IndexOf(id);
  return Value(root.columns()[place].type, batch.columns[place].at(row));
}

}  // namespace

absl::StatusOr<std::vector<DmlRow>> DmlPlan::Rows() {
  const ResolvedDml& dml = state_->dml;
  Operator& root = *state_->root;
  std::vector<DmlRow> rows;
  Batch batch;
  KS_RETURN_IF_ERROR(root.Open());
  while (true) {
    KS_RETURN_IF_ERROR(root.Next(&batch));
    if (batch.rows.empty()) return rows;
    for (uint32_t row : batch.rows) {
      DmlRow change;
      for (ColumnId id : dml.old_row) change.old_row.push_back(ValueAt(root, batch, id, row));
      for (size_t i = 0; i < dml.values.size(); ++i) {
        bool is_default = dml.values[i] < 0;
        if (dml.is_default[i] >= 0)
          is_default = ValueAt(root, batch, dml.is_default[i], row).datum().bool_value();
        if (is_default) {
          change.values.emplace_back();
        } else {
          change.values.emplace_back(ValueAt(root, batch, dml.values[i], row));
        }
      }
      rows.push_back(std::move(change));
    }
  }
}

PlanNode DmlPlan::Explain() const {
  const ResolvedDml& dml = state_->dml;
  PlanNode node("Apply Mutations");
  node.With("operation_type", dml.kind == DmlKind::kDelete   ? "DELETE"
                              : dml.kind == DmlKind::kUpdate ? "UPDATE"
                                                             : "INSERT");
  node.With("table", dml.table->name());
  node.Add("", state_->root->Describe());
  node.statistics = node.children[0].node.statistics;
  NameColumns(&node);
  return node;
}

int64_t DmlPlan::rows_scanned() const { return state_->environment.rows_scanned; }
int64_t DmlPlan::memory_peak_bytes() const { return state_->environment.memory_peak_bytes(); }

absl::StatusOr<std::vector<Value>> DmlPlan::Returned(const std::vector<Value>& row,
                                                     std::string_view action) {
  Arena arena;
  EvalContext context = state_->environment.MakeContext(arena);
  const Datum action_value = Datum::Str(action);
  std::vector<Column> inputs;
  for (const Value& value : row) inputs.push_back(Column{&value.datum(), true});
  inputs.push_back(Column{&action_value, true});
  std::vector<Column> outputs(state_->returning->size());
  state_->returning->Evaluate(context, AllRows(1), inputs.data(), outputs.data());
  if (context.failed()) return context.errors()[0].second;
  std::vector<Value> values;
  for (size_t i = 0; i < outputs.size(); ++i)
    values.emplace_back(state_->returning->type(i), outputs[i].at(0));
  return values;
}

}  // namespace ks::sql
