// Date parts, INTERVAL and EXTRACT.
// https://cloud.google.com/spanner/docs/reference/standard-sql/lexical#interval_literals
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/analyzer/signature_match.h"
#include "sql/eval/cast.h"
#include "sql/functions/interval_literal.h"

namespace ks::sql {
namespace {

ResolvedExprPtr StringLiteral(std::string_view text) { return MakeLiteral(Value::String(text)); }

bool IsDatePart(std::string_view name) {
  static constexpr std::string_view kParts[] = {
      "NANOSECOND", "MICROSECOND", "MILLISECOND", "SECOND",  "MINUTE", "HOUR",    "DAY",
      "WEEK",       "ISOWEEK",     "MONTH",       "QUARTER", "YEAR",   "ISOYEAR", "DAYOFWEEK",
      "DAYOFYEAR",  "DATE",        "NFC",         "NFD",     "NFKC",   "NFKD"};
  for (std::string_view part : kParts) {
    if (part == name) return true;
  }
  return false;
}

bool IsStringLiteral(const ResolvedExpr& expr) {
  return expr.kind == ResolvedKind::kLiteral && expr.type->Is(TypeKind::kString) && !Untyped(expr);
}

// A literal whose type is only as it was written.
bool IsWrittenString(const ResolvedExpr& expr) {
  return IsStringLiteral(expr) &&
         To<ResolvedLiteral>(expr).origin == ResolvedLiteral::Origin::kWritten;
}

std::string NoExtractSignature(bool date, const std::vector<ResolvedExprPtr>& arguments) {
  const size_t zone = date ? 1 : 2;
  std::string found =
      absl::StrCat(date ? "DATE" : "DATE_TIME_PART", " FROM ", ArgumentTypeText(*arguments[0]));
  if (arguments.size() > zone)
    absl::StrAppend(&found, " AT TIME ZONE ", ArgumentTypeText(*arguments[zone]));
  return absl::StrCat(
      "No matching signature for function EXTRACT for argument types: ", found,
      date ? ". Supported signature: EXTRACT(DATE FROM TIMESTAMP [AT TIME ZONE STRING])"
           : ". Supported signatures: EXTRACT(DATE_TIME_PART FROM DATE); "
             "EXTRACT(DATE_TIME_PART FROM TIMESTAMP [AT TIME ZONE STRING])");
}

}  // namespace

absl::StatusOr<std::string> Resolver::DatePart(const Expr& part) {
  if (part.kind == ExprKind::kPath && As<PathExpr>(part).path.size() == 1) {
    return IntervalField(As<PathExpr>(part).path[0]);
  }
  if (part.kind == ExprKind::kCall) {
    const auto& call = As<CallExpr>(part);
    if (call.arguments.size() == 1 && call.arguments[0].value->kind == ExprKind::kPath) {
      return absl::AsciiStrToUpper(absl::StrCat(
          JoinPath(call.name), "(", JoinPath(As<PathExpr>(*call.arguments[0].value).path), ")"));
    }
  }
  return Error(part.range.begin, "A valid date part name is required");
}

absl::StatusOr<std::string> Resolver::IntervalField(const Identifier& unit) const {
  std::string name = absl::AsciiStrToUpper(unit.name);
  if (IsDatePart(name)) return name;
  return Error(unit.range.begin,
               absl::StrCat("A valid date part name is required but found ", unit.name));
}

// The number of DATE_ADD's INTERVAL: a string literal or parameter is cast to one.
absl::StatusOr<ResolvedExprPtr> Resolver::IntervalNumber(const Expr& value,
                                                         const ExprContext& context) {
  const uint32_t position = value.range.begin;
  KS_ASSIGN_OR_RETURN(auto number, Resolve(value, context));
  if (IsStringLiteral(*number)) {
    const Value& text = To<ResolvedLiteral>(*number).value;
    auto parsed = CastValue(text, Type::Int64());
    if (parsed.ok()) return MakeLiteral(*std::move(parsed));
    return Error(position,
                 absl::StrCat("Could not cast literal ", LiteralText(text), " to type INT64"));
  }
  if (number->kind == ResolvedKind::kParameter && number->type->Is(TypeKind::kString) &&
      !Untyped(*number)) {
    return std::make_unique<ResolvedCast>(std::move(number), Type::Int64(), false);
  }
  KS_RETURN_IF_ERROR(
      CoerceTo(number, Type::Int64(), position, "Interval value must be coercible to INT64 type"));
  return number;
}

absl::Status Resolver::AppendInterval(const Expr& expr, const ExprContext& context,
                                      std::vector<ResolvedExprPtr>* arguments) {
  if (expr.kind != ExprKind::kInterval) {
    return Error(expr.range.begin, "Expected INTERVAL expression");
  }
  const auto& interval = As<IntervalExpr>(expr);
  if (!interval.to_unit.empty()) {
    return Error(expr.range.begin, "INTERVAL argument only support single date part field.");
  }
  KS_ASSIGN_OR_RETURN(const std::string unit, IntervalField(interval.unit));
  KS_ASSIGN_OR_RETURN(auto number, IntervalNumber(*interval.value, context));
  arguments->push_back(std::move(number));
  arguments->push_back(StringLiteral(unit));
  return absl::OkStatus();
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveInterval(const IntervalExpr& interval,
                                                          const ExprContext& context) {
  KS_ASSIGN_OR_RETURN(const std::string unit, IntervalField(interval.unit));
  std::string to_unit;
  if (!interval.to_unit.empty()) {
    KS_ASSIGN_OR_RETURN(to_unit, IntervalField(interval.to_unit));
  }
  KS_ASSIGN_OR_RETURN(auto value, Resolve(*interval.value, context));
  if (IsStringLiteral(*value) && !To<ResolvedLiteral>(*value).value.datum().null()) {
    auto made =
        ParseIntervalLiteral(To<ResolvedLiteral>(*value).value.datum().str(), unit, to_unit);
    if (!made.ok()) return Placed(interval.range.begin, made.status());
    return MakeLiteral(Value(Type::Interval(), Datum::Interval(&*made)));
  }
  KS_RETURN_IF_ERROR(CoerceTo(value, Type::Int64(), interval.value->range.begin,
                              "Invalid interval literal. Expected INTERVAL keyword to be followed "
                              "by an INT64 expression or STRING literal"));
  if (!to_unit.empty()) {
    return Error(interval.range.begin,
                 "The INTERVAL keyword followed by an integer expression can only specify a single "
                 "datetime field, not a field range. Consider using INTERVAL function for "
                 "specifying multiple datetime fields.");
  }
  std::vector<ResolvedExprPtr> arguments;
  arguments.push_back(std::move(value));
  arguments.push_back(StringLiteral(unit));
  return MakeCall("$interval", std::move(arguments), interval.range.begin);
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveExtract(const ExtractExpr& extract,
                                                         const ExprContext& context) {
  KS_ASSIGN_OR_RETURN(std::string part, DatePart(*extract.part));
  const uint32_t position = extract.range.begin;
  std::vector<ResolvedExprPtr> arguments;
  KS_ASSIGN_OR_RETURN(auto operand, Resolve(*extract.operand, context));
  if (IsWrittenString(*operand)) {
    return Error(position, "EXTRACT does not support literal STRING arguments");
  }
  const bool from_date = operand->type->Is(TypeKind::kDate);
  const bool date = part == "DATE";
  if (from_date && date) {
    return Error(position, "EXTRACT from DATE does not support the DATE date part");
  }
  if (from_date && extract.time_zone != nullptr) {
    return Error(position, "EXTRACT from DATE does not support AT TIME ZONE");
  }
  arguments.push_back(std::move(operand));
  if (!date) arguments.push_back(StringLiteral(part));
  if (extract.time_zone != nullptr) {
    KS_ASSIGN_OR_RETURN(auto zone, Resolve(*extract.time_zone, context));
    arguments.push_back(std::move(zone));
  }
  const std::string_view name = date ? "$extract_date" : "$extract";
  if (ChooseSignature(FindFunction(name)->signatures, arguments).index < 0) {
    return Error(position, NoExtractSignature(date, arguments));
  }
  return MakeCall(name, std::move(arguments), position);
}

}  // namespace ks::sql
