// Joins: the right side is kept in memory, by its keys where there are any; left rows look for
// partners in it. As a lookup join the right side is read anew for each batch of left rows, and
// only the keys that these rows have.
#include <algorithm>
#include <set>

#include "base/status_macros.h"
#include "sql/eval/operators/keyed_rows.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

std::vector<ResolvedColumn> Both(const Operator& left, const Operator& right) {
  std::vector<ResolvedColumn> columns = left.columns();
  columns.insert(columns.end(), right.columns().begin(), right.columns().end());
  return columns;
}

class JoinOperator : public Operator {
 public:
  JoinOperator(Environment* environment, OperatorPtr left, OperatorPtr right, JoinPlan plan)
      : Operator(environment, Both(*left, *right)),
        left_(std::move(left)),
        right_(std::move(right)),
        plan_(std::move(plan)),
        store_(environment, right_->types(), plan_.right_keys.get(), plan_.one_to_one),
        key_count_(plan_.left_keys == nullptr ? 0 : plan_.left_keys->size()) {}

  absl::Status DoOpen() override {
    phase_ = Phase::kLeft;
    built_ = false;
    in_.rows = Rows();
    at_ = 0;
    candidate_ = kStart;
    right_at_ = 0;
    return left_->Open();
  }

  absl::Status DoNext(Batch* batch) override {
    batch->rows = Rows();
    while (true) {
      switch (phase_) {
        case Phase::kLeft:
          KS_RETURN_IF_ERROR(NextLeft());
          break;
        case Phase::kPairs:
          KS_RETURN_IF_ERROR(NextPairs(batch));
          break;
        case Phase::kLeftAlone:
          LeftAlone(batch);
          break;
        case Phase::kRightAlone:
          RightAlone(batch);
          break;
        case Phase::kEnd:
          return absl::OkStatus();
      }
      if (!batch->rows.empty()) return absl::OkStatus();
    }
  }

  std::vector<Ordering> ordering() const override {
    if (plan_.left_outer || plan_.right_outer) return {};
    return left_->ordering();
  }
  double estimate() const override {
    if (plan_.lookup != nullptr && plan_.lookup->plan().unique) return left_->estimate();
    if (key_count_ > 0) return std::max(left_->estimate(), right_->estimate());
    return left_->estimate() * right_->estimate();
  }
  // Turns the left side round: that is what ordering() tells.
  bool Reverse() override { return !plan_.left_outer && !plan_.right_outer && left_->Reverse(); }
  void ExpectRows(int64_t rows) override {
    if (plan_.one_to_one) left_->ExpectRows(rows);
  }
  PlanNode DoDescribe() const override {
    const bool apply = plan_.lookup != nullptr || key_count_ == 0;
    PlanNode node(!apply ? "Hash Join" : plan_.left_outer ? "Outer Apply" : "Cross Apply");
    node.With("join_type", plan_.left_outer && plan_.right_outer ? "FULL_OUTER"
                           : plan_.left_outer                    ? "LEFT_OUTER"
                           : plan_.right_outer                   ? "RIGHT_OUTER"
                                                                 : "INNER");
    Show(plan_.exprs, &node);
    node.Add(apply ? "Input" : "Probe", left_->Describe());
    node.Add(apply ? "Map" : "Build", right_->Describe());
    return node;
  }

 private:
  enum class Phase { kLeft, kPairs, kLeftAlone, kRightAlone, kEnd };
  static constexpr int32_t kStart = -2;

  absl::Status NextLeft() {
    KS_RETURN_IF_ERROR(left_->Next(&in_));
    if (in_.rows.empty()) {
      if (!built_ && plan_.right_outer) KS_RETURN_IF_ERROR(Build());
      phase_ = plan_.right_outer ? Phase::kRightAlone : Phase::kEnd;
      return absl::OkStatus();
    }
    left_arena_.Reset();
    left_keys_.resize(key_count_);
    if (key_count_ > 0) {
      KS_RETURN_IF_ERROR(
          Run(*plan_.left_keys, left_arena_, in_.rows, in_.columns.data(), left_keys_.data()));
    }
    if (plan_.lookup != nullptr) {
      plan_.lookup->SetLookup(LookupTuples());
      built_ = false;
    }
    if (!built_) KS_RETURN_IF_ERROR(Build());
    left_matched_.assign(in_.rows.size(), false);
    at_ = 0;
    candidate_ = kStart;
    phase_ = Phase::kPairs;
    return absl::OkStatus();
  }

  std::vector<std::vector<Value>> LookupTuples() const {
    std::vector<std::vector<Value>> tuples;
    for (uint32_t row : in_.rows) {
      std::vector<Value> tuple;
      for (int key : plan_.lookup_keys) {
        const Datum& value = left_keys_[key].at(row);
        if (!plan_.one_to_one && !Comparable(plan_.left_keys->type(key), value)) break;
        tuple.emplace_back(plan_.left_keys->type(key), value);
      }
      if (tuple.size() == plan_.lookup_keys.size()) tuples.push_back(std::move(tuple));
    }
    return tuples;
  }

