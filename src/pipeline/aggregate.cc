#include "pipeline/aggregate.h"

#include <algorithm>

#include <google/protobuf/struct.pb.h>

#include "base/status_macros.h"
#include "google/spanner/v1/result_set.pb.h"
#include "pipeline/errors.h"
#include "pipeline/limits.h"
#include "pipeline/wire_value.h"
#include "sql/types/value.h"

namespace ks::pipeline {
namespace {

using sql::Datum;
using sql::TypeKind;
using sql::TypeRef;

bool IsWide(TypeRef type) { return type->Is(TypeKind::kNumeric) || type->Is(TypeKind::kUuid); }
bool IsText(TypeRef type) {
  return type->Is(TypeKind::kString) || type->Is(TypeKind::kBytes) || type->Is(TypeKind::kJson) ||
         type->Is(TypeKind::kProto);
}

void Store(TypeRef type, const Datum& datum, PartialValue* value) {
  value->null = datum.null();
  if (datum.null()) return;
  if (IsWide(type)) {
    value->wide = datum.wide();
  } else if (IsText(type)) {
    value->bytes.assign(datum.str());
  } else {
    value->scalar = datum;
  }
}

Datum Load(TypeRef type, const PartialValue& value) {
  if (value.null) return Datum::Null();
  if (IsWide(type)) return Datum::Wide(&value.wide);
  if (IsText(type)) return Datum::Str(value.bytes);
  return value.scalar;
}

// Adds; what leaves 128 bits stays outside of NUMERIC's range, whatever comes after it, so that
// Spanner refuses the row.
sql::Int128 AddWide(sql::Int128 a, sql::Int128 b) {
  const sql::Int128 largest = ~(static_cast<sql::Int128>(1) << 127);
  if (a == largest || a == -largest) return a;
  sql::Int128 sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? -largest : largest;
}

constexpr sql::Int128 kNumericScale = 1000000000;

// `type` is the state's, `addend_type` that of `addend`; `weight` 1 adds, -1 takes back, which is
// for exact sums only.
void AddTo(TypeRef type, TypeRef addend_type, const Datum& addend, int64_t weight,
           PartialValue* sum) {
  if (type->Is(TypeKind::kNumeric)) {
    const sql::Int128 value =
        weight *
        (addend_type->Is(TypeKind::kInt64) ? addend.int64() * kNumericScale : addend.wide());
    sum->wide = sum->null ? value : AddWide(sum->wide, value);
  } else {
    sum->scalar = Datum::Float64((sum->null ? 0.0 : sum->scalar.float64()) + addend.float64());
  }
  sum->null = false;
}

void AddCount(int64_t count, PartialValue* total) {
  total->scalar = Datum::Int64((total->null ? 0 : total->scalar.int64()) + count);
  total->null = false;
}

// Whether `candidate` takes the place of `current`: MIN and MAX skip NULL; NaN wins, as in
// GoogleSQL.
bool Beats(TypeRef type, bool maximum, const Datum& candidate, const Datum& current) {
  if (type->is_floating()) {
    const bool new_nan = candidate.float64() != candidate.float64();
    const bool old_nan = current.float64() != current.float64();
    if (new_nan || old_nan) return new_nan && !old_nan;
  }
  const int order = sql::Compare(type, candidate, current);
  return maximum ? order > 0 : order < 0;
}

void KeepExtreme(TypeRef type, bool maximum, const Datum& candidate, PartialValue* state) {
  if (candidate.null()) return;
  if (state->null || Beats(type, maximum, candidate, Load(type, *state)))
    Store(type, candidate, state);
}

void Combine(AggregateKind kind, const Datum& value, PartialValue* state) {
  if (value.null()) return;
  if (state->null) {
    state->null = false;
    state->scalar = value;
    return;
  }
  const int64_t a = state->scalar.int64();
  const int64_t b = value.int64();
  switch (kind) {
    case AggregateKind::kLogicalAnd:
      state->scalar = Datum::Bool(state->scalar.bool_value() && value.bool_value());
      break;
    case AggregateKind::kLogicalOr:
      state->scalar = Datum::Bool(state->scalar.bool_value() || value.bool_value());
      break;
    case AggregateKind::kBitAnd:
      state->scalar = Datum::Int64(a & b);
      break;
    case AggregateKind::kBitOr:
      state->scalar = Datum::Int64(a | b);
      break;
    default:
      state->scalar = Datum::Int64(a ^ b);
  }
}

// ANY_VALUE(v HAVING MAX o): rows whose order is NULL do not count; the first of equals stays.
void KeepOrdered(const PlannedAggregate& aggregate, const Datum& value, const Datum& order,
                 PartialValue* states) {
  if (order.null()) return;
  const bool maximum = aggregate.kind == AggregateKind::kAnyValueMax;
  if (!states[1].null && !Beats(aggregate.order, maximum, order, Load(aggregate.order, states[1])))
    return;
  Store(aggregate.argument, value, &states[0]);
  Store(aggregate.order, order, &states[1]);
}

}  // namespace

struct AggregateLane::Group {
  std::string key;  // wire bytes of the group key's elements
  std::vector<PartialValue> states;
  uint64_t batch = 0;       // the last batch that touched it
  bool base_known = false;  // the states include what Spanner has
};

AggregateLane::AggregateLane(const AggregatePlan& plan, const MutationShape& shape,
                             std::string suffix, size_t cache_groups)
    : plan_(plan),
      shape_(shape),
      suffix_(std::move(suffix)),
      cache_groups_(cache_groups),
      first_aggregate_input_(static_cast<int>(plan.first_aggregate_input)) {}
AggregateLane::~AggregateLane() = default;

void AggregateLane::Fold(std::string_view key, uint64_t /*hash*/, const Datum* inputs,
                         bool taken_back) {
  auto found = groups_.find(key);
  if (found == groups_.end()) {
    auto group = std::make_unique<Group>();
    group->key.assign(key);
    group->states.resize(plan_.states.size());
    const std::string_view name = group->key;
    found = groups_.emplace(name, std::move(group)).first;
  }
  Group* group = found->second.get();
  if (group->batch != batch_) {
    group->batch = batch_;
    touched_.push_back(group);
  }
  for (const PlannedAggregate& aggregate : plan_.aggregates) {
    FoldOne(aggregate, inputs + (aggregate.first_input - first_aggregate_input_),
            taken_back ? -1 : 1, &group->states[static_cast<size_t>(aggregate.first_state)]);
  }
}

void AggregateLane::FoldOne(const PlannedAggregate& aggregate, const Datum* inputs, int64_t weight,
                            PartialValue* states) {
  const TypeRef type = plan_.states[static_cast<size_t>(aggregate.first_state)].type;
  switch (aggregate.kind) {
    case AggregateKind::kCount:
      return AddCount(aggregate.argument == nullptr || !inputs[0].null() ? weight : 0, states);
    case AggregateKind::kCountIf:
      return AddCount(!inputs[0].null() && inputs[0].bool_value() ? weight : 0, states);
    case AggregateKind::kSum:
      if (aggregate.states > 1) AddCount(inputs[0].null() ? 0 : weight, &states[1]);
      if (!inputs[0].null()) AddTo(type, aggregate.argument, inputs[0], weight, states);
      return;
    case AggregateKind::kAvg:
      states[0].null = false;  // zero until there is a value
      if (type->is_floating() && states[0].scalar.null()) states[0].scalar = Datum::Float64(0);
      AddCount(inputs[0].null() ? 0 : weight, &states[1]);
      if (!inputs[0].null()) AddTo(type, aggregate.argument, inputs[0], weight, states);
      return;
    case AggregateKind::kMin:
    case AggregateKind::kMax:
      return KeepExtreme(type, aggregate.kind == AggregateKind::kMax, inputs[0], states);
    case AggregateKind::kLogicalAnd:
    case AggregateKind::kLogicalOr:
    case AggregateKind::kBitAnd:
    case AggregateKind::kBitOr:
    case AggregateKind::kBitXor:
      return Combine(aggregate.kind, inputs[0], states);
    case AggregateKind::kAnyValue:
      if (states[0].null) Store(type, inputs[0], states);
      return;
    case AggregateKind::kAnyValueMax:
    case AggregateKind::kAnyValueMin:
      return KeepOrdered(aggregate, inputs[0], inputs[1], states);
  }
}

void AggregateLane::Join(const PlannedAggregate& aggregate, const PartialValue* base,
                         PartialValue* states) {
  const TypeRef type = plan_.states[static_cast<size_t>(aggregate.first_state)].type;
  const Datum before = Load(type, base[0]);
  switch (aggregate.kind) {
    case AggregateKind::kCount:
    case AggregateKind::kCountIf:
      return AddCount(before.null() ? 0 : before.int64(), states);
    case AggregateKind::kAvg:
    case AggregateKind::kSum:
      if (aggregate.states > 1) AddCount(base[1].null ? 0 : base[1].scalar.int64(), &states[1]);
      if (!before.null()) AddTo(type, type, before, 1, states);
      return;
    case AggregateKind::kMin:
    case AggregateKind::kMax:
      return KeepExtreme(type, aggregate.kind == AggregateKind::kMax, before, states);
    case AggregateKind::kLogicalAnd:
    case AggregateKind::kLogicalOr:
    case AggregateKind::kBitAnd:
    case AggregateKind::kBitOr:
    case AggregateKind::kBitXor:
      return Combine(aggregate.kind, before, states);
    case AggregateKind::kAnyValue:
      if (!before.null()) states[0] = base[0];
      return;
    case AggregateKind::kAnyValueMax:
    case AggregateKind::kAnyValueMin: {
      // The base came first, so it stays where the orders are equal.
      const PartialValue later[] = {states[0], states[1]};
      states[0] = base[0];
      states[1] = base[1];
      return KeepOrdered(aggregate, Load(aggregate.argument, later[0]),
                         Load(aggregate.order, later[1]), states);
    }
  }
}

std::vector<ReadSpec> AggregateLane::MissingReads() const {
  ReadSpec read{.table = plan_.table};
  WireBuffer keys;
  for (const Group* group : touched_) {
    if (!group->base_known) AppendKeySetKey(group->key, suffix_, &keys);
  }
  if (keys.empty()) return {};
  read.key_set = std::string(keys.view());
  read.columns = plan_.key_names;
  for (const StateColumn& state : plan_.states) read.columns.push_back(state.name);
  return {std::move(read)};
}

absl::Status AggregateLane::OnRead(const RowsPtr& rows) {
  sql::Arena arena;
  WireBuffer key;
  std::vector<PartialValue> base(plan_.states.size());
  const auto keys = static_cast<int>(plan_.key_names.size());
  for (const google::protobuf::ListValue& row : rows->rows()) {
    arena.Reset();
    key.Clear();
    if (row.values_size() != keys + static_cast<int>(base.size())) {
      return WrongPartialRow(plan_.table, static_cast<size_t>(row.values_size()));
    }
    for (int i = 0; i < keys; ++i) {
      const TypeRef type = plan_.key_types[static_cast<size_t>(i)];
      KS_ASSIGN_OR_RETURN(const Datum datum, DecodeWireValue(type, row.values(i), arena));
      AppendListElement(type, datum, &key);
    }
    const auto found = groups_.find(key.view());
    if (found == groups_.end() || found->second->base_known) continue;
    for (size_t i = 0; i < base.size(); ++i) {
      const TypeRef type = plan_.states[i].type;
      KS_ASSIGN_OR_RETURN(const Datum datum,
                          DecodeWireValue(type, row.values(keys + static_cast<int>(i)), arena));
      Store(type, datum, &base[i]);
    }
    for (const PlannedAggregate& aggregate : plan_.aggregates) {
      const auto first = static_cast<size_t>(aggregate.first_state);
      Join(aggregate, &base[first], &found->second->states[first]);
    }
    found->second->base_known = true;
  }
  for (Group* group : touched_) group->base_known = true;  // what has no row is new
  return absl::OkStatus();
}

void AggregateLane::AppendRows(WireBuffer* rows) const {
  WireBuffer back;
  for (const Group* group : touched_) {
    back.Clear();
    back.Append(suffix_);
    AppendStates(*group, &back);
    shape_.AppendRowOfElements(group->key, back.view(), rows);
  }
}

void AggregateLane::AppendStates(const Group& group, WireBuffer* to) const {
  for (size_t i = 0; i < plan_.states.size(); ++i)
    AppendListElement(plan_.states[i].type, Load(plan_.states[i].type, group.states[i]), to);
}

void AggregateLane::VisitTouched(
    const std::function<void(std::string_view key, std::string_view states)>& visit) const {
  WireBuffer states;
  for (const Group* group : touched_) {
    states.Clear();
    AppendStates(*group, &states);
    visit(group->key, states.view());
  }
}

void AggregateLane::OnCommitted() {
  touched_.clear();
  ++batch_;
  if (groups_.size() > cache_groups_) Evict();
}

// Down to half, the longest unused first (by batches).
void AggregateLane::Evict() {
  std::vector<uint64_t> used;
  used.reserve(groups_.size());
  for (const auto& [key, group] : groups_) used.push_back(group->batch);
  const auto middle =
      used.begin() + static_cast<ptrdiff_t>(used.size() - std::min(used.size(), cache_groups_ / 2));
  std::nth_element(used.begin(), middle == used.end() ? used.end() - 1 : middle, used.end());
  const uint64_t keep = middle == used.end() ? batch_ : *middle;
  absl::erase_if(groups_, [&](const auto& entry) { return entry.second->batch < keep; });
  if (groups_.size() > cache_groups_)
    groups_.clear();  // all of one batch: it is in Spanner, so may go
}

void AggregateLane::Clear() {
  touched_.clear();
  groups_.clear();
  ++batch_;
}

}  // namespace ks::pipeline
