// Names: columns, rows, fields and elements of values.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/nearest_name.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/errors.h"

namespace ks::sql {

std::string JoinPath(const Path& path) {
  return absl::StrJoin(path, ".",
                       [](std::string* out, const Identifier& id) { out->append(id.name); });
}

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
      if (options_.strict_names && !match.column->value) {
        return Error(name.range.begin,
                     absl::StrCat("Alias ", name.name,
                                  " cannot be used without a qualifier in strict name resolution "
                                  "mode"));
      }
      return MakeColumnRef(match.column->id, match.column->type);
    case NameMatch::Kind::kField:
      return std::make_unique<ResolvedField>(MakeColumnRef(match.column->id, match.column->type),
                                             match.field,
                                             match.column->type->fields()[match.field].type);
    case NameMatch::Kind::kAlias: {
      ResolvedExprPtr copy = CloneExpr(*match.alias->expr);
      if (copy != nullptr) return copy;
      if (match.alias->written != nullptr) {
        ExprContext inner = context;
        inner.scope = match.alias->scope;
        return Resolve(*match.alias->written, inner);
      }
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
    arguments.push_back(MakeLiteral(Value::String(field.name)));
    return MakeCall("$json_field", std::move(arguments), field.range.begin);
  }
  if (type->Is(TypeKind::kProto)) return ResolveProtoField(std::move(operand), field);
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

namespace {

// `OFFSET(INT64)`: what stands in the brackets, for messages.
std::string IndexText(const SubscriptExpr& subscript, const ResolvedExpr& index) {
  constexpr std::string_view kNames[] = {"",    "OFFSET",  "ORDINAL", "SAFE_OFFSET", "SAFE_ORDINAL",
                                         "KEY", "SAFE_KEY"};
  const std::string_view name = kNames[static_cast<size_t>(subscript.subscript)];
  const std::string type = index.type->ToString();
  return name.empty() ? type : absl::StrCat(name, "(", type, ")");
}

}  // namespace

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
    return Error(position, absl::StrCat("Subscript access using [", IndexText(subscript, *index),
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

absl::StatusOr<std::string> Resolver::ResolveSequence(const Expr& argument) {
  if (argument.kind != ExprKind::kPath) return Error(argument.range.begin, "Expected a sequence");
  std::vector<std::string> path;
  for (const Identifier& part : As<PathExpr>(argument).path) path.push_back(part.name);
  std::string name = JoinPath(As<PathExpr>(argument).path);
  if (options_.catalog != nullptr) {
    const std::optional<std::string> found = options_.catalog->FindSequence(path);
    if (!found) return Error(argument.range.begin, absl::StrCat("Sequence not found: ", name));
    name = *found;
  }
  sequences_.push_back(name);
  return name;
}

}  // namespace ks::sql
