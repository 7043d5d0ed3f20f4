// ORDER BY: keeps all rows, sorts their numbers. Under a LIMIT only the first rows so far are kept.
#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

class SortOperator : public Operator {
 public:
  SortOperator(Environment* environment, OperatorPtr input, std::vector<SortKey> keys)
      : Operator(environment, input->columns()),
        input_(std::move(input)),
        keys_(std::move(keys)),
        store_(std::make_unique<RowStore>(environment, input_->types())) {
    for (const SortKey& key : keys_) places_.push_back(IndexOf(key.column.id));
  }

  absl::Status DoOpen() override {
    store_->Clear();
    next_ = 0;
    sorted_ = false;
    return absl::OkStatus();
  }

  absl::Status DoNext(Batch* batch) override {
    if (!sorted_) KS_RETURN_IF_ERROR(Sort());
    const uint32_t count = std::min(kBatchRows, static_cast<uint32_t>(order_.size()) - next_);
    batch->rows = AllRows(count);
    batch->columns.resize(columns_.size());
    arena_.Reset();
    for (size_t i = 0; i < columns_.size(); ++i) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t row = 0; row < count; ++row) data[row] = store_->at(i, order_[next_ + row]);
      batch->columns[i] = Column{data, false};
    }
    next_ += count;
    return absl::OkStatus();
  }

  std::vector<Ordering> ordering() const override {
    std::vector<Ordering> made;
    for (const SortKey& key : keys_) {
      if (key.nulls_first == key.descending) break;
      made.push_back({key.column.id, key.descending});
    }
    return made;
  }
  double estimate() const override { return input_->estimate(); }
  void ExpectRows(int64_t rows) override { limit_ = rows; }
  PlanNode DoDescribe() const override {
    PlanNode node(limit_ < INT64_MAX ? "Sort Limit" : "Sort");
    for (const SortKey& key : keys_) {
      node.scalars.push_back(
          {"Key", absl::StrCat("$", key.column.name, key.descending ? " DESC" : "")});
    }
    node.Add("", input_->Describe());
    return node;
  }

 private:
  static constexpr size_t kPieceRows = size_t{1} << 16;
  static constexpr uint32_t kForgetRows = 4 * kBatchRows;  // fewer are not worth forgetting

  absl::Status Sort() {
    KS_RETURN_IF_ERROR(input_->Open());
    Batch batch;
    while (true) {
      KS_RETURN_IF_ERROR(input_->Next(&batch));
      if (batch.rows.empty()) break;
      KS_RETURN_IF_ERROR(store_->Append(batch.rows, batch.columns.data()));
      if (store_->rows() >= kForgetRows && store_->rows() / 2 >= limit_)
        KS_RETURN_IF_ERROR(Forget());
    }
    KS_RETURN_IF_ERROR(OrderRows());
    sorted_ = true;
    return absl::OkStatus();
  }

  // Piece by piece, so that it is noticed between them when nobody waits any more.
  absl::Status OrderRows() {
    order_.resize(store_->rows());
    std::iota(order_.begin(), order_.end(), 0);
    const auto begin = order_.begin();
    const size_t rows = order_.size();
    const auto before = [this](uint32_t a, uint32_t b) { return Before(a, b); };
    for (size_t from = 0; from < rows; from += kPieceRows) {
      KS_RETURN_IF_ERROR(environment_->Work(kPieceRows));
      std::stable_sort(begin + from, begin + std::min(rows, from + kPieceRows), before);
    }
    for (size_t width = kPieceRows; width < rows; width *= 2) {
      for (size_t from = 0; from + width < rows; from += 2 * width) {
        KS_RETURN_IF_ERROR(environment_->Work(kPieceRows));
        std::inplace_merge(begin + from, begin + from + width,
                           begin + std::min(rows, from + 2 * width), before);
      }
    }
    return absl::OkStatus();
  }

  // Lets the rows go that nobody will ask for.
  absl::Status Forget() {
    KS_RETURN_IF_ERROR(OrderRows());
    auto kept = std::make_unique<RowStore>(environment_, input_->types());
    std::vector<Column> columns;
    for (size_t i = 0; i < columns_.size(); ++i) columns.push_back({store_->column(i), false});
    const Rows first(order_.data(), static_cast<size_t>(limit_));
    KS_RETURN_IF_ERROR(kept->Append(first, columns.data()));
    store_ = std::move(kept);
    return absl::OkStatus();
  }

  bool Before(uint32_t a, uint32_t b) const {
    for (size_t i = 0; i < keys_.size(); ++i) {
      const Datum& x = store_->at(places_[i], a);
      const Datum& y = store_->at(places_[i], b);
      if (x.null() || y.null()) {
        if (x.null() && y.null()) continue;
        return x.null() == keys_[i].nulls_first;
      }
      const int order = Compare(keys_[i].column.type, x, y);
      if (order != 0) return (order < 0) != keys_[i].descending;
    }
    return false;
  }

  OperatorPtr input_;
  const std::vector<SortKey> keys_;
  std::vector<int> places_;
  std::unique_ptr<RowStore> store_;
  std::vector<uint32_t> order_;
  int64_t limit_ = INT64_MAX;
  uint32_t next_ = 0;
  bool sorted_ = false;
  Arena arena_;
};

}  // namespace

OperatorPtr MakeSort(Environment* environment, OperatorPtr input, std::vector<SortKey> keys) {
  return std::make_unique<SortOperator>(environment, std::move(input), std::move(keys));
}

}  // namespace ks::sql
