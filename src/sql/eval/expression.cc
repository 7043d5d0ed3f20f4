// Running a program. Compiling is in compile.cc.
#include "sql/eval/expression.h"

#include <array>
#include <numeric>

#include "base/check.h"
#include "sql/eval/program_code.h"

namespace ks::sql {

Rows AllRows(uint32_t count) {
  static const std::vector<uint32_t>* rows = [] {
    auto* made = new std::vector<uint32_t>(1 << 16);
    std::iota(made->begin(), made->end(), 0);
    return made;
  }();
  if (count <= rows->size()) return Rows(rows->data(), count);
  // Arrays with more elements than a batch has rows.
  static thread_local std::vector<uint32_t> large;
  if (large.size() < count) {
    large.resize(count);
    std::iota(large.begin(), large.end(), 0);
  }
  return Rows(large.data(), count);
}

uint32_t SelectTrue(Rows rows, const Column& condition, uint32_t* out) {
  uint32_t count = 0;
  for (uint32_t row : rows) {
    const Datum& value = condition.at(row);
    out[count] = row;
    count += !value.null() && value.bool_value();
  }
  return count;
}

// One run of a program over one batch.
class ProgramRunner {
 public:
  ProgramRunner(Program::Code& code, EvalContext& context, uint32_t capacity)
      : code_(code), context_(&context), capacity_(capacity), registers_(code.scratch) {}

  void Run(int begin, int end, Rows rows) {
    for (int i = begin; i < end;) {
      Instruction& instruction = code_.instructions[i];
      if (!rows.empty()) {
        if (instruction.constant && !constant_mode_) {
          RunConstant(instruction, rows);
        } else {
          Run(instruction, rows);
        }
      }
      i = instruction.next;
    }
  }

 private:
  static EvalContext Inner(const EvalContext& outer) {
    EvalContext inner(outer.arena);
    inner.now = outer.now;
    inner.default_zone = outer.default_zone;
    inner.now_column = outer.now_column;
    return inner;
  }

  Datum* NewColumn(const Instruction& instruction) {
    Datum* data = context_->arena.AllocateArray<Datum>(constant_mode_ ? 1 : capacity_);
    registers_[instruction.out] = Column{data, constant_mode_};
    return data;
  }

  // Runs once; an error is the error of every row that wanted it.
  void RunConstant(Instruction& instruction, Rows rows) {
    EvalContext inner = Inner(*context_);
    EvalContext* outer = context_;
    context_ = &inner;
    constant_mode_ = true;
    Run(instruction, AllRows(1));
    constant_mode_ = false;
    context_ = outer;
    if (!inner.failed()) return;
    for (uint32_t row : rows) context_->Fail(row, inner.errors()[0].second);
  }

  void Run(Instruction& instruction, Rows rows) {
    switch (instruction.op) {
      case Op::kCall:
      case Op::kCast:
        return RunFunction(instruction, rows);
      case Op::kField:
        return RunField(instruction, rows);
      case Op::kAnd:
        return RunLogical(instruction, rows, false);
      case Op::kOr:
        return RunLogical(instruction, rows, true);
      case Op::kCase:
        return RunCase(instruction, rows);
      case Op::kCoalesce:
        return RunCoalesce(instruction, rows);
      case Op::kIfError:
      case Op::kIsError:
        return RunIfError(instruction, rows);
      case Op::kSubquery:
        return RunSubquery(instruction, rows);
    }
  }

  void RunFunction(Instruction& instruction, Rows rows) {
    Datum* out = NewColumn(instruction);
    if (!instruction.safe) return Compute(instruction, *context_, rows, out);
    EvalContext inner = Inner(*context_);
    Compute(instruction, inner, rows, out);
    for (const auto& [row, error] : inner.errors()) {
      out[row] = Datum::Null();
      // A call that was wrong whatever the values is none that SAFE. could save.
      if (absl::IsInvalidArgument(error)) context_->Fail(row, error);
    }
  }

  void Compute(Instruction& instruction, EvalContext& context, Rows rows, Datum* out) {
    constexpr size_t kFew = 8;
    std::array<Column, kFew> few;
    std::vector<Column> many;
    const size_t count = instruction.arguments.size();
    Column* arguments = few.data();
    if (count > kFew) {
      many.resize(count);
      arguments = many.data();
    }
    for (size_t i = 0; i < count; ++i) arguments[i] = registers_[instruction.arguments[i]];
    if (instruction.op == Op::kCast)
      return RunCast(instruction.cast, context, rows, arguments[0], out);
    Call call{context, instruction.type, instruction.argument_types, instruction.prepared.get()};
    RunKernel(call, instruction.kernel, instruction.propagate_nulls, rows, {arguments, count}, out);
  }

  void RunField(Instruction& instruction, Rows rows) {
    const Column operand = registers_[instruction.arguments[0]];
    Datum* out = NewColumn(instruction);
    for (uint32_t row : rows) {
      const Datum& value = operand.at(row);
      out[row] = value.null() ? value : value.elements()[instruction.field];
    }
  }

  Column RunBlock(const Block& block, Rows rows) {
    Run(block.begin, block.end, rows);
    return registers_[block.result];
  }

  uint32_t* NewRows(size_t count) { return context_->arena.AllocateArray<uint32_t>(count); }

