#include "sql/analyzer/resolved.h"

#include <algorithm>
#include <set>

#include "sql/catalog.h"

namespace ks::sql {

ResolvedSubquery::ResolvedSubquery(ResolvedSubqueryKind k, TypeRef t, ResolvedRelPtr r)
    : ResolvedExpr(ResolvedKind::kSubquery, t), subquery(k), rel(std::move(r)) {}
ResolvedSubquery::~ResolvedSubquery() = default;

void ForEachOperand(const ResolvedExpr& expr,
                    const std::function<void(const ResolvedExpr&)>& visit) {
  switch (expr.kind) {
    case ResolvedKind::kLiteral:
    case ResolvedKind::kParameter:
    case ResolvedKind::kColumn:
      return;
    case ResolvedKind::kCall:
      for (const auto& argument : To<ResolvedCall>(expr).arguments) visit(*argument);
      return;
    case ResolvedKind::kCast:
      return visit(*To<ResolvedCast>(expr).operand);
    case ResolvedKind::kLazy:
      for (const auto& operand : To<ResolvedLazy>(expr).operands) visit(*operand);
      return;
    case ResolvedKind::kLet: {
      const auto& let = To<ResolvedLet>(expr);
      for (const auto& [column, value] : let.variables) visit(*value);
      return visit(*let.body);
    }
    case ResolvedKind::kField:
      return visit(*To<ResolvedField>(expr).operand);
    case ResolvedKind::kSubquery: {
      const auto& subquery = To<ResolvedSubquery>(expr);
      if (subquery.operand != nullptr) visit(*subquery.operand);
      return;
    }
  }
}

namespace {

void CollectColumns(const ResolvedExpr& expr, std::set<ColumnId>& bound,
                    const std::function<void(ColumnId)>& visit) {
  if (expr.kind == ResolvedKind::kColumn) {
    ColumnId id = To<ResolvedColumnRef>(expr).column;
    if (!bound.contains(id)) visit(id);
    return;
  }
  if (expr.kind == ResolvedKind::kLet) {
    for (const auto& [column, value] : To<ResolvedLet>(expr).variables) bound.insert(column.id);
  }
  if (expr.kind == ResolvedKind::kSubquery) {
    for (ColumnId id : To<ResolvedSubquery>(expr).outer) {
      if (!bound.contains(id)) visit(id);
    }
  }
  ForEachOperand(expr, [&](const ResolvedExpr& operand) { CollectColumns(operand, bound, visit); });
}

// Collects what a relation makes and what it reads.
class RelColumns {
 public:
  void Visit(const ResolvedRel& rel) {
    for (const ResolvedColumn& column : rel.columns) made_.insert(column.id);
    switch (rel.kind) {
      case RelKind::kSingleRow:
      case RelKind::kScan:
      case RelKind::kWithRef:
        return;
      case RelKind::kFilter:
        Visit(*To<FilterRel>(rel).input);
        return Read(*To<FilterRel>(rel).condition);
      case RelKind::kProject:
        return VisitProject(To<ProjectRel>(rel));
      case RelKind::kJoin:
        return VisitJoin(To<JoinRel>(rel));
      case RelKind::kUnnest:
        return VisitUnnest(To<UnnestRel>(rel));
      case RelKind::kAggregate:
        return VisitAggregate(To<AggregateRel>(rel));
      case RelKind::kSort:
        return Visit(*To<SortRel>(rel).input);
      case RelKind::kLimit:
        return VisitLimit(To<LimitRel>(rel));
      case RelKind::kSetOperation:
        for (const auto& input : To<SetOperationRel>(rel).inputs) Visit(*input);
        return;
      case RelKind::kWith:
        for (const auto& definition : To<WithRel>(rel).definitions) Visit(*definition.rel);
        return Visit(*To<WithRel>(rel).body);
      case RelKind::kSample:
        Visit(*To<SampleRel>(rel).input);
        return Read(*To<SampleRel>(rel).size);
      case RelKind::kAssertSingle:
        return;
    }
  }

