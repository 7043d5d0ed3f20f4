// The inside of a Program: instructions and registers. Private to eval/.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sql/eval/cast.h"
#include "sql/eval/expression.h"
#include "sql/eval/subquery.h"

namespace ks::sql {

using Register = int32_t;

enum class Op : uint8_t {
  kCall,
  kCast,
  kField,
  kAnd,
  kOr,
  kCase,
  kCoalesce,
  kIfError,
  kIsError,
  kSubquery,
};

// A part of the list that a lazy form runs by itself: instructions [begin, end), then its value is
// in `result`.
struct Block {
  int begin;
  int end;
  Register result;
};

struct Instruction {
  Op op = Op::kCall;
  // Depends on no row: runs on one row, and its column is a constant.
  bool constant = false;
  bool safe = false;
  bool propagate_nulls = false;
  Register out = 0;
  int next = 0;  // the instruction after this one and its blocks
  Kernel kernel = nullptr;
  TypeRef type = nullptr;
  std::vector<Register> arguments;
  std::vector<TypeRef> argument_types;
  std::shared_ptr<const void> prepared;
  std::vector<Block> blocks;
  int field = 0;
  CastPlan cast;
  std::unique_ptr<SubqueryRunner> subquery;
  // Columns of the row that the subquery reads, and where it looks for them.
  std::vector<std::pair<Register, Datum*>> captured;
};

struct Program::Code {
  std::unique_ptr<Environment> own_environment;  // outlives the subqueries in the instructions
  std::vector<Instruction> instructions;
  std::vector<Register> roots;
  // The registers as they are before a run: constants and outer columns are set.
  std::vector<Column> registers;
  std::vector<std::pair<Register, int>> inputs;  // register := inputs[i]
  std::vector<Value> constants;                  // own what constant registers point to
  std::vector<std::unique_ptr<Datum>> constant_data;
  Environment* environment = nullptr;
  std::vector<Column> scratch;  // registers of the current run
};

// Calls a kernel for `rows`, writing NULL where an argument is NULL if `propagate_nulls`.
void RunKernel(Call& call, Kernel kernel, bool propagate_nulls, Rows rows,
               absl::Span<const Column> arguments, Datum* out);

}  // namespace ks::sql
