// Resolved trees as text, for EXPLAIN and tests.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sql/analyzer/resolved.h"
#include "sql/catalog.h"

namespace ks::sql {
namespace {

std::string List(const std::vector<ResolvedExprPtr>& exprs) {
  return absl::StrJoin(exprs, ", ",
                       [](std::string* out, const auto& expr) { out->append(ToText(*expr)); });
}

std::string_view LazyName(LazyKind kind) {
  switch (kind) {
    case LazyKind::kAnd:
      return "AND";
    case LazyKind::kOr:
      return "OR";
    case LazyKind::kCase:
      return "CASE";
    case LazyKind::kCoalesce:
      return "COALESCE";
    case LazyKind::kIfError:
      return "IFERROR";
    case LazyKind::kIsError:
      return "ISERROR";
  }
  return "";
}

std::string_view SubqueryName(ResolvedSubqueryKind kind) {
  switch (kind) {
    case ResolvedSubqueryKind::kScalar:
      return "SCALAR";
    case ResolvedSubqueryKind::kArray:
      return "ARRAY";
    case ResolvedSubqueryKind::kExists:
      return "EXISTS";
    case ResolvedSubqueryKind::kIn:
      return "IN";
  }
  return "";
}

std::string LetText(const ResolvedLet& let) {
  std::string out = "LET(";
  for (const auto& [column, value] : let.variables) {
    absl::StrAppend(&out, "#", column.id, " := ", ToText(*value), ", ");
  }
  return out + ToText(*let.body) + ")";
}

std::string Columns(const std::vector<ResolvedColumn>& columns) {
  return absl::StrJoin(columns, ", ", [](std::string* out, const ResolvedColumn& column) {
    absl::StrAppend(out, column.name, "#", column.id);
  });
}

std::string Computed(const std::vector<ComputedColumn>& computed) {
  return absl::StrJoin(computed, ", ", [](std::string* out, const ComputedColumn& c) {
    absl::StrAppend(out, c.column.name, "#", c.column.id, " := ", ToText(*c.expr));
  });
}

std::string AggregateText(const AggregateCall& call) {
  return absl::StrCat("#", call.column.id, " := ", call.function->name, "(",
                      call.distinct ? "DISTINCT " : "", List(call.arguments), ")");
}

std::string_view JoinName(JoinType join) {
  switch (join) {
    case JoinType::kInner:
      return "Inner";
    case JoinType::kLeft:
      return "Left";
    case JoinType::kRight:
      return "Right";
    case JoinType::kFull:
      return "Full";
  }
  return "";
}

std::string Head(const ResolvedRel& rel) {
  switch (rel.kind) {
    case RelKind::kSingleRow:
      return "SingleRow";
    case RelKind::kScan:
      return absl::StrCat("Scan ", To<ScanRel>(rel).table->name());
    case RelKind::kFilter:
      return absl::StrCat("Filter ", ToText(*To<FilterRel>(rel).condition));
    case RelKind::kProject:
      return absl::StrCat("Project ", Computed(To<ProjectRel>(rel).computed));
    case RelKind::kJoin: {
      const auto& join = To<JoinRel>(rel);
      return absl::StrCat(JoinName(join.join), "Join", join.lateral ? " lateral" : "",
                          join.condition ? " ON " + ToText(*join.condition) : "");
    }
    case RelKind::kUnnest:
      return absl::StrCat("Unnest ", ToText(*To<UnnestRel>(rel).array));
    case RelKind::kAggregate: {
      const auto& aggregate = To<AggregateRel>(rel);
      return absl::StrCat("Aggregate BY ", Computed(aggregate.group_by), " ",
                          absl::StrJoin(aggregate.aggregates, ", ",
                                        [](std::string* out, const AggregateCall& call) {
                                          out->append(AggregateText(call));
                                        }));
    }
    case RelKind::kSort:
      return "Sort";
    case RelKind::kLimit:
      return "Limit";
    case RelKind::kSetOperation:
      return "SetOperation";
    case RelKind::kWith:
      return "With";
    case RelKind::kWithRef:
      return absl::StrCat("WithRef ", To<WithRefRel>(rel).number);
    case RelKind::kSample:
      return "Sample";
    case RelKind::kAssertSingle:
      return "AssertSingle";
  }
  return "";
}

std::vector<const ResolvedRel*> Inputs(const ResolvedRel& rel) {
  switch (rel.kind) {
    case RelKind::kFilter:
      return {To<FilterRel>(rel).input.get()};
    case RelKind::kProject:
      return {To<ProjectRel>(rel).input.get()};
    case RelKind::kJoin:
      return {To<JoinRel>(rel).left.get(), To<JoinRel>(rel).right.get()};
    case RelKind::kUnnest:
      return {To<UnnestRel>(rel).input.get()};
    case RelKind::kAggregate:
      return {To<AggregateRel>(rel).input.get()};
    case RelKind::kSort:
      return {To<SortRel>(rel).input.get()};
    case RelKind::kLimit:
      return {To<LimitRel>(rel).input.get()};
    case RelKind::kSample:
      return {To<SampleRel>(rel).input.get()};
    case RelKind::kSetOperation: {
      std::vector<const ResolvedRel*> inputs;
      for (const auto& input : To<SetOperationRel>(rel).inputs) inputs.push_back(input.get());
      return inputs;
    }
    case RelKind::kWith: {
      std::vector<const ResolvedRel*> inputs;
      for (const auto& definition : To<WithRel>(rel).definitions)
        inputs.push_back(definition.rel.get());
      inputs.push_back(To<WithRel>(rel).body.get());
      return inputs;
    }
    default:
      return {};
  }
}

}  // namespace

std::string ToText(const ResolvedExpr& expr) {
  switch (expr.kind) {
    case ResolvedKind::kLiteral:
      return To<ResolvedLiteral>(expr).value.ToSql();
    case ResolvedKind::kParameter:
      return absl::StrCat("@", To<ResolvedParameter>(expr).name);
    case ResolvedKind::kColumn:
      return absl::StrCat("#", To<ResolvedColumnRef>(expr).column);
    case ResolvedKind::kCall: {
      const auto& call = To<ResolvedCall>(expr);
      return absl::StrCat(call.safe ? "SAFE." : "", call.function->name, "(", List(call.arguments),
                          ")");
    }
    case ResolvedKind::kCast: {
      const auto& cast = To<ResolvedCast>(expr);
      return absl::StrCat(cast.safe ? "SAFE_CAST(" : "CAST(", ToText(*cast.operand), " AS ",
                          cast.type->ToString(), ")");
    }
    case ResolvedKind::kLazy: {
      const auto& lazy = To<ResolvedLazy>(expr);
      return absl::StrCat(LazyName(lazy.lazy), "(", List(lazy.operands), ")");
    }
    case ResolvedKind::kLet:
      return LetText(To<ResolvedLet>(expr));
    case ResolvedKind::kField:
      return absl::StrCat(ToText(*To<ResolvedField>(expr).operand), ".",
                          To<ResolvedField>(expr).field);
    case ResolvedKind::kSubquery:
      return absl::StrCat(SubqueryName(To<ResolvedSubquery>(expr).subquery), "(…)");
  }
  return "";
}

std::string ToText(const ResolvedRel& rel, int indent) {
  std::string out =
      absl::StrCat(std::string(indent * 2, ' '), Head(rel), " -> ", Columns(rel.columns), "\n");
  for (const ResolvedRel* input : Inputs(rel)) {
    if (input != nullptr) out += ToText(*input, indent + 1);
  }
  return out;
}

}  // namespace ks::sql