  std::vector<ColumnId> Outer() const {
    std::vector<ColumnId> outer;
    std::set_difference(read_.begin(), read_.end(), made_.begin(), made_.end(),
                        std::back_inserter(outer));
    return outer;
  }

 private:
  void Read(const ResolvedExpr& expr) {
    ForEachColumn(expr, [this](ColumnId id) { read_.insert(id); });
  }
  void VisitProject(const ProjectRel& rel) {
    Visit(*rel.input);
    for (const ComputedColumn& computed : rel.computed) {
      made_.insert(computed.column.id);
      Read(*computed.expr);
    }
  }
  void VisitJoin(const JoinRel& rel) {
    Visit(*rel.left);
    Visit(*rel.right);
    if (rel.condition != nullptr) Read(*rel.condition);
  }
  void VisitUnnest(const UnnestRel& rel) {
    if (rel.input != nullptr) Visit(*rel.input);
    Read(*rel.array);
    made_.insert(rel.element.id);
    if (rel.offset.id >= 0) made_.insert(rel.offset.id);
    if (rel.condition != nullptr) Read(*rel.condition);
  }
  void VisitAggregate(const AggregateRel& rel) {
    Visit(*rel.input);
    for (const ComputedColumn& key : rel.group_by) {
      made_.insert(key.column.id);
      Read(*key.expr);
    }
    for (const AggregateCall& call : rel.aggregates) {
      made_.insert(call.column.id);
      for (const auto& argument : call.arguments) Read(*argument);
      if (call.having_expr != nullptr) Read(*call.having_expr);
      for (const AggregateOrder& order : call.order_by) Read(*order.expr);
    }
  }
  void VisitLimit(const LimitRel& rel) {
    Visit(*rel.input);
    if (rel.limit != nullptr) Read(*rel.limit);
    if (rel.offset != nullptr) Read(*rel.offset);
  }

  std::set<ColumnId> made_;
  std::set<ColumnId> read_;
};

}  // namespace

void ForEachColumn(const ResolvedExpr& expr, const std::function<void(ColumnId)>& visit) {
  std::set<ColumnId> bound;
  CollectColumns(expr, bound, visit);
}

std::vector<ColumnId> OuterColumns(const ResolvedRel& rel) {
  RelColumns columns;
  columns.Visit(rel);
  return columns.Outer();
}

namespace {

ResolvedExprPtr CloneCall(const ResolvedCall& call) {
  std::vector<ResolvedExprPtr> arguments;
  for (const auto& argument : call.arguments) {
    arguments.push_back(CloneExpr(*argument));
    if (arguments.back() == nullptr) return nullptr;
  }
  auto copy = std::make_unique<ResolvedCall>(call.function, call.signature, call.type,
                                             std::move(arguments));
  copy->safe = call.safe;
  return copy;
}

ResolvedExprPtr CloneLazy(const ResolvedLazy& lazy) {
  std::vector<ResolvedExprPtr> operands;
  for (const auto& operand : lazy.operands) {
    operands.push_back(CloneExpr(*operand));
    if (operands.back() == nullptr) return nullptr;
  }
  return std::make_unique<ResolvedLazy>(lazy.lazy, lazy.type, std::move(operands));
}

ResolvedExprPtr CloneLet(const ResolvedLet& let) {
  ResolvedExprPtr body = CloneExpr(*let.body);
  if (body == nullptr) return nullptr;
  auto copy = std::make_unique<ResolvedLet>(std::move(body));
  for (const auto& [column, value] : let.variables) {
    copy->variables.emplace_back(column, CloneExpr(*value));
    if (copy->variables.back().second == nullptr) return nullptr;
  }
  return copy;
}

}  // namespace

ResolvedExprPtr CloneExpr(const ResolvedExpr& expr) {
  switch (expr.kind) {
    case ResolvedKind::kLiteral:
      return std::make_unique<ResolvedLiteral>(To<ResolvedLiteral>(expr));
    case ResolvedKind::kParameter:
      return std::make_unique<ResolvedParameter>(To<ResolvedParameter>(expr));
    case ResolvedKind::kColumn:
      return std::make_unique<ResolvedColumnRef>(To<ResolvedColumnRef>(expr));
    case ResolvedKind::kCall:
      return CloneCall(To<ResolvedCall>(expr));
    case ResolvedKind::kCast: {
      const auto& cast = To<ResolvedCast>(expr);
      ResolvedExprPtr operand = CloneExpr(*cast.operand);
      if (operand == nullptr) return nullptr;
      return std::make_unique<ResolvedCast>(std::move(operand), cast.type, cast.safe, cast.protos);
    }
    case ResolvedKind::kLazy:
      return CloneLazy(To<ResolvedLazy>(expr));
    case ResolvedKind::kLet:
      return CloneLet(To<ResolvedLet>(expr));
    case ResolvedKind::kField: {
      const auto& field = To<ResolvedField>(expr);
      ResolvedExprPtr operand = CloneExpr(*field.operand);
      if (operand == nullptr) return nullptr;
      return std::make_unique<ResolvedField>(std::move(operand), field.field, field.type);
    }
    case ResolvedKind::kSubquery:
      return nullptr;
  }
  return nullptr;
}

namespace {

bool SameList(const std::vector<ResolvedExprPtr>& a, const std::vector<ResolvedExprPtr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return SameExpr(*x, *y); });
}

