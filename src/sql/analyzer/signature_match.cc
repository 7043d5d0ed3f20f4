#include "sql/analyzer/signature_match.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ks::sql {
namespace {

using Pattern = ArgumentType::Pattern;

bool IsFirst(Pattern p) { return p == Pattern::kAny1 || p == Pattern::kArrayOfAny1; }
bool IsArrayOf(Pattern p) { return p == Pattern::kArrayOfAny1 || p == Pattern::kArrayOfAny2; }
bool IsPlaceholder(Pattern p) {
  return IsFirst(p) || p == Pattern::kAny2 || p == Pattern::kArrayOfAny2;
}

struct Shape {
  const ArgumentType& result;
  const std::vector<ArgumentType>& arguments;
  int optional;
  bool repeated;
  Requirement requirement;
};
Shape ShapeOf(const Signature& s) {
  return {s.result, s.arguments, s.optional, s.repeated, s.requirement};
}
Shape ShapeOf(const AggregateSignature& s) {
  return {s.result, s.arguments, 0, false, s.requirement};
}

bool CountFits(const Shape& shape, size_t count) {
  const size_t declared = shape.arguments.size();
  if (count < declared - shape.optional) return false;
  return count <= declared || shape.repeated;
}

const ArgumentType& ArgumentAt(const Shape& shape, size_t i) {
  return shape.arguments[std::min(i, shape.arguments.size() - 1)];
}

// The type that T1 (or T2) stands for; null when there is none.
TypeRef Bind(const Shape& shape, const std::vector<ResolvedExprPtr>& arguments, bool first) {
  std::vector<const ResolvedExpr*> plain;
  TypeRef element = nullptr;  // from ARRAY<T>
  std::vector<const ResolvedExpr*> arrays;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Pattern pattern = ArgumentAt(shape, i).pattern;
    if (!IsPlaceholder(pattern) || IsFirst(pattern) != first) continue;
    if (!IsArrayOf(pattern)) {
      plain.push_back(arguments[i].get());
      continue;
    }
    arrays.push_back(arguments[i].get());
  }
  if (!arrays.empty()) {
    TypeRef type = CommonSupertype(arrays);
    if (type == nullptr) return nullptr;
    if (type->is_array()) {
      element = type->element();
    } else if (!std::all_of(arrays.begin(), arrays.end(), [](auto* a) { return Untyped(*a); })) {
      return nullptr;
    }
  }
  if (plain.empty()) return element == nullptr && !arrays.empty() ? Type::Int64() : element;
  TypeRef type = CommonSupertype(plain);
  if (element == nullptr || type == element) return type;
  for (const ResolvedExpr* expr : plain) {
    if (CoercionCost(*expr, element) < 0) {
      // The array may follow the value when it is a literal: 1.5 IN UNNEST([1, 2]).
      for (const ResolvedExpr* array : arrays) {
        if (type == nullptr || CoercionCost(*array, Type::Array(type)) < 0) return nullptr;
      }
      return type;
    }
  }
  return element;
}

bool Meets(TypeRef type, Requirement requirement) {
  switch (requirement) {
    case Requirement::kNone:
      return true;
    case Requirement::kEquality:
      return type->SupportsEquality();
    case Requirement::kOrdering:
      return type->SupportsOrdering();
    case Requirement::kGrouping:
      return type->SupportsGrouping();
  }
  return true;
}

// Cost of the signature; <0: it does not fit.
int64_t Try(const Shape& shape, const std::vector<ResolvedExprPtr>& arguments,
            ChosenSignature* chosen) {
  if (!CountFits(shape, arguments.size())) return -1;
  TypeRef bound[2] = {Bind(shape, arguments, true), Bind(shape, arguments, false)};
  int64_t cost = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const ArgumentType& wanted = ArgumentAt(shape, i);
    TypeRef type = wanted.type;
    if (IsPlaceholder(wanted.pattern)) {
      type = bound[IsFirst(wanted.pattern) ? 0 : 1];
      if (type == nullptr || !Meets(type, shape.requirement)) return -1;
      if (IsArrayOf(wanted.pattern)) {
        if (type->is_array()) return -1;
        type = Type::Array(type);
      }
      cost += 1;  // a signature that names the type goes before
    } else if (wanted.pattern == Pattern::kAnyType) {
      type = arguments[i]->type;
    } else if (wanted.pattern == Pattern::kAnyStruct) {
      type = arguments[i]->type;
      if (!type->is_struct()) return -1;
    }
    const int step = CoercionCost(*arguments[i], type);
    if (step < 0) return -1;
    cost += step * 10;
    chosen->arguments.push_back(type);
  }
  const ArgumentType& result = shape.result;
  chosen->result = result.type;
  if (IsPlaceholder(result.pattern)) {
    TypeRef type = bound[IsFirst(result.pattern) ? 0 : 1];
    if (type == nullptr) type = Type::Int64();
    if (IsArrayOf(result.pattern) && type->is_array()) return -1;
    chosen->result = IsArrayOf(result.pattern) ? Type::Array(type) : type;
  }
  return cost;
}

