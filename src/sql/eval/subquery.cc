#include "sql/eval/subquery.h"

#include <cmath>
#include <utility>

#include "base/status_macros.h"
#include "sql/errors.h"
#include "sql/eval/plan/planner.h"

namespace ks::sql {
namespace {

class PlannedSubquery : public SubqueryRunner {
 public:
  PlannedSubquery(const ResolvedSubquery& subquery, Environment* environment, bool remember)
      : subquery_(subquery), environment_(environment), remember_(remember) {}

  absl::Status Plan() {
    ColumnSet wanted;
    if (subquery_.column >= 0) wanted.insert(subquery_.column);
    if (subquery_.subquery == ResolvedSubqueryKind::kExists) wanted.clear();
    Planner planner(environment_);
    KS_ASSIGN_OR_RETURN(root_, planner.Plan(*subquery_.rel, wanted));
    if (!wanted.empty()) place_ = root_->IndexOf(subquery_.column);
    if (place_ >= 0) type_ = root_->columns()[place_].type;
    return absl::OkStatus();
  }

  absl::StatusOr<Datum> Evaluate(const Datum* operand, Arena& arena) override {
    if (!remember_) {
      if (operand != nullptr) return RunIn(*operand);
      return RunOnce(arena);
    }
    if (operand != nullptr) return FindIn(*operand);
    if (!known_) {
      KS_ASSIGN_OR_RETURN(value_, RunOnce(arena_));
      known_ = true;
    }
    return value_;
  }

 private:
  absl::StatusOr<Datum> RunOnce(Arena& arena) {
    KS_RETURN_IF_ERROR(root_->Open());
    switch (subquery_.subquery) {
      case ResolvedSubqueryKind::kExists: {
        KS_RETURN_IF_ERROR(root_->Next(&batch_));
        return Datum::Bool(!batch_.rows.empty());
      }
      case ResolvedSubqueryKind::kArray:
        return Collect(arena);
      default:
        return Single(arena);
    }
  }

  absl::StatusOr<Datum> Single(Arena& arena) {
    Datum value = Datum::Null();
    size_t rows = 0;
    while (true) {
      KS_RETURN_IF_ERROR(root_->Next(&batch_));
      if (batch_.rows.empty()) return value;
      rows += batch_.rows.size();
      if (rows > 1) return ScalarSubqueryRows();
      value = DeepCopy(type_, batch_.columns[place_].at(batch_.rows[0]), arena);
    }
  }

  absl::StatusOr<Datum> Collect(Arena& arena) {
    std::vector<Datum> values;
    while (true) {
      KS_RETURN_IF_ERROR(root_->Next(&batch_));
      if (batch_.rows.empty()) break;
      for (uint32_t row : batch_.rows)
        values.push_back(DeepCopy(type_, batch_.columns[place_].at(row), arena));
    }
    Datum* elements = arena.AllocateArray<Datum>(values.size());
    std::copy(values.begin(), values.end(), elements);
    return Datum::Elements({elements, values.size()});
  }

  // TRUE, FALSE or NULL of operand = value.
  enum class Truth { kFalse, kTrue, kUnknown };
  static Truth Same(TypeRef type, const Datum& a, const Datum& b) {
    if (a.null() || b.null()) return Truth::kUnknown;
    if (type->is_struct()) {
      Truth all = Truth::kTrue;
      for (size_t i = 0; i < type->fields().size(); ++i) {
        const Truth one = Same(type->fields()[i].type, a.elements()[i], b.elements()[i]);
        if (one == Truth::kFalse) return one;
        if (one == Truth::kUnknown) all = one;
      }
      return all;
    }
    if (type->is_floating() && (std::isnan(a.float64()) || std::isnan(b.float64())))
      return Truth::kFalse;
    return GroupingEquals(type, a, b) ? Truth::kTrue : Truth::kFalse;
  }

  absl::StatusOr<Datum> RunIn(const Datum& operand) {
    KS_RETURN_IF_ERROR(root_->Open());
    bool unknown = false;
    while (true) {
      KS_RETURN_IF_ERROR(root_->Next(&batch_));
      if (batch_.rows.empty()) return unknown ? Datum::Null() : Datum::Bool(false);
      for (uint32_t row : batch_.rows) {
        const Truth truth = Same(type_, operand, batch_.columns[place_].at(row));
        if (truth == Truth::kTrue) return Datum::Bool(true);
        unknown |= truth == Truth::kUnknown;
      }
    }
  }

  absl::StatusOr<Datum> FindIn(const Datum& operand) {
    if (type_->is_struct()) return RunIn(operand);
    if (set_ == nullptr) KS_RETURN_IF_ERROR(FillSet());
    if (set_->rows() == 0) return Datum::Bool(false);
    if (operand.null()) return Datum::Null();
    for (int32_t at = index_.First(GroupingHash(type_, operand)); at >= 0; at = index_.Next(at)) {
      if (Same(type_, operand, set_->at(place_, at)) == Truth::kTrue) return Datum::Bool(true);
    }
    return set_has_null_ ? Datum::Null() : Datum::Bool(false);
  }

  absl::Status FillSet() {
    auto set = std::make_unique<RowStore>(environment_, root_->types());
    KS_RETURN_IF_ERROR(Drain(*root_, set.get()));
    for (uint32_t row = 0; row < set->rows(); ++row) {
      const Datum& value = set->at(place_, row);
      index_.Add(GroupingHash(type_, value));
      set_has_null_ |= value.null();
    }
    set_ = std::move(set);
    return absl::OkStatus();
  }

  const ResolvedSubquery& subquery_;
  Environment* const environment_;
  const bool remember_;
  OperatorPtr root_;
  int place_ = -1;
  TypeRef type_ = nullptr;
  Batch batch_;
  Arena arena_;  // of the remembered value
  bool known_ = false;
  Datum value_;
  std::unique_ptr<RowStore> set_;
  HashIndex index_;
  bool set_has_null_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SubqueryRunner>> SubqueryRunner::Make(
    const ResolvedSubquery& subquery, Environment* environment, bool remember) {
  auto runner = std::make_unique<PlannedSubquery>(subquery, environment, remember);
  KS_RETURN_IF_ERROR(runner->Plan());
  return std::unique_ptr<SubqueryRunner>(std::move(runner));
}

}  // namespace ks::sql
