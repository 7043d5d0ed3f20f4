#include "local/spanner/server/partitioned_dml.h"

#include <memory>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "base/status_macros.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/query/row_source.h"
#include "local/spanner/query/table_uses.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/read_scope.h"
#include "local/spanner/server/statement.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

constexpr int kAttempts = 20;
constexpr int64_t kPartRows = 1'000;  // looked at by one transaction

absl::Status CheckKind(const Statement& statement) {
  if (!statement.is_dml()) return errors::PartitionedOnlyDml();
  const sql::ResolvedDml& dml = *statement.analyzed().dml;
  if (dml.kind != sql::DmlKind::kUpdate && dml.kind != sql::DmlKind::kDelete) {
    return errors::PartitionedInsert();
  }
  // A part sees the rows of no other: https://cloud.google.com/spanner/docs/dml-partitioned
  TableUses uses;
  uses.Dml(dml);
  return uses.scans().size() > 1 ? errors::PartitionedReadsTables() : absl::OkStatus();
}

struct Done {
  std::string table;  // whose rows it changes, and where they are
  KeySpaceId space = 0;
  int64_t rows = 0;
  pb::ResultSetStats stats;
  std::string metadata;
  std::vector<sql::TypeRef> types;
};

class PartitionedDml {
 public:
  PartitionedDml(Call& call, ReadScope& scope, const pb::ExecuteSqlRequest& request)
      : call_(call), scope_(scope), request_(request) {}

  // Part after part, each a transaction of its own that locks only its rows. Where one fails, those
  // before it stay, as in Spanner.
  absl::StatusOr<Done> Run() {
    KS_ASSIGN_OR_RETURN(Done done, Again(std::nullopt));  // of no rows: what it is
    KS_ASSIGN_OR_RETURN(const std::vector<KeySpan> parts, Parts(SpaceSpan(done.space)));
    Statistics& statistics = scope_.database().core().statistics();
    const int64_t id = statistics.BeginPartitioned(request_.sql(), request_.session(),
                                                   static_cast<int64_t>(parts.size()));
    const absl::Cleanup over = [&] { statistics.EndPartitioned(id); };
    for (const KeySpan& part : parts) {
      KS_ASSIGN_OR_RETURN(const Done changed, Again(TablePart{done.table, {part}}));
      statistics.PartDone(id, changed.rows);
      done.rows += changed.rows;
    }
    done.stats.set_row_count_lower_bound(done.rows);
    return done;
  }

 private:
  // Cuts the table after so many rows as are there now.
  absl::StatusOr<std::vector<KeySpan>> Parts(KeySpan rest) {
    std::vector<KeySpan> parts;
    const auto rows = scope_.database().core().store().Scan(rest, kLatest);
    for (int64_t count = 0; rows->Valid(); rows->Next(), ++count) {
      if (count < kPartRows) continue;
      KS_RETURN_IF_ERROR(call_.CheckAlive());
      parts.push_back({rest.start, std::string(rows->key())});
      rest.start = parts.back().limit;
      count = 0;
    }
    KS_RETURN_IF_ERROR(rows->status());
    parts.push_back(std::move(rest));
    return parts;
  }

  absl::StatusOr<Done> Again(const std::optional<TablePart>& part) {
    absl::StatusOr<Done> done = absl::AbortedError("");
    for (int i = 0; i < kAttempts && absl::IsAborted(done.status()); ++i) {
      KS_RETURN_IF_ERROR(call_.CheckAlive());
      done = Attempt(part);
    }
    return done;
  }

  absl::StatusOr<Done> Attempt(const std::optional<TablePart>& part) {
    std::unique_ptr<ReadWriteTransaction> transaction = scope_.database().BeginReadWrite();
    transaction->Attend(call_);
    LockingSource source(*transaction);
    const Statement::Text text{request_.sql(),
                               request_.params(),
                               request_.param_types(),
                               StatementMode::kNormal,
                               part,
                               scope_.session().spec().creator_role};
    KS_ASSIGN_OR_RETURN(auto statement, Statement::Prepare(call_, source, text));
    KS_RETURN_IF_ERROR(CheckKind(*statement));
    Done done;
    if (!part.has_value()) {
      KS_RETURN_IF_ERROR(Describe(*statement, *transaction->schema(), &done));
      return done;
    }
    KS_ASSIGN_OR_RETURN(const std::string stats, statement->RunDml(*transaction, true, nullptr));
    done.stats.ParseFromString(stats);
    done.rows = done.stats.row_count_lower_bound();
    KS_RETURN_IF_ERROR(transaction->Commit().status());
    return done;
  }

  absl::Status Describe(const Statement& statement, const Schema& schema, Done* done) {
    done->table = statement.analyzed().dml->table->name();
    const Table* table = schema.FindTable(done->table);
    if (table == nullptr) return errors::TableNotFound(done->table);
    done->space = table->space;
    pb::ResultSetMetadata metadata;
    statement.FillMetadata(&metadata);
    pb::Transaction begun;
    if (scope_.FillTransaction(&begun)) *metadata.mutable_transaction() = begun;
    done->metadata = metadata.SerializeAsString();
    done->types = statement.ColumnTypes();
    return absl::OkStatus();
  }

  Call& call_;
  ReadScope& scope_;
  const pb::ExecuteSqlRequest& request_;
};

}  // namespace

absl::Status RunPartitionedDml(Call& call, ReadScope& scope, const pb::ExecuteSqlRequest& request,
                               ResultSink& sink) {
  KS_ASSIGN_OR_RETURN(Done done, PartitionedDml(call, scope, request).Run());
  KS_RETURN_IF_ERROR(sink.Begin(std::move(done.metadata), std::move(done.types)));
  return sink.End({done.stats.SerializeAsString(), std::string()});
}

}  // namespace ks::local
