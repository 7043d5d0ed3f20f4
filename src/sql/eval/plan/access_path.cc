// Choosing how to read a table: which path, and which key ranges the conditions leave.
#include <algorithm>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "sql/errors.h"
#include "sql/eval/plan/planner.h"
#include "sql/limits.h"

namespace ks::sql {
namespace {

// What one condition says about one column of the table.
struct Fact {
  enum class Kind { kEqual, kIn, kInArray, kLow, kHigh, kLookup, kNotNull };
  int column;  // index into Table::columns()
  Kind kind;
  std::vector<const ResolvedExpr*> values;
  bool closed = true;
  int lookup = -1;
  const ResolvedExpr* condition = nullptr;  // that says it; of a lookup: the column
};

class FactFinder {
 public:
  explicit FactFinder(const ScanRel& rel) : rel_(rel), own_(ColumnsOf(rel)) {}

  void Add(const ResolvedExpr& condition) {
    const size_t known = facts.size();
    AddFacts(condition);
    for (size_t i = known; i < facts.size(); ++i) facts[i].condition = &condition;
  }

  void AddLookup(const ResolvedExpr& side, int key) {
    const int column = Column(side);
    if (column < 0) return;
    Fact fact{column, Fact::Kind::kLookup, {}};
    fact.lookup = key;
    fact.condition = &side;
    facts.push_back(std::move(fact));
  }

  std::vector<Fact> facts;

 private:
  void AddFacts(const ResolvedExpr& condition) {
    if (condition.kind != ResolvedKind::kCall) return;
    const auto& call = To<ResolvedCall>(condition);
    if (call.safe) return;
    const std::string& name = call.function->name;
    const auto& arguments = call.arguments;
    using K = Fact::Kind;
    if (name == "$equal") return Compare(arguments, K::kEqual, K::kEqual, true);
    if (name == "$less") return Compare(arguments, K::kHigh, K::kLow, false);
    if (name == "$less_or_equal") return Compare(arguments, K::kHigh, K::kLow, true);
    if (name == "$greater") return Compare(arguments, K::kLow, K::kHigh, false);
    if (name == "$greater_or_equal") return Compare(arguments, K::kLow, K::kHigh, true);
    if (name == "$not") return AddNotNull(*arguments[0]);
    const int column = arguments.empty() ? -1 : Column(*arguments[0]);
    if (column < 0) return;
    TypeRef type = arguments[0]->type;
    for (size_t i = 1; i < arguments.size(); ++i) {
      TypeRef wanted = name == "$in_array" ? Type::Array(type) : type;
      if (!Known(*arguments[i]) || arguments[i]->type != wanted) return;
    }
    if (name == "$in" && arguments.size() <= kLookupRangesMax) {
      Fact fact{column, K::kIn, {}};
      for (size_t i = 1; i < arguments.size(); ++i) fact.values.push_back(arguments[i].get());
      facts.push_back(std::move(fact));
    } else if (name == "$in_array") {
      facts.push_back({column, K::kInArray, {arguments[1].get()}});
    } else if (name == "$between") {
      facts.push_back({column, K::kLow, {arguments[1].get()}});
      facts.push_back({column, K::kHigh, {arguments[2].get()}});
    }
  }

  // Index into Table::columns(); -1: the expression is no column of the table.
  int Column(const ResolvedExpr& expr) const {
    if (expr.kind != ResolvedKind::kColumn) return -1;
    for (size_t i = 0; i < rel_.columns.size(); ++i) {
      if (rel_.columns[i].id == To<ResolvedColumnRef>(expr).column) return rel_.table_columns[i];
    }
    return -1;
  }
  // Its value is known before the table is read.
  bool Known(const ResolvedExpr& expr) const {
    return Stable(expr) && !Intersects(ColumnsOf(expr), own_);
  }

