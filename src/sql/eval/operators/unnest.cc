// UNNEST: each row of the input with each element of its array.
#include "base/status_macros.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

class UnnestOperator : public Operator {
 public:
  UnnestOperator(Environment* environment, OperatorPtr input, std::vector<ResolvedColumn> columns,
                 UnnestPlan plan)
      : Operator(environment, std::move(columns)),
        input_(std::move(input)),
        plan_(std::move(plan)) {}

  absl::Status DoOpen() override {
    in_.rows = Rows();
    at_ = 0;
    return input_->Open();
  }

  absl::Status DoNext(Batch* batch) override {
    while (true) {
      if (at_ >= in_.rows.size()) {
        KS_RETURN_IF_ERROR(NextInput());
        if (in_.rows.empty()) {
          batch->rows = Rows();
          return absl::OkStatus();
        }
      }
      KS_RETURN_IF_ERROR(Fill(batch));
      if (!batch->rows.empty()) return absl::OkStatus();
    }
  }

  double estimate() const override { return input_->estimate() * 5; }
  PlanNode DoDescribe() const override {
    PlanNode node("Array Unnest");
    if (plan_.outer) node.With("outer", "true");
    node.Add("", input_->Describe());
    return node;
  }

 private:
  static constexpr uint32_t kNoElement = UINT32_MAX;

  absl::Status NextInput() {
    KS_RETURN_IF_ERROR(input_->Next(&in_));
    at_ = 0;
    element_ = 0;
    matched_ = false;
    if (in_.rows.empty()) return absl::OkStatus();
    input_arena_.Reset();
    return Run(*plan_.array, input_arena_, in_.rows, in_.columns.data(), &arrays_);
  }

  // Up to a batch of pairs from the input's rows; then those that pass the condition. A row's
  // elements may be spread over several batches: matched_ remembers whether one passed.
  absl::Status Fill(Batch* batch) {
    arena_.Reset();
    uint32_t* rows = arena_.AllocateArray<uint32_t>(kBatchRows);
    uint32_t* elements = arena_.AllocateArray<uint32_t>(kBatchRows);
    uint32_t count = 0;
    while (count < kBatchRows && at_ < in_.rows.size()) {
      const Datum& array = arrays_.at(in_.rows[at_]);
      const uint32_t size = array.null() ? 0 : static_cast<uint32_t>(array.elements().size());
      if (element_ < size) {
        rows[count] = in_.rows[at_];
        elements[count++] = element_++;
        continue;
      }
      // The row is through. With a condition, whether it had a match is known only after filtering:
      // do it now.
      if (plan_.outer && plan_.condition != nullptr && count > 0) break;
      if (plan_.outer && ((plan_.condition == nullptr && size == 0) ||
                          (plan_.condition != nullptr && !matched_))) {
        rows[count] = in_.rows[at_];
        elements[count++] = kNoElement;
      }
      ++at_;
      element_ = 0;
      matched_ = false;
      if (plan_.outer && plan_.condition != nullptr && count > 0) break;
    }
    KS_RETURN_IF_ERROR(environment_->Work(count));
    return Emit(rows, elements, count, batch);
  }

  absl::Status Emit(const uint32_t* rows, const uint32_t* elements, uint32_t count, Batch* batch) {
    batch->columns.clear();
    for (const Column& column : in_.columns) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t i = 0; i < count; ++i) data[i] = column.at(rows[i]);
      batch->columns.push_back(Column{data, false});
    }
    if (plan_.element) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t i = 0; i < count; ++i) {
        data[i] =
            elements[i] == kNoElement ? Datum::Null() : arrays_.at(rows[i]).elements()[elements[i]];
      }
      batch->columns.push_back(Column{data, false});
    }
    if (plan_.offset) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t i = 0; i < count; ++i) {
        data[i] = elements[i] == kNoElement ? Datum::Null() : Datum::Int64(elements[i]);
      }
      batch->columns.push_back(Column{data, false});
    }
    batch->rows = AllRows(count);
    const bool padding = count == 1 && elements[0] == kNoElement;
    if (plan_.condition == nullptr || count == 0 || padding) return absl::OkStatus();
    Column passed;
    KS_RETURN_IF_ERROR(Run(*plan_.condition, arena_, batch->rows, batch->columns.data(), &passed));
    uint32_t* kept = arena_.AllocateArray<uint32_t>(count + 1);
    batch->rows = Rows(kept, SelectTrue(batch->rows, passed, kept));
    matched_ |= !batch->rows.empty();
    return absl::OkStatus();
  }

  OperatorPtr input_;
  UnnestPlan plan_;
  Batch in_;
  size_t at_ = 0;         // place in in_.rows
  uint32_t element_ = 0;  // next element of that row
  bool matched_ = false;
  Column arrays_;
  Arena input_arena_;
  Arena arena_;
};

}  // namespace

OperatorPtr MakeUnnestOperator(Environment* environment, OperatorPtr input,
                               std::vector<ResolvedColumn> columns, UnnestPlan plan) {
  return std::make_unique<UnnestOperator>(environment, std::move(input), std::move(columns),
                                          std::move(plan));
}

}  // namespace ks::sql