  absl::Status Build() {
    KS_RETURN_IF_ERROR(store_.Fill(*right_));
    built_ = true;
    right_matched_.assign(plan_.right_outer ? store_.rows() : 0, false);
    return absl::OkStatus();
  }

  // The next right row that may be a partner of the left row; -1: none.
  int32_t NextCandidate(uint32_t row) const {
    return candidate_ == kStart ? store_.First(left_keys_.data(), row)
                                : store_.Next(candidate_, left_keys_.data(), row);
  }

  absl::Status NextPairs(Batch* batch) {
    arena_.Reset();
    uint32_t* left = arena_.AllocateArray<uint32_t>(kBatchRows);   // places in in_.rows
    uint32_t* right = arena_.AllocateArray<uint32_t>(kBatchRows);  // rows of store_
    uint32_t count = 0;
    while (count < kBatchRows && at_ < in_.rows.size()) {
      candidate_ = NextCandidate(in_.rows[at_]);
      if (candidate_ < 0) {
        ++at_;
        candidate_ = kStart;
        continue;
      }
      left[count] = static_cast<uint32_t>(at_);
      right[count++] = static_cast<uint32_t>(candidate_);
    }
    KS_RETURN_IF_ERROR(environment_->Work(count));
    if (count == 0) {
      phase_ = plan_.left_outer ? Phase::kLeftAlone : Phase::kLeft;
      at_ = 0;
      return absl::OkStatus();
    }
    Gather(left, right, count, batch);
    if (plan_.condition != nullptr) {
      Column passed;
      KS_RETURN_IF_ERROR(
          Run(*plan_.condition, arena_, batch->rows, batch->columns.data(), &passed));
      uint32_t* kept = arena_.AllocateArray<uint32_t>(count + 1);
      batch->rows = Rows(kept, SelectTrue(batch->rows, passed, kept));
    }
    for (uint32_t row : batch->rows) {
      left_matched_[left[row]] = true;
      if (plan_.right_outer) right_matched_[right[row]] = true;
    }
    return absl::OkStatus();
  }

  // Columns of the pairs; a null side is NULL.
  void Gather(const uint32_t* left, const uint32_t* right, uint32_t count, Batch* batch) {
    batch->columns.clear();
    for (size_t i = 0; i < left_->columns().size(); ++i) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t k = 0; k < count; ++k) {
        data[k] = left == nullptr ? Datum::Null() : in_.columns[i].at(in_.rows[left[k]]);
      }
      batch->columns.push_back(Column{data, false});
    }
    for (size_t i = 0; i < right_->columns().size(); ++i) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t k = 0; k < count; ++k)
        data[k] = right == nullptr ? Datum::Null() : store_.at(i, right[k]);
      batch->columns.push_back(Column{data, false});
    }
    batch->rows = AllRows(count);
  }

  void LeftAlone(Batch* batch) {
    arena_.Reset();
    uint32_t* left = arena_.AllocateArray<uint32_t>(in_.rows.size());
    uint32_t count = 0;
    for (size_t i = 0; i < in_.rows.size(); ++i) {
      if (!left_matched_[i]) left[count++] = static_cast<uint32_t>(i);
    }
    Gather(left, nullptr, count, batch);
    phase_ = Phase::kLeft;
  }

  void RightAlone(Batch* batch) {
    arena_.Reset();
    uint32_t* right = arena_.AllocateArray<uint32_t>(kBatchRows);
    uint32_t count = 0;
    for (; right_at_ < store_.rows() && count < kBatchRows; ++right_at_) {
      if (!right_matched_[right_at_]) right[count++] = right_at_;
    }
    if (count == 0) {
      phase_ = Phase::kEnd;
      return;
    }
    Gather(nullptr, right, count, batch);
  }

  OperatorPtr left_;
  OperatorPtr right_;
  JoinPlan plan_;
  KeyedRows store_;  // the right side
  const size_t key_count_;
  Batch in_;
  std::vector<Column> left_keys_;
  std::vector<bool> left_matched_;
  std::vector<bool> right_matched_;
  Phase phase_ = Phase::kLeft;
  bool built_ = false;
  size_t at_ = 0;
  int32_t candidate_ = kStart;
  uint32_t right_at_ = 0;
  Arena left_arena_;
  Arena arena_;
};

}  // namespace

OperatorPtr MakeJoin(Environment* environment, OperatorPtr left, OperatorPtr right, JoinPlan plan) {
  return std::make_unique<JoinOperator>(environment, std::move(left), std::move(right),
                                        std::move(plan));
}

}  // namespace ks::sql
