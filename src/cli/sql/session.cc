#include "cli/sql/session.h"

#include <google/protobuf/util/json_util.h>
#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/command.h"
#include "cli/sql/errors.h"
#include "cli/sql/plan_text.h"
#include "env/clock.h"
#include "spanner/cancellation.h"

namespace ks::cli {
namespace {

namespace v1 = google::spanner::v1;

// Spanner aborts a transaction that is idle for ten seconds.
constexpr int64_t kKeepAliveNanos = 4 * env::kNanosPerSecond;
// Progress of a schema change is shown when a person has waited this long.
constexpr int64_t kProgressAfterNanos = 2 * env::kNanosPerSecond;

v1::ExecuteSqlRequest RequestFor(const Meaning& meaning) {
  v1::ExecuteSqlRequest request;
  request.set_sql(meaning.sql);
  if (meaning.explain == Explain::kPlan) request.set_query_mode(v1::ExecuteSqlRequest::PLAN);
  if (meaning.explain == Explain::kProfile) request.set_query_mode(v1::ExecuteSqlRequest::PROFILE);
  return request;
}

std::string RowsChanged(int64_t count) {
  return StrCat(WithThousands(count), count == 1 ? " row changed" : " rows changed");
}

// Which of the statements an error is about, where Spanner did none of them: its message quotes it.
const Statement* QuotedIn(std::string_view message, const Statement* first, size_t count) {
  if (count == 1) return first;
  const Statement* found = nullptr;
  for (size_t i = 0; i < count; ++i) {
    if (!absl::StrContains(message, first[i].text)) continue;
    if (found != nullptr) return nullptr;
    found = first + i;
  }
  return found;
}

}  // namespace

SqlSession::SqlSession(Connection& connection, std::shared_ptr<spanner::Cancellation> cancellation)
    : connection_(connection),
      cancellation_(std::move(cancellation)),
      keeper_([this] { KeepAlive(); }) {}

SqlSession::~SqlSession() {
  {
    absl::MutexLock lock(&mu_);
    ending_ = true;
    if (open_.has_value() && mode_ == TransactionMode::kReadWrite) {
      connection_.client->Rollback(*open_);
    }
    open_.reset();
  }
  keeper_.join();
}

void SqlSession::Interrupt() {
  interrupted_ = true;
  cancellation_->CancelAll();
}

void SqlSession::Say(const std::string& line) const {
  if (format == RowFormat::kTable) std::cout << line << "\n";
}

std::optional<SqlSession::Failure> SqlSession::Run(const std::vector<Statement>& statements) {
  const auto is_ddl = [](const Statement& statement) {
    const Meaning meaning = MeaningOf(statement.text);
    return meaning.kind == StatementKind::kDdl && meaning.explain == Explain::kNo;
  };
  for (size_t i = 0; i < statements.size();) {
    interrupted_ = false;
    const int64_t started = env::RealClock().MonotonicNanos();
    size_t ddl = 0;
    while (i + ddl < statements.size() && is_ddl(statements[i + ddl])) ++ddl;
    if (ddl > 0) {
      if (auto failure = RunDdl(&statements[i], ddl)) return failure;
    } else {
      const absl::Status status = RunOne(statements[i]);
      if (!status.ok()) return Failure{status, &statements[i]};
    }
    i += std::max<size_t>(ddl, 1);
    std::cout.flush();
    if (timing) {
      std::cerr << absl::StrFormat("%.1f ms\n", env::SecondsSince(started) * 1000);
    }
  }
  return std::nullopt;
}

std::optional<SqlSession::Failure> SqlSession::RunDdl(const Statement* first, size_t count) {
  if (mode_ != TransactionMode::kNone) return Failure{DdlInTransaction(), first};
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back(first[i].text);
  const int64_t started = env::RealClock().MonotonicNanos();
  bool shown = false;
  spanner::DdlProgress last;
  const auto on_progress = [&](const spanner::DdlProgress& progress) {
    last = progress;
    const bool long_enough = env::RealClock().MonotonicNanos() - started > kProgressAfterNanos;
    if (long_enough && SomebodyWatches() && progress.statements_done < static_cast<int>(count)) {
      std::cerr << absl::StrFormat("\r\033[Kstatement %d of %d: %d %%, %.0f s",
                                   progress.statements_done + 1, count, progress.percent,
                                   env::SecondsSince(started))
                << std::flush;
      shown = true;
    }
    return !interrupted_;
  };
  const absl::Status status =
      connection_.admin->UpdateDdl(connection_.client->database(), texts, on_progress);
  if (shown) std::cerr << "\r\033[K" << std::flush;
  schema_changed_ = true;
  if (status.ok()) {
    for (size_t i = 0; i < count; ++i) Say("done");
    return std::nullopt;
  }
  const auto done = static_cast<size_t>(last.statements_done);
  for (size_t i = 0; i < done; ++i) Say("done");
  const bool one_is_known = !last.operation.empty() && done < count;
  return Failure{status, one_is_known ? first + done : QuotedIn(status.message(), first, count)};
}

absl::Status SqlSession::RunOne(const Statement& statement) {
  const Meaning meaning = MeaningOf(statement.text);
  if (meaning.explain == Explain::kNo) {
    if (meaning.kind == StatementKind::kBegin) return Begin(meaning);
    if (meaning.kind == StatementKind::kCommit || meaning.kind == StatementKind::kRollback) {
      return End(meaning.kind);
    }
  } else if (meaning.kind != StatementKind::kQuery && meaning.kind != StatementKind::kDml) {
    return NothingToExplain();
  }
  return RunSql(meaning);
}

absl::Status SqlSession::Begin(const Meaning& meaning) {
  if (mode_ != TransactionMode::kNone) return AlreadyInTransaction();
  v1::TransactionOptions options;
  if (meaning.read_only) {
    options.mutable_read_only()->set_strong(true);
  } else {
    options.mutable_read_write();
  }
  KS_ASSIGN_OR_RETURN(auto transaction, connection_.client->Begin(options));
  absl::MutexLock lock(&mu_);
  open_ = std::move(transaction);
  last_used_nanos_ = env::RealClock().MonotonicNanos();
  mode_ = meaning.read_only ? TransactionMode::kReadOnly : TransactionMode::kReadWrite;
  return absl::OkStatus();
}

void SqlSession::EndTransaction() {
  open_.reset();
  mode_ = TransactionMode::kNone;
}

absl::Status SqlSession::End(StatementKind how) {
  if (mode_ == TransactionMode::kNone) return NotInTransaction();
  absl::MutexLock lock(&mu_);
  if (mode_ == TransactionMode::kReadOnly) {
    EndTransaction();
    return absl::OkStatus();
  }
  if (how == StatementKind::kRollback) {
    connection_.client->Rollback(*open_);
    EndTransaction();
    Say("rolled back");
    return absl::OkStatus();
  }
  const spanner::CommitAnswer answer = connection_.client->Commit(*open_);
  EndTransaction();
  if (absl::IsAborted(answer.status)) return TransactionAborted(answer.status);
  KS_RETURN_IF_ERROR(answer.status);
  Say(StrCat("committed at ", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ",
                                               absl::FromUnixMicros(answer.commit_timestamp_micros),
                                               absl::UTCTimeZone())));
  return absl::OkStatus();
}

