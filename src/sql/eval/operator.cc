#include "sql/eval/operator.h"

#include "absl/strings/str_cat.h"
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

void Operator::Line(int indent, std::string_view text, std::string* out) {
  absl::StrAppend(out, std::string(indent * 2, ' '), text, "\n");
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
