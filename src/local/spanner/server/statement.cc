#include "local/spanner/server/statement.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "google/spanner/v1/result_set.pb.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/query/access_check.h"
#include "local/spanner/query/query_limits.h"
#include "local/spanner/schema/proto_types.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/query_plan.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/value_codec.h"
#include "local/spanner/txn/core.h"
#include "sql/parser/error_location.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

sql::RowBatch ToBatch(const std::vector<std::vector<sql::Value>>& rows, size_t columns,
                      std::vector<std::vector<sql::Datum>>* data) {
  sql::RowBatch batch;
  batch.rows = static_cast<uint32_t>(rows.size());
  data->assign(columns, {});
  for (size_t c = 0; c < columns; ++c) {
    for (const auto& row : rows) (*data)[c].push_back(row[c].datum());
    batch.columns.push_back((*data)[c].data());
  }
  return batch;
}

}  // namespace

Statement::Statement(Call& call, RowSource& source, const Text& text)
    : call_(call), source_(source), text_(text), catalog_(source_, text.part, text.role) {
  const int64_t now = call.server().clock.NowNanos();
  options_.now = {now / env::kNanosPerSecond, static_cast<int32_t>(now % env::kNanosPerSecond)};
  options_.parameters = &parameters_;
  options_.sequences = source.sequences();
  options_.check_alive = [this] { return call_.CheckAlive(); };
  options_.seed = static_cast<uint64_t>(now);
  if (text.mode == StatementMode::kProfile) {
    options_.nanos = [&clock = call.server().clock] { return clock.MonotonicNanos(); };
  }
}
Statement::~Statement() = default;

absl::StatusOr<std::unique_ptr<Statement>> Statement::Prepare(Call& call, RowSource& source,
                                                              const Text& text) {
  if (text.sql.size() > static_cast<size_t>(limits::kSqlChars))
    return errors::SqlTooLong(text.sql.size());
  if (text.parameters.fields_size() > limits::kQueryParameters) {
    return errors::TooManyParameters(static_cast<int>(text.parameters.fields_size()));
  }
  std::unique_ptr<Statement> statement(new Statement(call, source, text));
  KS_RETURN_IF_ERROR(statement->Analyze());
  if (text.mode != StatementMode::kPlan) KS_RETURN_IF_ERROR(statement->DecodeParameters());
  return statement;
}

absl::Status Statement::Analyze() {
  for (const auto& [name, type] : text_.types) {
    KS_ASSIGN_OR_RETURN(declared_[absl::AsciiStrToLower(name)], FromProto(type));
  }
  sql::AnalyzerOptions options;
  options.catalog = &catalog_;
  options.parameters = declared_;
  options.allow_undeclared_parameters = true;
  options.protos = source_.schema()->proto_types.get();
  absl::StatusOr<sql::AnalyzedStatement> analyzed = sql::AnalyzeStatement(text_.sql, options);
  if (!analyzed.ok()) return sql::WithLocation(text_.sql, analyzed.status());
  analyzed_ = *std::move(analyzed);
  KS_RETURN_IF_ERROR(CheckQueryLimits(analyzed_));
  KS_RETURN_IF_ERROR(CheckStatementAccess(*source_.schema(), text_.role, text_.sql, declared_));
  for (const sql::TypeRef type : ColumnTypes()) {
    if (type->is_struct()) return errors::StructColumn();
  }
  return absl::OkStatus();
}

absl::Status Statement::DecodeParameters() {
  sql::ParameterTypes wanted = declared_;
  for (const auto& [name, type] : analyzed_.undeclared) wanted[name] = type;
  sql::Arena arena;
  for (const auto& [name, value] : text_.parameters.fields()) {
    const std::string lower = absl::AsciiStrToLower(name);
    const auto type = wanted.find(lower);
    if (type == wanted.end()) continue;  // given and not used
    sql::Datum datum;
    const std::string wire = value.SerializeAsString();  // what `datum` points into
    absl::Status decoded =
        DecodeValue(type->second, wire, CommitTimestamps::kRefuse, arena, &datum);
    if (!decoded.ok()) {
      // The type of an undeclared one was ours to find; a value that does not fit is the caller's.
      const bool given = declared_.count(lower) > 0;
      return given ? decoded : absl::InvalidArgumentError(decoded.message());
    }
    parameters_.emplace(lower, sql::Value(type->second, datum));
  }
  for (const auto& [name, type] : wanted) {
    if (parameters_.count(name) == 0) return errors::ParameterMissing(name);
  }
  return absl::OkStatus();
}

std::vector<sql::TypeRef> Statement::ColumnTypes() const {
  std::vector<sql::TypeRef> types;
  if (is_dml()) {
    for (const auto& column : analyzed_.dml->returning_columns) types.push_back(column.expr->type);
  } else {
    for (const sql::OutputColumn& column : analyzed_.query->output) types.push_back(column.type);
  }
  return types;
}

void Statement::FillMetadata(pb::ResultSetMetadata* metadata) const {
  pb::StructType* row_type = metadata->mutable_row_type();
  const auto add = [&](const std::string& name, sql::TypeRef type) {
    pb::StructType::Field* field = row_type->add_fields();
    field->set_name(name);
    ToProto(type, field->mutable_type());
  };
  if (is_dml()) {
    for (const auto& column : analyzed_.dml->returning_columns) {
      add(column.column.name, column.expr->type);
    }
  } else {
    for (const sql::OutputColumn& column : analyzed_.query->output) add(column.name, column.type);
  }
  for (const auto& [name, type] : analyzed_.undeclared) {
    pb::StructType::Field* field = metadata->mutable_undeclared_parameters()->add_fields();
    field->set_name(name);
    ToProto(type, field->mutable_type());
  }
}

