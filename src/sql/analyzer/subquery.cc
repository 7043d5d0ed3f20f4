// Subqueries as expressions.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/hints.h"
#include "sql/analyzer/resolver.h"

namespace ks::sql {

ResolvedExprPtr Resolver::MakeSubquery(ResolvedSubqueryKind kind, TypeRef type, QueryScope query) {
  auto made = std::make_unique<ResolvedSubquery>(kind, type, std::move(query.rel));
  if (!query.columns.empty()) made->column = query.columns[0].id;
  made->outer = OuterColumns(*made->rel);
  return made;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveSubquery(const SubqueryExpr& subquery,
                                                          const ExprContext& context) {
  const uint32_t position = subquery.range.begin;
  if (!allow_subqueries_) return Error(position, "Subqueries are not allowed here");
  KS_RETURN_IF_ERROR(CheckHints(subquery.hint.get(), HintPlace::kSubquery));
  KS_ASSIGN_OR_RETURN(QueryScope query, ResolveQuery(*subquery.query, context.scope));
  if (subquery.subquery == SubqueryKind::kExists) {
    return MakeSubquery(ResolvedSubqueryKind::kExists, Type::Bool(), std::move(query));
  }
  const bool array = subquery.subquery == SubqueryKind::kArray;
  if (query.columns.size() != 1) {
    return Error(position,
                 absl::StrCat(array ? "ARRAY" : "Scalar",
                              " subquery cannot have more than one column unless using SELECT AS "
                              "STRUCT to build STRUCT values"));
  }
  TypeRef type = query.columns[0].type;
  if (!array) return MakeSubquery(ResolvedSubqueryKind::kScalar, type, std::move(query));
  if (type->is_array()) {
    return Error(position,
                 absl::StrCat("Cannot use array subquery with column of type ", type->ToString(),
                              " because nested arrays are not supported"));
  }
  return MakeSubquery(ResolvedSubqueryKind::kArray, Type::Array(type), std::move(query));
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveInQuery(const InExpr& in, ResolvedExprPtr operand,
                                                         const ExprContext& context) {
  const uint32_t position = in.operand->range.begin;
  if (!allow_subqueries_) return Error(position, "Subqueries are not allowed here");
  KS_RETURN_IF_ERROR(CheckHints(in.hint.get(), HintPlace::kSubquery));
  KS_ASSIGN_OR_RETURN(QueryScope query, ResolveQuery(*in.list.query, context.scope));
  if (query.columns.size() != 1) {
    return Error(in.list.query->range.begin,
                 "Subquery of type IN must have only one output column");
  }
  const SelectColumn& column = query.columns[0];
  ResolvedExprPtr value = MakeColumnRef(column.id, column.type);
  TypeRef type = CommonSupertype({operand.get(), value.get()});
  if (column.null && type == nullptr) type = operand->type;
  if (type == nullptr) {
    return Error(position,
                 absl::StrCat("Cannot execute IN subquery with uncomparable types ",
                              operand->type->ToString(), " and ", column.type->ToString()));
  }
  std::vector<ColumnId> ids;
  KS_RETURN_IF_ERROR(CoerceTo(operand, type, position, "not of the type"));
  KS_RETURN_IF_ERROR(CastColumns({type}, &query, &ids));
  query.columns[0].id = ids[0];
  const ResolvedColumn left = NewColumn("$in", type);
  std::vector<ResolvedExprPtr> compared;
  compared.push_back(MakeColumnRef(left));
  compared.push_back(MakeColumnRef(ids[0], type));
  KS_ASSIGN_OR_RETURN(auto equal, MakeCall("$equal", std::move(compared), position));
  ResolvedExprPtr made = MakeSubquery(ResolvedSubqueryKind::kIn, Type::Bool(), std::move(query));
  auto& subquery = To<ResolvedSubquery>(*made);
  subquery.operand = std::move(operand);
  subquery.operand_column = left.id;
  subquery.equal = std::move(equal);
  return made;
}

}  // namespace ks::sql