  void AddNotNull(const ResolvedExpr& negated) {
    if (negated.kind != ResolvedKind::kCall) return;
    const auto& call = To<ResolvedCall>(negated);
    if (call.function->name != "$is_null") return;
    const int column = Column(*call.arguments[0]);
    if (column >= 0) facts.push_back({column, Fact::Kind::kNotNull, {}});
  }

  void Compare(const std::vector<ResolvedExprPtr>& arguments, Fact::Kind kind, Fact::Kind swapped,
               bool closed) {
    if (arguments[0]->type != arguments[1]->type) return;
    for (int side = 0; side < 2; ++side) {
      const int column = Column(*arguments[side]);
      const ResolvedExpr& value = *arguments[1 - side];
      if (column < 0 || !Known(value)) continue;
      Fact fact{column, side == 0 ? kind : swapped, {&value}};
      fact.closed = closed;
      facts.push_back(std::move(fact));
      return;
    }
  }

  const ScanRel& rel_;
  const ColumnSet own_;
};

// How far the facts go into one path's key.
struct Match {
  std::vector<const Fact*> prefix;
  const Fact* low = nullptr;
  const Fact* high = nullptr;
  bool looks_up = false;
};

const Fact* Find(const std::vector<Fact>& facts, int column,
                 std::initializer_list<Fact::Kind> kinds) {
  for (Fact::Kind kind : kinds) {
    for (const Fact& fact : facts) {
      if (fact.column == column && fact.kind == kind) return &fact;
    }
  }
  return nullptr;
}

Match MatchPath(const AccessPath& path, const std::vector<Fact>& facts) {
  using K = Fact::Kind;
  Match match;
  int64_t ranges = 1;
  for (const KeyPart& part : path.key) {
    const Fact* equal = Find(facts, part.column, {K::kEqual, K::kLookup, K::kIn, K::kInArray});
    if (equal != nullptr && equal->kind == K::kIn)
      ranges *= static_cast<int64_t>(equal->values.size());
    if (equal == nullptr || ranges > kLookupRangesMax) {
      match.low = Find(facts, part.column, {K::kLow});
      match.high = Find(facts, part.column, {K::kHigh});
      break;
    }
    match.looks_up |= equal->kind == K::kLookup;
    match.prefix.push_back(equal);
  }
  return match;
}

bool Covers(const Table& table, int path, const std::vector<int>& columns) {
  if (path == 0) return true;
  const std::vector<int>& given = table.access_paths()[path].columns;
  return std::all_of(columns.begin(), columns.end(), [&](int c) {
    return std::find(given.begin(), given.end(), c) != given.end();
  });
}

// The rows that a null-filtered path lacks are none that the query wants.
bool NullsExcluded(const Table& table, const AccessPath& path, const std::vector<Fact>& facts) {
  return std::all_of(path.key.begin(), path.key.end(), [&](const KeyPart& part) {
    return table.columns()[part.column].not_null ||
           std::any_of(facts.begin(), facts.end(),
                       [&](const Fact& f) { return f.column == part.column; });
  });
}

// What is asked of a path.
struct Wish {
  const std::vector<int>& table_columns;
  bool lookup;            // it must be looked up by what a join gives
  const OrderHope* hope;  // null: any order
  bool unconditional;     // every row that it gives is wanted
};

// The order in which the path gives its rows, as far as its columns are read.
std::vector<Ordering> OrderOf(const ScanRel& rel, const AccessPath& path, const Match& match) {
  std::vector<Ordering> made;
  for (size_t i = 0; i < path.key.size(); ++i) {
    const auto at =
        std::find(rel.table_columns.begin(), rel.table_columns.end(), path.key[i].column);
    if (at == rel.table_columns.end()) break;
    const bool fixed = i < match.prefix.size() && match.prefix[i]->kind == Fact::Kind::kEqual;
    made.push_back({rel.columns[at - rel.table_columns.begin()].id, path.key[i].descending, fixed});
  }
  return made;
}

// Higher is better; <0: cannot be used. An order that is hoped for counts less than a range of the
// key. Where the path lacks columns, each row costs a lookup: worth it only for the first few, all
// of which are wanted.
int Score(const ScanRel& rel, int number, const Match& match, const std::vector<Fact>& facts,
          const Wish& wish) {
  const Table& table = *rel.table;
  const AccessPath& path = table.access_paths()[number];
  const bool ranged = match.low != nullptr || match.high != nullptr;
  const bool covers = Covers(table, number, wish.table_columns);
  const bool worth = covers || (wish.hope != nullptr && wish.hope->limited && wish.unconditional);
  bool ordered = false;
  if (wish.hope != nullptr && worth) {
    const std::vector<Ordering> given = OrderOf(rel, path, match);
    ordered = InOrder(given, wish.hope->keys, false) || InOrder(given, wish.hope->keys, true);
  }
  if (wish.lookup && !match.looks_up) return -1;
  if (number > 0 && match.prefix.empty() && !ranged && !ordered) return -1;
  if (path.null_filtered && !NullsExcluded(table, path, facts)) return -1;
  int score = static_cast<int>(match.prefix.size()) * 10 + (ranged ? 5 : 0) + (ordered ? 4 : 0);
  if (path.unique && match.prefix.size() == path.key.size()) score += 1000;
  return score + (covers ? 2 : 0) + (number == 0 ? 1 : 0);
}

// The path to read by; -1: none of them can be used.
int ChoosePath(const ScanRel& rel, const std::vector<Fact>& facts, const Wish& wish) {
  const auto paths = rel.table->access_paths();
  int best = wish.lookup ? -1 : 0;
  int best_score = -1;
  for (size_t i = 0; i < paths.size(); ++i) {
    const bool forced = absl::EqualsIgnoreCase(paths[i].name, rel.force_index) ||
                        (i == 0 && absl::EqualsIgnoreCase(rel.force_index, "_BASE_TABLE"));
    if (!rel.force_index.empty() && !forced) continue;
    const int number = static_cast<int>(i);
    int score = Score(rel, number, MatchPath(paths[i], facts), facts, wish);
    if (!rel.force_index.empty() && !wish.lookup) score = std::max(score, 0);
    if (score <= best_score) continue;
    best = number;
    best_score = score;
  }
  return best;
}

using CompileConstantFunction = absl::FunctionRef<absl::StatusOr<ProgramPtr>(const ResolvedExpr&)>;

// The key ranges that the path's facts leave.
absl::Status FillRanges(const Match& match, CompileConstantFunction compile, ScanPlan* plan,
                        std::vector<int>* lookup_keys) {
  const AccessPath& path = plan->table->access_paths()[plan->path];
  plan->unique = path.unique && match.prefix.size() == path.key.size();
  const auto describe = [&](const Fact& fact) {
    plan->seeks.push_back({"Seek Condition", fact.condition});
  };
  for (const Fact* fact : match.prefix) {
    describe(*fact);
    KeyCondition condition;
    if (fact->kind == Fact::Kind::kLookup) {
      condition.lookup = static_cast<int>(lookup_keys->size());
      lookup_keys->push_back(fact->lookup);
    } else if (fact->kind == Fact::Kind::kInArray) {
      KS_ASSIGN_OR_RETURN(condition.array, compile(*fact->values[0]));
    } else {
      for (const ResolvedExpr* value : fact->values) {
        KS_ASSIGN_OR_RETURN(auto program, compile(*value));
        condition.values.push_back(std::move(program));
      }
    }
    plan->unique &= fact->kind == Fact::Kind::kEqual || fact->kind == Fact::Kind::kLookup;
    plan->prefix.push_back(std::move(condition));
  }
  for (auto [fact, bound] :
       {std::pair(match.low, &plan->low), std::pair(match.high, &plan->high)}) {
    if (fact == nullptr) continue;
    describe(*fact);
    KS_ASSIGN_OR_RETURN(bound->value, compile(*fact->values[0]));
    bound->closed = fact->closed;
  }
  return absl::OkStatus();
}

// Whether the ranges depend on the row of a query around this one.
bool SeeksOutside(const Match& match) {
  const auto outside = [](const Fact* fact) {
    return fact != nullptr &&
           std::any_of(fact->values.begin(), fact->values.end(),
                       [](const ResolvedExpr* value) { return !ColumnsOf(*value).empty(); });
  };
  return std::any_of(match.prefix.begin(), match.prefix.end(), outside);
}

}  // namespace

absl::StatusOr<OperatorPtr> Planner::PlanScan(const ScanRel& rel, const ColumnSet& wanted,
                                              const Conditions& conditions,
                                              const Conditions& lookup, ScanOperator** scan,
                                              std::vector<int>* lookup_keys) {
  const Table& table = *rel.table;
  FactFinder finder(rel);
  for (const ResolvedExpr* condition : conditions) finder.Add(*condition);
  for (size_t i = 0; i < lookup.size(); ++i) finder.AddLookup(*lookup[i], static_cast<int>(i));
  ColumnSet needed = wanted;
  AddColumns(conditions, &needed);
  AddColumns(lookup, &needed);
  std::vector<ResolvedColumn> columns;
  std::vector<int> table_columns;
  for (size_t i = 0; i < rel.columns.size(); ++i) {
    if (!needed.contains(rel.columns[i].id)) continue;
    columns.push_back(rel.columns[i]);
    table_columns.push_back(rel.table_columns[i]);
  }
  const std::optional<OrderHope> hope = std::exchange(hope_, std::nullopt);
  const Wish wish{table_columns, !lookup.empty(), hope.has_value() ? &*hope : nullptr,
                  conditions.empty()};
  const int best = ChoosePath(rel, finder.facts, wish);
  if (best < 0) return OperatorPtr();
  const AccessPath& path = table.access_paths()[best];
  if (path.null_filtered && !NullsExcluded(table, path, finder.facts)) {
    return NullFilteredIndex(path.name);
  }
  const Match match = MatchPath(path, finder.facts);
  if (lookup.empty() && !SeeksOutside(match)) {
    KS_ASSIGN_OR_RETURN(auto spool, PlanSpool(rel, wanted, conditions));
    if (spool != nullptr) return spool;
  }
  ScanPlan plan;
  plan.table = &table;
  plan.path = best;
  plan.lock_exclusive = rel.lock_exclusive;
  const auto compile = [this](const ResolvedExpr& expr) { return CompileConstant(expr); };
  KS_RETURN_IF_ERROR(FillRanges(match, compile, &plan, lookup_keys));
  if (Covers(table, best, table_columns)) {
    plan.table_columns = std::move(table_columns);
    auto made = MakeScan(environment_, std::move(columns), std::move(plan));
    if (scan != nullptr) *scan = made.get();
    return Filter(std::move(made), conditions);
  }
  KS_ASSIGN_OR_RETURN(auto rows, PlanBackJoin(rel, std::move(plan), columns, table_columns, scan));
  return Filter(std::move(rows), conditions);
}

// Null when no equality ties the rows to a query around this one.
absl::StatusOr<OperatorPtr> Planner::PlanSpool(const ScanRel& rel, const ColumnSet& wanted,
                                               const Conditions& conditions) {
  const ColumnSet own = ColumnsOf(rel);
  const auto inside = [&](const ResolvedExpr& e) { return Subset(ColumnsOf(e), own); };
  Conditions keys;
  Conditions values;
  Conditions below;
  Conditions above;
  SpoolPlan plan;
  for (const ResolvedExpr* condition : conditions) {
    const ResolvedCall* equality = AsEquality(*condition);
    bool ties = false;
    for (int side = 0; equality != nullptr && side < 2 && !ties; ++side) {
      const ResolvedExpr& key = *equality->arguments[side];
      const ResolvedExpr& value = *equality->arguments[1 - side];
      ties = key.kind == ResolvedKind::kColumn && value.kind == ResolvedKind::kColumn &&
             key.type == value.type && Hashable(key.type) && inside(key) && !inside(value);
      if (!ties) continue;
      keys.push_back(&key);
      values.push_back(&value);
      plan.exprs.push_back({"Seek Condition", condition});
    }
    if (!ties) (inside(*condition) ? below : above).push_back(condition);
  }
  if (keys.empty()) return OperatorPtr();
  ColumnSet needed = wanted;
  AddColumns(keys, &needed);
  AddColumns(above, &needed);
  KS_ASSIGN_OR_RETURN(auto input,
                      PlanScan(rel, Intersection(needed, own), below, {}, nullptr, nullptr));
  KS_ASSIGN_OR_RETURN(plan.keys, Compile(*input, keys));
  KS_ASSIGN_OR_RETURN(plan.wanted, Program::Compile(values, {&no_columns_, environment_}));
  return Filter(MakeSpool(environment_, std::move(input), std::move(plan)), above);
}

// The index gives the columns that it has; the base table is looked up for the others.
absl::StatusOr<OperatorPtr> Planner::PlanBackJoin(const ScanRel& rel, ScanPlan plan,
                                                  const std::vector<ResolvedColumn>& columns,
                                                  const std::vector<int>& table_columns,
                                                  ScanOperator** scan) {
  const Table& table = *rel.table;
  const std::vector<int>& given = table.access_paths()[plan.path].columns;
  ScanPlan base;
  base.table = &table;
  base.lock_exclusive = rel.lock_exclusive;
  base.unique = true;
  std::vector<ResolvedColumn> from_index;
  std::vector<ResolvedColumn> from_base;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool has = std::find(given.begin(), given.end(), table_columns[i]) != given.end();
    (has ? from_index : from_base).push_back(columns[i]);
    (has ? plan : base).table_columns.push_back(table_columns[i]);
  }
  JoinPlan join;
  std::vector<ResolvedExprPtr> refs;
  Conditions left_refs;
  Conditions right_refs;
  for (const KeyPart& part : table.access_paths()[0].key) {
    const TableColumn& column = table.columns()[part.column];
    const auto wanted =
        std::find(plan.table_columns.begin(), plan.table_columns.end(), part.column);
    const size_t place = wanted - plan.table_columns.begin();
    if (wanted == plan.table_columns.end()) {
      from_index.push_back({next_internal_--, column.name, column.type});
      plan.table_columns.push_back(part.column);
    }
    from_base.push_back({next_internal_--, column.name, column.type});
    base.table_columns.push_back(part.column);
    refs.push_back(std::make_unique<ResolvedColumnRef>(from_index[place].id, column.type));
    left_refs.push_back(refs.back().get());
    refs.push_back(std::make_unique<ResolvedColumnRef>(from_base.back().id, column.type));
    right_refs.push_back(refs.back().get());
    KeyCondition condition;
    condition.lookup = static_cast<int>(base.prefix.size());
    join.lookup_keys.push_back(condition.lookup);
    base.prefix.push_back(std::move(condition));
  }
  auto index = MakeScan(environment_, std::move(from_index), std::move(plan));
  if (scan != nullptr) *scan = index.get();
  auto rows = MakeScan(environment_, std::move(from_base), std::move(base));
  join.lookup = rows.get();
  join.one_to_one = true;
  KS_ASSIGN_OR_RETURN(join.left_keys, Compile(*index, left_refs));
  KS_ASSIGN_OR_RETURN(join.right_keys, Compile(*rows, right_refs));
  return MakeJoin(environment_, std::move(index), std::move(rows), std::move(join));
}

}  // namespace ks::sql
