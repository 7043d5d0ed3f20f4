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

class FunctionTable {
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

class AggregateTable {
 public:
  void Add(std::string name, std::vector<AggregateSignature> signatures);
  const AggregateFunction* Find(std::string_view upper_name) const;

 private:
  StringMap<std::unique_ptr<const AggregateFunction>> functions_;
};

void AddArithmetic(FunctionTable& table);
void AddArray(FunctionTable& table);
void AddBit(FunctionTable& table);
void AddComparison(FunctionTable& table);
void AddConditional(FunctionTable& table);
void AddDate(FunctionTable& table);
void AddEncoding(FunctionTable& table);
void AddFormat(FunctionTable& table);
void AddHash(FunctionTable& table);
void AddInterval(FunctionTable& table);
void AddJson(FunctionTable& table);
void AddJsonValues(FunctionTable& table);
void AddMath(FunctionTable& table);
void AddNet(FunctionTable& table);
void AddRegexp(FunctionTable& table);
void AddString(FunctionTable& table);
void AddText(FunctionTable& table);
void AddTimeText(FunctionTable& table);
void AddTimestamp(FunctionTable& table);
void AddVector(FunctionTable& table);
void AddAggregates(AggregateTable& table);

}  // namespace ks::sql