absl::StatusOr<spanner::ResultPtr> SqlSession::Execute(const Meaning& meaning) {
  const v1::ExecuteSqlRequest request = RequestFor(meaning);
  if (mode_ != TransactionMode::kNone) {
    absl::MutexLock lock(&mu_);
    auto result = open_->Query(request);
    last_used_nanos_ = env::RealClock().MonotonicNanos();
    if (!absl::IsAborted(result.status())) return result;
    EndTransaction();
    return TransactionAborted(result.status());
  }
  if (meaning.kind != StatementKind::kDml) return connection_.client->QueryNow(request);
  spanner::ResultPtr result;
  const auto answer = connection_.client->RunTransaction(
      [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
        KS_ASSIGN_OR_RETURN(result, transaction.Query(request));
        return std::string();
      });
  KS_RETURN_IF_ERROR(answer.status);
  return result;
}

absl::Status SqlSession::RunSql(const Meaning& meaning) {
  absl::StatusOr<spanner::ResultPtr> result = Execute(meaning);
  if (!result.ok()) {
    return interrupted_ && absl::IsCancelled(result.status()) ? Interrupted() : result.status();
  }
  Print(meaning, **result);
  return absl::OkStatus();
}

void SqlSession::Print(const Meaning& meaning, const v1::ResultSet& result) const {
  const bool profiled = meaning.explain == Explain::kProfile;
  if (meaning.explain != Explain::kNo && format == RowFormat::kJson) {
    std::string json;
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    (void)google::protobuf::util::MessageToJsonString(result.stats(), &json, options);
    std::cout << json;
  } else if (meaning.explain != Explain::kNo) {
    PrintRows(PlanTable(result.stats(), profiled), format, std::cout);
    const std::string conditions = PlanConditions(result.stats());
    if (!conditions.empty()) Say(StrCat("\n", conditions));
    if (profiled) Say(PlanTotals(result.stats()));
  } else {
    const bool rows = result.metadata().row_type().fields_size() > 0;
    if (rows) PrintResult(result, format, std::cout);
    if (meaning.kind != StatementKind::kDml) return;
    const int64_t changed = result.stats().row_count_exact();
    Say(RowsChanged(changed));
    if (format == RowFormat::kJson && !rows) std::cout << "{\"rows_changed\": " << changed << "}\n";
  }
}

void SqlSession::KeepAlive() {
  absl::MutexLock lock(&mu_);
  while (!ending_) {
    mu_.AwaitWithTimeout(absl::Condition(&ending_), absl::Seconds(1));
    const bool idle = env::RealClock().MonotonicNanos() - last_used_nanos_ > kKeepAliveNanos;
    if (ending_ || mode_ != TransactionMode::kReadWrite || !idle) continue;
    v1::ExecuteSqlRequest request;
    request.set_sql("SELECT 1");
    // An error shows again at the next statement, where somebody reads it.
    (void)open_->Query(request);
    last_used_nanos_ = env::RealClock().MonotonicNanos();
  }
}

}  // namespace ks::cli
