// TABLESAMPLE. The statement's seed decides which rows are taken.
#include <algorithm>
#include <numeric>

#include "base/status_macros.h"
#include "sql/errors.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

// splitmix64: numbers from [0, 1).
class Draws {
 public:
  explicit Draws(uint64_t seed) : state_(seed) {}
  double Next() {
    state_ += 0x9E3779B97F4A7C15ull;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
  }

 private:
  uint64_t state_;
};

// What both have: an input, a size, perhaps a weight, which is the same for all rows.
class SampleOperator : public Operator {
 public:
  SampleOperator(Environment* environment, OperatorPtr input, std::vector<ResolvedColumn> columns,
                 ProgramPtr size)
      : Operator(environment, std::move(columns)),
        input_(std::move(input)),
        size_(std::move(size)) {}

  absl::Status DoOpen() override {
    draws_ = Draws(environment_->options().seed);
    KS_ASSIGN_OR_RETURN(Value size, EvaluateConstant(environment_, *size_));
    if (size.null()) return SampleSizeIsNull();
    KS_RETURN_IF_ERROR(SetSize(size.datum()));
    return input_->Open();
  }
  double estimate() const override { return input_->estimate() / 2; }
  PlanNode DoDescribe() const override {
    PlanNode node("Sample");
    node.Add("", input_->Describe());
    return node;
  }

 protected:
  virtual absl::Status SetSize(const Datum& size) = 0;
  void AddWeight(Batch* batch) {
    if (columns_.size() == input_->columns().size()) return;
    batch->columns.resize(columns_.size());
    batch->columns.back() = Column{&weight_, true};
  }

  OperatorPtr input_;
  ProgramPtr size_;
  Draws draws_{0};
  Datum weight_ = Datum::Float64(1);
  Arena arena_;
};

class BernoulliSample : public SampleOperator {
 public:
  using SampleOperator::SampleOperator;

  absl::Status DoNext(Batch* batch) override {
    do {
      KS_RETURN_IF_ERROR(input_->Next(batch));
      if (batch->rows.empty()) break;
      arena_.Reset();
      uint32_t* rows = arena_.AllocateArray<uint32_t>(batch->rows.size());
      size_t count = 0;
      for (const uint32_t row : batch->rows) {
        if (draws_.Next() < share_) rows[count++] = row;
      }
      batch->rows = Rows(rows, count);
    } while (batch->rows.empty());
    AddWeight(batch);
    return absl::OkStatus();
  }

 private:
  absl::Status SetSize(const Datum& size) override {
    share_ = size.float64() / 100;
    if (!(share_ >= 0 && share_ <= 1)) return SamplePercentOutOfRange();
    weight_ = Datum::Float64(1 / share_);
    return absl::OkStatus();
  }
  double share_ = 1;
};

// Each row draws a number; those with the least are the sample.
class ReservoirSample : public SampleOperator {
 public:
  ReservoirSample(Environment* environment, OperatorPtr input, std::vector<ResolvedColumn> columns,
                  ProgramPtr size)
      : SampleOperator(environment, std::move(input), std::move(columns), std::move(size)),
        store_(std::make_unique<RowStore>(environment, input_->types())) {}

  absl::Status DoNext(Batch* batch) override {
    if (!taken_) KS_RETURN_IF_ERROR(TakeSample());
    const uint32_t count = std::min(kBatchRows, store_->rows() - next_);
    uint32_t* rows = (arena_.Reset(), arena_.AllocateArray<uint32_t>(count));
    std::iota(rows, rows + count, next_);
    batch->rows = Rows(rows, count);
    batch->columns.clear();
    for (size_t i = 0; i < input_->columns().size(); ++i) {
      batch->columns.push_back({store_->column(i), false});
    }
    AddWeight(batch);
    next_ += count;
    return absl::OkStatus();
  }

 private:
  static constexpr uint32_t kForgetRows = 4 * kBatchRows;  // fewer are not worth forgetting

  absl::Status SetSize(const Datum& size) override {
    if (size.int64() < 0) return SampleRowsAreNegative();
    size_rows_ = static_cast<uint64_t>(size.int64());
    taken_ = false;
    return absl::OkStatus();
  }

  absl::Status TakeSample() {
    store_->Clear();
    numbers_.clear();
    next_ = 0;
    double seen = 0;
    Batch batch;
    while (true) {
      KS_RETURN_IF_ERROR(input_->Next(&batch));
      if (batch.rows.empty()) break;
      KS_RETURN_IF_ERROR(store_->Append(batch.rows, batch.columns.data()));
      seen += static_cast<double>(batch.rows.size());
      while (numbers_.size() < store_->rows()) numbers_.push_back(draws_.Next());
      if (numbers_.size() >= kForgetRows && numbers_.size() / 2 >= size_rows_) {
        KS_RETURN_IF_ERROR(KeepLeast());
      }
    }
    KS_RETURN_IF_ERROR(KeepLeast());
    weight_ = Datum::Float64(seen / store_->rows());
    taken_ = true;
    return absl::OkStatus();
  }

  // Lets the rows go that are not in the sample so far; those that are stay in their order.
  absl::Status KeepLeast() {
    if (numbers_.size() <= size_rows_) return absl::OkStatus();
    std::vector<uint32_t> order(numbers_.size());
    std::iota(order.begin(), order.end(), 0);
    const auto end = order.begin() + static_cast<ptrdiff_t>(size_rows_);
    std::nth_element(order.begin(), end, order.end(),
                     [this](uint32_t a, uint32_t b) { return numbers_[a] < numbers_[b]; });
    order.erase(end, order.end());
    std::sort(order.begin(), order.end());
    std::vector<double> numbers;
    for (const uint32_t row : order) numbers.push_back(numbers_[row]);
    numbers_ = std::move(numbers);
    auto kept = std::make_unique<RowStore>(environment_, input_->types());
    std::vector<Column> columns;
    for (size_t i = 0; i < input_->columns().size(); ++i) {
      columns.push_back({store_->column(i), false});
    }
    KS_RETURN_IF_ERROR(kept->Append(Rows(order.data(), order.size()), columns.data()));
    store_ = std::move(kept);
    return absl::OkStatus();
  }

  std::unique_ptr<RowStore> store_;
  std::vector<double> numbers_;  // beside the store's rows
  uint64_t size_rows_ = 0;
  uint32_t next_ = 0;
  bool taken_ = false;
};

}  // namespace

OperatorPtr MakeBernoulliSample(Environment* environment, OperatorPtr input,
                                std::vector<ResolvedColumn> columns, ProgramPtr percent) {
  return std::make_unique<BernoulliSample>(environment, std::move(input), std::move(columns),
                                           std::move(percent));
}

OperatorPtr MakeReservoirSample(Environment* environment, OperatorPtr input,
                                std::vector<ResolvedColumn> columns, ProgramPtr rows) {
  return std::make_unique<ReservoirSample>(environment, std::move(input), std::move(columns),
                                           std::move(rows));
}

}  // namespace ks::sql