template <typename S>
ChosenSignature Choose(const std::vector<S>& signatures,
                       const std::vector<ResolvedExprPtr>& arguments) {
  ChosenSignature best;
  int64_t best_cost = -1;
  for (size_t i = 0; i < signatures.size(); ++i) {
    ChosenSignature candidate;
    candidate.index = static_cast<int>(i);
    const int64_t cost = Try(ShapeOf(signatures[i]), arguments, &candidate);
    if (cost < 0 || (best_cost >= 0 && cost >= best_cost)) continue;
    best = std::move(candidate);
    best_cost = cost;
  }
  return best;
}

std::string PatternText(const ArgumentType& type) {
  switch (type.pattern) {
    case Pattern::kConcrete:
      return type.type->ToString();
    case Pattern::kArrayOfAny1:
    case Pattern::kArrayOfAny2:
      return "ARRAY";
    case Pattern::kAnyStruct:
      return "STRUCT";
    default:
      return "ANY";
  }
}

std::string SignatureText(std::string_view name, const Shape& shape) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < shape.arguments.size(); ++i) {
    std::string text = PatternText(shape.arguments[i]);
    const bool last = i + 1 == shape.arguments.size();
    if (last && shape.repeated) {
      if (shape.optional == 0) parts.push_back(text);
      parts.push_back(absl::StrCat("[", text, ", ...]"));
    } else if (i + shape.optional >= shape.arguments.size()) {
      parts.push_back(absl::StrCat("[", text, "]"));
    } else {
      parts.push_back(std::move(text));
    }
  }
  return absl::StrCat(name, "(", absl::StrJoin(parts, ", "), ")");
}

struct OperatorText {
  std::string_view name;
  std::string_view signature;  // empty: from the table
  bool compares = false;       // two values
};
const OperatorText* FindOperator(std::string_view name) {
  static const auto* operators = new std::map<std::string_view, OperatorText>{
      {"$add", {"+", "INT64 + INT64; FLOAT64 + FLOAT64; NUMERIC + NUMERIC"}},
      {"$subtract", {"-", "INT64 - INT64; NUMERIC - NUMERIC; FLOAT64 - FLOAT64"}},
      {"$multiply", {"*", "INT64 * INT64; FLOAT64 * FLOAT64; NUMERIC * NUMERIC"}},
      {"$divide", {"/", "FLOAT64 / FLOAT64; NUMERIC / NUMERIC"}},
      {"$unary_minus", {"-", "-(INT64); -(FLOAT32); -(FLOAT64); -(NUMERIC)"}},
      {"$concat", {"||", "STRING || STRING; BYTES || BYTES; ARRAY || ARRAY"}},
      {"$equal", {"=", "ANY = ANY", true}},
      {"$not_equal", {"!=", "ANY != ANY", true}},
      {"$less", {"<", "ANY < ANY", true}},
      {"$less_or_equal", {"<=", "ANY <= ANY", true}},
      {"$greater", {">", "ANY > ANY", true}},
      {"$greater_or_equal", {">=", "ANY >= ANY", true}},
      {"$not", {"NOT", "NOT (BOOL)"}},
      {"$is_true", {"IS TRUE", "(BOOL) IS TRUE"}},
      {"$is_false", {"IS FALSE", "(BOOL) IS FALSE"}},
      {"$is_null", {"IS NULL", "(ANY) IS NULL"}},
      {"$like", {"LIKE", "STRING LIKE STRING; BYTES LIKE BYTES", true}},
      {"$between", {"BETWEEN", "(ANY) BETWEEN (ANY) AND (ANY)"}},
      {"$bitwise_and", {"&", "INT64 & INT64; BYTES & BYTES"}},
      {"$bitwise_or", {"|", "INT64 | INT64; BYTES | BYTES"}},
      {"$bitwise_xor", {"^", "INT64 ^ INT64; BYTES ^ BYTES"}},
      {"$bitwise_not", {"~", "~(INT64); ~(BYTES)"}},
      {"$shift_left", {"<<", "INT64 << INT64; BYTES << INT64"}},
      {"$shift_right", {">>", "INT64 >> INT64; BYTES >> INT64"}},
      {"$is_distinct_from", {"IS DISTINCT FROM", "ANY IS DISTINCT FROM ANY"}},
  };
  auto found = operators->find(name);
  return found == operators->end() ? nullptr : &found->second;
}

