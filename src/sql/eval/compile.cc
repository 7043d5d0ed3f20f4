// Compiles resolved expressions into a Program.
#include <algorithm>
#include <unordered_map>

#include "base/status_macros.h"
#include "sql/errors.h"
#include "sql/eval/program_code.h"

namespace ks::sql {

class ProgramCompiler {
 public:
  ProgramCompiler(Program& program, const ProgramOptions& options)
      : program_(program), code_(*program.code_), options_(options) {
    code_.environment = options.environment;
    if (options.input_ids != nullptr) {
      for (size_t i = 0; i < options.input_ids->size(); ++i) {
        input_index_.emplace((*options.input_ids)[i], static_cast<int>(i));
      }
    }
  }

  absl::Status Compile(absl::Span<const ResolvedExpr* const> roots) {
    for (const ResolvedExpr* root : roots) {
      KS_ASSIGN_OR_RETURN(Register value, Visit(*root));
      code_.roots.push_back(value);
      program_.types_.push_back(root->type);
    }
    for (const auto& [unused, input] : code_.inputs) program_.inputs_used_.push_back(input);
    std::sort(program_.inputs_used_.begin(), program_.inputs_used_.end());
    code_.registers.resize(constant_.size());
    for (const auto& [target, column] : preset_) code_.registers[target] = column;
    return absl::OkStatus();
  }

 private:
  Register NewRegister(bool constant) {
    constant_.push_back(constant);
    literal_.push_back(nullptr);
    return static_cast<Register>(constant_.size() - 1);
  }

  Register Constant(const Value& value) {
    const Register target = NewRegister(true);
    code_.constants.push_back(value);
    code_.constant_data.push_back(std::make_unique<Datum>(value.datum()));
    preset_.emplace_back(target, Column{code_.constant_data.back().get(), true});
    literals_.push_back(std::make_unique<Value>(value));
    literal_[target] = literals_.back().get();
    return target;
  }

  absl::StatusOr<Register> Visit(const ResolvedExpr& expr) {
    switch (expr.kind) {
      case ResolvedKind::kLiteral:
        return Constant(To<ResolvedLiteral>(expr).value);
      case ResolvedKind::kParameter:
        return VisitParameter(To<ResolvedParameter>(expr));
      case ResolvedKind::kColumn:
        return VisitColumn(To<ResolvedColumnRef>(expr));
      case ResolvedKind::kCall:
        return VisitCall(To<ResolvedCall>(expr));
      case ResolvedKind::kCast:
        return VisitCast(To<ResolvedCast>(expr));
      case ResolvedKind::kLazy:
        return VisitLazy(To<ResolvedLazy>(expr));
      case ResolvedKind::kLet:
        return VisitLet(To<ResolvedLet>(expr));
      case ResolvedKind::kField:
        return VisitField(To<ResolvedField>(expr));
      case ResolvedKind::kSubquery:
        return VisitSubquery(To<ResolvedSubquery>(expr));
    }
    return absl::InternalError("unknown expression");
  }

  absl::StatusOr<Register> VisitParameter(const ResolvedParameter& parameter) {
    const Value* value = options_.environment == nullptr
                             ? nullptr
                             : options_.environment->FindParameter(parameter.name);
    if (value == nullptr) return ParameterMissing(parameter.name);
    if (value->type() == parameter.type || value->null()) {
      return Constant(Value(parameter.type, value->datum()));
    }
    return ParameterType(parameter.name, parameter.type, value->type());
  }

  // -1 when the column is not one of the row's.
  absl::StatusOr<Register> LocalColumn(ColumnId id) {
    auto known = columns_.find(id);
    if (known != columns_.end()) return known->second;
    int index = id;
    if (options_.input_ids != nullptr) {
      auto found = input_index_.find(id);
      if (found == input_index_.end()) return -1;
      index = found->second;
    }
    const Register target = NewRegister(false);
    code_.inputs.emplace_back(target, index);
    columns_.emplace(id, target);
    return target;
  }

  absl::StatusOr<Register> VisitColumn(const ResolvedColumnRef& ref) {
    KS_ASSIGN_OR_RETURN(Register local, LocalColumn(ref.column));
    if (local >= 0) return local;
    if (options_.environment == nullptr) return absl::InternalError("column of no query");
    const Register target = NewRegister(true);
    preset_.emplace_back(target, Column{options_.environment->outer(ref.column), true});
    columns_.emplace(ref.column, target);
    return target;
  }

