// GROUP BY: one pass over the input, a hash table of groups, states of aggregates in an arena.
// Aggregates that need all their rows at once (ORDER BY, LIMIT, HAVING MAX|MIN) keep them and are
// computed at the end.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "sql/errors.h"
#include "sql/eval/operators/operators.h"

namespace ks::sql {
namespace {

std::vector<ResolvedColumn> OutputColumns(const AggregateRel& rel) {
  std::vector<ResolvedColumn> columns;
  for (const ComputedColumn& key : rel.group_by) columns.push_back(key.column);
  for (const AggregateCall& call : rel.aggregates) columns.push_back(call.column);
  return columns;
}

std::vector<TypeRef> KeyTypes(const AggregateRel& rel) {
  std::vector<TypeRef> types;
  for (const ComputedColumn& key : rel.group_by) types.push_back(key.column.type);
  if (!rel.grouping_sets.empty()) types.push_back(Type::Int64());  // which set
  return types;
}

// One aggregate while it runs.
struct Running {
  const AggregateCall* call;
  size_t first;  // its place among the program's roots
  size_t arguments;
  int having = -1;  // places among the roots
  std::vector<size_t> order;
  bool keeps_rows = false;
  std::vector<TypeRef> types;          // of its arguments
  std::vector<char*> states;           // by group
  std::unique_ptr<RowStore> distinct;  // group, argument
  HashIndex distinct_index;
  std::unique_ptr<RowStore> rows;  // when keeps_rows: arguments, having, order
  std::vector<uint32_t> row_groups;
  int64_t limit = INT64_MAX;
  ProgramPtr limit_program;
};

class AggregateOperator : public Operator {
 public:
  AggregateOperator(Environment* environment, OperatorPtr input, const AggregateRel& rel)
      : Operator(environment, OutputColumns(rel)),
        input_(std::move(input)),
        rel_(rel),
        keys_(environment, KeyTypes(rel)) {}

  absl::Status Compile() {
    std::vector<const ResolvedExpr*> roots;
    for (const ComputedColumn& key : rel_.group_by) roots.push_back(key.expr.get());
    for (const AggregateCall& call : rel_.aggregates) {
      Running running;
      running.call = &call;
      running.first = roots.size();
      running.arguments = call.arguments.size();
      for (const auto& argument : call.arguments) {
        roots.push_back(argument.get());
        running.types.push_back(argument->type);
      }
      if (call.having_expr != nullptr) {
        running.having = static_cast<int>(roots.size());
        roots.push_back(call.having_expr.get());
      }
      for (const AggregateOrder& order : call.order_by) {
        running.order.push_back(roots.size());
        roots.push_back(order.expr.get());
      }
      running.keeps_rows = running.having >= 0 || !running.order.empty() || call.limit != nullptr;
      if (call.limit != nullptr) {
        KS_ASSIGN_OR_RETURN(running.limit_program,
                            Program::Compile(*call.limit, {&no_inputs_, environment_}));
      }
      running_.push_back(std::move(running));
    }
    const ProgramOptions options{&input_->ids(), environment_};
    KS_ASSIGN_OR_RETURN(program_, Program::Compile(roots, options));
    return absl::OkStatus();
  }

  absl::Status DoOpen() override {
    keys_.Clear();
    index_.Clear();
    state_arena_.Reset();
    groups_ = 0;
    next_ = 0;
    filled_ = false;
    for (Running& running : running_) {
      running.states.clear();
      running.distinct.reset();
      running.distinct_index.Clear();
      running.row_groups.clear();
      if (running.call->distinct && !running.keeps_rows) {
        std::vector<TypeRef> types = {Type::Int64(), running.types[0]};
        running.distinct = std::make_unique<RowStore>(environment_, std::move(types));
      }
      if (running.keeps_rows)
        running.rows = std::make_unique<RowStore>(environment_, RowTypes(running));
      if (running.limit_program == nullptr) continue;
      KS_ASSIGN_OR_RETURN(Value limit, EvaluateConstant(environment_, *running.limit_program));
      if (limit.null()) return LimitIsNull("LIMIT");
      if (limit.datum().int64() < 0) return LimitIsNegative("LIMIT");
      running.limit = limit.datum().int64();
    }
    return absl::OkStatus();
  }

