#include "sql/analyzer/coercion.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/eval/cast.h"
#include "sql/functions/format_value.h"

namespace ks::sql {
namespace {

constexpr int kImpossible = -1;
constexpr int kLiteralCost = 1;
constexpr int kTypedCost = 100;

bool IsConstructor(const ResolvedExpr& expr) {
  if (expr.kind != ResolvedKind::kCall) return false;
  const std::string& name = To<ResolvedCall>(expr).function->name;
  return name == "$MAKE_ARRAY" || name == "$MAKE_STRUCT" || name == "$make_array" ||
         name == "$make_struct";
}

// How far apart two numeric types are: INT64 prefers NUMERIC's neighbourhood less than nothing,
// FLOAT64 last.
int Distance(TypeRef from, TypeRef to) {
  if (from->Is(TypeKind::kInt64) && to->Is(TypeKind::kFloat64)) return 2;
  return 1;
}

int StructCost(TypeRef from, TypeRef to, bool literal);

int TypeCost(TypeRef from, TypeRef to, bool literal) {
  if (from == to) return 0;
  if (from->is_struct() && to->is_struct()) return StructCost(from, to, literal);
  if (from->is_array() && to->is_array()) {
    // Arrays of one struct type with other field names are the same.
    const int cost = TypeCost(from->element(), to->element(), literal);
    return cost <= 0 || literal || from->element()->is_struct() ? cost : kImpossible;
  }
  if (ImplicitlyCoercible(from, to))
    return (literal ? kLiteralCost : kTypedCost) * Distance(from, to);
  if (literal && LiteralCoercible(from, to)) return kLiteralCost * Distance(from, to) * 2;
  return kImpossible;
}

int StructCost(TypeRef from, TypeRef to, bool literal) {
  if (from->fields().size() != to->fields().size()) return kImpossible;
  int total = 1;
  for (size_t i = 0; i < from->fields().size(); ++i) {
    const int cost = TypeCost(from->fields()[i].type, to->fields()[i].type, literal);
    if (cost < 0) return kImpossible;
    total += cost;
  }
  return total;
}

int ConstructorCost(const ResolvedCall& call, TypeRef type) {
  if (call.type->kind() != type->kind()) return kImpossible;
  if (type->is_struct() && type->fields().size() != call.arguments.size()) return kImpossible;
  int total = 1;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    TypeRef member = type->is_array() ? type->element() : type->fields()[i].type;
    const int cost = CoercionCost(*call.arguments[i], member);
    if (cost < 0) return kImpossible;
    total += cost;
  }
  return total;
}

}  // namespace

std::string LiteralText(const Value& value) {
  std::string text;
  AppendFormattedValue(value.type(), value.datum(), true, &text);
  return text;
}

const FloatLiteral* AsFloatLiteral(const ResolvedExpr& expr) {
  return dynamic_cast<const FloatLiteral*>(&expr);
}

bool Untyped(const ResolvedExpr& expr) {
  // ERROR('…') never has a value, so it may have any type.
  if (expr.kind == ResolvedKind::kCall) return To<ResolvedCall>(expr).function->name == "ERROR";
  if (expr.kind == ResolvedKind::kParameter) return To<ResolvedParameter>(expr).undeclared;
  return expr.kind == ResolvedKind::kLiteral &&
         To<ResolvedLiteral>(expr).origin == ResolvedLiteral::Origin::kUntyped;
}

bool WrittenLiteral(const ResolvedExpr& expr) {
  if (expr.kind == ResolvedKind::kLiteral) {
    return To<ResolvedLiteral>(expr).origin != ResolvedLiteral::Origin::kTyped;
  }
  if (expr.kind == ResolvedKind::kParameter) return true;
  if (!IsConstructor(expr)) return false;
  for (const auto& argument : To<ResolvedCall>(expr).arguments) {
    if (!WrittenLiteral(*argument)) return false;
  }
  return true;
}

int CoercionCost(const ResolvedExpr& expr, TypeRef type) {
  if (expr.type == type) return 0;
  if (Untyped(expr)) {
    if (expr.kind == ResolvedKind::kLiteral && expr.type->is_array())
      return type->is_array() ? 0 : kImpossible;
    return 0;
  }
  if (IsConstructor(expr)) return ConstructorCost(To<ResolvedCall>(expr), type);
  // Unlike 1.5, a FLOAT64 parameter becomes no NUMERIC.
  const bool inexact = expr.kind == ResolvedKind::kParameter && expr.type->Is(TypeKind::kFloat64) &&
                       type->Is(TypeKind::kNumeric);
  return TypeCost(expr.type, type, WrittenLiteral(expr) && !inexact);
}

absl::StatusOr<bool> Coercer::CoerceParts(ResolvedExprPtr& expr, TypeRef type) {
  auto& call = To<ResolvedCall>(*expr);
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    TypeRef member = type->is_array() ? type->element() : type->fields()[i].type;
    KS_ASSIGN_OR_RETURN(bool done, Coerce(call.arguments[i], member));
    if (!done) return false;
  }
  call.type = type;
  return true;
}