// What people who write "text" for a BYTES value are told.
std::string BytesHint(const std::vector<ResolvedExprPtr>& arguments) {
  bool text = false, bytes = false, literal = false;
  for (const auto& argument : arguments) {
    text |= argument->type->Is(TypeKind::kString);
    bytes |= argument->type->Is(TypeKind::kBytes);
    literal |= WrittenLiteral(*argument);
  }
  if (!text || !bytes || !literal) return "";
  return ". STRING and BYTES are different types that are not directly comparable. To write a "
         "BYTES literal, use a b-prefixed literal such as b'bytes value'";
}

std::string Supported(std::string_view list, size_t count) {
  return absl::StrCat(". Supported signature", count > 1 ? "s" : "", ": ", list);
}

template <typename F>
std::string FunctionMessage(const F& function, std::string_view kind,
                            const std::vector<ResolvedExprPtr>& arguments) {
  std::vector<std::string> texts;
  bool count_fits = false;
  for (const auto& signature : function.signatures) {
    texts.push_back(SignatureText(function.name, ShapeOf(signature)));
    count_fits |= CountFits(ShapeOf(signature), arguments.size());
  }
  const std::string supported = Supported(absl::StrJoin(texts, "; "), texts.size());
  if (texts.size() == 1 && !count_fits) {
    return absl::StrCat("Number of arguments does not match for ", kind, " ", function.name,
                        supported);
  }
  const std::string types =
      arguments.empty() ? " with no arguments" : " for argument types: " + TypeList(arguments);
  return absl::StrCat("No matching signature for ", kind, " ", function.name, types, supported);
}

}  // namespace

ChosenSignature ChooseSignature(const std::vector<Signature>& signatures,
                                const std::vector<ResolvedExprPtr>& arguments) {
  return Choose(signatures, arguments);
}
ChosenSignature ChooseSignature(const std::vector<AggregateSignature>& signatures,
                                const std::vector<ResolvedExprPtr>& arguments) {
  return Choose(signatures, arguments);
}

std::string ArgumentTypeText(const ResolvedExpr& argument) {
  if (Untyped(argument) && argument.kind == ResolvedKind::kLiteral && !argument.type->is_array())
    return "NULL";
  return argument.type->ToString();
}

std::string TypeList(const std::vector<ResolvedExprPtr>& arguments) {
  return absl::StrJoin(arguments, ", ", [](std::string* out, const auto& argument) {
    out->append(ArgumentTypeText(*argument));
  });
}

std::string NoMatchingSignature(const Function& function,
                                const std::vector<ResolvedExprPtr>& arguments) {
  const OperatorText* op = FindOperator(function.name);
  if (op == nullptr) return FunctionMessage(function, "function", arguments);
  std::vector<std::string> texts;
  for (const Signature& signature : function.signatures) {
    if (!op->signature.empty()) break;
    const auto& types = signature.arguments;
    if (types.size() == 2) {
      texts.push_back(
          absl::StrCat(PatternText(types[0]), " ", op->name, " ", PatternText(types[1])));
    } else {
      texts.push_back(absl::StrCat(op->name, "(", PatternText(types[0]), ")"));
    }
  }
  const std::string list = texts.empty() ? std::string(op->signature) : absl::StrJoin(texts, "; ");
  return absl::StrCat("No matching signature for operator ", op->name,
                      " for argument types: ", TypeList(arguments),
                      op->compares ? BytesHint(arguments) : "",
                      Supported(list, list.find(';') == std::string::npos ? 1 : 2));
}

std::string NoMatchingSignature(const AggregateFunction& function,
                                const std::vector<ResolvedExprPtr>& arguments) {
  return FunctionMessage(function, "aggregate function", arguments);
}

std::string NoMatchingSignature(std::string_view kind_and_name,
                                const std::vector<ResolvedExprPtr>& arguments,
                                std::string_view signature) {
  return absl::StrCat("No matching signature for ", kind_and_name,
                      " for argument types: ", TypeList(arguments),
                      ". Supported signature: ", signature);
}

}  // namespace ks::sql
