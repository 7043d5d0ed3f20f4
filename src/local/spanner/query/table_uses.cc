#include "local/spanner/query/table_uses.h"

namespace ks::local {

using sql::ColumnId;
using sql::RelKind;
using sql::To;

void TableUses::Query(const sql::ResolvedQuery& query) {
  Visit(*query.rel);
  for (const sql::OutputColumn& column : query.output) used_.insert(column.id);
}

void TableUses::Dml(const sql::ResolvedDml& dml) {
  Visit(*dml.rel);
  used_.insert(dml.values.begin(), dml.values.end());
  used_.insert(dml.is_default.begin(), dml.is_default.end());
}

void TableUses::Subquery(const sql::ResolvedRel& rel) {
  for (const sql::ResolvedColumn& column : rel.columns) used_.insert(column.id);
  Visit(rel);
}

void TableUses::VisitOrNull(const sql::ResolvedExprPtr& expr) {
  if (expr != nullptr) Visit(*expr);
}

void TableUses::VisitUnnest(const sql::UnnestRel& rel) {
  if (rel.input != nullptr) Visit(*rel.input);
  Visit(*rel.array);
  VisitOrNull(rel.condition);
}

void TableUses::VisitAggregate(const sql::AggregateRel& rel) {
  Visit(*rel.input);
  for (const sql::ComputedColumn& key : rel.group_by) Visit(*key.expr);
  for (const sql::AggregateCall& call : rel.aggregates) {
    for (const auto& argument : call.arguments) Visit(*argument);
    VisitOrNull(call.having_expr);
    for (const sql::AggregateOrder& order : call.order_by) Visit(*order.expr);
  }
}

void TableUses::VisitSetOperation(const sql::SetOperationRel& rel) {
  for (const auto& input : rel.inputs) Visit(*input);
  for (const auto& columns : rel.input_columns) used_.insert(columns.begin(), columns.end());
}

void TableUses::Visit(const sql::ResolvedExpr& expr) {
  if (expr.kind == sql::ResolvedKind::kColumn) {
    used_.insert(To<sql::ResolvedColumnRef>(expr).column);
  }
  if (expr.kind == sql::ResolvedKind::kSubquery) Subquery(*To<sql::ResolvedSubquery>(expr).rel);
  sql::ForEachOperand(expr, [this](const sql::ResolvedExpr& operand) { Visit(operand); });
}

void TableUses::Visit(const sql::ResolvedRel& rel) {
  switch (rel.kind) {
    case RelKind::kSingleRow:
    case RelKind::kAssertSingle:
      return;
    case RelKind::kScan:
      scans_.push_back(&To<sql::ScanRel>(rel));
      return;
    case RelKind::kWithRef:
      for (ColumnId id : To<sql::WithRefRel>(rel).source) used_.insert(id);
      return;
    case RelKind::kFilter:
      Visit(*To<sql::FilterRel>(rel).input);
      return Visit(*To<sql::FilterRel>(rel).condition);
    case RelKind::kProject:
      for (const auto& computed : To<sql::ProjectRel>(rel).computed) Visit(*computed.expr);
      return Visit(*To<sql::ProjectRel>(rel).input);
    case RelKind::kJoin:
      Visit(*To<sql::JoinRel>(rel).left);
      Visit(*To<sql::JoinRel>(rel).right);
      return VisitOrNull(To<sql::JoinRel>(rel).condition);
    case RelKind::kUnnest:
      return VisitUnnest(To<sql::UnnestRel>(rel));
    case RelKind::kAggregate:
      return VisitAggregate(To<sql::AggregateRel>(rel));
    case RelKind::kSort:
      for (const sql::SortKey& key : To<sql::SortRel>(rel).keys) used_.insert(key.column.id);
      return Visit(*To<sql::SortRel>(rel).input);
    case RelKind::kLimit:
      VisitOrNull(To<sql::LimitRel>(rel).limit);
      VisitOrNull(To<sql::LimitRel>(rel).offset);
      return Visit(*To<sql::LimitRel>(rel).input);
    case RelKind::kSetOperation:
      return VisitSetOperation(To<sql::SetOperationRel>(rel));
    case RelKind::kWith:
      for (const auto& definition : To<sql::WithRel>(rel).definitions) Visit(*definition.rel);
      return Visit(*To<sql::WithRel>(rel).body);
    case RelKind::kSample:
      Visit(*To<sql::SampleRel>(rel).size);
      return Visit(*To<sql::SampleRel>(rel).input);
  }
}

}  // namespace ks::local