absl::StatusOr<bool> Coercer::Coerce(ResolvedExprPtr& expr, TypeRef type) {
  if (CoercionCost(*expr, type) < 0) return false;
  if (expr->kind == ResolvedKind::kParameter && To<ResolvedParameter>(*expr).undeclared) {
    auto& parameter = To<ResolvedParameter>(*expr);
    auto [known, added] = undeclared_.emplace(parameter.name, type);
    if (!added && known->second != type) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Undeclared parameter '", parameter.name, "' is used assuming different types (",
          known->second->ToString(), " vs ", type->ToString(), ")"));
    }
    parameter.type = type;
    parameter.undeclared = false;
    return true;
  }
  if (expr->type == type) {
    if (expr->kind == ResolvedKind::kLiteral && Untyped(*expr)) {
      To<ResolvedLiteral>(*expr).origin = ResolvedLiteral::Origin::kTyped;
    }
    return true;
  }
  if (expr->kind == ResolvedKind::kCall && Untyped(*expr)) {
    expr->type = type;
    return true;
  }
  if (expr->kind == ResolvedKind::kLiteral) {
    const Value& value = To<ResolvedLiteral>(*expr).value;
    if (Untyped(*expr)) {
      expr = std::make_unique<ResolvedLiteral>(Value(type, value.datum()));
      return true;
    }
    const FloatLiteral* number = AsFloatLiteral(*expr);
    auto changed = type->Is(TypeKind::kNumeric) && number != nullptr
                       ? CastValue(Value::String(number->digits), type)
                       : CastValue(value, type, protos_);
    if (!changed.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("Could not cast literal ", LiteralText(value),
                                                     " to type ", type->ToString()));
    }
    expr = std::make_unique<ResolvedLiteral>(*std::move(changed));
    return true;
  }
  if (IsConstructor(*expr)) return CoerceParts(expr, type);
  expr = std::make_unique<ResolvedCast>(std::move(expr), type, false, protos_);
  return true;
}

TypeRef CommonSupertype(TypeRef a, TypeRef b) {
  if (a == b) return a;
  if (a->is_struct() && b->is_struct() && a->fields().size() == b->fields().size()) {
    std::vector<StructField> fields;
    for (size_t i = 0; i < a->fields().size(); ++i) {
      TypeRef type = CommonSupertype(a->fields()[i].type, b->fields()[i].type);
      if (type == nullptr) return nullptr;
      fields.push_back({a->fields()[i].name, type});
    }
    return Type::Struct(std::move(fields));
  }
  if (a->is_array() && b->is_array()) {
    if (!a->element()->is_struct()) return nullptr;
    TypeRef element = CommonSupertype(a->element(), b->element());
    return element == nullptr ? nullptr : Type::Array(element);
  }
  if (TypeCost(a, b, false) >= 0) return b;
  if (TypeCost(b, a, false) >= 0) return a;
  if (a->is_numeric() && b->is_numeric()) return Type::Float64();  // INT64 or NUMERIC with FLOAT32
  return nullptr;
}

namespace {

TypeRef SupertypeOfWholes(absl::Span<const ResolvedExpr* const> exprs) {
  // What has a type of its own decides, if the literals can follow.
  TypeRef typed = nullptr;
  bool mixed = false;
  for (const ResolvedExpr* expr : exprs) {
    if (Untyped(*expr) || WrittenLiteral(*expr)) continue;
    typed = typed == nullptr ? expr->type : CommonSupertype(typed, expr->type);
    if (typed == nullptr) {
      mixed = true;
      break;
    }
  }
  if (mixed) return nullptr;
  TypeRef all = typed;
  bool literals_follow = typed != nullptr;
  for (const ResolvedExpr* expr : exprs) {
    if (literals_follow && CoercionCost(*expr, typed) < 0) literals_follow = false;
  }
  if (literals_follow) return typed;
  for (const ResolvedExpr* expr : exprs) {
    if (Untyped(*expr) && !expr->type->is_array()) continue;
    if (all != nullptr && CoercionCost(*expr, all) >= 0) continue;
    TypeRef wider = all == nullptr ? expr->type : CommonSupertype(all, expr->type);
    if (wider == nullptr) return nullptr;
    all = wider;
  }
  if (all == nullptr) return exprs.empty() ? nullptr : exprs[0]->type;
  for (const ResolvedExpr* expr : exprs) {
    if (CoercionCost(*expr, all) < 0) return nullptr;
  }
  return all;
}

// Struct constructors meet member by member: a NULL that one of them has for a member takes the
// type that the others give it.
TypeRef SupertypeOfMembers(absl::Span<const ResolvedExpr* const> exprs) {
  const ResolvedCall* first = nullptr;
  std::vector<std::vector<const ResolvedExpr*>> members;
  for (const ResolvedExpr* expr : exprs) {
    if (Untyped(*expr)) continue;
    if (!expr->type->is_struct() || !IsConstructor(*expr)) return nullptr;
    const auto& call = To<ResolvedCall>(*expr);
    if (first == nullptr) {
      first = &call;
      members.resize(call.arguments.size());
    }
    if (call.arguments.size() != members.size()) return nullptr;
    for (size_t i = 0; i < members.size(); ++i) members[i].push_back(call.arguments[i].get());
  }
  if (first == nullptr) return nullptr;
  std::vector<StructField> fields;
  for (size_t i = 0; i < members.size(); ++i) {
    TypeRef type = CommonSupertype(members[i]);
    if (type == nullptr) return nullptr;
    fields.push_back({first->type->fields()[i].name, type});
  }
  return Type::Struct(std::move(fields));
}

// `type` with the field names of the first struct of several.
TypeRef NamedAsFirst(TypeRef type, absl::Span<const ResolvedExpr* const> exprs) {
  if (type == nullptr || !type->is_struct()) return type;
  for (const ResolvedExpr* expr : exprs) {
    if (!expr->type->is_struct()) continue;
    std::vector<StructField> fields(type->fields().begin(), type->fields().end());
    for (size_t i = 0; i < fields.size(); ++i) fields[i].name = expr->type->fields()[i].name;
    return Type::Struct(std::move(fields));
  }
  return type;
}

}  // namespace

TypeRef CommonSupertype(absl::Span<const ResolvedExpr* const> exprs) {
  TypeRef type = SupertypeOfWholes(exprs);
  return NamedAsFirst(type != nullptr ? type : SupertypeOfMembers(exprs), exprs);
}

}  // namespace ks::sql
