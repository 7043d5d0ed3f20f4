// Coercion: which types may stand for others without a CAST, and the type that several expressions
// have in common. Private to analyzer/. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/conversion_rules
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sql/analyzer/resolved.h"
#include "sql/proto_catalog.h"

namespace ks::sql {

// A FLOAT64 as it was written: where it becomes a NUMERIC, the digits count, not the nearest
// double.
struct FloatLiteral : ResolvedLiteral {
  std::string digits;
  FloatLiteral(double value, std::string text)
      : ResolvedLiteral(Value::Float64(value), Origin::kWritten), digits(std::move(text)) {}
};
// As messages show a value: "text" in double quotes.
std::string LiteralText(const Value& value);
// Null when `expr` is no such literal.
const FloatLiteral* AsFloatLiteral(const ResolvedExpr& expr);

// NULL, [] or an undeclared parameter: takes any type (an array type for []).
bool Untyped(const ResolvedExpr& expr);
// A literal as written, or an array or struct built of such.
bool WrittenLiteral(const ResolvedExpr& expr);

// Cost of giving `expr` the type: 0 it has it; <0 impossible. Literals cost less than other
// expressions.
int CoercionCost(const ResolvedExpr& expr, TypeRef type);

class Coercer {
 public:
  // `protos` may be null: there are no PROTO and ENUM types.
  explicit Coercer(const ProtoCatalog* protos) : protos_(protos) {}
  // Changes `expr` to `type`; false when CoercionCost says that it cannot. An error when a literal
  // has no such value.
  absl::StatusOr<bool> Coerce(ResolvedExprPtr& expr, TypeRef type);

  // Types that undeclared parameters got.
  const std::map<std::string, TypeRef>& undeclared() const { return undeclared_; }

 private:
  absl::StatusOr<bool> CoerceParts(ResolvedExprPtr& expr, TypeRef type);
  const ProtoCatalog* protos_;
  std::map<std::string, TypeRef> undeclared_;
};

// The type that all can be coerced to, or null.
TypeRef CommonSupertype(absl::Span<const ResolvedExpr* const> exprs);
// The same for types of query columns (no literals).
TypeRef CommonSupertype(TypeRef a, TypeRef b);

}  // namespace ks::sql