  absl::Status DoNext(Batch* batch) override {
    if (!filled_) KS_RETURN_IF_ERROR(Fill());
    const uint32_t count = std::min(kBatchRows, groups_ - next_);
    batch->rows = AllRows(count);
    batch->columns.resize(columns_.size());
    arena_.Reset();
    const size_t keys = rel_.group_by.size();
    for (size_t i = 0; i < keys; ++i) batch->columns[i] = Column{keys_.column(i) + next_, false};
    for (size_t a = 0; a < running_.size(); ++a) {
      Datum* data = arena_.AllocateArray<Datum>(count);
      for (uint32_t k = 0; k < count; ++k) {
        KS_ASSIGN_OR_RETURN(data[k], FinishGroup(running_[a], next_ + k));
      }
      batch->columns[keys + a] = Column{data, false};
    }
    next_ += count;
    return absl::OkStatus();
  }

  double estimate() const override {
    return rel_.group_by.empty() ? 1 : std::max(1.0, input_->estimate() / 4);
  }
  PlanNode DoDescribe() const override {
    PlanNode node("Aggregate");
    node.With("iterator_type", rel_.group_by.empty() ? "Stream" : "Hash");
    if (rel_.group_by.empty()) node.With("scalar_aggregate", "true");
    for (const ComputedColumn& key : rel_.group_by) {
      node.scalars.push_back({"Key", ToText(*key.expr), key.column.name});
    }
    for (const AggregateCall& call : rel_.aggregates) {
      std::vector<std::string> arguments;
      for (const auto& argument : call.arguments) arguments.push_back(ToText(*argument));
      node.scalars.push_back(
          {"Agg",
           absl::StrCat(call.function->name, "(", call.distinct ? "DISTINCT " : "",
                        absl::StrJoin(arguments, ", "), ")"),
           call.column.name});
    }
    node.Add("", input_->Describe());
    return node;
  }

 private:
  std::vector<TypeRef> RowTypes(const Running& running) const {
    std::vector<TypeRef> types = running.types;
    if (running.having >= 0) types.push_back(running.call->having_expr->type);
    for (const AggregateOrder& order : running.call->order_by) types.push_back(order.expr->type);
    return types;
  }

  absl::Status Fill() {
    KS_RETURN_IF_ERROR(input_->Open());
    Batch in;
    std::vector<Column> values(program_->size());
    std::vector<std::vector<int>> one_set = {{}};
    one_set[0].resize(rel_.group_by.size());
    std::iota(one_set[0].begin(), one_set[0].end(), 0);
    const auto& sets = rel_.grouping_sets.empty() ? one_set : rel_.grouping_sets;
    for (size_t s = 0; s < sets.size(); ++s) {
      if (!sets[s].empty()) continue;
      // GROUP BY () has its row also when there is no input.
      std::vector<Column> none(rel_.group_by.size(), Column{&null_, true});
      KS_RETURN_IF_ERROR(FindGroup(none.data(), 0, sets[s], s).status());
    }
    while (true) {
      KS_RETURN_IF_ERROR(input_->Next(&in));
      if (in.rows.empty()) break;
      input_arena_.Reset();
      KS_RETURN_IF_ERROR(Run(*program_, input_arena_, in.rows, in.columns.data(), values.data()));
      for (size_t s = 0; s < sets.size(); ++s)
        KS_RETURN_IF_ERROR(Add(in.rows, values.data(), sets[s], s));
    }
    filled_ = true;
    for (Running& running : running_) {
      if (running.keeps_rows) KS_RETURN_IF_ERROR(UseKeptRows(running));
    }
    return absl::OkStatus();
  }

  absl::Status Add(Rows rows, const Column* values, const std::vector<int>& set,
                   size_t set_number) {
    EvalContext context = environment_->MakeContext(state_arena_);
    const size_t before = state_arena_.bytes_reserved();
    for (uint32_t row : rows) {
      KS_ASSIGN_OR_RETURN(uint32_t group, FindGroup(values, row, set, set_number));
      for (Running& running : running_)
        KS_RETURN_IF_ERROR(Update(running, group, values, row, context));
    }
    return environment_->Reserve(static_cast<int64_t>(state_arena_.bytes_reserved() - before));
  }

