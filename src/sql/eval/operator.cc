#include "sql/eval/operator.h"

#include <functional>

#include "base/status_macros.h"

namespace ks::sql {
namespace {

std::vector<ColumnId> IdsOf(const std::vector<ResolvedColumn>& columns) {
  std::vector<ColumnId> ids;
  for (const ResolvedColumn& column : columns) ids.push_back(column.id);
  return ids;
}

}  // namespace

Operator::Operator(Environment* environment, std::vector<ResolvedColumn> columns)
    : environment_(environment), columns_(std::move(columns)), ids_(IdsOf(columns_)) {}

int Operator::IndexOf(ColumnId id) const {
  for (size_t i = 0; i < ids_.size(); ++i) {
    if (ids_[i] == id) return static_cast<int>(i);
  }
  return -1;
}

std::vector<TypeRef> Operator::types() const {
  std::vector<TypeRef> types;
  for (const ResolvedColumn& column : columns_) types.push_back(column.type);
  return types;
}

absl::Status Operator::Run(Program& program, Arena& arena, Rows rows, const Column* inputs,
                           Column* outputs) {
  EvalContext context = environment_->MakeContext(arena);
  program.Evaluate(context, rows, inputs, outputs);
  return context.failed() ? context.errors()[0].second : absl::OkStatus();
}

namespace {

// Adds the time until it goes out of scope, where somebody measures.
class Stopwatch {
 public:
  Stopwatch(const Environment& environment, int64_t* nanos)
      : nanos_(environment.options().nanos), sum_(nanos), began_(nanos_ ? nanos_() : 0) {}
  ~Stopwatch() {
    if (nanos_) *sum_ += nanos_() - began_;
  }

 private:
  const std::function<int64_t()>& nanos_;
  int64_t* const sum_;
  const int64_t began_;
};

}  // namespace

absl::Status Operator::Open() {
  Stopwatch watch(*environment_, &statistics_.nanos);
  ++statistics_.executions;
  return DoOpen();
}

absl::Status Operator::Next(Batch* batch) {
  Stopwatch watch(*environment_, &statistics_.nanos);
  KS_RETURN_IF_ERROR(DoNext(batch));
  statistics_.rows += static_cast<int64_t>(batch->rows.size());
  return absl::OkStatus();
}

void Operator::Show(const PlanExprs& exprs, PlanNode* node) {
  for (const PlanExpr& expr : exprs) {
    std::string text = ToText(*expr.expr);
    if (expr.equal != nullptr) text += " = " + ToText(*expr.equal);
    node->scalars.push_back({std::string(expr.link), std::move(text), std::string(expr.variable)});
  }
}

PlanNode Operator::Describe() const {
  PlanNode node = DoDescribe();
  node.statistics = statistics_;
  for (const ResolvedColumn& column : columns_) node.columns.emplace_back(column.id, column.name);
  return node;
}

absl::Status Drain(Operator& input, RowStore* store) {
  KS_RETURN_IF_ERROR(input.Open());
  Batch batch;
  while (true) {
    KS_RETURN_IF_ERROR(input.Next(&batch));
    if (batch.rows.empty()) return absl::OkStatus();
    KS_RETURN_IF_ERROR(store->Append(batch.rows, batch.columns.data()));
  }
}

absl::StatusOr<const RowStore*> WithTable::Read(Environment* environment) {
  if (store_ != nullptr) return store_.get();
  auto store = std::make_unique<RowStore>(environment, definition_->types());
  KS_RETURN_IF_ERROR(Drain(*definition_, store.get()));
  store_ = std::move(store);
  return store_.get();
}

}  // namespace ks::sql
