// Literals, parameters and constructors, and the way from each kind of expression to its rules.
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
#include "sql/types/numeric.h"

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
      return ResolveNew(As<NewExpr>(expr), context, nullptr);
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

ResolvedExprPtr MakeLiteral(Value value, Origin origin) {
  return std::make_unique<ResolvedLiteral>(std::move(value), origin);
}

ResolvedExprPtr MakeFloatLiteral(double value, std::string digits) {
  return std::make_unique<FloatLiteral>(value, std::move(digits));
}

absl::StatusOr<int64_t> ParseIntegerLiteral(std::string_view text, bool negative) {
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  uint64_t value = 0;
  const bool ok = hex ? absl::SimpleHexAtoi(text, &value) : absl::SimpleAtoi(text, &value);
  const uint64_t limit = uint64_t{1} << 63;
  if (!ok || value > limit - (negative ? 0 : 1)) {
    return absl::InvalidArgumentError(absl::StrCat("Invalid ", hex ? "hex " : "",
                                                   "integer literal: ", negative ? "-" : "", text));
  }
  return static_cast<int64_t>(negative ? uint64_t{0} - value : value);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveLiteral(const LiteralExpr& literal) {
  const auto typed = [&](TypeRef type, bool show_text) -> absl::StatusOr<ResolvedExprPtr> {
    auto value = CastValue(Value::String(literal.text), type);
    if (value.ok()) return MakeLiteral(*std::move(value));
    const std::string shown =
        show_text ? absl::StrCat(": ", LiteralText(Value::String(literal.text))) : std::string();
    return Error(literal.range.begin,
                 absl::StrCat("Invalid ", type->ToString(), " literal", shown));
  };
  switch (literal.literal) {
    case LiteralKind::kNull:
      return MakeLiteral(Value::Null(Type::Int64()), Origin::kUntyped);
    case LiteralKind::kBool:
      return MakeLiteral(Value::Bool(literal.bool_value), Origin::kWritten);
    case LiteralKind::kInteger: {
      KS_ASSIGN_OR_RETURN(int64_t value, ParseIntegerLiteral(literal.text, false));
      return MakeLiteral(Value::Int64(value), Origin::kWritten);
    }
    case LiteralKind::kFloat: {
      auto value = ParseFloat64(literal.text);
      if (!value.ok())
        return Error(literal.range.begin, "Invalid floating point literal: " + literal.text);
      return MakeFloatLiteral(*value, literal.text);
    }
    case LiteralKind::kString:
      return MakeLiteral(Value::String(literal.text), Origin::kWritten);
    case LiteralKind::kBytes:
      return MakeLiteral(Value::Bytes(literal.text), Origin::kWritten);
    case LiteralKind::kNumeric:
      if (!FitsNumericExactly(literal.text)) {
        return Error(literal.range.begin, absl::StrCat("Invalid NUMERIC literal: ",
                                                       LiteralText(Value::String(literal.text))));
      }
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
      return MakeLiteral(Value(Type::Json(), Datum::Str(*json)));
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
    return MakeLiteral(Value::Array(element, {}),
                       type != nullptr ? Origin::kTyped : Origin::kUntyped);
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
