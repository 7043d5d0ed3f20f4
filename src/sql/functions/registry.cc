// The tables of all functions, filled once, and the search in them.
#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/nearest_name.h"
#include "base/str_cat.h"
#include "sql/functions/function.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

const FunctionRegistry& Functions() {
  static const FunctionRegistry* const table = [] {
    auto* t = new FunctionRegistry;
    AddArithmetic(*t);
    AddArray(*t);
    AddBit(*t);
    AddComparison(*t);
    AddConditional(*t);
    AddDate(*t);
    AddEncoding(*t);
    AddFormat(*t);
    AddSequence(*t);
    AddHash(*t);
    AddInterval(*t);
    AddJson(*t);
    AddJsonEdit(*t);
    AddJsonValues(*t);
    AddMath(*t);
    AddNet(*t);
    AddProtoSet(*t);
    AddProto(*t);
    AddRegexp(*t);
    AddString(*t);
    AddText(*t);
    AddTimeText(*t);
    AddTimestamp(*t);
    AddVector(*t);
    return t;
  }();
  return *table;
}

const AggregateRegistry& Aggregates() {
  static const AggregateRegistry* const table = [] {
    auto* t = new AggregateRegistry;
    AddAggregates(*t);
    return t;
  }();
  return *table;
}

// `$` names are lower case, all others upper.
std::string Canonical(std::string_view name) {
  const absl::string_view text = AbslView(name);
  return absl::StartsWith(text, "$") ? absl::AsciiStrToLower(text) : absl::AsciiStrToUpper(text);
}

}  // namespace

void FunctionRegistry::Add(std::string name, std::vector<Signature> signatures,
                           Determinism determinism) {
  auto function = std::make_unique<Function>();
  function->name = name;
  function->signatures = std::move(signatures);
  function->determinism = determinism;
  functions_[std::move(name)] = std::move(function);
}

void FunctionRegistry::Extend(std::string_view name, std::vector<Signature> signatures) {
  auto it = functions_.find(name);
  if (it == functions_.end()) return Add(std::string(name), std::move(signatures));
  for (Signature& s : signatures) it->second->signatures.push_back(std::move(s));
}

void FunctionRegistry::FloatFirst(std::string_view name) {
  std::vector<Signature>& signatures = functions_.find(name)->second->signatures;
  std::stable_partition(signatures.begin(), signatures.end(),
                        [](const Signature& s) { return s.arguments[0].type == Type::Float64(); });
}

void FunctionRegistry::Alias(std::string_view alias, std::string_view name) {
  auto function = std::make_unique<Function>(*Find(name));
  function->name = std::string(alias);
  functions_[std::string(alias)] = std::move(function);
}

const Function* FunctionRegistry::Find(std::string_view upper_name) const {
  auto it = functions_.find(upper_name);
  return it == functions_.end() ? nullptr : it->second.get();
}

std::vector<std::string> FunctionRegistry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : functions_) {
    if (name[0] != '$') names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void AggregateRegistry::Add(std::string name, std::vector<AggregateSignature> signatures) {
  auto function = std::make_unique<AggregateFunction>();
  function->name = name;
  function->signatures = std::move(signatures);
  functions_[std::move(name)] = std::move(function);
}

const AggregateFunction* AggregateRegistry::Find(std::string_view upper_name) const {
  auto it = functions_.find(upper_name);
  return it == functions_.end() ? nullptr : it->second.get();
}

const Function* FindFunction(std::string_view name) { return Functions().Find(Canonical(name)); }

const AggregateFunction* FindAggregate(std::string_view name) {
  return Aggregates().Find(Canonical(name));
}

std::string NearestFunctionName(std::string_view name) {
  return NearestName(Canonical(name), Functions().names());
}

}  // namespace ks::sql
