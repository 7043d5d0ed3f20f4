// Function calls, casts and the forms that choose what is evaluated.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/analyzer/signature_match.h"
#include "sql/analyzer/unknown_function.h"
#include "sql/errors.h"
#include "sql/eval/cast.h"
#include "sql/parser/error_location.h"

namespace ks::sql {
namespace {

ResolvedExprPtr NullLiteral() {
  return std::make_unique<ResolvedLiteral>(Value::Null(Type::Int64()),
                                           ResolvedLiteral::Origin::kUntyped);
}

constexpr std::string_view kPendingCommitTimestamp = "PENDING_COMMIT_TIMESTAMP";

// Which argument of a function is a date part, or a form of Unicode; -1: none.
int PartArgument(std::string_view name) {
  if (name == "DATE_DIFF" || name == "TIMESTAMP_DIFF") return 2;
  if (name == "DATE_TRUNC" || name == "TIMESTAMP_TRUNC" || name == "LAST_DAY") return 1;
  if (name == "NORMALIZE" || name == "NORMALIZE_AND_CASEFOLD") return 1;
  return -1;
}

// Which argument of a function is an INTERVAL that becomes a number and a date part.
int IntervalArgument(std::string_view name) {
  for (const std::string_view adder :
       {"DATE_ADD", "DATE_SUB", "ADDDATE", "SUBDATE", "TIMESTAMP_ADD", "TIMESTAMP_SUB"}) {
    if (name == adder) return 1;
  }
  if (name == "GENERATE_DATE_ARRAY" || name == "GENERATE_TIMESTAMP_ARRAY") return 2;
  return -1;
}

}  // namespace

absl::Status TransformOperands(ResolvedExpr& expr,
                               const std::function<absl::Status(ResolvedExprPtr&)>& transform) {
  switch (expr.kind) {
    case ResolvedKind::kLiteral:
    case ResolvedKind::kParameter:
    case ResolvedKind::kColumn:
      return absl::OkStatus();
    case ResolvedKind::kCall:
      for (auto& argument : To<ResolvedCall>(expr).arguments)
        KS_RETURN_IF_ERROR(transform(argument));
      return absl::OkStatus();
    case ResolvedKind::kCast:
      return transform(To<ResolvedCast>(expr).operand);
    case ResolvedKind::kLazy:
      for (auto& operand : To<ResolvedLazy>(expr).operands) KS_RETURN_IF_ERROR(transform(operand));
      return absl::OkStatus();
    case ResolvedKind::kLet:
      for (auto& [column, value] : To<ResolvedLet>(expr).variables)
        KS_RETURN_IF_ERROR(transform(value));
      return transform(To<ResolvedLet>(expr).body);
    case ResolvedKind::kField:
      return transform(To<ResolvedField>(expr).operand);
    case ResolvedKind::kSubquery: {
      auto& subquery = To<ResolvedSubquery>(expr);
      return subquery.operand == nullptr ? absl::OkStatus() : transform(subquery.operand);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TypeRef> Resolver::ResolveType(const TypeName& name) {
  switch (name.kind) {
    case TypeName::Kind::kArray: {
      KS_ASSIGN_OR_RETURN(TypeRef element, ResolveType(*name.element));
      if (element->is_array()) return Error(name.range.begin, "Arrays of arrays are not supported");
      return Type::Array(element);
    }
    case TypeName::Kind::kStruct: {
      std::vector<StructField> fields;
      for (const TypeName::Field& field : name.fields) {
        KS_ASSIGN_OR_RETURN(TypeRef type, ResolveType(*field.type));
        fields.push_back({field.name.name, type});
      }
      return Type::Struct(std::move(fields));
    }
    case TypeName::Kind::kNamed:
      break;
  }
  if (name.max_length || name.length.has_value()) {
    return Error(name.range.begin, "Parameterized types are not supported");
  }
  TypeRef type = name.name.size() == 1 ? Type::FromName(name.name[0].name) : nullptr;
  if (type == nullptr && options_.protos != nullptr) {
    type = options_.protos->FindType(JoinPath(name.name));
  }
  if (type == nullptr)
    return Error(name.range.begin, absl::StrCat("Type not found: ", JoinPath(name.name)));
  return type;
}

absl::StatusOr<ResolvedExprPtr> Resolver::MakeCall(std::string_view name,
                                                   std::vector<ResolvedExprPtr> arguments,
                                                   uint32_t position, bool safe) {
  const Function* function = FindFunction(name);
  if (function == nullptr) return UnknownFunction(position, name);
  ChosenSignature chosen = ChooseSignature(function->signatures, arguments);
  if (chosen.index < 0) return Error(position, NoMatchingSignature(*function, arguments));
  const Signature& signature = function->signatures[chosen.index];
  std::vector<const Value*> constants;
  for (size_t i = 0; i < arguments.size(); ++i) {
    KS_RETURN_IF_ERROR(
        CoerceTo(arguments[i], chosen.arguments[i], position, "Argument does not fit"));
    constants.push_back(arguments[i]->kind == ResolvedKind::kLiteral
                            ? &To<ResolvedLiteral>(*arguments[i]).value
                            : nullptr);
  }
  if (signature.prepare != nullptr) {
    auto prepared = signature.prepare(constants);
    if (!prepared.ok()) {
      absl::Status placed = Placed(position, prepared.status());
      if (absl::IsInvalidArgument(placed)) return placed;
    }
  }
  const bool pure = function->determinism == Determinism::kPure;
  if (!pure && volatile_function_.empty()) volatile_function_ = function->name;
  auto call =
      std::make_unique<ResolvedCall>(function, &signature, chosen.result, std::move(arguments));
  call->safe = safe;
  return call;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveCall(const CallExpr& call,
                                                      const ExprContext& context) {
  const uint32_t position = call.range.begin;
  if (call.window != nullptr) return Error(position, "Analytic functions not supported");
  const std::string written = JoinPath(call.name);
  const std::string name = absl::AsciiStrToUpper(written);
  if (const AggregateFunction* aggregate =
          FindAggregate(name == "APPROX_COUNT_DISTINCT" ? "COUNT" : name)) {
    if (call.safe) {
      return absl::UnimplementedError(
          absl::StrCat("Unsupported SAFE.", absl::AsciiStrToLower(name),
                       ": Spanner does not support function in safe error mode."));
    }
    return ResolveAggregate(*aggregate, call, context);
  }
  if (call.distinct) {
    return Error(position,
                 absl::StrCat("Non-aggregate function ", name, " cannot be called with DISTINCT"));
  }
  bool done = false;
  KS_ASSIGN_OR_RETURN(auto lazy, ResolveLazyFunction(name, call, context, &done));
  if (done) return lazy;
  for (const CallArgument& argument : call.arguments) {
    if (argument.value->kind == ExprKind::kLambda) {
      return Error(argument.value->range.begin, "Lambda is not supported");
    }
  }
  if (name == kPendingCommitTimestamp && &call != assigned_) {
    return Error(
        position,
        "The PENDING_COMMIT_TIMESTAMP() function may only be used as a value for INSERT or "
        "UPDATE of an appropriately typed column. It cannot be used in SELECT, or as the "
        "input to any other scalar expression.");
  }
  if (FindFunction(name) == nullptr || name[0] == '$') return UnknownFunction(position, written);
  return ResolveFunction(name, call, context);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveFunction(const std::string& name,
                                                          const CallExpr& call,
                                                          const ExprContext& context) {
  std::vector<ResolvedExprPtr> arguments;
  KS_RETURN_IF_ERROR(ResolveArguments(name, call, context, &arguments));
  for (size_t i = 0; name == "ARRAY_CONCAT" && i < arguments.size(); ++i) {
    if (!Untyped(*arguments[i]) || arguments[i]->type->is_array()) continue;
    return Error(call.arguments[i].value->range.begin,
                 "The argument to ARRAY_CONCAT must be an array type but was NULL");
  }
  ShowProtosAsText(name, &arguments);
  return MakeCall(name, std::move(arguments), call.range.begin, call.safe);
}

absl::Status Resolver::ResolveArguments(const std::string& name, const CallExpr& call,
                                        const ExprContext& context,
                                        std::vector<ResolvedExprPtr>* arguments) {
  const int part = PartArgument(name);
  const int interval = IntervalArgument(name);
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const CallArgument& argument = call.arguments[i];
    if (!argument.name.empty())
      return PlaceNamedArguments(*FindFunction(name), call, context, arguments);
    if (static_cast<int>(i) == part) {
      KS_ASSIGN_OR_RETURN(std::string text, DatePart(*argument.value));
      arguments->push_back(MakeLiteral(Value::String(text)));
    } else if (argument.sequence) {
      KS_ASSIGN_OR_RETURN(std::string sequence, ResolveSequence(*argument.value));
      arguments->push_back(MakeLiteral(Value::String(sequence)));
    } else if (static_cast<int>(i) == interval) {
      KS_RETURN_IF_ERROR(AppendInterval(*argument.value, context, arguments));
    } else {
      KS_ASSIGN_OR_RETURN(auto resolved, Resolve(*argument.value, context));
      arguments->push_back(std::move(resolved));
    }
  }
  return absl::OkStatus();
}

// From the first `name => value` on; what is left out before a given one is NULL.
absl::Status Resolver::PlaceNamedArguments(const Function& function, const CallExpr& call,
                                           const ExprContext& context,
                                           std::vector<ResolvedExprPtr>* arguments) {
  const size_t positional = arguments->size();
  for (const CallArgument& argument : call.arguments) {
    if (argument.name.empty()) {
      if (&argument - call.arguments.data() < static_cast<ptrdiff_t>(arguments->size())) continue;
      return Error(argument.value->range.begin,
                   "Positional argument is invalid because it is after a named one");
    }
    const std::string wanted = absl::AsciiStrToLower(argument.name.name);
    size_t place = 0;
    const Signature* found = nullptr;
    for (const Signature& signature : function.signatures) {
      for (size_t i = 0; i < signature.names.size() && found == nullptr; ++i) {
        // Of JSON_SET's signatures, the one for as many pairs as were given.
        if (signature.names[i] != wanted || i < positional) continue;
        place = i;
        found = &signature;
      }
    }
    if (found == nullptr) {
      return Error(argument.name.range.begin,
                   absl::StrCat("Named argument `", argument.name.name,
                                "` not found in signature for call to function ", function.name));
    }
    KS_ASSIGN_OR_RETURN(auto resolved, Resolve(*argument.value, context));
    while (arguments->size() <= place) {
      const size_t i = arguments->size();
      arguments->push_back(found->defaults.empty()
                               ? NullLiteral()
                               : std::make_unique<ResolvedLiteral>(found->defaults[i]));
    }
    (*arguments)[place] = std::move(resolved);
  }
  return absl::OkStatus();
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveCast(const CastExpr& cast,
                                                      const ExprContext& context) {
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*cast.operand, context));
  KS_ASSIGN_OR_RETURN(TypeRef type, ResolveType(*cast.type));
  // GoogleSQL has it, Spanner's page of conversion functions does not.
  if (cast.format != nullptr) {
    return Error(cast.format->range.begin, "CAST with FORMAT is not supported");
  }
  const FloatLiteral* number = AsFloatLiteral(*operand);
  if (type->Is(TypeKind::kNumeric) && number != nullptr) {
    auto exact = ParseNumeric(number->digits);
    if (exact.ok()) return MakeLiteral(Value::Numeric(*exact));
  }
  if (Untyped(*operand)) {
    KS_ASSIGN_OR_RETURN(bool done, coercer_.Coerce(operand, type));
    if (done) return operand;
  }
  // Elements keep their type: conversion_rules, "must be the exact same array type".
  if (operand->type->is_array() && type->is_array() &&
      operand->type->element() != type->element() && !type->element()->is_struct()) {
    return Error(cast.operand->range.begin,
                 absl::StrCat("Casting between arrays with incompatible element types is not "
                              "supported: Invalid cast from ",
                              operand->type->ToString(), " to ", type->ToString()));
  }
  if (!PlanCast(operand->type, type).has_value()) {
    return Error(
        cast.operand->range.begin,
        absl::StrCat("Invalid cast from ", operand->type->ToString(), " to ", type->ToString()));
  }
  if (operand->type == type) {
    if (operand->kind == ResolvedKind::kLiteral) {
      To<ResolvedLiteral>(*operand).origin = ResolvedLiteral::Origin::kTyped;
    }
    return operand;
  }
  return std::make_unique<ResolvedCast>(std::move(operand), type, cast.safe, options_.protos);
}

// ---- Lazy forms ----

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveLazyFunction(const std::string& name,
                                                              const CallExpr& call,
                                                              const ExprContext& context,
                                                              bool* done) {
  struct Form {
    std::string_view name;
    size_t least;
    size_t most;
    std::string_view signature;
  };
  static constexpr Form kForms[] = {
      {"IF", 3, 3, "IF(BOOL, ANY, ANY)"},     {"COALESCE", 1, 100000, "COALESCE([ANY, ...])"},
      {"IFNULL", 2, 2, "IFNULL(ANY, ANY)"},   {"NULLIF", 2, 2, "NULLIF(ANY, ANY)"},
      {"IFERROR", 2, 2, "IFERROR(ANY, ANY)"}, {"NULLIFERROR", 1, 1, "NULLIFERROR(ANY)"},
      {"ISERROR", 1, 1, "ISERROR(ANY)"},
  };
  const Form* form = nullptr;
  for (const Form& candidate : kForms) {
    if (candidate.name == name) form = &candidate;
  }
  *done = form != nullptr;
  if (form == nullptr) return ResolvedExprPtr();
  const uint32_t position = call.range.begin;
  std::vector<ResolvedExprPtr> arguments;
  KS_RETURN_IF_ERROR(ResolveArguments(name, call, context, &arguments));
  if (arguments.empty() && name == "COALESCE") {
    return Error(position,
                 "No matching signature for function COALESCE with no arguments. Supported "
                 "signature: COALESCE([ANY, ...])");
  }
  if (arguments.size() < form->least || arguments.size() > form->most) {
    return Error(position, absl::StrCat("Number of arguments does not match for function ", name,
                                        ". Supported signature: ", form->signature));
  }
  if (name == "NULLIF") return ResolveNullIf(std::move(arguments), position);
  if (name == "ISERROR") {
    return std::make_unique<ResolvedLazy>(LazyKind::kIsError, Type::Bool(), std::move(arguments));
  }
  if (name == "NULLIFERROR") arguments.push_back(NullLiteral());
  const size_t results = name == "IF" ? 1 : 0;
  std::vector<const ResolvedExpr*> views;
  for (size_t i = results; i < arguments.size(); ++i) views.push_back(arguments[i].get());
  TypeRef type = CommonSupertype(views);
  const bool condition_fits = results == 0 || CoercionCost(*arguments[0], Type::Bool()) >= 0;
  if (type == nullptr || !condition_fits) {
    return Error(position, NoMatchingSignature("function " + name, arguments, form->signature));
  }
  if (results == 1)
    KS_RETURN_IF_ERROR(CoerceTo(arguments[0], Type::Bool(), position, "not a BOOL"));
  for (size_t i = results; i < arguments.size(); ++i) {
    KS_RETURN_IF_ERROR(CoerceTo(arguments[i], type, position, "Argument does not fit"));
  }
  LazyKind kind = LazyKind::kCoalesce;
  if (name == "IF") kind = LazyKind::kCase;
  if (name == "IFERROR" || name == "NULLIFERROR") kind = LazyKind::kIfError;
  return std::make_unique<ResolvedLazy>(kind, type, std::move(arguments));
}

// NULLIF(a, b): a, or NULL where a = b.
absl::StatusOr<ResolvedExprPtr> Resolver::ResolveNullIf(std::vector<ResolvedExprPtr> arguments,
                                                        uint32_t position) {
  TypeRef type = CommonSupertype({arguments[0].get(), arguments[1].get()});
  if (type == nullptr) {
    return Error(position, NoMatchingSignature("function NULLIF", arguments, "NULLIF(ANY, ANY)"));
  }
  for (auto& argument : arguments)
    KS_RETURN_IF_ERROR(CoerceTo(argument, type, position, "not of the type"));
  const ResolvedColumn value = NewColumn("$nullif", type);
  std::vector<ResolvedExprPtr> compared;
  compared.push_back(MakeColumnRef(value));
  compared.push_back(std::move(arguments[1]));
  std::vector<ResolvedExprPtr> operands(3);
  KS_ASSIGN_OR_RETURN(operands[0], MakeCall("$equal", std::move(compared), position));
  operands[1] = std::make_unique<ResolvedLiteral>(Value::Null(type));
  operands[2] = MakeColumnRef(value);
  auto let = std::make_unique<ResolvedLet>(
      std::make_unique<ResolvedLazy>(LazyKind::kCase, type, std::move(operands)));
  let->variables.emplace_back(value, std::move(arguments[0]));
  return let;
}

absl::StatusOr<ResolvedExprPtr> Resolver::MakeCase(std::vector<ResolvedExprPtr> operands, size_t,
                                                   uint32_t position, std::string_view) {
  std::vector<const ResolvedExpr*> results;
  for (size_t i = 1; i < operands.size(); i += 2) results.push_back(operands[i].get());
  results.push_back(operands.back().get());
  TypeRef type = CommonSupertype(results);
  if (type == nullptr) {
    std::vector<std::string> found;
    std::vector<std::string> actual;
    for (const ResolvedExpr* result : results) found.push_back(ArgumentTypeText(*result));
    for (size_t i = 0; i + 1 < operands.size(); i += 2) {
      actual.push_back(absl::StrCat("(", operands[i]->type->ToString(), " ",
                                    ArgumentTypeText(*operands[i + 1]), ")"));
    }
    actual.push_back(ArgumentTypeText(*operands.back()));
    return Error(
        position,
        absl::StrCat("No matching signature for operator CASE; all THEN/ELSE arguments must be "
                     "coercible to a common type but found: ",
                     absl::StrJoin(found, ", "),
                     "; actual argument types (WHEN THEN) ELSE: ", absl::StrJoin(actual, " ")));
  }
  for (size_t i = 0; i < operands.size(); ++i) {
    const bool condition = i % 2 == 0 && i + 1 < operands.size();
    KS_RETURN_IF_ERROR(
        CoerceTo(operands[i], condition ? Type::Bool() : type, position,
                 absl::StrCat("No matching signature for operator CASE; WHEN argument must be "
                              "coercible to BOOL but found: ",
                              operands[i]->type->ToString())));
  }
  return std::make_unique<ResolvedLazy>(LazyKind::kCase, type, std::move(operands));
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveCase(const CaseExpr& expr,
                                                      const ExprContext& context) {
  if (expr.operand != nullptr) return ResolveCaseValue(expr, context);
  std::vector<ResolvedExprPtr> operands;
  for (const CaseExpr::When& when : expr.whens) {
    KS_ASSIGN_OR_RETURN(auto condition, Resolve(*when.condition, context));
    operands.push_back(std::move(condition));
    KS_ASSIGN_OR_RETURN(auto result, Resolve(*when.result, context));
    operands.push_back(std::move(result));
  }
  if (expr.otherwise != nullptr) {
    KS_ASSIGN_OR_RETURN(auto otherwise, Resolve(*expr.otherwise, context));
    operands.push_back(std::move(otherwise));
  } else {
    operands.push_back(NullLiteral());
  }
  return MakeCase(std::move(operands), 0, expr.range.begin, "CASE");
}

// CASE x WHEN a THEN …: x is computed once.
absl::StatusOr<ResolvedExprPtr> Resolver::ResolveCaseValue(const CaseExpr& expr,
                                                           const ExprContext& context) {
  const uint32_t position = expr.range.begin;
  std::vector<ResolvedExprPtr> values;  // x, then what it is compared with
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*expr.operand, context));
  values.push_back(std::move(operand));
  std::vector<ResolvedExprPtr> results;
  for (const CaseExpr::When& when : expr.whens) {
    KS_ASSIGN_OR_RETURN(auto value, Resolve(*when.condition, context));
    values.push_back(std::move(value));
    KS_ASSIGN_OR_RETURN(auto result, Resolve(*when.result, context));
    results.push_back(std::move(result));
  }
  if (expr.otherwise != nullptr) {
    KS_ASSIGN_OR_RETURN(auto otherwise, Resolve(*expr.otherwise, context));
    results.push_back(std::move(otherwise));
  } else {
    results.push_back(NullLiteral());
  }
  std::vector<const ResolvedExpr*> views;
  for (const auto& value : values) views.push_back(value.get());
  TypeRef type = CommonSupertype(views);
  if (type == nullptr) {
    std::vector<std::string> types = {ArgumentTypeText(*values[0])};
    for (size_t i = 1; i < values.size(); ++i) {
      types.push_back(ArgumentTypeText(*values[i]));
      types.push_back(ArgumentTypeText(*results[i - 1]));
    }
    types.push_back(ArgumentTypeText(*results.back()));
    return Error(position,
                 absl::StrCat("No matching signature for operator CASE for argument types: ",
                              absl::StrJoin(types, ", ")));
  }
  for (auto& value : values) KS_RETURN_IF_ERROR(CoerceTo(value, type, position, "not of the type"));
  const ResolvedColumn variable = NewColumn("$case", type);
  std::vector<ResolvedExprPtr> operands;
  for (size_t i = 1; i < values.size(); ++i) {
    std::vector<ResolvedExprPtr> compared;
    compared.push_back(MakeColumnRef(variable));
    compared.push_back(std::move(values[i]));
    KS_ASSIGN_OR_RETURN(auto equal, MakeCall("$equal", std::move(compared), position));
    operands.push_back(std::move(equal));
    operands.push_back(std::move(results[i - 1]));
  }
  operands.push_back(std::move(results.back()));
  KS_ASSIGN_OR_RETURN(auto body, MakeCase(std::move(operands), 0, position, "CASE"));
  auto let = std::make_unique<ResolvedLet>(std::move(body));
  let->variables.emplace_back(variable, std::move(values[0]));
  return let;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveWith(const WithExpr& with,
                                                      const ExprContext& context) {
  std::vector<std::pair<ResolvedColumn, ResolvedExprPtr>> variables;
  NameScope scope(context.scope);
  ExprContext inner = context;
  inner.scope = &scope;
  for (const WithExpr::Variable& variable : with.variables) {
    KS_ASSIGN_OR_RETURN(auto value, Resolve(*variable.value, inner));
    const ResolvedColumn column = NewColumn(variable.name.name, value->type);
    scope.columns.push_back({column.name, column.id, column.type});
    variables.emplace_back(column, std::move(value));
  }
  KS_ASSIGN_OR_RETURN(auto body, Resolve(*with.body, inner));
  auto let = std::make_unique<ResolvedLet>(std::move(body));
  let->variables = std::move(variables);
  return let;
}

}  // namespace ks::sql