  // Adds the instruction (before its blocks) and gives its place; close it with Finish.
  Instruction& Add(Op op, TypeRef type) {
    code_.instructions.emplace_back();
    Instruction& added = code_.instructions.back();
    added.op = op;
    added.type = type;
    return added;
  }

  Register Finish(size_t at, bool constant) {
    Instruction& instruction = code_.instructions[at];
    instruction.constant = constant;
    instruction.out = NewRegister(constant);
    instruction.next = static_cast<int>(code_.instructions.size());
    return instruction.out;
  }

  bool AllConstant(const std::vector<Register>& registers) const {
    return std::all_of(registers.begin(), registers.end(),
                       [this](Register r) { return constant_[r]; });
  }
  bool AllLiteral(const std::vector<Register>& registers) const {
    return std::all_of(registers.begin(), registers.end(),
                       [this](Register r) { return literal_[r] != nullptr; });
  }

  absl::StatusOr<Register> VisitCall(const ResolvedCall& call) {
    std::vector<Register> arguments;
    std::vector<TypeRef> types;
    std::vector<const Value*> literals;
    for (const auto& argument : call.arguments) {
      KS_ASSIGN_OR_RETURN(Register value, Visit(*argument));
      arguments.push_back(value);
      types.push_back(argument->type);
      literals.push_back(literal_[value]);
    }
    const bool pure = call.function->determinism == Determinism::kPure;
    Instruction& instruction = Add(Op::kCall, call.type);
    const size_t at = code_.instructions.size() - 1;
    instruction.kernel = call.signature->kernel;
    instruction.safe = call.safe;
    instruction.propagate_nulls = call.signature->nulls == NullHandling::kPropagate;
    instruction.argument_types = std::move(types);
    instruction.arguments = arguments;
    if (call.signature->prepare != nullptr) {
      auto prepared = call.signature->prepare(literals);
      if (prepared.ok()) {
        instruction.prepared = *std::move(prepared);
      } else if (call.safe) {
        code_.instructions.pop_back();
        return Constant(Value::Null(call.type));
      } else {
        return prepared.status();
      }
    }
    const Register target = Finish(at, pure && AllConstant(arguments));
    if (pure && AllLiteral(arguments)) return Fold(target);
    return target;
  }

  absl::StatusOr<Register> VisitCast(const ResolvedCast& cast) {
    KS_ASSIGN_OR_RETURN(Register operand, Visit(*cast.operand));
    auto plan = PlanCast(cast.operand->type, cast.type, cast.protos);
    if (!plan.has_value()) return absl::InternalError("cast without a kernel");
    Instruction& instruction = Add(Op::kCast, cast.type);
    const size_t at = code_.instructions.size() - 1;
    instruction.cast = *std::move(plan);
    instruction.safe = cast.safe;
    instruction.arguments = {operand};
    const Register target = Finish(at, constant_[operand]);
    if (literal_[operand] != nullptr) return Fold(target);
    return target;
  }

  // The last instruction has constants only: its value, or the instruction where computing it
  // fails.
  Register Fold(Register target) {
    Instruction instruction = std::move(code_.instructions.back());
    Arena arena;
    EvalContext context = options_.environment != nullptr ? options_.environment->MakeContext(arena)
                                                          : EvalContext(arena);
    std::vector<Column> arguments;
    for (Register argument : instruction.arguments) {
      arguments.push_back(Column{&literal_[argument]->datum(), true});
    }
    Datum out = Datum::Null();
    if (instruction.op == Op::kCast) {
      RunCast(instruction.cast, context, AllRows(1), arguments[0], &out);
    } else {
      Call call{context, instruction.type, instruction.argument_types, instruction.prepared.get()};
      RunKernel(call, instruction.kernel, instruction.propagate_nulls, AllRows(1), arguments, &out);
    }
    if (context.failed() &&
        (!instruction.safe || absl::IsInvalidArgument(context.errors()[0].second))) {
      code_.instructions.back() = std::move(instruction);
      return target;
    }
    if (context.failed()) out = Datum::Null();
    code_.instructions.pop_back();
    return Constant(Value(instruction.type, out));
  }

