// Operators that work row by row.
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/errors.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

class SingleRowOperator : public Operator {
 public:
  explicit SingleRowOperator(Environment* environment) : Operator(environment, {}) {}
  absl::Status DoOpen() override {
    done_ = false;
    return absl::OkStatus();
  }
  absl::Status DoNext(Batch* batch) override {
    batch->columns.clear();
    batch->rows = AllRows(done_ ? 0 : 1);
    done_ = true;
    return absl::OkStatus();
  }
  double estimate() const override { return 1; }
  PlanNode DoDescribe() const override { return PlanNode("Unit Relation"); }

 private:
  bool done_ = false;
};

class FilterOperator : public Operator {
 public:
  FilterOperator(Environment* environment, OperatorPtr input, std::vector<ProgramPtr> conditions,
                 PlanExprs exprs)
      : Operator(environment, input->columns()),
        input_(std::move(input)),
        conditions_(std::move(conditions)),
        exprs_(std::move(exprs)) {}

  absl::Status DoOpen() override { return input_->Open(); }

  absl::Status DoNext(Batch* batch) override {
    while (true) {
      KS_RETURN_IF_ERROR(input_->Next(batch));
      if (batch->rows.empty()) return absl::OkStatus();
      arena_.Reset();
      for (ProgramPtr& condition : conditions_) {
        Column passed;
        KS_RETURN_IF_ERROR(Run(*condition, arena_, batch->rows, batch->columns.data(), &passed));
        uint32_t* rows = arena_.AllocateArray<uint32_t>(batch->rows.size() + 1);
        const uint32_t count = SelectTrue(batch->rows, passed, rows);
        batch->rows = Rows(rows, count);
        if (count == 0) break;
      }
      if (!batch->rows.empty()) return absl::OkStatus();
    }
  }

  std::vector<Ordering> ordering() const override { return input_->ordering(); }
  double estimate() const override { return input_->estimate() / 3; }
  bool Reverse() override { return input_->Reverse(); }
  PlanNode DoDescribe() const override {
    PlanNode node("Filter");
    Show(exprs_, &node);
    node.Add("", input_->Describe());
    return node;
  }

 private:
  OperatorPtr input_;
  std::vector<ProgramPtr> conditions_;
  const PlanExprs exprs_;
  Arena arena_;
};

class ProjectOperator : public Operator {
 public:
  ProjectOperator(Environment* environment, OperatorPtr input, std::vector<ResolvedColumn> columns,
                  std::vector<int> passed, ProgramPtr computed, PlanExprs exprs)
      : Operator(environment, std::move(columns)),
        input_(std::move(input)),
        passed_(std::move(passed)),
        computed_(std::move(computed)),
        exprs_(std::move(exprs)) {}

  absl::Status DoOpen() override { return input_->Open(); }

  absl::Status DoNext(Batch* batch) override {
    KS_RETURN_IF_ERROR(input_->Next(&in_));
    batch->rows = in_.rows;
    batch->columns.resize(columns_.size());
    if (in_.rows.empty()) return absl::OkStatus();
    for (size_t i = 0; i < passed_.size(); ++i) batch->columns[i] = in_.columns[passed_[i]];
    if (computed_ == nullptr) return absl::OkStatus();
    arena_.Reset();
    return Run(*computed_, arena_, in_.rows, in_.columns.data(),
               batch->columns.data() + passed_.size());
  }

  std::vector<Ordering> ordering() const override {
    std::vector<Ordering> kept;
    for (const Ordering& order : input_->ordering()) {
      if (IndexOf(order.column) >= 0) {
        kept.push_back(order);
      } else if (!order.fixed) {
        break;
      }
    }
    return kept;
  }
  bool Reverse() override { return input_->Reverse(); }
  void ExpectRows(int64_t rows) override { input_->ExpectRows(rows); }
  double estimate() const override { return input_->estimate(); }
  PlanNode DoDescribe() const override {
    PlanNode node("Compute");
    Show(exprs_, &node);
    node.Add("", input_->Describe());
    return node;
  }

 private:
  OperatorPtr input_;
  const std::vector<int> passed_;
  ProgramPtr computed_;
  const PlanExprs exprs_;
  Batch in_;
  Arena arena_;
};

class LimitOperator : public Operator {
 public:
  LimitOperator(Environment* environment, OperatorPtr input, ProgramPtr limit, ProgramPtr offset)
      : Operator(environment, input->columns()),
        input_(std::move(input)),
        limit_(std::move(limit)),
        offset_(std::move(offset)) {}

  absl::Status DoOpen() override {
    left_ = INT64_MAX;
    skip_ = 0;
    if (limit_ != nullptr) KS_RETURN_IF_ERROR(Number(*limit_, "LIMIT", &left_));
    if (offset_ != nullptr) KS_RETURN_IF_ERROR(Number(*offset_, "OFFSET", &skip_));
    if (limit_ != nullptr)
      input_->ExpectRows(left_ > INT64_MAX - skip_ ? INT64_MAX : left_ + skip_);
    return input_->Open();
  }

  absl::Status DoNext(Batch* batch) override {
    batch->rows = Rows();
    while (left_ > 0) {
      KS_RETURN_IF_ERROR(input_->Next(batch));
      if (batch->rows.empty()) return absl::OkStatus();
      const int64_t count = static_cast<int64_t>(batch->rows.size());
      if (skip_ >= count) {
        skip_ -= count;
        continue;
      }
      batch->rows = batch->rows.subspan(skip_);
      skip_ = 0;
      if (static_cast<int64_t>(batch->rows.size()) > left_) batch->rows = batch->rows.first(left_);
      left_ -= static_cast<int64_t>(batch->rows.size());
      return absl::OkStatus();
    }
    batch->rows = Rows();
    return absl::OkStatus();
  }

