// PROTO values: reading fields, NEW, REPLACE_FIELDS, UPDATE … SET column.field.
// https://cloud.google.com/spanner/docs/reference/standard-sql/protocol-buffers
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "sql/analyzer/resolver.h"
#include "sql/errors.h"
#include "sql/functions/proto_set.h"

namespace ks::sql {

// message.field, and message.has_field where there is no field of that name.
absl::StatusOr<ResolvedExprPtr> Resolver::ResolveProtoField(ResolvedExprPtr operand,
                                                            const Identifier& field) {
  const uint32_t position = field.range.begin;
  TypeRef message = operand->type;
  const auto no_such_field = [&] {
    return Error(position, absl::StrCat("Protocol buffer ", message->full_name(),
                                        " does not have a field called ", field.name));
  };
  if (options_.protos == nullptr) return no_such_field();
  absl::StatusOr<ProtoField> found = options_.protos->FindField(message, field.name);
  constexpr std::string_view kHas = "has_";
  const bool has = absl::IsNotFound(found.status()) && field.name.size() > kHas.size() &&
                   SameName(field.name.substr(0, kHas.size()), kHas);
  if (has) found = options_.protos->FindField(message, field.name.substr(kHas.size()));
  if (absl::IsNotFound(found.status())) return no_such_field();
  if (has && found.ok() && found->repeated) {
    return Error(position,
                 absl::StrCat("Protocol buffer ", message->full_name(), " field ", found->name,
                              " is repeated, so has_", found->name, " is not allowed"));
  }
  if (!found.ok()) return Placed(position, found.status());
  std::vector<ResolvedExprPtr> arguments;
  arguments.push_back(std::move(operand));
  arguments.push_back(MakeLiteral(Value::Int64(found->number)));
  if (has) return MakeCall("$proto_has", std::move(arguments), position);
  if (found->type == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("Type not found: ", found->type_name));
  }
  arguments.push_back(MakeLiteral(Value::Int64(static_cast<int64_t>(found->encoding))));
  arguments.push_back(MakeLiteral(found->unset));
  const Function* read = FindFunction("$proto_field");
  return std::make_unique<ResolvedCall>(read, read->signatures.data(), found->type,
                                        std::move(arguments));
}

