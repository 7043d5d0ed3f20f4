// Names, literals and operators.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/nearest_name.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/analyzer/signature_match.h"
#include "sql/errors.h"
#include "sql/eval/cast.h"
#include "sql/parser/error_location.h"

namespace ks::sql {

using Origin = ResolvedLiteral::Origin;

Resolver::Resolver(std::string_view text, const AnalyzerOptions& options, ColumnId first_column)
    : text_(text), options_(options), next_column_(first_column) {}

absl::Status Resolver::Error(uint32_t position, std::string_view message) const {
  return ErrorAt(position, message);
}

absl::Status Resolver::Placed(uint32_t position, const absl::Status& error) {
  return absl::IsInvalidArgument(error) ? At(position, error) : error;
}

ParameterTypes Resolver::undeclared() const {
  ParameterTypes types(coercer_.undeclared().begin(), coercer_.undeclared().end());
  for (const std::string& name : unused_undeclared_) types.emplace(name, Type::Int64());
  return types;
}

ResolvedExprPtr MakeColumnRef(ColumnId id, TypeRef type) {
  return std::make_unique<ResolvedColumnRef>(id, type);
}
ResolvedExprPtr MakeColumnRef(const ResolvedColumn& column) {
  return MakeColumnRef(column.id, column.type);
}

absl::StatusOr<ResolvedExprPtr> Resolver::Resolve(const Expr& expr, const ExprContext& context) {
  auto resolved = ResolveNode(expr, context);
  if (!resolved.ok()) return Placed(expr.range.begin, resolved.status());
  return resolved;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveNode(const Expr& expr,
                                                      const ExprContext& context) {
  switch (expr.kind) {
    case ExprKind::kLiteral:
      return ResolveLiteral(As<LiteralExpr>(expr));
    case ExprKind::kParameter:
      return ResolveParameter(As<ParameterExpr>(expr));
    case ExprKind::kPath:
      return ResolvePath(As<PathExpr>(expr), context);
    case ExprKind::kFieldAccess: {
      const auto& access = As<FieldAccessExpr>(expr);
      KS_ASSIGN_OR_RETURN(auto operand, Resolve(*access.operand, context));
      if (access.extension) return Error(expr.range.begin, "Proto extensions are not supported");
      return ResolveField(std::move(operand), access.field[0]);
    }
    case ExprKind::kSubscript:
      return ResolveSubscript(As<SubscriptExpr>(expr), context);
    case ExprKind::kUnary:
      return ResolveUnary(As<UnaryExpr>(expr), context);
    case ExprKind::kBinary:
      return ResolveBinary(As<BinaryExpr>(expr), context);
    case ExprKind::kLogical:
      return ResolveLogical(As<LogicalExpr>(expr), context);
    case ExprKind::kIs:
      return ResolveIs(As<IsExpr>(expr), context);
    case ExprKind::kLike:
      return ResolveLike(As<LikeExpr>(expr), context);
    case ExprKind::kBetween:
      return ResolveBetween(As<BetweenExpr>(expr), context);
    case ExprKind::kIn:
      return ResolveIn(As<InExpr>(expr), context);
    case ExprKind::kCase:
      return ResolveCase(As<CaseExpr>(expr), context);
    case ExprKind::kCast:
      return ResolveCast(As<CastExpr>(expr), context);
    case ExprKind::kExtract:
      return ResolveExtract(As<ExtractExpr>(expr), context);
    case ExprKind::kCall:
      return ResolveCall(As<CallExpr>(expr), context);
    case ExprKind::kArray:
      return ResolveArray(As<ArrayExpr>(expr), context);
    case ExprKind::kStruct:
      return ResolveStruct(As<StructExpr>(expr), context);
    case ExprKind::kSubquery:
      return ResolveSubquery(As<SubqueryExpr>(expr), context);
    case ExprKind::kInterval:
      return ResolveInterval(As<IntervalExpr>(expr), context);
    case ExprKind::kWith:
      return ResolveWith(As<WithExpr>(expr), context);
    case ExprKind::kLambda:
      return Error(expr.range.begin, "Lambda is not supported");
    case ExprKind::kDefault:
      return Error(expr.range.begin,
                   "DEFAULT may only stand as a whole value in INSERT and UPDATE");
    case ExprKind::kNew:
      return Error(expr.range.begin, "NEW of protocol buffers is not supported");
    case ExprKind::kSystemVariable:
      return Error(expr.range.begin,
                   absl::StrCat("Unrecognized name: @@",
                                absl::StrJoin(As<SystemVariableExpr>(expr).path, ".",
                                              [](std::string* out, const Identifier& id) {
                                                out->append(id.name);
                                              })));
  }
  return absl::InternalError("unknown expression");
}

absl::Status Resolver::CoerceTo(ResolvedExprPtr& expr, TypeRef type, uint32_t position,
                                std::string_view message) {
  auto done = coercer_.Coerce(expr, type);
  if (!done.ok()) return Placed(position, done.status());
  return *done ? absl::OkStatus() : Error(position, message);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveAs(const Expr& expr, const ExprContext& context,
                                                    TypeRef type, std::string_view what) {
  KS_ASSIGN_OR_RETURN(auto resolved, Resolve(expr, context));
  KS_RETURN_IF_ERROR(CoerceTo(resolved, type, expr.range.begin,
                              absl::StrCat(what, " should return type ", type->ToString(),
                                           ", but returns ", resolved->type->ToString())));
  return resolved;
}

namespace {

absl::StatusOr<int64_t> ParseIntegerLiteral(std::string_view text, bool negative) {
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  uint64_t value = 0;
  const bool ok = hex ? absl::SimpleHexAtoi(text, &value) : absl::SimpleAtoi(text, &value);
  const uint64_t limit = uint64_t{1} << 63;
  // 0xFFFFFFFFFFFFFFFF is -1.
  if (!ok || (!hex && value > limit - (negative ? 0 : 1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("Invalid integer literal: ", negative ? "-" : "", text));
  }
  return static_cast<int64_t>(negative ? uint64_t{0} - value : value);
}

ResolvedExprPtr Literal(Value value, Origin origin = Origin::kTyped) {
  return std::make_unique<ResolvedLiteral>(std::move(value), origin);
}

}  // namespace

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveLiteral(const LiteralExpr& literal) {
  const auto typed = [&](TypeRef type, bool show_text) -> absl::StatusOr<ResolvedExprPtr> {
    auto value = CastValue(Value::String(literal.text), type);
    if (value.ok()) return Literal(*std::move(value));
    const std::string shown =
        show_text ? absl::StrCat(": ", Value::String(literal.text).ToSql()) : std::string();
    return Error(literal.range.begin,
                 absl::StrCat("Invalid ", type->ToString(), " literal", shown));
  };
  switch (literal.literal) {
    case LiteralKind::kNull:
      return Literal(Value::Null(Type::Int64()), Origin::kUntyped);
    case LiteralKind::kBool:
      return Literal(Value::Bool(literal.bool_value), Origin::kWritten);
    case LiteralKind::kInteger: {
      KS_ASSIGN_OR_RETURN(int64_t value, ParseIntegerLiteral(literal.text, false));
      return Literal(Value::Int64(value), Origin::kWritten);
    }
    case LiteralKind::kFloat: {
      auto value = ParseFloat64(literal.text);
      if (!value.ok())
        return Error(literal.range.begin, "Invalid floating point literal: " + literal.text);
      return Literal(Value::Float64(*value), Origin::kWritten);
    }
    case LiteralKind::kString:
      return Literal(Value::String(literal.text), Origin::kWritten);
    case LiteralKind::kBytes:
      return Literal(Value::Bytes(literal.text), Origin::kWritten);
    case LiteralKind::kNumeric:
      return typed(Type::Numeric(), true);
    case LiteralKind::kDate:
      return typed(Type::Date(), false);
    case LiteralKind::kTimestamp:
      return typed(Type::Timestamp(), false);
    case LiteralKind::kJson: {
      auto json = NormalizeJson(literal.text);
      if (!json.ok()) {
        return Error(literal.range.begin,
                     absl::StrCat("Invalid JSON literal: ", json.status().message()));
      }
      return Literal(Value(Type::Json(), Datum::Str(*json)));
    }
    case LiteralKind::kBigNumeric:
      return Error(literal.range.begin, "BIGNUMERIC literals are not supported");
    case LiteralKind::kDatetime:
      return Error(literal.range.begin, "Type not found: DATETIME");
    case LiteralKind::kTime:
      return Error(literal.range.begin, "Type not found: TIME");
  }
  return absl::InternalError("unknown literal");
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveParameter(const ParameterExpr& parameter) {
  const std::string name = parameter.name.empty() ? absl::StrCat(parameter.position)
                                                  : absl::AsciiStrToLower(parameter.name);
  auto declared = options_.parameters.find(name);
  if (declared != options_.parameters.end()) {
    return std::make_unique<ResolvedParameter>(name, declared->second, false);
  }
  if (!options_.allow_undeclared_parameters) {
    return Error(parameter.range.begin, absl::StrCat("Query parameter '", name, "' not found"));
  }
  unused_undeclared_.insert(name);
  return std::make_unique<ResolvedParameter>(name, Type::Int64(), true);
}

// ---- Names ----

ResolvedExprPtr Resolver::RangeAsStruct(const RangeVariable& range) {
  std::vector<StructField> fields;
  std::vector<ResolvedExprPtr> values;
  for (const ScopeColumn& column : range.columns) {
    if (column.hidden) continue;
    fields.push_back({column.name, column.type});
    values.push_back(MakeColumnRef(column.id, column.type));
  }
  const Function* make = FindFunction("$make_struct");
  if (make == nullptr) return nullptr;
  return std::make_unique<ResolvedCall>(make, &make->signatures[0], Type::Struct(std::move(fields)),
                                        std::move(values));
}

namespace {

std::string QuotedIfNeeded(std::string_view name) {
  bool plain = !name.empty() && !absl::ascii_isdigit(name[0]);
  for (char c : name) plain &= absl::ascii_isalnum(c) || c == '_';
  return plain ? std::string(name) : absl::StrCat("`", name, "`");
}

std::string Unrecognized(const NameScope* scope, std::string_view name) {
  std::string message = absl::StrCat("Unrecognized name: ", QuotedIfNeeded(name));
  if (scope == nullptr || name.size() < 3) return message;
  const std::string near = NearestName(name, scope->Names());
  if (!near.empty()) absl::StrAppend(&message, "; Did you mean ", QuotedIfNeeded(near), "?");
  return message;
}

}  // namespace

// The first name of a path, and how many names of the path that took.
absl::StatusOr<ResolvedExprPtr> Resolver::ResolveName(const Identifier& name,
                                                      const ExprContext& context, const Path& path,
                                                      size_t* used) {
  *used = 1;
  const NameMatch match = context.scope == nullptr ? NameMatch{} : context.scope->Find(name.name);
  switch (match.kind) {
    case NameMatch::Kind::kColumn:
      return MakeColumnRef(match.column->id, match.column->type);
    case NameMatch::Kind::kField:
      return std::make_unique<ResolvedField>(MakeColumnRef(match.column->id, match.column->type),
                                             match.field,
                                             match.column->type->fields()[match.field].type);
    case NameMatch::Kind::kAlias: {
      ResolvedExprPtr copy = CloneExpr(*match.alias->expr);
      if (copy != nullptr) return copy;
      return Error(name.range.begin,
                   absl::StrCat("Column ", name.name,
                                " is a subquery and cannot be named here; write it out"));
    }
    case NameMatch::Kind::kAmbiguous:
      return Error(name.range.begin, absl::StrCat("Column name ", name.name, " is ambiguous"));
    case NameMatch::Kind::kRange:
      break;
    case NameMatch::Kind::kNone: {
      if (path.size() == 1 && !name.quoted && SameName(name.name, "CURRENT_TIMESTAMP")) {
        return MakeCall("CURRENT_TIMESTAMP", {}, name.range.begin);
      }
      if (path.size() == 1 && !name.quoted && SameName(name.name, "CURRENT_DATE")) {
        return MakeCall("CURRENT_DATE", {}, name.range.begin);
      }
      return Error(name.range.begin, Unrecognized(context.scope, name.name));
    }
  }
  if (path.size() == 1) {
    ResolvedExprPtr row = RangeAsStruct(*match.range);
    return row != nullptr ? absl::StatusOr<ResolvedExprPtr>(std::move(row))
                          : NotSupported("A row as a value");
  }
  *used = 2;
  const Identifier& column_name = path[1];
  const ScopeColumn* found = nullptr;
  for (const ScopeColumn& column : match.range->columns) {
    if (!SameName(column.name, column_name.name)) continue;
    if (found != nullptr && found->id != column.id) {
      return Error(column_name.range.begin,
                   absl::StrCat("Column name ", column_name.name, " is ambiguous"));
    }
    found = &column;
  }
  if (found == nullptr) {
    return Error(column_name.range.begin,
                 absl::StrCat("Name ", column_name.name, " not found inside ", match.range->alias));
  }
  return MakeColumnRef(found->id, found->type);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolvePath(const PathExpr& expr,
                                                      const ExprContext& context) {
  size_t used = 0;
  KS_ASSIGN_OR_RETURN(auto resolved, ResolveName(expr.path[0], context, expr.path, &used));
  for (size_t i = used; i < expr.path.size(); ++i) {
    KS_ASSIGN_OR_RETURN(resolved, ResolveField(std::move(resolved), expr.path[i]));
  }
  return resolved;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveField(ResolvedExprPtr operand,
                                                       const Identifier& field) {
  TypeRef type = operand->type;
  if (type->Is(TypeKind::kJson)) {
    std::vector<ResolvedExprPtr> arguments;
    arguments.push_back(std::move(operand));
    arguments.push_back(Literal(Value::String(field.name)));
    return MakeCall("$json_field", std::move(arguments), field.range.begin);
  }
  if (!type->is_struct()) {
    return Error(field.range.begin, absl::StrCat("Cannot access field ", QuotedIfNeeded(field.name),
                                                 " on a value with type ", type->ToString()));
  }
  const int index = FindField(type, field.name);
  if (index == -2) {
    return Error(field.range.begin,
                 absl::StrCat("Struct field name ", field.name, " is ambiguous"));
  }
  if (index < 0) {
    return Error(field.range.begin, absl::StrCat("Field name ", QuotedIfNeeded(field.name),
                                                 " does not exist in ", type->ToString()));
  }
  return std::make_unique<ResolvedField>(std::move(operand), index, type->fields()[index].type);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveSubscript(const SubscriptExpr& subscript,
                                                           const ExprContext& context) {
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*subscript.operand, context));
  KS_ASSIGN_OR_RETURN(auto index, Resolve(*subscript.index, context));
  const uint32_t position = OperatorPosition(subscript.operand->range, subscript.range.end, "[");
  TypeRef type = operand->type;
  std::vector<ResolvedExprPtr> arguments;
  if (type->Is(TypeKind::kJson) && subscript.subscript == SubscriptKind::kPlain) {
    arguments.push_back(std::move(operand));
    arguments.push_back(std::move(index));
    return MakeCall("$json_subscript", std::move(arguments), position);
  }
  if (!type->is_array()) {
    return Error(position, absl::StrCat("Subscript access using [", index->type->ToString(),
                                        "] is not supported on values of type ", type->ToString()));
  }
  std::string_view function;
  switch (subscript.subscript) {
    case SubscriptKind::kOffset:
      function = "$array_at_offset";
      break;
    case SubscriptKind::kOrdinal:
      function = "$array_at_ordinal";
      break;
    case SubscriptKind::kSafeOffset:
      function = "$safe_array_at_offset";
      break;
    case SubscriptKind::kSafeOrdinal:
      function = "$safe_array_at_ordinal";
      break;
    default:
      return Error(position,
                   "Array element access with array[position] is not supported. Use "
                   "array[OFFSET(zero_based_offset)] or array[ORDINAL(one_based_ordinal)]");
  }
  KS_RETURN_IF_ERROR(
      CoerceTo(index, Type::Int64(), subscript.index->range.begin,
               absl::StrCat("Array position in [] must be coercible to INT64 type, but has type ",
                            index->type->ToString())));
  arguments.push_back(std::move(operand));
  arguments.push_back(std::move(index));
  return MakeCall(function, std::move(arguments), position);
}

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

// ---- Operators ----

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
      return Literal(Value::Int64(*value), Origin::kWritten);
    }
    if (literal.literal == LiteralKind::kFloat) {
      auto value = ParseFloat64(literal.text);
      if (value.ok()) return Literal(Value::Float64(-*value), Origin::kWritten);
    }
  }
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*unary.operand, context));
  if (unary.op == UnaryOp::kPlus) {
    if (operand->type->is_numeric()) return operand;
    return Error(unary.range.begin,
                 absl::StrCat("No matching signature for operator + for argument types: ",
                              operand->type->ToString(),
                              ". Supported signatures: +(INT64); +(FLOAT64); +(NUMERIC)"));
  }
  std::vector<ResolvedExprPtr> arguments;
  arguments.push_back(std::move(operand));
  const std::string_view name = unary.op == UnaryOp::kMinus    ? "$unary_minus"
                                : unary.op == UnaryOp::kBitNot ? "$bitwise_not"
                                                               : "$not";
  return MakeCall(name, std::move(arguments), unary.range.begin);
}

namespace {

std::string_view FunctionOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return "$add";
    case BinaryOp::kSubtract:
      return "$subtract";
    case BinaryOp::kMultiply:
      return "$multiply";
    case BinaryOp::kDivide:
      return "$divide";
    case BinaryOp::kConcat:
      return "$concat";
    case BinaryOp::kBitAnd:
      return "$bitwise_and";
    case BinaryOp::kBitOr:
      return "$bitwise_or";
    case BinaryOp::kBitXor:
      return "$bitwise_xor";
    case BinaryOp::kShiftLeft:
      return "$shift_left";
    case BinaryOp::kShiftRight:
      return "$shift_right";
    case BinaryOp::kEqual:
      return "$equal";
    case BinaryOp::kNotEqual:
      return "$not_equal";
    case BinaryOp::kLess:
      return "$less";
    case BinaryOp::kLessOrEqual:
      return "$less_or_equal";
    case BinaryOp::kGreater:
      return "$greater";
    case BinaryOp::kGreaterOrEqual:
      return "$greater_or_equal";
    case BinaryOp::kIsDistinctFrom:
    case BinaryOp::kIsNotDistinctFrom:
      return "$is_distinct_from";
  }
  return "";
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
  TypeRef left = arguments[0]->type;
  const bool same = left == arguments[1]->type;
  if (same && IsEquality(binary.op) && !left->SupportsEquality()) {
    return Error(binary.range.begin, absl::StrCat("Equality is not defined for arguments of type ",
                                                  left->is_array() ? "ARRAY" : left->ToString()));
  }
  if (same && IsOrder(binary.op) && !left->SupportsOrdering()) {
    return Error(binary.range.begin,
                 absl::StrCat(binary.op == BinaryOp::kLess ? "Less than" : "Comparison",
                              " is not defined for arguments of type ", left->ToString()));
  }
  KS_ASSIGN_OR_RETURN(auto call,
                      MakeCall(FunctionOf(binary.op), std::move(arguments), binary.range.begin));
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

// ---- Constructors ----

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveArray(const ArrayExpr& array,
                                                       const ExprContext& context) {
  TypeRef type = nullptr;
  if (array.type != nullptr) {
    KS_ASSIGN_OR_RETURN(type, ResolveType(*array.type));
  }
  std::vector<ResolvedExprPtr> elements;
  std::vector<const ResolvedExpr*> views;
  for (const ExprPtr& element : array.elements) {
    KS_ASSIGN_OR_RETURN(auto resolved, Resolve(*element, context));
    if (resolved->type->is_array() && !(Untyped(*resolved) && type != nullptr)) {
      return Error(element->range.begin, absl::StrCat("Cannot construct array with element type ",
                                                      resolved->type->ToString(),
                                                      " because nested arrays are not supported"));
    }
    views.push_back(resolved.get());
    elements.push_back(std::move(resolved));
  }
  if (elements.empty()) {
    TypeRef element = type != nullptr ? type->element() : Type::Int64();
    return Literal(Value::Array(element, {}), type != nullptr ? Origin::kTyped : Origin::kUntyped);
  }
  TypeRef element = type != nullptr ? type->element() : CommonSupertype(views);
  if (element == nullptr) {
    return Error(array.range.begin, absl::StrCat("Array elements of types {", TypeList(elements),
                                                 "} do not have a common supertype"));
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    const std::string message = absl::StrCat("Array element type ", elements[i]->type->ToString(),
                                             " does not coerce to ", element->ToString());
    // Literals stay as written, so that the whole array may still change its type.
    if (type == nullptr && WrittenLiteral(*elements[i]) && elements[i]->type == element) continue;
    KS_RETURN_IF_ERROR(CoerceTo(elements[i], element, array.elements[i]->range.begin, message));
  }
  const Function* make = FindFunction("$make_array");
  if (make == nullptr) return NotSupported("An array constructor");
  return std::make_unique<ResolvedCall>(make, &make->signatures[0], Type::Array(element),
                                        std::move(elements));
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveStruct(const StructExpr& structure,
                                                        const ExprContext& context) {
  TypeRef type = nullptr;
  if (structure.type != nullptr) {
    KS_ASSIGN_OR_RETURN(type, ResolveType(*structure.type));
    if (type->fields().size() != structure.fields.size()) {
      return Error(structure.range.begin, absl::StrCat("STRUCT type has ", type->fields().size(),
                                                       " fields but constructor call has ",
                                                       structure.fields.size(), " fields"));
    }
  }
  std::vector<StructField> fields;
  std::vector<ResolvedExprPtr> values;
  for (size_t i = 0; i < structure.fields.size(); ++i) {
    const StructExpr::Field& field = structure.fields[i];
    KS_ASSIGN_OR_RETURN(auto value, Resolve(*field.value, context));
    std::string name = field.alias.name;
    if (name.empty() && !structure.tuple && field.value->kind == ExprKind::kPath) {
      name = As<PathExpr>(*field.value).path.back().name;
    }
    if (type != nullptr) {
      name = type->fields()[i].name;
      KS_RETURN_IF_ERROR(
          CoerceTo(value, type->fields()[i].type, field.value->range.begin,
                   absl::StrCat("Struct field ", i + 1, " has type ", value->type->ToString(),
                                " which does not coerce to ", type->fields()[i].type->ToString())));
    }
    fields.push_back({std::move(name), value->type});
    values.push_back(std::move(value));
  }
  const Function* make = FindFunction("$make_struct");
  if (make == nullptr) return NotSupported("A struct constructor");
  return std::make_unique<ResolvedCall>(make, &make->signatures[0],
                                        type != nullptr ? type : Type::Struct(std::move(fields)),
                                        std::move(values));
}

}  // namespace ks::sql