  std::vector<Ordering> ordering() const override { return input_->ordering(); }
  double estimate() const override { return std::min(10.0, input_->estimate()); }
  PlanNode DoDescribe() const override {
    PlanNode node("Limit");
    node.Add("", input_->Describe());
    return node;
  }

 private:
  absl::Status Number(Program& program, std::string_view clause, int64_t* number) {
    KS_ASSIGN_OR_RETURN(Value value, EvaluateConstant(environment_, program));
    if (value.null()) return LimitIsNull(clause);
    *number = value.datum().int64();
    return *number < 0 ? LimitIsNegative(clause) : absl::OkStatus();
  }

  OperatorPtr input_;
  ProgramPtr limit_;
  ProgramPtr offset_;
  int64_t left_ = 0;
  int64_t skip_ = 0;
};

// For MIN and MAX over rows in the order of their argument: the rows up to the first that has one.
class FirstValueOperator : public Operator {
 public:
  FirstValueOperator(Environment* environment, OperatorPtr input, int place)
      : Operator(environment, input->columns()), input_(std::move(input)), place_(place) {}

  absl::Status DoOpen() override {
    found_ = false;
    return input_->Open();
  }
  absl::Status DoNext(Batch* batch) override {
    batch->rows = Rows();
    if (found_) return absl::OkStatus();
    KS_RETURN_IF_ERROR(input_->Next(batch));
    for (size_t i = 0; i < batch->rows.size() && !found_; ++i) {
      if (batch->columns[place_].at(batch->rows[i]).null()) continue;
      found_ = true;
      batch->rows = batch->rows.first(i + 1);
    }
    return absl::OkStatus();
  }
  double estimate() const override { return 1; }
  PlanNode DoDescribe() const override {
    PlanNode node("Limit");
    node.With("stop", "first value that is not NULL");
    node.Add("", input_->Describe());
    return node;
  }

 private:
  OperatorPtr input_;
  const int place_;
  bool found_ = false;
};

class WithRefOperator : public Operator {
 public:
  WithRefOperator(Environment* environment, std::vector<ResolvedColumn> columns,
                  std::vector<int> source, std::shared_ptr<WithTable> table)
      : Operator(environment, std::move(columns)),
        source_(std::move(source)),
        table_(std::move(table)) {}

  absl::Status DoOpen() override {
    next_ = 0;
    return absl::OkStatus();
  }
  absl::Status DoNext(Batch* batch) override {
    KS_ASSIGN_OR_RETURN(const RowStore* store, table_->Read(environment_));
    const uint32_t count = std::min(kBatchRows, store->rows() - next_);
    batch->rows = AllRows(count);
    batch->columns.resize(source_.size());
    for (size_t i = 0; i < source_.size(); ++i) {
      batch->columns[i] = Column{store->column(source_[i]) + next_, false};
    }
    next_ += count;
    return absl::OkStatus();
  }
  double estimate() const override { return table_->definition().estimate(); }
  PlanNode DoDescribe() const override {
    PlanNode node("Spool Scan");
    node.Add("Spool Build", table_->definition().Describe());
    return node;
  }

 private:
  const std::vector<int> source_;
  const std::shared_ptr<WithTable> table_;
  uint32_t next_ = 0;
};

}  // namespace

OperatorPtr MakeSingleRow(Environment* environment) {
  return std::make_unique<SingleRowOperator>(environment);
}

OperatorPtr MakeFilterOperator(Environment* environment, OperatorPtr input,
                               std::vector<ProgramPtr> conditions, PlanExprs exprs) {
  return std::make_unique<FilterOperator>(environment, std::move(input), std::move(conditions),
                                          std::move(exprs));
}
OperatorPtr MakeProjectOperator(Environment* environment, OperatorPtr input,
                                std::vector<ResolvedColumn> columns, std::vector<int> passed,
                                ProgramPtr computed, PlanExprs exprs) {
  return std::make_unique<ProjectOperator>(environment, std::move(input), std::move(columns),
                                           std::move(passed), std::move(computed),
                                           std::move(exprs));
}
OperatorPtr MakeLimitOperator(Environment* environment, OperatorPtr input, ProgramPtr limit,
                              ProgramPtr offset) {
  return std::make_unique<LimitOperator>(environment, std::move(input), std::move(limit),
                                         std::move(offset));
}
OperatorPtr MakeFirstValueOperator(Environment* environment, OperatorPtr input, int place) {
  return std::make_unique<FirstValueOperator>(environment, std::move(input), place);
}
OperatorPtr MakeWithRefOperator(Environment* environment, std::vector<ResolvedColumn> columns,
                                std::vector<int> source, std::shared_ptr<WithTable> table) {
  return std::make_unique<WithRefOperator>(environment, std::move(columns), std::move(source),
                                           std::move(table));
}

absl::StatusOr<Value> EvaluateConstant(Environment* environment, Program& program) {
  Arena arena;
  EvalContext context = environment->MakeContext(arena);
  const Column value = program.Evaluate(context, AllRows(1), nullptr);
  if (context.failed()) return context.errors()[0].second;
  return Value(program.type(0), value.at(0));
}

}  // namespace ks::sql
