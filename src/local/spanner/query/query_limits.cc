#include "local/spanner/query/query_limits.h"

#include "base/status_macros.h"
#include "local/spanner/limits.h"
#include "local/spanner/query/errors.h"

namespace ks::local {
namespace {

using sql::RelKind;
using sql::ResolvedExpr;
using sql::ResolvedExprPtr;
using sql::ResolvedKind;
using sql::ResolvedRel;
using sql::To;

// How deep a node lies in others of its kind.
struct Depth {
  int64_t functions = 0;
  int64_t subqueries = 0;
  int64_t subselects = 0;
  int64_t group_bys = 0;
};

class Counter {
 public:
  absl::Status Visit(const ResolvedRel& rel, Depth depth);
  absl::Status Visit(const ResolvedExpr& expr, Depth depth);

 private:
  static absl::Status Within(int64_t count, const limits::Limit& limit, std::string_view what) {
    return count > limit ? errors::QueryLimit(what, limit) : absl::OkStatus();
  }
  absl::Status VisitOrNull(const ResolvedExprPtr& expr, const Depth& depth) {
    return expr == nullptr ? absl::OkStatus() : Visit(*expr, depth);
  }
  absl::Status Call(const ResolvedExpr& expr, Depth& depth);
  absl::Status Subquery(const sql::ResolvedSubquery& subquery, Depth depth);
  absl::Status Project(const sql::ProjectRel& project, Depth depth);
  absl::Status Aggregate(const sql::AggregateRel& aggregate, Depth depth);

  int64_t joins_ = 0;
  int64_t functions_ = 0;
};

// Constructors of structs are no functions.
absl::Status Counter::Call(const ResolvedExpr& expr, Depth& depth) {
  if (expr.kind == ResolvedKind::kCall) {
    const auto& call = To<sql::ResolvedCall>(expr);
    const auto arguments = static_cast<int64_t>(call.arguments.size());
    if (call.function->name == "$make_struct") {
      return Within(arguments, limits::kStructFields, "STRUCT fields");
    }
    if (call.function->name == "$in") {
      KS_RETURN_IF_ERROR(Within(arguments - 1, limits::kInValues, "values in an IN operator"));
    }
  }
  KS_RETURN_IF_ERROR(Within(++functions_, limits::kFunctionCalls, "functions"));
  return Within(++depth.functions, limits::kNestedFunctions, "nested functions");
}

absl::Status Counter::Subquery(const sql::ResolvedSubquery& subquery, Depth depth) {
  KS_RETURN_IF_ERROR(Within(++depth.subqueries, limits::kNestedSubqueries, "nested subqueries"));
  return Visit(*subquery.rel, depth);
}

absl::Status Counter::Visit(const ResolvedExpr& expr, Depth depth) {
  if (expr.kind == ResolvedKind::kCall || expr.kind == ResolvedKind::kLazy) {
    KS_RETURN_IF_ERROR(Call(expr, depth));
  }
  if (expr.kind == ResolvedKind::kSubquery) {
    KS_RETURN_IF_ERROR(Subquery(To<sql::ResolvedSubquery>(expr), depth));
  }
  absl::Status status;
  sql::ForEachOperand(expr, [&](const ResolvedExpr& operand) {
    if (status.ok()) status = Visit(operand, depth);
  });
  return status;
}

absl::Status Counter::Project(const sql::ProjectRel& project, Depth depth) {
  KS_RETURN_IF_ERROR(Within(++depth.subselects, limits::kNestedSubselects, "nested subselects"));
  int64_t subqueries = 0;
  for (const auto& computed : project.computed) {
    subqueries += computed.expr->kind == ResolvedKind::kSubquery;
    KS_RETURN_IF_ERROR(Visit(*computed.expr, depth));
  }
  KS_RETURN_IF_ERROR(Within(subqueries, limits::kSubqueryChildren, "child subqueries"));
  return Visit(*project.input, depth);
}

absl::Status Counter::Aggregate(const sql::AggregateRel& aggregate, Depth depth) {
  const auto columns = static_cast<int64_t>(aggregate.group_by.size());
  KS_RETURN_IF_ERROR(Within(columns, limits::kGroupByColumns, "grouping columns"));
  KS_RETURN_IF_ERROR(Within(++depth.group_bys, limits::kNestedGroupBys, "nested aggregations"));
  for (const sql::ComputedColumn& key : aggregate.group_by) {
    KS_RETURN_IF_ERROR(Visit(*key.expr, depth));
  }
  for (const sql::AggregateCall& call : aggregate.aggregates) {
    KS_RETURN_IF_ERROR(Within(++functions_, limits::kFunctionCalls, "functions"));
    for (const auto& argument : call.arguments) KS_RETURN_IF_ERROR(Visit(*argument, depth));
  }
  return Visit(*aggregate.input, depth);
}

absl::Status Counter::Visit(const ResolvedRel& rel, Depth depth) {
  switch (rel.kind) {
    case RelKind::kSingleRow:
    case RelKind::kAssertSingle:
    case RelKind::kScan:
    case RelKind::kWithRef:
      return absl::OkStatus();
    case RelKind::kFilter:
      KS_RETURN_IF_ERROR(Visit(*To<sql::FilterRel>(rel).condition, depth));
      return Visit(*To<sql::FilterRel>(rel).input, depth);
    case RelKind::kProject:
      return Project(To<sql::ProjectRel>(rel), depth);
    case RelKind::kJoin:
      KS_RETURN_IF_ERROR(Within(++joins_, limits::kJoins, "joins"));
      KS_RETURN_IF_ERROR(Visit(*To<sql::JoinRel>(rel).left, depth));
      KS_RETURN_IF_ERROR(Visit(*To<sql::JoinRel>(rel).right, depth));
      return VisitOrNull(To<sql::JoinRel>(rel).condition, depth);
    case RelKind::kUnnest: {
      const auto& unnest = To<sql::UnnestRel>(rel);
      if (unnest.input != nullptr) KS_RETURN_IF_ERROR(Visit(*unnest.input, depth));
      KS_RETURN_IF_ERROR(Visit(*unnest.array, depth));
      return VisitOrNull(unnest.condition, depth);
    }
    case RelKind::kAggregate:
      return Aggregate(To<sql::AggregateRel>(rel), depth);
    case RelKind::kSort:
      return Visit(*To<sql::SortRel>(rel).input, depth);
    case RelKind::kLimit:
      return Visit(*To<sql::LimitRel>(rel).input, depth);
    case RelKind::kSetOperation: {
      const auto& inputs = To<sql::SetOperationRel>(rel).inputs;
      const auto count = static_cast<int64_t>(inputs.size());
      KS_RETURN_IF_ERROR(Within(count, limits::kUnions, "UNION operations"));
      for (const auto& input : inputs) KS_RETURN_IF_ERROR(Visit(*input, depth));
      return absl::OkStatus();
    }
    case RelKind::kWith:
      for (const auto& definition : To<sql::WithRel>(rel).definitions) {
        KS_RETURN_IF_ERROR(Visit(*definition.rel, depth));
      }
      return Visit(*To<sql::WithRel>(rel).body, depth);
    case RelKind::kSample:
      return Visit(*To<sql::SampleRel>(rel).input, depth);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckQueryLimits(const sql::AnalyzedStatement& statement) {
  const bool is_dml = statement.kind == sql::AnalyzedKind::kDml;
  return Counter().Visit(is_dml ? *statement.dml->rel : *statement.query->rel, {});
}

}  // namespace ks::local