bool SameCall(const ResolvedCall& a, const ResolvedCall& b) {
  return a.signature == b.signature && a.safe == b.safe &&
         a.function->determinism != Determinism::kVolatile && SameList(a.arguments, b.arguments);
}

// Variables of a LET have numbers of their own in each copy of the expression.
bool SameLet(const ResolvedLet& a, const ResolvedLet& b) {
  if (a.variables.size() != b.variables.size()) return false;
  for (size_t i = 0; i < a.variables.size(); ++i) {
    if (a.variables[i].first.id != b.variables[i].first.id) return false;
    if (!SameExpr(*a.variables[i].second, *b.variables[i].second)) return false;
  }
  return SameExpr(*a.body, *b.body);
}

}  // namespace

bool SameExpr(const ResolvedExpr& a, const ResolvedExpr& b) {
  if (a.kind != b.kind || a.type != b.type) return false;
  switch (a.kind) {
    case ResolvedKind::kLiteral:
      return To<ResolvedLiteral>(a).value == To<ResolvedLiteral>(b).value;
    case ResolvedKind::kParameter:
      return To<ResolvedParameter>(a).name == To<ResolvedParameter>(b).name;
    case ResolvedKind::kColumn:
      return To<ResolvedColumnRef>(a).column == To<ResolvedColumnRef>(b).column;
    case ResolvedKind::kCall:
      return SameCall(To<ResolvedCall>(a), To<ResolvedCall>(b));
    case ResolvedKind::kCast:
      return To<ResolvedCast>(a).safe == To<ResolvedCast>(b).safe &&
             SameExpr(*To<ResolvedCast>(a).operand, *To<ResolvedCast>(b).operand);
    case ResolvedKind::kLazy:
      return To<ResolvedLazy>(a).lazy == To<ResolvedLazy>(b).lazy &&
             SameList(To<ResolvedLazy>(a).operands, To<ResolvedLazy>(b).operands);
    case ResolvedKind::kLet:
      return SameLet(To<ResolvedLet>(a), To<ResolvedLet>(b));
    case ResolvedKind::kField:
      return To<ResolvedField>(a).field == To<ResolvedField>(b).field &&
             SameExpr(*To<ResolvedField>(a).operand, *To<ResolvedField>(b).operand);
    case ResolvedKind::kSubquery:
      return false;
  }
  return false;
}

}  // namespace ks::sql
