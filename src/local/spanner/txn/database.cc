#include "local/spanner/txn/database.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/txn/apply.h"
#include "local/spanner/txn/commit.h"
#include "local/spanner/txn/core.h"
#include "local/spanner/txn/read_write.h"
#include "local/spanner/txn/rules/rules.h"
#include "local/spanner/txn/scan.h"

namespace ks::local {

absl::StatusOr<std::unique_ptr<sql::RowCursor>> ReadOnlyTransaction::Scan(
    const ScanSpec& spec) const {
  if (timestamp_ < core_.oldest_readable()) return errors::ReadTooOld(timestamp_.value());
  return OpenCursor({&core_.store(), timestamp_, nullptr, schema_.get()}, spec);
}

Database::Database(std::unique_ptr<DatabaseCore> core) : core_(std::move(core)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(DatabaseOptions options) {
  KS_ASSIGN_OR_RETURN(
      auto store, Store::Open({options.directory, options.in_memory, options.sync, options.disk}));
  return Over(std::move(store), options);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Over(std::unique_ptr<Store> store,
                                                         const DatabaseOptions& options) {
  env::Clock& clock = options.clock != nullptr ? *options.clock : env::RealClock();
  auto core = std::make_unique<DatabaseCore>(std::move(store), clock, options.lock_ranges);
  KS_RETURN_IF_ERROR(core->Load());
  if (options.janitor) core->StartJanitor();
  return std::unique_ptr<Database>(new Database(std::move(core)));
}

std::shared_ptr<const Schema> Database::schema() const { return core_->schema(); }

absl::StatusOr<std::shared_ptr<const Schema>> Database::SchemaAt(CommitTimestamp timestamp) const {
  return core_->SchemaAt(timestamp);
}

namespace {

absl::StatusOr<CommitResult> Write(ReadyCommit& commit) {
  ReadyCommit* const one = &commit;
  WriteTogether(commit.core(), {&one, 1});
  return commit.result();
}

}  // namespace

absl::StatusOr<CommitResult> ReadWriteTransaction::Commit() {
  KS_ASSIGN_OR_RETURN(const std::unique_ptr<ReadyCommit> commit, StartCommit());
  return Write(*commit);
}

absl::StatusOr<CommitResult> Database::Commit(const MutationList& mutations,
                                              const CommitOptions& options) {
  KS_ASSIGN_OR_RETURN(const std::unique_ptr<ReadyCommit> commit, StartCommit(mutations, options));
  return Write(*commit);
}

absl::StatusOr<std::unique_ptr<ReadyCommit>> Database::StartCommit(const MutationList& mutations,
                                                                   const CommitOptions& options) {
  KS_RETURN_IF_ERROR(rules::ValidateAccess(*core_->schema(), options.writer.role, mutations));
  uint64_t age = core_->locks().NewAge();
  while (true) {
    auto txn = std::make_unique<TransactionState>(*core_, age);
    TransactionState& state = *txn;
    state.writer = options.writer;
    state.owner.Enter(options.patience);
    absl::Status status = ApplyMutations(state, mutations, ValueLife::kOutlives);
    if (status.ok()) {
      absl::StatusOr<std::unique_ptr<ReadyCommit>> commit = ReadyCommit::Make(state);
      if (commit.ok()) {
        (*commit)->Own(std::move(txn));
        return commit;
      }
      status = commit.status();
    }
    // Whatever error it was: without its locks it may have seen half of another's commit.
    if (!state.owner.wounded()) return status;
    KS_RETURN_IF_ERROR(options.patience.Check());
  }
}

absl::StatusOr<std::unique_ptr<ReadOnlyTransaction>> Database::BeginReadOnly(
    const TimestampBound& bound, const Patience& patience) {
  using Kind = TimestampBound::Kind;
  TimestampOracle& oracle = core_->oracle();
  CommitTimestamp now = oracle.Now();
  CommitTimestamp timestamp;
  switch (bound.kind) {
    case Kind::kStrong:
      timestamp = oracle.ReadTimestamp();
      break;
    case Kind::kExact:
      timestamp = bound.timestamp;
      break;
    case Kind::kExactStaleness:
      timestamp = CommitTimestamp(now.value() - bound.staleness_micros);
      break;
    case Kind::kMinRead:
      timestamp = std::max(bound.timestamp, oracle.SafeTimestamp());
      break;
    case Kind::kMaxStaleness:
      timestamp =
          std::max(CommitTimestamp(now.value() - bound.staleness_micros), oracle.SafeTimestamp());
      break;
  }
  if (timestamp.value() > now.value() + limits::kReadFutureMicros) {
    return errors::ReadTooFarAhead(timestamp.value());
  }
  if (timestamp < core_->oldest_readable()) return errors::ReadTooOld(timestamp.value());
  if (bound.kind != Kind::kStrong) {
    KS_RETURN_IF_ERROR(oracle.WaitUntilReadable(timestamp, patience));
  }
  KS_ASSIGN_OR_RETURN(auto schema, core_->SchemaAt(timestamp));
  return std::make_unique<ReadOnlyTransaction>(*core_, timestamp, std::move(schema));
}

std::unique_ptr<ReadWriteTransaction> Database::BeginReadWrite(const ReadWriteOptions& options) {
  return NewReadWriteTransaction(*core_, options);
}

absl::StatusOr<CommitTimestamp> Database::ChangeSchema(const SchemaEdit& edit) {
  return core_->ChangeSchema(edit);
}

CommitTimestamp Database::oldest_readable() const { return core_->oldest_readable(); }

}  // namespace ks::local
