// UNION, INTERSECT, EXCEPT. UNION ALL hands batches on; the others count equal rows.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

class UnionAllOperator : public Operator {
 public:
  UnionAllOperator(Environment* environment, std::vector<ResolvedColumn> columns,
                   std::vector<OperatorPtr> inputs, std::vector<std::vector<int>> sources)
      : Operator(environment, std::move(columns)),
        inputs_(std::move(inputs)),
        sources_(std::move(sources)) {}

  absl::Status DoOpen() override {
    current_ = 0;
    return inputs_[0]->Open();
  }

  absl::Status DoNext(Batch* batch) override {
    while (true) {
      KS_RETURN_IF_ERROR(inputs_[current_]->Next(&in_));
      if (!in_.rows.empty()) break;
      batch->rows = Rows();
      if (current_ + 1 == inputs_.size()) return absl::OkStatus();
      KS_RETURN_IF_ERROR(inputs_[++current_]->Open());
    }
    batch->rows = in_.rows;
    batch->columns.clear();
    for (int source : sources_[current_]) batch->columns.push_back(in_.columns[source]);
    return absl::OkStatus();
  }

  double estimate() const override {
    double rows = 0;
    for (const auto& input : inputs_) rows += input->estimate();
    return rows;
  }
  void ExpectRows(int64_t rows) override {
    for (const auto& input : inputs_) input->ExpectRows(rows);
  }
  PlanNode DoDescribe() const override {
    PlanNode node("Union All");
    for (const auto& input : inputs_) node.Add("", input->Describe());
    return node;
  }

 private:
  std::vector<OperatorPtr> inputs_;
  const std::vector<std::vector<int>> sources_;
  size_t current_ = 0;
  Batch in_;
};

// Rows that are equal as GROUP BY sees it, with how often each may still be given.
class CountingSetOperator : public Operator {
 public:
  CountingSetOperator(Environment* environment, std::vector<ResolvedColumn> columns, SetKind kind,
                      bool distinct, std::vector<OperatorPtr> inputs,
                      std::vector<std::vector<int>> sources)
      : Operator(environment, std::move(columns)),
        kind_(kind),
        distinct_(distinct),
        inputs_(std::move(inputs)),
        sources_(std::move(sources)),
        store_(environment, types()) {}

  absl::Status DoOpen() override {
    store_.Clear();
    index_.Clear();
    counts_.clear();
    row_ = 0;
    filled_ = false;
    return absl::OkStatus();
  }

  absl::Status DoNext(Batch* batch) override {
    if (!filled_) {
      for (size_t i = 0; i < inputs_.size(); ++i) KS_RETURN_IF_ERROR(Combine(i));
      filled_ = true;
    }
    arena_.Reset();
    uint32_t* rows = arena_.AllocateArray<uint32_t>(kBatchRows);
    uint32_t count = 0;
    while (count < kBatchRows && row_ < store_.rows()) {
      if (counts_[row_] <= 0) {
        ++row_;
        continue;
      }
      --counts_[row_];
      rows[count++] = row_;
    }
    batch->rows = AllRows(count);
    batch->columns.resize(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t k = 0; k < count; ++k) data[k] = store_.at(i, rows[k]);
      batch->columns[i] = Column{data, false};
    }
    return absl::OkStatus();
  }

  double estimate() const override { return inputs_[0]->estimate(); }
  PlanNode DoDescribe() const override {
    const std::string_view name = kind_ == SetKind::kUnion       ? "Union"
                                  : kind_ == SetKind::kIntersect ? "Intersect"
                                                                 : "Except";
    PlanNode node(absl::StrCat(name, distinct_ ? " Distinct" : " All"));
    for (const auto& input : inputs_) node.Add("", input->Describe());
    return node;
  }

 private:
  // Adds or takes the rows of input i.
  absl::Status Combine(size_t i) {
    std::vector<int64_t> found(counts_.size(), 0);
    const bool adds = i == 0 || kind_ == SetKind::kUnion;
    KS_RETURN_IF_ERROR(inputs_[i]->Open());
    Batch in;
    std::vector<Column> columns(columns_.size());
    while (true) {
      KS_RETURN_IF_ERROR(inputs_[i]->Next(&in));
      if (in.rows.empty()) break;
      for (size_t c = 0; c < columns.size(); ++c) columns[c] = in.columns[sources_[i][c]];
      for (uint32_t row : in.rows) {
        KS_ASSIGN_OR_RETURN(int32_t place, Find(columns, row, adds));
        if (place < 0) continue;
        if (adds) {
          counts_[place] = distinct_ ? 1 : counts_[place] + 1;
        } else {
          ++found[place];
        }
      }
    }
    if (adds) return absl::OkStatus();
    for (size_t k = 0; k < counts_.size(); ++k) {
      if (kind_ == SetKind::kIntersect) {
        counts_[k] = std::min(counts_[k], found[k]);
      } else {
        counts_[k] = distinct_ && found[k] > 0 ? 0 : std::max<int64_t>(0, counts_[k] - found[k]);
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int32_t> Find(const std::vector<Column>& columns, uint32_t row, bool add) {
    uint64_t hash = 0;
    for (size_t c = 0; c < columns.size(); ++c) {
      hash = CombineHash(hash, GroupingHash(columns_[c].type, columns[c].at(row)));
    }
    for (int32_t place = index_.First(hash); place >= 0; place = index_.Next(place)) {
      bool equal = true;
      for (size_t c = 0; c < columns.size() && equal; ++c) {
        equal = GroupingEquals(columns_[c].type, store_.at(c, place), columns[c].at(row));
      }
      if (equal) return place;
    }
    if (!add) return -1;
    index_.Add(hash);
    KS_RETURN_IF_ERROR(store_.Append(Rows(&row, 1), columns.data()));
    counts_.push_back(0);
    return static_cast<int32_t>(store_.rows() - 1);
  }

  const SetKind kind_;
  const bool distinct_;
  std::vector<OperatorPtr> inputs_;
  const std::vector<std::vector<int>> sources_;
  RowStore store_;
  HashIndex index_;
  std::vector<int64_t> counts_;
  uint32_t row_ = 0;
  bool filled_ = false;
  Arena arena_;
};

}  // namespace

OperatorPtr MakeSetOperation(Environment* environment, std::vector<ResolvedColumn> columns,
                             SetKind kind, bool distinct, std::vector<OperatorPtr> inputs,
                             std::vector<std::vector<int>> sources) {
  if (kind == SetKind::kUnion && !distinct) {
    return std::make_unique<UnionAllOperator>(environment, std::move(columns), std::move(inputs),
                                              std::move(sources));
  }
  return std::make_unique<CountingSetOperator>(environment, std::move(columns), kind, distinct,
                                               std::move(inputs), std::move(sources));
}

}  // namespace ks::sql
