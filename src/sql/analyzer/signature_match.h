// Choosing the signature of a call by its arguments. Private to analyzer/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/analyzer/coercion.h"
#include "sql/analyzer/resolved.h"

namespace ks::sql {

struct ChosenSignature {
  int index = -1;                  // into Function::signatures; -1: none fits
  TypeRef result = nullptr;        // null: the caller knows ($make_struct)
  std::vector<TypeRef> arguments;  // what each argument is coerced to
};

ChosenSignature ChooseSignature(const std::vector<Signature>& signatures,
                                const std::vector<ResolvedExprPtr>& arguments);
ChosenSignature ChooseSignature(const std::vector<AggregateSignature>& signatures,
                                const std::vector<ResolvedExprPtr>& arguments);

// "No matching signature for function ABS for argument types: STRING. Supported signatures:
// ABS(INT64); …"
std::string NoMatchingSignature(const Function& function,
                                const std::vector<ResolvedExprPtr>& arguments);
std::string NoMatchingSignature(const AggregateFunction& function,
                                const std::vector<ResolvedExprPtr>& arguments);
// For the forms that are no functions: `signature` is "IF(BOOL, ANY, ANY)".
std::string NoMatchingSignature(std::string_view kind_and_name,
                                const std::vector<ResolvedExprPtr>& arguments,
                                std::string_view signature);
// "INT64, STRING"
std::string TypeList(const std::vector<ResolvedExprPtr>& arguments);
std::string ArgumentTypeText(const ResolvedExpr& argument);

}  // namespace ks::sql