  absl::StatusOr<Register> VisitLazy(const ResolvedLazy& lazy) {
    static constexpr Op kOps[] = {Op::kAnd,      Op::kOr,      Op::kCase,
                                  Op::kCoalesce, Op::kIfError, Op::kIsError};
    Add(kOps[static_cast<int>(lazy.lazy)], lazy.type);
    const size_t at = code_.instructions.size() - 1;
    bool constant = true;
    std::vector<Block> blocks;
    for (const auto& operand : lazy.operands) {
      Block block;
      block.begin = static_cast<int>(code_.instructions.size());
      KS_ASSIGN_OR_RETURN(block.result, Visit(*operand));
      block.end = static_cast<int>(code_.instructions.size());
      constant &= constant_[block.result];
      blocks.push_back(block);
    }
    code_.instructions[at].blocks = std::move(blocks);
    return Finish(at, constant);
  }

  absl::StatusOr<Register> VisitLet(const ResolvedLet& let) {
    for (const auto& [column, value] : let.variables) {
      KS_ASSIGN_OR_RETURN(Register target, Visit(*value));
      columns_[column.id] = target;
    }
    return Visit(*let.body);
  }

  absl::StatusOr<Register> VisitField(const ResolvedField& field) {
    KS_ASSIGN_OR_RETURN(Register operand, Visit(*field.operand));
    Instruction& instruction = Add(Op::kField, field.type);
    const size_t at = code_.instructions.size() - 1;
    instruction.arguments = {operand};
    instruction.field = field.field;
    return Finish(at, constant_[operand]);
  }

  Environment* SubqueryEnvironment() {
    if (code_.environment == nullptr) {
      code_.own_environment = std::make_unique<Environment>(ExecuteOptions{});
      code_.environment = code_.own_environment.get();
    }
    return code_.environment;
  }

  absl::StatusOr<Register> VisitSubquery(const ResolvedSubquery& subquery) {
    std::vector<Register> arguments;
    bool constant = true;
    if (subquery.operand != nullptr) {
      KS_ASSIGN_OR_RETURN(Register operand, Visit(*subquery.operand));
      arguments.push_back(operand);
      constant &= constant_[operand];
    }
    Environment* environment = SubqueryEnvironment();
    std::vector<std::pair<Register, Datum*>> captured;
    for (ColumnId id : subquery.outer) {
      KS_ASSIGN_OR_RETURN(Register local, LocalColumn(id));
      if (local < 0) continue;
      captured.emplace_back(local, environment->outer(id));
      constant &= constant_[local];
    }
    const bool remember = subquery.outer.empty() && options_.environment != nullptr;
    KS_ASSIGN_OR_RETURN(auto runner, SubqueryRunner::Make(subquery, environment, remember));
    Instruction& instruction = Add(Op::kSubquery, subquery.type);
    const size_t at = code_.instructions.size() - 1;
    instruction.arguments = std::move(arguments);
    instruction.captured = std::move(captured);
    instruction.subquery = std::move(runner);
    return Finish(at, constant);
  }

  Program& program_;
  Program::Code& code_;
  const ProgramOptions& options_;
  std::unordered_map<ColumnId, int> input_index_;
  std::unordered_map<ColumnId, Register> columns_;
  std::vector<bool> constant_;         // by register
  std::vector<const Value*> literal_;  // by register: its value when known now
  std::vector<std::unique_ptr<Value>> literals_;
  std::vector<std::pair<Register, Column>> preset_;
};

absl::StatusOr<std::unique_ptr<Program>> Program::Compile(
    absl::Span<const ResolvedExpr* const> roots, const ProgramOptions& options) {
  std::unique_ptr<Program> program(new Program());
  ProgramCompiler compiler(*program, options);
  KS_RETURN_IF_ERROR(compiler.Compile(roots));
  return program;
}

absl::StatusOr<std::unique_ptr<Program>> Program::Compile(const ResolvedExpr& root,
                                                          const ProgramOptions& options) {
  const ResolvedExpr* roots[] = {&root};
  return Compile(roots, options);
}

}  // namespace ks::sql
