// A spool: rows kept by keys, to be looked through again and again by a correlated subquery. The
// first time nothing is kept: a subquery that runs once, and perhaps stops at its first row, should
// not pay for more.
#include "base/status_macros.h"
#include "sql/eval/operators/keyed_rows.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

class SpoolOperator : public Operator {
 public:
  SpoolOperator(Environment* environment, OperatorPtr input, SpoolPlan plan)
      : Operator(environment, input->columns()),
        input_(std::move(input)),
        plan_(std::move(plan)),
        rows_(environment, input_->types(), plan_.keys.get()) {}

  absl::Status DoOpen() override {
    wanted_arena_.Reset();
    wanted_.resize(plan_.wanted->size());
    KS_RETURN_IF_ERROR(Run(*plan_.wanted, wanted_arena_, AllRows(1), nullptr, wanted_.data()));
    if (use_ == Use::kNone) {
      use_ = Use::kPassing;
      return input_->Open();
    }
    if (use_ == Use::kPassing) KS_RETURN_IF_ERROR(rows_.Fill(*input_));
    use_ = Use::kKept;
    next_ = rows_.First(wanted_.data(), 0);
    return absl::OkStatus();
  }

  absl::Status DoNext(Batch* batch) override {
    if (use_ == Use::kPassing) return Pass(batch);
    arena_.Reset();
    uint32_t* found = arena_.AllocateArray<uint32_t>(kBatchRows);
    uint32_t count = 0;
    for (; next_ >= 0 && count < kBatchRows; next_ = rows_.Next(next_, wanted_.data(), 0)) {
      found[count++] = static_cast<uint32_t>(next_);
    }
    KS_RETURN_IF_ERROR(environment_->Work(count + 1));
    batch->rows = AllRows(count);
    batch->columns.resize(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t row = 0; row < count; ++row) data[row] = rows_.at(i, found[row]);
      batch->columns[i] = Column{data, false};
    }
    return absl::OkStatus();
  }

  double estimate() const override { return input_->estimate() / 50; }
  PlanNode DoDescribe() const override {
    PlanNode node("Spool Scan");
    Show(plan_.exprs, &node);
    node.Add("Spool Build", input_->Describe());
    return node;
  }

 private:
  enum class Use { kNone, kPassing, kKept };

  // The input's rows with the wanted keys.
  absl::Status Pass(Batch* batch) {
    std::vector<Column> keys(plan_.keys->size());
    do {
      KS_RETURN_IF_ERROR(input_->Next(batch));
      if (batch->rows.empty()) return absl::OkStatus();
      arena_.Reset();
      KS_RETURN_IF_ERROR(Run(*plan_.keys, arena_, batch->rows, batch->columns.data(), keys.data()));
      uint32_t* passed = arena_.AllocateArray<uint32_t>(batch->rows.size());
      size_t count = 0;
      for (uint32_t row : batch->rows) {
        if (HasWanted(keys, row)) passed[count++] = row;
      }
      batch->rows = Rows(passed, count);
    } while (batch->rows.empty());
    return absl::OkStatus();
  }

  bool HasWanted(const std::vector<Column>& keys, uint32_t row) const {
    for (size_t i = 0; i < keys.size(); ++i) {
      TypeRef type = plan_.keys->type(i);
      const Datum& value = keys[i].at(row);
      const Datum& wanted = wanted_[i].at(0);
      if (!Comparable(type, value) || !Comparable(type, wanted)) return false;
      if (!GroupingEquals(type, value, wanted)) return false;
    }
    return true;
  }

  OperatorPtr input_;
  SpoolPlan plan_;
  KeyedRows rows_;
  Use use_ = Use::kNone;
  std::vector<Column> wanted_;
  int32_t next_ = -1;
  Arena wanted_arena_;
  Arena arena_;
};

}  // namespace

OperatorPtr MakeSpool(Environment* environment, OperatorPtr input, SpoolPlan plan) {
  return std::make_unique<SpoolOperator>(environment, std::move(input), std::move(plan));
}

}  // namespace ks::sql
