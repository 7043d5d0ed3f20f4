// DEFAULT, generated columns and CHECK: whether the expressions of a table are what Spanner takes.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/query/expression_columns.h"
#include "local/spanner/schema/ddl_errors.h"
#include "sql/parser/error_location.h"

namespace ks::local {
namespace {

// Why `expression` does not analyze, with the place in `shown` (which has it from `shift` on).
std::string Reason(const absl::Status& status, const std::string& shown, uint32_t shift,
                   std::string_view where) {
  if (absl::StrContains(status.message(), "Subqueries are not allowed")) {
    return errors::NoSubqueries(where);
  }
  absl::Status plain(status.code(), status.message());
  if (const auto offset = sql::ErrorOffset(status)) plain = sql::At(*offset + shift, plain);
  return std::string(sql::WithLocation(shown, plain).message());
}

std::string WithoutBlanks(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) out += absl::ascii_toupper(c);
  }
  return out;
}

bool IsPending(std::string_view expression) {
  return WithoutBlanks(expression) == "PENDING_COMMIT_TIMESTAMP()";
}

absl::Status CheckDefault(const Schema& schema, const Table& table, const Column& column) {
  const std::string& expression = column.default_expression;
  if (column.generated != GeneratedKind::kNone) {
    return errors::GeneratedWithDefault(StrCat(table.name, ".", column.name));
  }
  if (!column.on_update_expression.empty()) {
    if (!IsPending(column.on_update_expression)) return errors::OnUpdateOnly();
    if (!IsPending(expression)) return errors::OnUpdateDefault(column.name);
  }
  if (IsPending(expression)) {
    if (column.allow_commit_timestamp) return absl::OkStatus();
    return errors::CommitTimestampDefaultWithoutOption(column.name);
  }
  auto analyzed = AnalyzeOver(schema, table, expression, column.type);
  if (!analyzed.ok()) {
    return errors::BadDefault(table.name, column.name,
                              Reason(analyzed.status(), expression, 0, "column default"));
  }
  if (!analyzed->columns.empty()) {
    return errors::BadDefault(table.name, column.name, errors::DefaultReadsColumn(column.name));
  }
  if (column.allow_commit_timestamp) return errors::CommitTimestampDefault(column.name);
  return absl::OkStatus();
}

absl::Status CheckGenerated(const Schema& schema, const Table& table, const Column& column) {
  const bool stored = column.generated == GeneratedKind::kStored;
  auto analyzed = AnalyzeOver(schema, table, column.generated_expression, column.type);
  if (!analyzed.ok()) {
    return errors::BadGenerated(
        table.name, column.name,
        Reason(analyzed.status(), StrCat("(", column.generated_expression, ")"), 1,
               "stored generated columns"));
  }
  if (!analyzed->deterministic()) {
    return errors::BadGenerated(
        table.name, column.name,
        errors::NotDeterministic(analyzed->volatile_function, "stored generated columns"));
  }
  for (int c : analyzed->columns) {
    if (stored && table.columns[c].allow_commit_timestamp) {
      return errors::CommitTimestampInGenerated(table.columns[c].name);
    }
  }
  return absl::OkStatus();
}

// Columns that are generated from each other in a circle.
absl::Status CheckCycles(const Table& table) {
  std::vector<bool> ready;
  std::vector<std::vector<int>> reads(table.columns.size());
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    ready.push_back(column.generated == GeneratedKind::kNone);
    if (!ready[c]) reads[c] = ColumnsNamedIn(table, column.generated_expression);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t c = 0; c < ready.size(); ++c) {
      bool now = !ready[c] && std::all_of(reads[c].begin(), reads[c].end(),
                                          [&](int read) { return ready[read]; });
      if (now) ready[c] = changed = true;
    }
  }
  std::vector<std::string> circle;
  for (size_t c = 0; c < ready.size(); ++c) {
    if (!ready[c]) circle.push_back(table.columns[c].name);
  }
  return circle.empty() ? absl::OkStatus() : errors::GeneratedCycle(circle);
}

absl::Status CheckCheck(const Schema& schema, const Table& table, const CheckConstraint& check) {
  auto analyzed = AnalyzeOver(schema, table, check.expression, sql::Type::Bool());
  const auto refuse = [&](const std::string& reason) {
    return errors::BadCheck(table.name, check.name, check.expression, reason);
  };
  if (!analyzed.ok()) {
    return refuse(Reason(analyzed.status(), check.expression, 0, "check constraints"));
  }
  if (!analyzed->deterministic()) {
    return refuse(errors::NotDeterministic(analyzed->volatile_function, "check constraints"));
  }
  bool reads = std::any_of(analyzed->columns.begin(), analyzed->columns.end(), [&](int c) {
    return table.columns[c].generated == GeneratedKind::kNone;
  });
  if (!reads) return errors::CheckWithoutColumns(table.name, check.name, check.expression);
  return absl::OkStatus();
}

bool Reads(const Table& table, std::string_view expression, int c) {
  const std::vector<int> columns = ColumnsNamedIn(table, expression);
  return std::find(columns.begin(), columns.end(), c) != columns.end();
}

}  // namespace

absl::Status CheckExpressions(const Schema& schema, const Table& table) {
  for (const Column& column : table.columns) {
    if (!column.default_expression.empty() || !column.on_update_expression.empty()) {
      KS_RETURN_IF_ERROR(CheckDefault(schema, table, column));
    }
  }
  KS_RETURN_IF_ERROR(CheckCycles(table));
  for (const Column& column : table.columns) {
    if (column.generated == GeneratedKind::kNone) continue;
    KS_RETURN_IF_ERROR(CheckGenerated(schema, table, column));
  }
  for (const CheckConstraint& check : table.checks) {
    KS_RETURN_IF_ERROR(CheckCheck(schema, table, check));
  }
  return absl::OkStatus();
}

std::string GeneratedFrom(const Table& table, int c) {
  for (const Column& column : table.columns) {
    if (column.generated == GeneratedKind::kNone) continue;
    if (Reads(table, column.generated_expression, c)) return column.name;
  }
  return "";
}

std::string CheckedBy(const Table& table, int c) {
  for (const CheckConstraint& check : table.checks) {
    if (Reads(table, check.expression, c)) return check.name;
  }
  return "";
}

}  // namespace ks::local
