// Evaluates every case of tests/expr/*.test as a pipeline does and as the local Spanner does, and
// compares both with the recorded answer: an expression has one value.
//
//   ks_expr_tests <folder> [word…]    only files whose name contains one of the words
//
// A pipeline has no subqueries: a case with one runs as a query of the engine alone.
#include <string>
#include <string_view>
#include <vector>

#include "base/str_cat.h"
#include "case_file.h"
#include "local_database.h"
#include "sql/eval/query.h"
#include "sql/eval/record_select.h"
#include "sql/testing/wire_json.h"
#include "value_text.h"

namespace ks::sql {
namespace {

std::string ValueWithType(TypeRef type, const Datum& datum) {
  return StrCat(type->ToString(), " ", ValueText(type, ToWireJson(type, datum)));
}

std::string QueryAnswer(const std::string& query) {
  ExecuteOptions options;
  options.now = {1700000000, 0};
  const absl::StatusOr<QueryResult> result = RunQuery(query, nullptr, options);
  if (!result.ok()) return ErrorText(result.status());
  const TypeRef type = result->columns[0].type;
  if (result->rows.empty()) return type->ToString() + " no row";
  return ValueWithType(type, result->rows[0][0].datum());
}

// The value for the one record of a source without columns.
std::string PipelineAnswer(const std::string& select) {
  const auto analyzed = AnalyzeSelect(select, {RecordSource{.name = "record", .columns = {}}});
  if (!analyzed.ok()) return ErrorText(analyzed.status());
  const auto compiled = RecordSelect::Compile(*analyzed);
  if (!compiled.ok()) return ErrorText(compiled.status());
  Arena arena;
  EvalContext context(arena);
  context.now = {1700000000, 0};
  RecordSelect::Result result;
  (*compiled)->Run(context, AllRows(1), nullptr, &result);
  if (context.failed()) return ErrorText(context.errors()[0].second);
  return ValueWithType((*compiled)->types()[0], result.columns[0].at(0));
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

int Main(int argc, char** argv) {
  LocalDatabase database;
  const auto answer = [&](const TextCase& test) -> std::vector<std::string> {
    const std::string& text = test.statement;
    const bool query = text.starts_with("SELECT") || text.starts_with("WITH");
    const std::string select = query ? text : "SELECT " + text;
    const std::string ours =
        query || Contains(text, "SELECT") ? QueryAnswer(select) : PipelineAnswer(select);
    // No Spanner gives a STRUCT as a column.
    if (ours.starts_with("STRUCT<")) return {ours};
    const std::string local = database.FirstValue(select);
    if (Essence(local) == Essence(ours)) return {ours};
    return {ours, "but the local Spanner: " + local};
  };
  return RunCaseFiles(
      argc, argv, [](const std::filesystem::path&) {}, answer);
}

}  // namespace
}  // namespace ks::sql

int main(int argc, char** argv) { return ks::sql::Main(argc, argv); }
