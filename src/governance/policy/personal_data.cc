#include "governance/policy/personal_data.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"

namespace ks::governance {
namespace {

using sql::ColumnId;
using sql::ResolvedExpr;
using sql::ResolvedKind;

constexpr const char* kCounts[] = {"COUNT", "COUNTIF", "APPROX_COUNT_DISTINCT"};

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(AbslView(text)); }

// The personal columns that an expression shows, by the columns that hold them.
class Follower {
 public:
  explicit Follower(std::set<std::string> masks) : masks_(std::move(masks)) {}

  using Names = std::set<std::string>;
  void Hold(ColumnId column, const Names& names) {
    if (!names.empty()) held_[column].insert(names.begin(), names.end());
  }
  Names Shown(const ResolvedExpr& expr) const {
    Names names;
    Follow(expr, &names);
    return names;
  }
  bool holds_any() const { return !held_.empty(); }

 private:
  void Read(ColumnId column, Names* names) const {
    const auto found = held_.find(column);
    if (found != held_.end()) names->insert(found->second.begin(), found->second.end());
  }

  void Follow(const ResolvedExpr& expr, Names* names) const {
    if (expr.kind == ResolvedKind::kColumn)
      return Read(sql::To<sql::ResolvedColumnRef>(expr).column, names);
    if (expr.kind == ResolvedKind::kSubquery)
      return sql::ForEachColumn(expr, [&](ColumnId column) { Read(column, names); });
    if (expr.kind == ResolvedKind::kCall &&
        masks_.contains(sql::To<sql::ResolvedCall>(expr).function->name))
      return;
    sql::ForEachOperand(expr, [&](const ResolvedExpr& operand) { Follow(operand, names); });
  }

  const std::set<std::string> masks_;
  std::map<ColumnId, Names> held_;
};

void HoldRecord(const PersonalData& personal, const pipeline::RecordColumns& record,
                Follower* follower) {
  Follower::Names of_key;
  for (size_t i = 0; i < record.columns.size(); ++i) {
    const std::string name = Lower(record.columns[i].name);
    const bool is =
        std::any_of(personal.columns.begin(), personal.columns.end(),
                    [&](const std::string& pattern) { return NameMatches(Lower(pattern), name); });
    if (!is) continue;
    follower->Hold(static_cast<ColumnId>(i), {record.columns[i].name});
    if (static_cast<int>(i) < record.key_columns) of_key.insert(record.columns[i].name);
  }
  follower->Hold(record.of(pipeline::RecordColumns::kKey), of_key);
}

void HoldAggregate(const sql::AggregateCall& call, Follower* follower) {
  const auto is = [&](const char* name) { return call.function->name == name; };
  if (std::any_of(std::begin(kCounts), std::end(kCounts), is)) return;
  for (const auto& argument : call.arguments)
    follower->Hold(call.column.id, follower->Shown(*argument));
  if (call.having_expr != nullptr)
    follower->Hold(call.column.id, follower->Shown(*call.having_expr));
}

void FollowTable(const pipeline::PlannedTable& table, Follower follower,
                 std::set<std::string>* written) {
  const sql::AnalyzedSelect& select = table.select;
  for (const auto& step : select.unnest)
    follower.Hold(step.element.id, follower.Shown(*step.array));
  for (const auto& key : select.group_by) follower.Hold(key.column.id, follower.Shown(*key.expr));
  for (const auto& call : select.aggregates) HoldAggregate(call, &follower);
  for (const auto& output : select.output) {
    for (const std::string& name : follower.Shown(*output.expr))
      written->insert(StrCat(table.spec->name, ".", output.name, " from ", name));
  }
}

}  // namespace

std::vector<std::string> WrittenAsTheyAre(const Policy& policy, const pipeline::Plan& plan) {
  const PipelineFacts* facts = policy.Find(plan.spec->name);
  std::set<std::string> written;
  for (const PersonalData& personal : policy.personal_data) {
    if (facts != nullptr && !personal.on.Matches(plan.spec->name, *facts)) continue;
    for (const pipeline::PlannedSource& source : plan.sources) {
      Follower follower({personal.functions.begin(), personal.functions.end()});
      HoldRecord(personal, source.record, &follower);
      if (!follower.holds_any()) continue;
      for (const pipeline::PlannedTable& table : source.tables)
        FollowTable(table, follower, &written);
    }
  }
  return {written.begin(), written.end()};
}

}  // namespace ks::governance
