// Reading a table by one of its access paths, with key ranges worked out when it is opened.
#include <algorithm>

#include "base/status_macros.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

using Key = std::vector<Value>;

class TableScan : public ScanOperator {
 public:
  TableScan(Environment* environment, std::vector<ResolvedColumn> columns, ScanPlan plan)
      : ScanOperator(environment, std::move(columns)), plan_(std::move(plan)) {}

  void SetLookup(std::vector<Key> tuples) override { lookup_ = std::move(tuples); }
  const ScanPlan& plan() const override { return plan_; }

  absl::Status DoOpen() override {
    cursor_.reset();
    ScanRequest request;
    request.path = plan_.path;
    request.columns = plan_.table_columns;
    request.lock_exclusive = plan_.lock_exclusive;
    request.reverse = plan_.reverse;
    request.limit = limit_;
    KS_RETURN_IF_ERROR(MakeRanges(&request.ranges));
    in_ = RowBatch();
    given_ = 0;
    if (request.ranges.empty()) return absl::OkStatus();
    KS_ASSIGN_OR_RETURN(cursor_, plan_.table->Scan(request));
    return absl::OkStatus();
  }

  absl::Status DoNext(Batch* batch) override {
    batch->rows = Rows();
    if (cursor_ == nullptr) return absl::OkStatus();
    KS_RETURN_IF_ERROR(environment_->Work(kCallRows + in_.rows));
    if (given_ >= in_.rows) {
      KS_RETURN_IF_ERROR(cursor_->Next(&in_));
      given_ = 0;
    }
    const uint32_t count = std::min(kBatchRows, in_.rows - given_);
    batch->rows = AllRows(count);
    batch->columns.resize(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i)
      batch->columns[i] = Column{in_.columns[i] + given_, false};
    given_ += count;
    environment_->rows_scanned += count;
    return absl::OkStatus();
  }

  std::vector<Ordering> ordering() const override {
    std::vector<Ordering> made;
    for (size_t i = 0; i < path().key.size(); ++i) {
      const KeyPart& part = path().key[i];
      const bool in_prefix = i < plan_.prefix.size();
      if (in_prefix && plan_.prefix[i].lookup >= 0) return {};
      const bool fixed = in_prefix && plan_.prefix[i].values.size() == 1;
      const auto place =
          std::find(plan_.table_columns.begin(), plan_.table_columns.end(), part.column);
      if (place != plan_.table_columns.end()) {
        const ColumnId id = ids_[place - plan_.table_columns.begin()];
        made.push_back({id, part.descending != plan_.reverse, fixed});
      } else if (!fixed) {
        break;
      }
    }
    return made;
  }
  bool Reverse() override {
    plan_.reverse = !plan_.reverse;
    return true;
  }
  void ExpectRows(int64_t rows) override { limit_ = rows < INT64_MAX ? rows : 0; }

  double estimate() const override {
    const double rows = static_cast<double>(std::max<int64_t>(1, plan_.table->EstimatedRows()));
    if (plan_.unique) return 1;
    double share = 1;
    for (size_t i = 0; i < plan_.prefix.size(); ++i) share /= i == 0 ? 50 : 10;
    if (plan_.low.value != nullptr || plan_.high.value != nullptr) share /= 3;
    return std::max(1.0, rows * share);
  }

  PlanNode DoDescribe() const override {
    PlanNode node("Scan");
    const bool index = plan_.path > 0;
    node.With("scan_type", index ? "IndexScan" : "TableScan");
    node.With("scan_target", index ? path().name : plan_.table->name());
    if (plan_.prefix.empty() && plan_.low.value == nullptr && plan_.high.value == nullptr) {
      node.With("Full scan", "true");
    }
    if (plan_.reverse) node.With("direction", "backwards");
    Show(plan_.seeks, &node);
    return node;
  }

 private:
  const AccessPath& path() const { return plan_.table->access_paths()[plan_.path]; }

  // All values that a key part may have; empty: no row can match.
  absl::Status PartValues(KeyCondition& condition, std::vector<Value>* values) {
    for (ProgramPtr& program : condition.values) {
      KS_ASSIGN_OR_RETURN(Value value, EvaluateConstant(environment_, *program));
      if (!value.null()) values->push_back(std::move(value));
    }
    if (condition.array == nullptr) return absl::OkStatus();
    KS_ASSIGN_OR_RETURN(Value array, EvaluateConstant(environment_, *condition.array));
    if (array.null()) return absl::OkStatus();
    for (const Datum& element : array.datum().elements()) {
      if (!element.null()) values->emplace_back(array.type()->element(), element);
    }
    return absl::OkStatus();
  }

