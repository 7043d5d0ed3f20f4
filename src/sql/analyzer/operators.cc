// Operators: unary and binary ones, AND and OR, IS, LIKE, BETWEEN, IN.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/analyzer/signature_match.h"

namespace ks::sql {

uint32_t Resolver::OperatorPosition(const SourceRange& from, uint32_t to,
                                    std::string_view word) const {
  const size_t found = text_.find(word, from.end);
  if (found != std::string_view::npos && found < to) {
    size_t start = from.end;
    while (start < text_.size() && (absl::ascii_isspace(text_[start]) || text_[start] == ')'))
      ++start;
    return static_cast<uint32_t>(word == "[" ? found : start);
  }
  size_t start = from.end;
  while (start < to && start < text_.size() &&
         (absl::ascii_isspace(text_[start]) || text_[start] == ')'))
    ++start;
  return static_cast<uint32_t>(start);
}

// `1 + NULL` is a mistake: Spanner wants a NULL with a type.
absl::Status Resolver::RefuseNulls(const std::vector<ResolvedExprPtr>& operands,
                                   std::string_view name, uint32_t position) const {
  for (const ResolvedExprPtr& operand : operands) {
    if (operand->kind != ResolvedKind::kLiteral || !Untyped(*operand)) continue;
    if (!To<ResolvedLiteral>(*operand).value.null()) continue;  // []
    return Error(position, absl::StrCat("Operands of ", name, " cannot be literal NULL"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ResolvedExprPtr> Resolver::Not(ResolvedExprPtr operand, bool negated,
                                              uint32_t position) {
  if (!negated) return operand;
  std::vector<ResolvedExprPtr> arguments;
  arguments.push_back(std::move(operand));
  return MakeCall("$not", std::move(arguments), position);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveUnary(const UnaryExpr& unary,
                                                       const ExprContext& context) {
  if (unary.op == UnaryOp::kMinus && unary.operand->kind == ExprKind::kLiteral) {
    const auto& literal = As<LiteralExpr>(*unary.operand);
    if (literal.literal == LiteralKind::kInteger) {
      auto value = ParseIntegerLiteral(literal.text, true);
      if (!value.ok()) return Error(unary.range.begin, value.status().message());
      return MakeLiteral(Value::Int64(*value), ResolvedLiteral::Origin::kWritten);
    }
    if (literal.literal == LiteralKind::kFloat) {
      auto value = ParseFloat64(literal.text);
      if (value.ok()) return MakeFloatLiteral(-*value, "-" + literal.text);
    }
  }
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*unary.operand, context));
  if (unary.op == UnaryOp::kPlus) {
    if (operand->type->is_numeric()) return operand;
    return Error(unary.range.begin, absl::StrCat("Operands of + must be numeric type but was ",
                                                 operand->type->ToString()));
  }
  std::vector<ResolvedExprPtr> arguments;
  arguments.push_back(std::move(operand));
  const std::string_view name = unary.op == UnaryOp::kMinus    ? "$unary_minus"
                                : unary.op == UnaryOp::kBitNot ? "$bitwise_not"
                                                               : "$not";
  const std::string_view sign = unary.op == UnaryOp::kMinus    ? "-"
                                : unary.op == UnaryOp::kBitNot ? "~"
                                                               : "NOT";
  KS_RETURN_IF_ERROR(RefuseNulls(arguments, sign, unary.range.begin));
  return MakeCall(name, std::move(arguments), unary.range.begin);
}

namespace {

struct BinaryFunction {
  std::string_view name;
  std::string_view sign;
};
BinaryFunction FunctionOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return {"$add", "+"};
    case BinaryOp::kSubtract:
      return {"$subtract", "-"};
    case BinaryOp::kMultiply:
      return {"$multiply", "*"};
    case BinaryOp::kDivide:
      return {"$divide", "/"};
    case BinaryOp::kConcat:
      return {"$concat", "||"};
    case BinaryOp::kBitAnd:
      return {"$bitwise_and", "&"};
    case BinaryOp::kBitOr:
      return {"$bitwise_or", "|"};
    case BinaryOp::kBitXor:
      return {"$bitwise_xor", "^"};
    case BinaryOp::kShiftLeft:
      return {"$shift_left", "<<"};
    case BinaryOp::kShiftRight:
      return {"$shift_right", ">>"};
    case BinaryOp::kEqual:
      return {"$equal", "="};
    case BinaryOp::kNotEqual:
      return {"$not_equal", "!="};
    case BinaryOp::kLess:
      return {"$less", "<"};
    case BinaryOp::kLessOrEqual:
      return {"$less_or_equal", "<="};
    case BinaryOp::kGreater:
      return {"$greater", ">"};
    case BinaryOp::kGreaterOrEqual:
      return {"$greater_or_equal", ">="};
    case BinaryOp::kIsDistinctFrom:
    case BinaryOp::kIsNotDistinctFrom:
      return {"$is_distinct_from", "IS DISTINCT FROM"};
  }
  return {};
}

std::string_view OrderName(BinaryOp op) {
  if (op == BinaryOp::kLess) return "Less than";
  if (op == BinaryOp::kLessOrEqual) return "Less than or equal";
  return op == BinaryOp::kGreater ? "Greater than" : "Greater than or equal";
}

// What the operator's own words say of wrong types; empty: they fit, or the signatures say it.
std::string BitwiseTypes(BinaryOp op, std::string_view sign, const ResolvedExpr& left,
                         const ResolvedExpr& right) {
  const auto fits = [](const ResolvedExpr& operand) {
    return Untyped(operand) || operand.type->Is(TypeKind::kInt64) ||
           operand.type->Is(TypeKind::kBytes);
  };
  if ((op == BinaryOp::kShiftLeft || op == BinaryOp::kShiftRight) && !fits(left)) {
    return absl::StrCat("The first argument to bitwise operator ", sign,
                        " must be an integer or BYTES but saw ", left.type->ToString());
  }
  const bool logic = op == BinaryOp::kBitAnd || op == BinaryOp::kBitOr || op == BinaryOp::kBitXor;
  if (!logic ||
      (fits(left) && fits(right) && (left.type == right.type || Untyped(left) || Untyped(right)))) {
    return "";
  }
  return absl::StrCat("Bitwise operator ", sign,
                      " requires two integer/BYTES arguments of the same type, but saw ",
                      left.type->ToString(), " and ", right.type->ToString());
}

// Those that take a NULL without a type, as functions do.
bool TakesNull(BinaryOp op) {
  return op == BinaryOp::kShiftLeft || op == BinaryOp::kShiftRight ||
         op == BinaryOp::kIsDistinctFrom || op == BinaryOp::kIsNotDistinctFrom;
}
bool IsEquality(BinaryOp op) { return op == BinaryOp::kEqual || op == BinaryOp::kNotEqual; }
bool IsOrder(BinaryOp op) {
  return op == BinaryOp::kLess || op == BinaryOp::kLessOrEqual || op == BinaryOp::kGreater ||
         op == BinaryOp::kGreaterOrEqual;
}

}  // namespace

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveBinary(const BinaryExpr& binary,
                                                        const ExprContext& context) {
  std::vector<ResolvedExprPtr> arguments(2);
  KS_ASSIGN_OR_RETURN(arguments[0], Resolve(*binary.left, context));
  KS_ASSIGN_OR_RETURN(arguments[1], Resolve(*binary.right, context));
  const BinaryFunction function = FunctionOf(binary.op);
  if (!TakesNull(binary.op)) {
    KS_RETURN_IF_ERROR(RefuseNulls(arguments, function.sign, binary.range.begin));
  }
  const std::string wrong = BitwiseTypes(binary.op, function.sign, *arguments[0], *arguments[1]);
  if (!wrong.empty()) return Error(binary.range.begin, wrong);
  TypeRef left = arguments[0]->type;
  const bool same = left == arguments[1]->type;
  if (same && IsEquality(binary.op) && !left->SupportsEquality()) {
    return Error(binary.range.begin,
                 absl::StrCat("Equality is not defined for arguments of type ", left->ToString()));
  }
  if (same && IsOrder(binary.op) && !left->SupportsOrdering()) {
    return Error(binary.range.begin,
                 absl::StrCat(OrderName(binary.op), " is not defined for arguments of type ",
                              left->ToString()));
  }
  KS_ASSIGN_OR_RETURN(auto call, MakeCall(function.name, std::move(arguments), binary.range.begin));
  return Not(std::move(call), binary.op == BinaryOp::kIsNotDistinctFrom, binary.range.begin);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveLogical(const LogicalExpr& logical,
                                                         const ExprContext& context) {
  std::vector<ResolvedExprPtr> operands;
  bool fits = true;
  for (const ExprPtr& operand : logical.operands) {
    KS_ASSIGN_OR_RETURN(auto resolved, Resolve(*operand, context));
    fits &= CoercionCost(*resolved, Type::Bool()) >= 0;
    operands.push_back(std::move(resolved));
  }
  const std::string_view name = logical.op == LogicalOp::kAnd ? "AND" : "OR";
  if (!fits) {
    return Error(logical.range.begin,
                 NoMatchingSignature(absl::StrCat("operator ", name), operands,
                                     absl::StrCat("BOOL ", name, " ([BOOL, ...])")));
  }
  for (ResolvedExprPtr& operand : operands) {
    KS_RETURN_IF_ERROR(CoerceTo(operand, Type::Bool(), logical.range.begin, "not a BOOL"));
  }
  return std::make_unique<ResolvedLazy>(
      logical.op == LogicalOp::kAnd ? LazyKind::kAnd : LazyKind::kOr, Type::Bool(),
      std::move(operands));
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveIs(const IsExpr& is, const ExprContext& context) {
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*is.operand, context));
  std::string_view name = "$is_null";
  if (is.test == IsTest::kTrue) name = "$is_true";
  if (is.test == IsTest::kFalse) name = "$is_false";
  std::vector<ResolvedExprPtr> arguments;
  arguments.push_back(std::move(operand));
  KS_ASSIGN_OR_RETURN(auto call, MakeCall(name, std::move(arguments), is.range.begin));
  return Not(std::move(call), is.negated, is.range.begin);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveLike(const LikeExpr& like,
                                                      const ExprContext& context) {
  if (like.quantifier != Quantifier::kNone) {
    const std::string_view word = like.quantifier == Quantifier::kAny ? "LIKE ANY" : "LIKE ALL";
    return Error(OperatorPosition(like.operand->range, like.range.end, "LIKE"),
                 absl::StrCat(word, " is not supported"));
  }
  std::vector<ResolvedExprPtr> arguments(2);
  KS_ASSIGN_OR_RETURN(arguments[0], Resolve(*like.operand, context));
  KS_ASSIGN_OR_RETURN(arguments[1], Resolve(*like.pattern, context));
  KS_RETURN_IF_ERROR(RefuseNulls(arguments, "LIKE", like.range.begin));
  KS_ASSIGN_OR_RETURN(auto call, MakeCall("$like", std::move(arguments), like.range.begin));
  return Not(std::move(call), like.negated, like.range.begin);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveBetween(const BetweenExpr& between,
                                                         const ExprContext& context) {
  std::vector<ResolvedExprPtr> arguments(3);
  KS_ASSIGN_OR_RETURN(arguments[0], Resolve(*between.operand, context));
  KS_ASSIGN_OR_RETURN(arguments[1], Resolve(*between.low, context));
  KS_ASSIGN_OR_RETURN(arguments[2], Resolve(*between.high, context));
  const uint32_t position = OperatorPosition(between.operand->range, between.range.end, "");
  KS_ASSIGN_OR_RETURN(auto call, MakeCall("$between", std::move(arguments), position));
  return Not(std::move(call), between.negated, position);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveIn(const InExpr& in, const ExprContext& context) {
  std::vector<ResolvedExprPtr> arguments;
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*in.operand, context));
  const uint32_t position = OperatorPosition(in.operand->range, in.range.end, "");
  if (in.list.query != nullptr) {
    KS_ASSIGN_OR_RETURN(auto subquery, ResolveInQuery(in, std::move(operand), context));
    return Not(std::move(subquery), in.negated, position);
  }
  arguments.push_back(std::move(operand));
  if (in.list.unnest != nullptr) {
    KS_ASSIGN_OR_RETURN(auto array, Resolve(*in.list.unnest, context));
    if (!array->type->is_array() && !Untyped(*array)) {
      return Error(position, absl::StrCat("Second argument of IN UNNEST must be an array but was ",
                                          array->type->ToString()));
    }
    arguments.push_back(std::move(array));
    const Function* function = FindFunction("$in_array");
    if (function != nullptr && ChooseSignature(function->signatures, arguments).index < 0) {
      return Error(position,
                   absl::StrCat("No matching signature for operator IN UNNEST for argument types: ",
                                TypeList(arguments)));
    }
    KS_ASSIGN_OR_RETURN(auto call, MakeCall("$in_array", std::move(arguments), position));
    return Not(std::move(call), in.negated, position);
  }
  for (const ExprPtr& item : in.list.items) {
    KS_ASSIGN_OR_RETURN(auto resolved, Resolve(*item, context));
    arguments.push_back(std::move(resolved));
  }
  const Function* function = FindFunction("$in");
  if (function != nullptr && ChooseSignature(function->signatures, arguments).index < 0) {
    const std::string left = ArgumentTypeText(*arguments[0]);
    arguments.erase(arguments.begin());
    return Error(position, absl::StrCat("No matching signature for operator IN for argument types ",
                                        left, " and {", TypeList(arguments), "}"));
  }
  KS_ASSIGN_OR_RETURN(auto call, MakeCall("$in", std::move(arguments), position));
  return Not(std::move(call), in.negated, position);
}

}  // namespace ks::sql