  // AND is decided by FALSE, OR by TRUE.
  void RunLogical(Instruction& instruction, Rows rows, bool decides) {
    Datum* out = NewColumn(instruction);
    uint32_t* open = NewRows(rows.size());
    for (size_t i = 0; i < instruction.blocks.size() && !rows.empty(); ++i) {
      const Column value = RunBlock(instruction.blocks[i], rows);
      size_t count = 0;
      for (uint32_t row : rows) {
        const Datum& operand = value.at(row);
        const bool null = operand.null();
        if (i == 0 || null) {
          out[row] = operand;
        } else if (operand.bool_value() == decides || !out[row].null()) {
          out[row] = operand;
        }
        open[count] = row;
        count += null || operand.bool_value() != decides;
      }
      rows = Rows(open, count);
    }
  }

  void RunCase(Instruction& instruction, Rows rows) {
    Datum* out = NewColumn(instruction);
    const auto& blocks = instruction.blocks;
    for (size_t i = 0; i + 1 < blocks.size() && !rows.empty(); i += 2) {
      const Column condition = RunBlock(blocks[i], rows);
      uint32_t* taken = NewRows(rows.size());
      uint32_t* rest = NewRows(rows.size());
      size_t taken_count = 0;
      size_t rest_count = 0;
      for (uint32_t row : rows) {
        const Datum& value = condition.at(row);
        const bool take = !value.null() && value.bool_value();
        taken[taken_count] = row;
        rest[rest_count] = row;
        taken_count += take;
        rest_count += !take;
      }
      Take(blocks[i + 1], Rows(taken, taken_count), out);
      rows = Rows(rest, rest_count);
    }
    Take(blocks.back(), rows, out);
  }

  void Take(const Block& block, Rows rows, Datum* out) {
    if (rows.empty()) return;
    const Column value = RunBlock(block, rows);
    if (value.data == nullptr) return;
    for (uint32_t row : rows) out[row] = value.at(row);
  }

  void RunCoalesce(Instruction& instruction, Rows rows) {
    Datum* out = NewColumn(instruction);
    for (const Block& block : instruction.blocks) {
      if (rows.empty()) return;
      const Column value = RunBlock(block, rows);
      uint32_t* rest = NewRows(rows.size());
      size_t count = 0;
      for (uint32_t row : rows) {
        out[row] = value.at(row);
        rest[count] = row;
        count += out[row].null();
      }
      rows = Rows(rest, count);
    }
  }

  void RunIfError(Instruction& instruction, Rows rows) {
    Datum* out = NewColumn(instruction);
    EvalContext inner = Inner(*context_);
    EvalContext* outer = context_;
    context_ = &inner;
    const Column value = RunBlock(instruction.blocks[0], rows);
    context_ = outer;
    const bool test = instruction.op == Op::kIsError;
    for (uint32_t row : rows) out[row] = test ? Datum::Bool(false) : value.at(row);
    if (!inner.failed()) return;
    uint32_t* failed = NewRows(inner.errors().size());
    size_t count = 0;
    for (const auto& [row, error] : inner.errors()) failed[count++] = row;
    std::sort(failed, failed + count);
    if (!test) return Take(instruction.blocks[1], Rows(failed, count), out);
    for (size_t i = 0; i < count; ++i) out[failed[i]] = Datum::Bool(true);
  }

  void RunSubquery(Instruction& instruction, Rows rows) {
    Datum* out = NewColumn(instruction);
    code_.environment->set_now(context_->now);
    for (uint32_t row : rows) {
      for (const auto& [source, slot] : instruction.captured) *slot = registers_[source].at(row);
      const Datum* operand =
          instruction.arguments.empty() ? nullptr : &registers_[instruction.arguments[0]].at(row);
      auto value = instruction.subquery->Evaluate(operand, context_->arena);
      if (value.ok()) {
        out[row] = *value;
        continue;
      }
      out[row] = Datum::Null();
      context_->Fail(row, value.status());
    }
  }

  Program::Code& code_;
  EvalContext* context_;
  const uint32_t capacity_;
  std::vector<Column>& registers_;
  bool constant_mode_ = false;
};

Program::Program() : code_(std::make_unique<Code>()) {}
Program::~Program() = default;

void Program::Evaluate(EvalContext& context, Rows rows, const Column* inputs, Column* outputs) {
  Code& code = *code_;
  const uint32_t capacity = rows.empty() ? 0 : rows.back() + 1;
  code.scratch = code.registers;
  for (const auto& [target, input] : code.inputs) code.scratch[target] = inputs[input];
  ProgramRunner runner(code, context, capacity);
  runner.Run(0, static_cast<int>(code.instructions.size()), rows);
  for (size_t i = 0; i < code.roots.size(); ++i) outputs[i] = code.scratch[code.roots[i]];
}

Column Program::Evaluate(EvalContext& context, Rows rows, const Column* inputs) {
  KS_CHECK(size() == 1);
  Column output;
  Evaluate(context, rows, inputs, &output);
  return output;
}

absl::StatusOr<Value> EvaluateOnce(const ResolvedExpr& expr, Environment* environment,
                                   EvalContext& context) {
  const std::vector<ColumnId> no_inputs;
  auto program = Program::Compile(expr, {&no_inputs, environment});
  if (!program.ok()) return program.status();
  const Column value = (*program)->Evaluate(context, AllRows(1), nullptr);
  if (context.failed()) return context.errors()[0].second;
  return Value(expr.type, value.at(0));
}

}  // namespace ks::sql