  absl::StatusOr<uint32_t> FindGroup(const Column* values, uint32_t row,
                                     const std::vector<int>& set, size_t set_number) {
    const size_t keys = rel_.group_by.size();
    const bool sets = !rel_.grouping_sets.empty();
    key_.assign(keys_.types().size(), Datum::Null());
    for (int i : set) key_[i] = values[i].at(row);
    if (sets) key_[keys] = Datum::Int64(static_cast<int64_t>(set_number));
    uint64_t hash = 0;
    for (size_t i = 0; i < key_.size(); ++i)
      hash = CombineHash(hash, GroupingHash(keys_.types()[i], key_[i]));
    for (int32_t group = index_.First(hash); group >= 0; group = index_.Next(group)) {
      bool equal = true;
      for (size_t i = 0; i < key_.size() && equal; ++i) {
        equal = GroupingEquals(keys_.types()[i], keys_.at(i, group), key_[i]);
      }
      if (equal) return static_cast<uint32_t>(group);
    }
    index_.Add(hash);
    std::vector<Column> columns;
    for (const Datum& datum : key_) columns.push_back(Column{&datum, true});
    KS_RETURN_IF_ERROR(keys_.Append(AllRows(1), columns.data()));
    for (Running& running : running_) {
      char* state = state_arena_.Allocate(running.call->signature->state_bytes);
      running.call->signature->init(state);
      running.states.push_back(state);
    }
    return groups_++;
  }

  absl::Status Update(Running& running, uint32_t group, const Column* values, uint32_t row,
                      EvalContext& context) {
    const AggregateSignature& signature = *running.call->signature;
    arguments_.clear();
    for (size_t i = 0; i < running.arguments; ++i)
      arguments_.push_back(values[running.first + i].at(row));
    const bool null = running.arguments > 0 && arguments_[0].null();
    const bool skip = null && (signature.skips_nulls || running.call->ignore_nulls);
    if (skip && running.having < 0) return absl::OkStatus();
    if (running.keeps_rows) return Keep(running, group, values, row);
    if (running.distinct != nullptr) {
      KS_ASSIGN_OR_RETURN(bool fresh, FirstTime(running, group, arguments_[0]));
      if (!fresh) return absl::OkStatus();
    }
    return Show(running, group, arguments_.data(), context);
  }

  absl::Status Show(Running& running, uint32_t group, const Datum* arguments,
                    EvalContext& context) {
    Call call{context, running.call->column.type, running.types, nullptr};
    return running.call->signature->update(running.states[group], call, arguments);
  }

  absl::Status Keep(Running& running, uint32_t group, const Column* values, uint32_t row) {
    std::vector<Column> columns;
    for (size_t i = 0; i < running.rows->types().size(); ++i)
      columns.push_back(values[running.first + i]);
    running.row_groups.push_back(group);
    return running.rows->Append(Rows(&row, 1), columns.data());
  }

  absl::StatusOr<bool> FirstTime(Running& running, uint32_t group, const Datum& value) {
    const uint64_t hash = CombineHash(group, GroupingHash(running.types[0], value));
    for (int32_t at = running.distinct_index.First(hash); at >= 0;
         at = running.distinct_index.Next(at)) {
      if (running.distinct->at(0, at).int64() == group &&
          GroupingEquals(running.types[0], running.distinct->at(1, at), value)) {
        return false;
      }
    }
    running.distinct_index.Add(hash);
    const Datum number = Datum::Int64(group);
    const Column columns[] = {{&number, true}, {&value, true}};
    KS_RETURN_IF_ERROR(running.distinct->Append(AllRows(1), columns));
    return true;
  }

