// Statement: one SQL text with its parameters, analyzed over a transaction and run into a sink.
//
// The order is: Analyze (names, types, undeclared parameters), then Run. What it reads lives in the
// scope's transaction and must not outlive it. Thread safety: belongs to one call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "env/clock.h"
#include "local/spanner/query/database_catalog.h"
#include "local/spanner/query/dml_runner.h"
#include "local/spanner/server/query_plan.h"
#include "local/spanner/server/result_sink.h"
#include "local/spanner/txn/statistics.h"
#include "sql/analyzer/analyzer.h"
#include "sql/eval/query.h"

namespace google::protobuf {
class Struct;
template <typename Key, typename T>
class Map;
}  // namespace google::protobuf
namespace google::spanner::v1 {
class ResultSetMetadata;
class ResultSetStats;
class Type;
}  // namespace google::spanner::v1

namespace ks::local {

class Call;
class ReadScope;

enum class StatementMode : uint8_t { kNormal, kPlan, kProfile, kWithStats, kWithPlanAndStats };

// Since it was made: time, and what this thread used of a processor.
class Stopwatch {
 public:
  explicit Stopwatch(env::Clock& clock)
      : clock_(clock), started_(clock.MonotonicNanos()), cpu_started_(env::ThreadCpuNanos()) {}
  int64_t elapsed() const { return clock_.MonotonicNanos() - started_; }
  int64_t cpu() const { return env::ThreadCpuNanos() - cpu_started_; }

 private:
  env::Clock& clock_;
  const int64_t started_;
  const int64_t cpu_started_;
};

class Statement {
 public:
  struct Text {
    std::string_view sql;
    const google::protobuf::Struct& parameters;
    const google::protobuf::Map<std::string, google::spanner::v1::Type>& types;
    StatementMode mode = StatementMode::kNormal;
    std::optional<TablePart> part;  // of a partitioned query
    std::string_view role = {};     // whose rights count; empty: all rights
    std::string_view tag = {};      // request_tag, for SPANNER_SYS
    std::string_view session = {};
  };
  // Analyzes over `source`'s schema and decodes the parameters. All of `text` must outlive the
  // statement.
  static absl::StatusOr<std::unique_ptr<Statement>> Prepare(Call& call, RowSource& source,
                                                            const Text& text);
  ~Statement();

  bool is_dml() const { return analyzed_.kind == sql::AnalyzedKind::kDml; }
  const sql::AnalyzedStatement& analyzed() const { return analyzed_; }

  // Columns and undeclared parameters; the transaction is the caller's.
  void FillMetadata(google::spanner::v1::ResultSetMetadata* metadata) const;
  std::vector<sql::TypeRef> ColumnTypes() const;

  // A query's rows into `sink` (after its Begin); gives ResultSetStats in wire form.
  absl::StatusOr<std::string> RunQuery(ResultSink& sink) {
    return Counted([&](Statistics::Sums& sums) { return RunQuery(sink, sums); });
  }
  // DML in `transaction`; THEN RETURN's rows into `sink`, null when they are not wanted.
  // `lower_bound`: partitioned DML counts at least so many rows.
  absl::StatusOr<std::string> RunDml(ReadWriteTransaction& transaction, bool lower_bound,
                                     ResultSink* sink) {
    return Counted(
        [&](Statistics::Sums& sums) { return RunDml(transaction, lower_bound, sink, sums); });
  }
  // PLAN: what it would do. Gives ResultSetStats.
  absl::StatusOr<std::string> Explain();

 private:
  Statement(Call& call, RowSource& source, const Text& text);
  absl::Status Analyze();
  absl::StatusOr<std::string> RunQuery(ResultSink& sink, Statistics::Sums& sums);
  absl::StatusOr<std::string> RunDml(ReadWriteTransaction& transaction, bool lower_bound,
                                     ResultSink* sink, Statistics::Sums& sums);
  // Runs it, seen in SPANNER_SYS.
  absl::StatusOr<std::string> Counted(
      const std::function<absl::StatusOr<std::string>(Statistics::Sums&)>& run);
  absl::Status DecodeParameters();
  void AddStats(QueryFigures figures, const Stopwatch& watch, const sql::PlanNode& plan,
                google::spanner::v1::ResultSetStats* stats) const;
  bool wants_stats() const { return text_.mode != StatementMode::kNormal; }
  bool wants_plan() const {
    return text_.mode == StatementMode::kPlan || text_.mode == StatementMode::kProfile ||
           text_.mode == StatementMode::kWithPlanAndStats;
  }

  Call& call_;
  NotingSource source_;
  const Text text_;
  DatabaseCatalog catalog_;
  sql::ParameterTypes declared_;
  sql::AnalyzedStatement analyzed_;
  sql::Parameters parameters_;
  sql::ExecuteOptions options_;
};

}  // namespace ks::local