namespace {

using Verb = ProtoSetOptions::Verb;

// A path to a field, and the message that holds it.
struct FoundPath {
  std::vector<ProtoField> fields;
  std::string message;
};

ResolvedExprPtr MakeSet(ResolvedExprPtr message, const FoundPath& path, Verb verb,
                        ResolvedExprPtr value) {
  const ProtoField& field = path.fields.back();
  const ProtoSetOptions options{.verb = verb,
                                .encoding = field.encoding,
                                .packed = field.packed,
                                .required = field.required,
                                .rivals = field.rivals,
                                .message = path.message,
                                .field = field.name};
  std::vector<Value> tags;
  for (const ProtoField& step : path.fields) tags.push_back(Value::Int64(ProtoTag(step)));
  const Function* set = FindFunction("$proto_set");
  const TypeRef type = message->type;
  std::vector<ResolvedExprPtr> arguments;
  arguments.push_back(std::move(message));
  arguments.push_back(MakeLiteral(options.Numbers()));
  arguments.push_back(MakeLiteral(Value::String(options.message)));
  arguments.push_back(MakeLiteral(Value::String(options.field)));
  arguments.push_back(MakeLiteral(Value::Array(Type::Int64(), tags)));
  arguments.push_back(std::move(value));
  return std::make_unique<ResolvedCall>(set, set->signatures.data(), type, std::move(arguments));
}

// The same field, or one inside the other.
bool Overlap(const FoundPath& a, const FoundPath& b) {
  for (size_t i = 0; i < std::min(a.fields.size(), b.fields.size()); ++i) {
    if (a.fields[i].number != b.fields[i].number) return false;
  }
  return true;
}

std::string PathText(const FoundPath& path) {
  std::string text;
  for (const ProtoField& field : path.fields) {
    absl::StrAppend(&text, text.empty() ? "" : ".", field.name);
  }
  return text;
}

// `path` from its name number `from` on, in `message`.
absl::StatusOr<FoundPath> FindPath(const Resolver& resolver, const ProtoCatalog* protos,
                                   TypeRef message, const Path& path, size_t from) {
  FoundPath found;
  for (size_t i = from; i < path.size(); ++i) {
    const uint32_t position = path[i].range.begin;
    if (protos == nullptr || !message->Is(TypeKind::kProto)) {
      return resolver.Error(position, absl::StrCat("Cannot access field ", path[i].name,
                                                   " on a value with type ", message->ToString()));
    }
    auto field = protos->FindField(message, path[i].name);
    if (!field.ok()) {
      return resolver.Error(position, absl::StrCat("Protocol buffer ", message->full_name(),
                                                   " does not have a field named ", path[i].name));
    }
    if (field->type == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("Type not found: ", field->type_name));
    }
    found.message = message->full_name();
    message = field->type;
    found.fields.push_back(*std::move(field));
  }
  return found;
}

}  // namespace

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveNew(const NewExpr& expr,
                                                     const ExprContext& context, TypeRef field) {
  if (expr.operand != nullptr) return ResolveReplaceFields(expr, context);
  const uint32_t position = expr.type.empty() ? expr.range.begin : expr.type[0].range.begin;
  TypeRef type = field;
  if (!expr.type.empty()) {
    const std::string name = JoinPath(expr.type);
    type = options_.protos == nullptr ? nullptr : options_.protos->FindType(name);
    if (type == nullptr) return Error(position, absl::StrCat("Type not found: ", name));
  }
  if (!type->Is(TypeKind::kProto)) {
    return Error(position,
                 absl::StrCat(expr.type.empty() ? "Braced" : "NEW",
                              " constructors are not allowed for type ", type->ToString()));
  }
  std::set<std::string> given;
  ResolvedExprPtr message = MakeLiteral(Value(type, Datum::Str("")));
  for (size_t i = 0; i < expr.arguments.size(); ++i) {
    KS_ASSIGN_OR_RETURN(message, ResolveNewField(expr, i, context, std::move(message), &given));
  }
  for (const std::string& name : options_.protos->RequiredFields(type)) {
    if (given.contains(name)) continue;
    return Error(position, absl::StrCat("Cannot construct proto ", type->full_name(),
                                        " because required field ", name, " is missing"));
  }
  return message;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveNewField(const NewExpr& expr, size_t number,
                                                          const ExprContext& context,
                                                          ResolvedExprPtr message,
                                                          std::set<std::string>* given) {
  const NewExpr::Argument& argument = expr.arguments[number];
  const std::string& message_name = message->type->full_name();
  const Identifier* name = argument.field.empty() ? nullptr : &argument.field.back();
  if (name == nullptr && argument.value->kind == ExprKind::kPath)
    name = &As<PathExpr>(*argument.value).path.back();
  const uint32_t position = expr.braces ? name->range.begin : argument.value->range.begin;
  if (name == nullptr) {
    return Error(position, absl::StrCat("Cannot construct proto because argument ", number + 1,
                                        " does not have an alias to match to a field name"));
  }
  auto field = options_.protos->FindField(message->type, name->name);
  if (!field.ok() || argument.field.size() > 1 || argument.extension) {
    return Error(position,
                 absl::StrCat(expr.braces ? "Field " : "Argument ", number + 1, " has name ",
                              name->name, " which is not a field in proto ", message_name));
  }
  const std::string full_name = absl::StrCat(message_name, ".", field->name);
  if (!given->insert(field->name).second) {
    return Error(position,
                 absl::StrCat("Constructor has duplicate column name ", field->name,
                              " so constructing proto field ", full_name, " is ambiguous"));
  }
  if (field->type == nullptr) {
    return Error(position, absl::StrCat("Proto field ", full_name, " has unsupported type ",
                                        field->type_name));
  }
  const bool inner = argument.value->kind == ExprKind::kNew;
  KS_ASSIGN_OR_RETURN(auto value,
                      inner ? ResolveNew(As<NewExpr>(*argument.value), context, field->type)
                            : Resolve(*argument.value, context));
  const std::string mismatch = absl::StrCat(
      "Could not store value with type ", value->type->ToString(), " into proto field ", full_name,
      " which has SQL type ", field->type->ToString());
  KS_RETURN_IF_ERROR(CoerceTo(value, field->type, argument.value->range.begin, mismatch));
  return MakeSet(std::move(message), {{*field}, message_name}, Verb::kNew, std::move(value));
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveReplaceFields(const NewExpr& expr,
                                                               const ExprContext& context) {
  KS_ASSIGN_OR_RETURN(auto message, Resolve(*expr.operand, context));
  const TypeRef type = message->type;
  if (!type->Is(TypeKind::kProto)) {
    return Error(expr.operand->range.begin,
                 absl::StrCat("REPLACE_FIELDS() expected an input type with fields for first "
                              "argument, but found type ",
                              type->ToString()));
  }
  std::vector<FoundPath> paths;
  for (const NewExpr::Argument& argument : expr.arguments) {
    KS_ASSIGN_OR_RETURN(FoundPath path, FindPath(*this, options_.protos, type, argument.field, 0));
    for (const FoundPath& earlier : paths) {
      if (!Overlap(earlier, path)) continue;
      return Error(argument.field[0].range.begin,
                   absl::StrCat("REPLACE_FIELDS() field path ", PathText(earlier),
                                " overlaps with field path ", PathText(path)));
    }
    KS_ASSIGN_OR_RETURN(auto value, Resolve(*argument.value, context));
    const TypeRef field = path.fields.back().type;
    KS_RETURN_IF_ERROR(CoerceTo(value, field, argument.value->range.begin,
                                absl::StrCat("Cannot replace field of type ", field->ToString(),
                                             " with value of type ", value->type->ToString())));
    message = MakeSet(std::move(message), path, Verb::kReplace, std::move(value));
    paths.push_back(std::move(path));
  }
  return message;
}

absl::StatusOr<ResolvedExprPtr> Resolver::ResolveFieldAssigned(ResolvedExprPtr message,
                                                               const Path& path, size_t from,
                                                               const Expr& value,
                                                               const ExprContext& context) {
  KS_ASSIGN_OR_RETURN(FoundPath found, FindPath(*this, options_.protos, message->type, path, from));
  KS_ASSIGN_OR_RETURN(auto assigned, Resolve(value, context));
  const TypeRef type = found.fields.back().type;
  KS_RETURN_IF_ERROR(
      CoerceTo(assigned, type, value.range.begin,
               absl::StrCat("Value of type ", assigned->type->ToString(), " cannot be assigned to ",
                            JoinPath(path), ", which has type ", type->ToString())));
  return MakeSet(std::move(message), found, Verb::kUpdate, std::move(assigned));
}

// ---- As text ----

namespace {

// `type` with STRING for each ENUM and, where `protos`, each PROTO in it.
TypeRef AsText(TypeRef type, bool protos) {
  if (type->Is(TypeKind::kEnum) || (protos && type->Is(TypeKind::kProto))) return Type::String();
  if (type->is_array()) return Type::Array(AsText(type->element(), protos));
  if (!type->is_struct()) return type;
  std::vector<StructField> fields(type->fields().begin(), type->fields().end());
  for (StructField& field : fields) field.type = AsText(field.type, protos);
  return Type::Struct(std::move(fields));
}

}  // namespace

void Resolver::ShowProtosAsText(std::string_view function,
                                std::vector<ResolvedExprPtr>* arguments) const {
  const bool format = function == "FORMAT";
  if (!format && function != "TO_JSON") return;
  for (ResolvedExprPtr& argument : *arguments) {
    const TypeRef text = AsText(argument->type, format);
    if (text == argument->type) continue;
    argument = std::make_unique<ResolvedCast>(std::move(argument), text, false, options_.protos);
  }
}

}  // namespace ks::sql