  // The rows of each group: those at the bound, without repetitions, ordered, limited.
  absl::Status UseKeptRows(Running& running) {
    std::vector<std::vector<uint32_t>> by_group(groups_);
    for (uint32_t row = 0; row < running.row_groups.size(); ++row) {
      by_group[running.row_groups[row]].push_back(row);
    }
    for (uint32_t group = 0; group < groups_; ++group) {
      std::vector<uint32_t>& rows = by_group[group];
      if (running.having >= 0) KeepBound(running, &rows);
      if (!running.order.empty()) {
        std::stable_sort(rows.begin(), rows.end(),
                         [&](uint32_t a, uint32_t b) { return Before(running, a, b); });
      }
      if (running.call->distinct) DropRepeated(running, &rows);
      EvalContext context = environment_->MakeContext(state_arena_);
      int64_t left = running.limit;
      for (uint32_t row : rows) {
        if (left-- <= 0) break;
        arguments_.clear();
        for (size_t i = 0; i < running.arguments; ++i)
          arguments_.push_back(running.rows->at(i, row));
        const bool null = running.arguments > 0 && arguments_[0].null();
        if (null && running.call->function->name == "ANY_VALUE")
          break;  // the row that was chosen has a NULL
        if (null && (running.call->signature->skips_nulls || running.call->ignore_nulls)) continue;
        KS_RETURN_IF_ERROR(Show(running, group, arguments_.data(), context));
      }
    }
    return absl::OkStatus();
  }

  void DropRepeated(const Running& running, std::vector<uint32_t>* rows) const {
    HashIndex index;
    std::vector<uint32_t> kept;
    for (uint32_t row : *rows) {
      const Datum& value = running.rows->at(0, row);
      const uint64_t hash = GroupingHash(running.types[0], value);
      bool known = false;
      for (int32_t at = index.First(hash); at >= 0 && !known; at = index.Next(at)) {
        known = GroupingEquals(running.types[0], running.rows->at(0, kept[at]), value);
      }
      if (known) continue;
      index.Add(hash);
      kept.push_back(row);
    }
    *rows = std::move(kept);
  }

  // HAVING MAX|MIN: rows that equal the bound. So NULLs do not count, and a NaN leaves no row: it
  // equals nothing.
  void KeepBound(const Running& running, std::vector<uint32_t>* rows) const {
    const size_t column = running.arguments;
    TypeRef type = running.call->having_expr->type;
    const bool max = running.call->having == AggregateBound::kMax;
    const Datum* best = nullptr;
    for (uint32_t row : *rows) {
      const Datum& value = running.rows->at(column, row);
      if (value.null()) continue;
      if (type->is_floating() && std::isnan(value.float64())) return rows->clear();
      const int order = best == nullptr ? 0 : Compare(type, value, *best);
      if (best == nullptr || (max ? order > 0 : order < 0)) best = &value;
    }
    if (best == nullptr) return rows->clear();
    std::erase_if(*rows, [&](uint32_t row) {
      const Datum& value = running.rows->at(column, row);
      return value.null() || Compare(type, value, *best) != 0;
    });
  }

  bool Before(const Running& running, uint32_t a, uint32_t b) const {
    for (size_t i = 0; i < running.order.size(); ++i) {
      const AggregateOrder& order = running.call->order_by[i];
      const size_t column = running.order[i] - running.first;
      const Datum& x = running.rows->at(column, a);
      const Datum& y = running.rows->at(column, b);
      if (x.null() != y.null()) return x.null() == order.nulls_first;
      if (x.null()) continue;
      const int compared = Compare(order.expr->type, x, y);
      if (compared != 0) return (compared < 0) != order.descending;
    }
    return false;
  }

  absl::StatusOr<Datum> FinishGroup(Running& running, uint32_t group) {
    EvalContext context = environment_->MakeContext(state_arena_);
    Call call{context, running.call->column.type, running.types, nullptr};
    return running.call->signature->finish(running.states[group], call);
  }

  OperatorPtr input_;
  const AggregateRel& rel_;
  const std::vector<ColumnId> no_inputs_;
  const Datum null_ = Datum::Null();
  ProgramPtr program_;  // keys, then for each aggregate: arguments, HAVING, ORDER BY
  std::vector<Running> running_;
  RowStore keys_;  // by group
  HashIndex index_;
  uint32_t groups_ = 0;
  uint32_t next_ = 0;
  bool filled_ = false;
  std::vector<Datum> key_;
  std::vector<Datum> arguments_;
  Arena state_arena_;
  Arena input_arena_;
  Arena arena_;
};

}  // namespace

absl::StatusOr<OperatorPtr> MakeAggregate(Environment* environment, OperatorPtr input,
                                          const AggregateRel& rel) {
  auto aggregate = std::make_unique<AggregateOperator>(environment, std::move(input), rel);
  KS_RETURN_IF_ERROR(aggregate->Compile());
  return OperatorPtr(std::move(aggregate));
}

}  // namespace ks::sql
