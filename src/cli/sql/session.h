// SqlSession: runs statements against one database and prints what they give, for `kafka-spanner
// sql` with a person in front of it or without. Between BEGIN and COMMIT or ROLLBACK its statements
// are one transaction; a person may think for longer than the ten seconds after which Spanner
// aborts an idle one, so it is kept alive.
//
// Thread safety: one thread; Interrupt from any.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cli/connect.h"
#include "cli/result_table.h"
#include "cli/sql/statements.h"

namespace ks::cli {

enum class TransactionMode : uint8_t { kNone, kReadWrite, kReadOnly };

class SqlSession {
 public:
  // `connection` was made with `cancellation`, and outlives this.
  SqlSession(Connection& connection, std::shared_ptr<spanner::Cancellation> cancellation);
  // Rolls back what is open.
  ~SqlSession();
  SqlSession(const SqlSession&) = delete;

  struct Failure {
    absl::Status status;
    const Statement* statement = nullptr;  // null: it cannot be said which
  };
  // In order, until one fails. Neighbouring DDL statements become one operation, which is what
  // Spanner asks for: each takes it seconds.
  std::optional<Failure> Run(const std::vector<Statement>& statements);

  // Ends the query that runs; stops waiting for DDL. Nothing where nothing runs.
  void Interrupt();

  TransactionMode transaction() const { return mode_; }
  // Says once what the schema has become: for completion.
  bool TakeSchemaChanged() { return std::exchange(schema_changed_, false); }

  RowFormat format = RowFormat::kTable;
  bool timing = false;

 private:
  std::optional<Failure> RunDdl(const Statement* first, size_t count);
  absl::Status RunOne(const Statement& statement);
  absl::Status Begin(const Meaning& meaning);
  absl::Status End(StatementKind how);
  absl::Status RunSql(const Meaning& meaning);
  absl::StatusOr<spanner::ResultPtr> Execute(const Meaning& meaning);
  void Print(const Meaning& meaning, const google::spanner::v1::ResultSet& result) const;
  void Say(const std::string& line) const;  // for people only
  void KeepAlive();
  void EndTransaction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Connection& connection_;
  const std::shared_ptr<spanner::Cancellation> cancellation_;
  std::atomic<bool> interrupted_{false};
  bool schema_changed_ = false;
  std::atomic<TransactionMode> mode_{TransactionMode::kNone};

  absl::Mutex mu_;  // one call at a time in the transaction
  std::optional<spanner::Client::Transaction> open_ ABSL_GUARDED_BY(mu_);
  int64_t last_used_nanos_ ABSL_GUARDED_BY(mu_) = 0;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::thread keeper_;
};

}  // namespace ks::cli