  absl::Status MakeRanges(std::vector<KeyRange>* ranges) {
    std::vector<std::vector<Value>> fixed(plan_.prefix.size());
    bool looks_up = false;
    for (size_t i = 0; i < plan_.prefix.size(); ++i) {
      if (plan_.prefix[i].lookup >= 0) {
        looks_up = true;
      } else {
        KS_RETURN_IF_ERROR(PartValues(plan_.prefix[i], &fixed[i]));
      }
    }
    static const std::vector<Key> kNoLookup = {{}};
    std::vector<Key> prefixes;
    for (const Key& tuple : looks_up ? lookup_ : kNoLookup) Expand(fixed, tuple, &prefixes);
    SortKeys(&prefixes);
    KeyRange tail;
    bool possible = true;
    KS_RETURN_IF_ERROR(Tail(&tail, &possible));
    if (!possible) return absl::OkStatus();
    for (const Key& prefix : prefixes) {
      KeyRange range = tail;
      range.start.insert(range.start.begin(), prefix.begin(), prefix.end());
      range.limit.insert(range.limit.begin(), prefix.begin(), prefix.end());
      ranges->push_back(std::move(range));
    }
    return absl::OkStatus();
  }

  // Every combination of the parts' values.
  void Expand(const std::vector<std::vector<Value>>& fixed, const Key& tuple,
              std::vector<Key>* keys) {
    std::vector<Key> made = {{}};
    for (size_t i = 0; i < plan_.prefix.size(); ++i) {
      std::vector<Key> longer;
      const int lookup = plan_.prefix[i].lookup;
      for (const Key& key : made) {
        const auto add = [&](const Value& value) {
          longer.push_back(key);
          longer.back().push_back(value);
        };
        if (lookup >= 0) {
          add(tuple[lookup]);
        } else {
          for (const Value& value : fixed[i]) add(value);
        }
      }
      made = std::move(longer);
    }
    keys->insert(keys->end(), made.begin(), made.end());
  }

  void SortKeys(std::vector<Key>* keys) const {
    const auto compare = [this](const Key& a, const Key& b) {
      for (size_t i = 0; i < a.size(); ++i) {
        const int order = Compare(a[i].type(), a[i].datum(), b[i].datum());
        if (order != 0) return path().key[i].descending ? -order : order;
      }
      return 0;
    };
    std::sort(keys->begin(), keys->end(),
              [&](const Key& a, const Key& b) { return compare(a, b) < 0; });
    keys->erase(std::unique(keys->begin(), keys->end(),
                            [&](const Key& a, const Key& b) { return compare(a, b) == 0; }),
                keys->end());
  }

  // The range of the part after the prefix. A bound that is NULL lets nothing through.
  absl::Status Tail(KeyRange* range, bool* possible) {
    const bool descending =
        plan_.prefix.size() < path().key.size() && path().key[plan_.prefix.size()].descending;
    KeyBound* bounds[2] = {&plan_.low, &plan_.high};
    for (int side = 0; side < 2; ++side) {
      KeyBound& bound = *bounds[side];
      if (bound.value == nullptr) continue;
      KS_ASSIGN_OR_RETURN(Value value, EvaluateConstant(environment_, *bound.value));
      if (value.null()) {
        *possible = false;
        return absl::OkStatus();
      }
      const bool start = (side == 0) != descending;
      (start ? range->start : range->limit).push_back(std::move(value));
      (start ? range->start_closed : range->limit_closed) = bound.closed;
    }
    if (range->start.empty() || range->limit.empty()) return absl::OkStatus();
    const int order =
        Compare(range->start[0].type(), range->start[0].datum(), range->limit[0].datum());
    const int direction = descending ? -order : order;
    *possible = direction < 0 || (direction == 0 && range->start_closed && range->limit_closed);
    return absl::OkStatus();
  }

  static constexpr int64_t kCallRows = 16;  // what a call costs beside its rows, in rows

  ScanPlan plan_;
  int64_t limit_ = 0;  // rows that the reader wants; 0: all
  std::vector<Key> lookup_;
  std::unique_ptr<RowCursor> cursor_;
  RowBatch in_;
  uint32_t given_ = 0;
};

}  // namespace

std::unique_ptr<ScanOperator> MakeScan(Environment* environment,
                                       std::vector<ResolvedColumn> columns, ScanPlan plan) {
  return std::make_unique<TableScan>(environment, std::move(columns), std::move(plan));
}

}  // namespace ks::sql
