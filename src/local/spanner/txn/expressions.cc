#include "local/spanner/txn/expressions.h"
#include "local/spanner/schema/proto_types.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"
#include "local/spanner/txn/sequences.h"
#include "sql/analyzer/analyzer.h"
#include "sql/eval/expression.h"

namespace ks::local {
namespace {

using sql::Datum;

// One expression over the table's columns (or over none).
struct Compiled {
  int column = -1;                              // what it is for; of a CHECK: unused
  const CheckConstraint* constraint = nullptr;  // of a CHECK
  sql::AnalyzedExpression analyzed;             // the program refers to it
  std::unique_ptr<sql::Program> program;
};

absl::StatusOr<Compiled> CompileOne(const Schema& schema, const Table& table, std::string_view text,
                                    sql::TypeRef target, bool over_columns) {
  sql::ExpressionOptions options;
  options.protos = schema.proto_types.get();
  options.target = target;
  options.allow_subqueries = false;
  if (over_columns) {
    for (const Column& column : table.columns) {
      options.columns.push_back({column.name, column.type, column.hidden});
    }
  }
  Compiled compiled;
  KS_ASSIGN_OR_RETURN(compiled.analyzed, sql::AnalyzeExpression(text, options));
  KS_ASSIGN_OR_RETURN(compiled.program, sql::Program::Compile(*compiled.analyzed.expr));
  return compiled;
}

}  // namespace

struct TableExpressions::Rep {
  const Table* table;
  std::vector<Compiled> defaults;
  std::vector<Compiled> generated;  // each after those it reads
  std::vector<Compiled> checks;

