#include "sql/eval/query.h"

#include <utility>

#include "base/status_macros.h"
#include "sql/analyzer/analyzer.h"
#include "sql/eval/plan/planner.h"
#include "sql/parser/error_location.h"

namespace ks::sql {
namespace {

class PlannedCursor : public QueryCursor {
 public:
  PlannedCursor(const ResolvedQuery& query, const ExecuteOptions& options)
      : columns_(query.output), environment_(options) {}

  absl::Status Plan(const ResolvedQuery& query) {
    ColumnSet wanted;
    for (const OutputColumn& column : query.output) wanted.insert(column.id);
    Planner planner(&environment_);
    KS_ASSIGN_OR_RETURN(root_, planner.Plan(*query.rel, wanted));
    for (const OutputColumn& column : query.output) places_.push_back(root_->IndexOf(column.id));
    return absl::OkStatus();
  }

  const std::vector<OutputColumn>& columns() const override { return columns_; }

  absl::Status Next(RowBatch* batch) override {
    if (!opened_) {
      opened_ = true;
      KS_RETURN_IF_ERROR(root_->Open());
    }
    KS_RETURN_IF_ERROR(root_->Next(&in_));
    const uint32_t count = static_cast<uint32_t>(in_.rows.size());
    batch->rows = count;
    batch->columns.resize(places_.size());
    arena_.Reset();
    const bool dense = count > 0 && in_.rows.back() == count - 1;
    for (size_t i = 0; i < places_.size() && count > 0; ++i) {
      const Column& column = in_.columns[places_[i]];
      if (dense && !column.constant) {
        batch->columns[i] = column.data;
        continue;
      }
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t k = 0; k < count; ++k) data[k] = column.at(in_.rows[k]);
      batch->columns[i] = data;
    }
    return absl::OkStatus();
  }

  PlanNode Explain() const override {
    PlanNode node("Serialize Result");
    node.Add("", root_->Describe());
    node.statistics = node.children[0].node.statistics;
    NameColumns(&node);
    return node;
  }
  int64_t rows_scanned() const override { return environment_.rows_scanned; }
  int64_t memory_peak_bytes() const override { return environment_.memory_peak_bytes(); }

 private:
  const std::vector<OutputColumn> columns_;
  Environment environment_;
  OperatorPtr root_;
  std::vector<int> places_;
  Batch in_;
  Arena arena_;
  bool opened_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<QueryCursor>> OpenQuery(const ResolvedQuery& query,
                                                       const ExecuteOptions& options) {
  auto cursor = std::make_unique<PlannedCursor>(query, options);
  KS_RETURN_IF_ERROR(cursor->Plan(query));
  return std::unique_ptr<QueryCursor>(std::move(cursor));
}

absl::StatusOr<QueryResult> RunQuery(const ResolvedQuery& query, const ExecuteOptions& options) {
  KS_ASSIGN_OR_RETURN(auto cursor, OpenQuery(query, options));
  QueryResult result;
  result.columns = cursor->columns();
  RowBatch batch;
  while (true) {
    KS_RETURN_IF_ERROR(cursor->Next(&batch));
    if (batch.rows == 0) return result;
    for (uint32_t row = 0; row < batch.rows; ++row) {
      std::vector<Value> values;
      for (size_t i = 0; i < result.columns.size(); ++i) {
        values.emplace_back(result.columns[i].type, batch.columns[i][row]);
      }
      result.rows.push_back(std::move(values));
    }
  }
}

absl::StatusOr<QueryResult> RunQuery(std::string_view text, const Catalog* catalog,
                                     const ExecuteOptions& options) {
  AnalyzerOptions analyzer_options;
  analyzer_options.catalog = catalog;
  if (options.parameters != nullptr) {
    for (const auto& [name, value] : *options.parameters)
      analyzer_options.parameters[name] = value.type();
  }
  auto analyzed = AnalyzeStatement(text, analyzer_options);
  if (!analyzed.ok()) return WithLocation(text, analyzed.status());
  if (analyzed->query == nullptr) return absl::InvalidArgumentError("Not a query");
  return RunQuery(*analyzed->query, options);
}

}  // namespace ks::sql
