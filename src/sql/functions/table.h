// The table of functions while it is filled. Each subject has a file that adds its functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/string_map.h"
#include "sql/functions/function.h"

namespace ks::sql {

class FunctionRegistry {
 public:
  void Add(std::string name, std::vector<Signature> signatures,
           Determinism determinism = Determinism::kPure);
  // More signatures for `name`, after those it has.
  void Extend(std::string_view name, std::vector<Signature> signatures);
  // Moves the FLOAT64 signatures of `name` before the NUMERIC ones: an INT64, which could become
  // either, becomes FLOAT64.
  void FloatFirst(std::string_view name);
  // `alias` becomes another name of `name`, which is there already.
  void Alias(std::string_view alias, std::string_view name);
  const Function* Find(std::string_view upper_name) const;
  std::vector<std::string> names() const;  // sorted; without the `$` ones

 private:
  StringMap<std::unique_ptr<Function>> functions_;
};

class AggregateRegistry {
 public:
  void Add(std::string name, std::vector<AggregateSignature> signatures);
  const AggregateFunction* Find(std::string_view upper_name) const;

 private:
  StringMap<std::unique_ptr<const AggregateFunction>> functions_;
};

void AddArithmetic(FunctionRegistry& table);
void AddArray(FunctionRegistry& table);
void AddBit(FunctionRegistry& table);
void AddComparison(FunctionRegistry& table);
void AddConditional(FunctionRegistry& table);
void AddDate(FunctionRegistry& table);
void AddEncoding(FunctionRegistry& table);
void AddFormat(FunctionRegistry& table);
void AddHash(FunctionRegistry& table);
void AddInterval(FunctionRegistry& table);
void AddJson(FunctionRegistry& table);
void AddJsonEdit(FunctionRegistry& table);
void AddJsonValues(FunctionRegistry& table);
void AddMath(FunctionRegistry& table);
void AddNet(FunctionRegistry& table);
void AddProto(FunctionRegistry& table);
void AddProtoSet(FunctionRegistry& table);
void AddRegexp(FunctionRegistry& table);
void AddSequence(FunctionRegistry& table);
void AddString(FunctionRegistry& table);
void AddText(FunctionRegistry& table);
void AddTimeText(FunctionRegistry& table);
void AddTimestamp(FunctionRegistry& table);
void AddVector(FunctionRegistry& table);
void AddAggregates(AggregateRegistry& table);

}  // namespace ks::sql