namespace {

void NoteWritten(const Schema& schema, const sql::ResolvedDml& dml, Statistics::Sums* sums) {
  const Table* table = schema.FindTable(dml.table->name());
  if (table == nullptr) return;
  if (dml.kind == sql::DmlKind::kDelete) {
    sums->deleted = table->name;
  } else {
    sums->written = QualifiedColumns(table->name, *table, dml.columns);
  }
}

}  // namespace

absl::StatusOr<std::string> Statement::Counted(
    const std::function<absl::StatusOr<std::string>(Statistics::Sums&)>& run) {
  Statistics& statistics = source_.core()->statistics();
  const int64_t started = call_.server().clock.MonotonicNanos();
  const int64_t id = statistics.Begin(text_.sql, text_.session);
  Statistics::Sums sums;
  absl::StatusOr<std::string> result = run(sums);
  statistics.End(id);
  const int64_t elapsed = call_.server().clock.MonotonicNanos() - started;
  sums.End(result.status(), static_cast<double>(elapsed) / env::kNanosPerSecond);
  sums.in_read_write = result.ok() && source_.read_write();
  sums.scanned = source_.Scanned();
  if (is_dml()) NoteWritten(*source_.schema(), *analyzed_.dml, &sums);
  statistics.Add(Statistics::Subject::kQueries, text_.tag, text_.sql, sums);
  return result;
}

absl::StatusOr<std::string> Statement::RunQuery(ResultSink& sink, Statistics::Sums& sums) {
  const auto lock = analyzed_.hints.find("lock_scanned_ranges");
  if (lock != analyzed_.hints.end() && absl::EqualsIgnoreCase(lock->second, "exclusive")) {
    source_.HoldScans();
  }
  Stopwatch watch(call_.server().clock);
  KS_ASSIGN_OR_RETURN(std::unique_ptr<sql::QueryCursor> cursor,
                      sql::OpenQuery(*analyzed_.query, options_));
  QueryFigures figures;
  figures.plan_nanos = watch.elapsed();
  sql::RowBatch batch;
  do {
    KS_RETURN_IF_ERROR(call_.CheckAlive());
    KS_RETURN_IF_ERROR(cursor->Next(&batch));
    figures.rows_returned += batch.rows;
    KS_RETURN_IF_ERROR(sink.Rows(batch));
  } while (batch.rows > 0);
  sums.rows = figures.rows_returned;
  sums.rows_scanned = cursor->rows_scanned();
  if (!wants_stats()) return std::string();
  pb::ResultSetStats stats;
  figures.rows_scanned = cursor->rows_scanned();
  figures.memory_peak_bytes = cursor->memory_peak_bytes();
  AddStats(figures, watch, wants_plan() ? cursor->Explain() : sql::PlanNode(""), &stats);
  return stats.SerializeAsString();
}

void Statement::AddStats(QueryFigures figures, const Stopwatch& watch, const sql::PlanNode& plan,
                         pb::ResultSetStats* stats) const {
  if (wants_plan()) {
    FillQueryPlan(plan, text_.mode == StatementMode::kProfile, stats->mutable_query_plan());
  }
  figures.text = text_.sql;
  figures.elapsed_nanos = watch.elapsed();
  figures.cpu_nanos = watch.cpu();
  FillQueryStats(figures, stats->mutable_query_stats());
}

absl::StatusOr<std::string> Statement::RunDml(ReadWriteTransaction& transaction, bool lower_bound,
                                              ResultSink* sink, Statistics::Sums& sums) {
  Stopwatch watch(call_.server().clock);
  KS_ASSIGN_OR_RETURN(const DmlResult result,
                      ks::local::RunDml(transaction, *analyzed_.dml, options_, wants_plan()));
  if (sink != nullptr && !result.returning.empty()) {
    std::vector<std::vector<sql::Datum>> data;
    KS_RETURN_IF_ERROR(
        sink->Rows(ToBatch(result.returning, result.returning_columns.size(), &data)));
  }
  sums.rows = static_cast<int64_t>(result.returning.size());
  sums.rows_written = result.rows;
  pb::ResultSetStats stats;
  if (lower_bound) {
    stats.set_row_count_lower_bound(result.rows);
  } else {
    stats.set_row_count_exact(result.rows);
  }
  if (wants_stats()) {
    QueryFigures figures;
    figures.rows_returned = sums.rows;
    figures.rows_scanned = result.rows_scanned;
    figures.memory_peak_bytes = result.memory_peak_bytes;
    AddStats(figures, watch, result.plan.value_or(sql::PlanNode("")), &stats);
  }
  return stats.SerializeAsString();
}

absl::StatusOr<std::string> Statement::Explain() {
  pb::ResultSetStats stats;
  // Plans may need parameters' values: they are NULL here.
  for (const auto& [name, type] : declared_) parameters_.emplace(name, sql::Value::Null(type));
  for (const auto& [name, type] : analyzed_.undeclared) {
    parameters_.emplace(name, sql::Value::Null(type));
  }
  if (is_dml()) {
    KS_ASSIGN_OR_RETURN(auto plan, sql::DmlPlan::Make(*analyzed_.dml, options_));
    FillQueryPlan(plan->Explain(), false, stats.mutable_query_plan());
    stats.set_row_count_exact(0);
    return stats.SerializeAsString();
  }
  KS_ASSIGN_OR_RETURN(std::unique_ptr<sql::QueryCursor> cursor,
                      sql::OpenQuery(*analyzed_.query, options_));
  FillQueryPlan(cursor->Explain(), false, stats.mutable_query_plan());
  return stats.SerializeAsString();
}

}  // namespace ks::local