  // Runs one expression over `rows`: the value of row i is result.at(i).
  absl::StatusOr<sql::Column> Run(Compiled& compiled, absl::Span<Datum* const> rows,
                                  sql::Arena& arena, sql::TimestampValue now,
                                  sql::SequenceSource* sequences = nullptr) {
    std::vector<sql::Column> inputs(table->columns.size());
    for (int c : compiled.analyzed.columns) {
      Datum* values = arena.AllocateArray<Datum>(rows.size());
      for (size_t r = 0; r < rows.size(); ++r) values[r] = rows[r][c];
      inputs[c].data = values;
    }
    sql::EvalContext context(arena);
    context.now = now;
    context.sequences = sequences;
    uint32_t count = static_cast<uint32_t>(rows.size());
    sql::Column result = compiled.program->Evaluate(context, sql::AllRows(count), inputs.data());
    if (context.failed()) return context.errors().front().second;
    return result;
  }
};

TableExpressions::TableExpressions(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
TableExpressions::~TableExpressions() = default;

bool TableExpressions::has_generated() const { return !rep_->generated.empty(); }
bool TableExpressions::has_checks() const { return !rep_->checks.empty(); }

absl::StatusOr<std::unique_ptr<TableExpressions>> TableExpressions::Compile(const Schema& schema,
                                                                            const Table& table) {
  auto rep = std::make_unique<Rep>();
  rep->table = &table;
  std::vector<Compiled> waiting;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    if (!column.default_expression.empty() && !column.DefaultIsCommitTimestamp()) {
      KS_ASSIGN_OR_RETURN(Compiled compiled,
                          CompileOne(schema, table, column.default_expression, column.type, false));
      compiled.column = static_cast<int>(c);
      rep->defaults.push_back(std::move(compiled));
    }
    if (column.generated == GeneratedKind::kNone) continue;
    KS_ASSIGN_OR_RETURN(Compiled compiled,
                        CompileOne(schema, table, column.generated_expression, column.type, true));
    compiled.column = static_cast<int>(c);
    waiting.push_back(std::move(compiled));
  }
  // Generated columns may read each other (Spanner refuses cycles when they are declared).
  std::vector<bool> ready(table.columns.size(), true);
  for (const Compiled& compiled : waiting) ready[compiled.column] = false;
  for (size_t round = waiting.size(); round > 0 && !waiting.empty(); --round) {
    std::vector<Compiled> later;
    for (Compiled& compiled : waiting) {
      bool now = std::all_of(compiled.analyzed.columns.begin(), compiled.analyzed.columns.end(),
                             [&](int c) { return ready[c]; });
      if (now) ready[compiled.column] = true;
      (now ? rep->generated : later).push_back(std::move(compiled));
    }
    waiting = std::move(later);
  }
  if (!waiting.empty()) {
    return absl::InvalidArgumentError(
        "Generated columns of a table must not depend on each other in a circle.");
  }
  for (const CheckConstraint& check : table.checks) {
    if (!check.enforced) continue;
    KS_ASSIGN_OR_RETURN(Compiled compiled,
                        CompileOne(schema, table, check.expression, sql::Type::Bool(), true));
    compiled.constraint = &check;
    rep->checks.push_back(std::move(compiled));
  }
  return std::unique_ptr<TableExpressions>(new TableExpressions(std::move(rep)));
}

absl::StatusOr<Datum> TableExpressions::Default(int column, sql::TimestampValue now,
                                                SchemaSequences& sequences, sql::Arena& arena) {
  const Column& declared = rep_->table->columns[column];
  if (declared.identity) {
    KS_ASSIGN_OR_RETURN(const int64_t value, sequences.Next(*declared.identity));
    return Datum::Int64(value);
  }
  if (declared.DefaultIsCommitTimestamp()) return PendingCommitTimestamp();
  for (Compiled& compiled : rep_->defaults) {
    if (compiled.column != column) continue;
    Datum* none = nullptr;
    KS_ASSIGN_OR_RETURN(sql::Column result,
                        rep_->Run(compiled, {&none, 1}, arena, now, &sequences));
    return sql::DeepCopy(rep_->table->columns[column].type, result.at(0), arena);
  }
  return Datum::Null();
}

absl::Status TableExpressions::ComputeGenerated(absl::Span<Datum* const> rows, sql::Arena& arena) {
  for (Compiled& compiled : rep_->generated) {
    const Column& column = rep_->table->columns[compiled.column];

    KS_ASSIGN_OR_RETURN(sql::Column result, rep_->Run(compiled, rows, arena, {0, 0}));
    for (size_t r = 0; r < rows.size(); ++r) {
      rows[r][compiled.column] =
          sql::DeepCopy(column.type, result.at(static_cast<uint32_t>(r)), arena);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TableExpressions::Violation> TableExpressions::VerifyChecks(
    absl::Span<Datum* const> rows, sql::Arena& arena) {
  for (Compiled& compiled : rep_->checks) {
    KS_ASSIGN_OR_RETURN(sql::Column result, rep_->Run(compiled, rows, arena, {0, 0}));
    for (size_t r = 0; r < rows.size(); ++r) {
      const Datum& value = result.at(static_cast<uint32_t>(r));
      if (!value.null() && !value.bool_value()) {
        return Violation{static_cast<int>(r), compiled.constraint};
      }
    }
  }
  return Violation{};
}

absl::StatusOr<std::unique_ptr<TableExpressions>> ExpressionCache::Borrow(const Schema& schema,
                                                                          const Table& table) {
  {
    absl::MutexLock lock(&mu_);
    auto found = free_.find(table.space);
    if (schema.version == version_ && found != free_.end() && !found->second.empty()) {
      auto lent = std::move(found->second.back());
      found->second.pop_back();
      return lent;
    }
  }
  return TableExpressions::Compile(schema, table);
}

void ExpressionCache::Return(const Schema& schema, const Table& table,
                             std::unique_ptr<TableExpressions> used) {
  absl::MutexLock lock(&mu_);
  if (schema.version < version_) return;
  if (schema.version > version_) {
    free_.clear();
    version_ = schema.version;
  }
  free_[table.space].push_back(std::move(used));
}

}  // namespace ks::local
