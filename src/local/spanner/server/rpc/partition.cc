#include "base/status_macros.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/query/access_check.h"
#include "local/spanner/query/table_adapter.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/partition_token.h"
#include "local/spanner/server/partitioner.h"
#include "local/spanner/server/read_request.h"
#include "local/spanner/server/read_scope.h"
#include "local/spanner/server/request_checks.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/spanner_rpcs.h"
#include "local/spanner/server/statement.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

template <typename Request>
absl::StatusOr<std::unique_ptr<ReadScope>> OpenScope(Call& call, const Request& request) {
  KS_RETURN_IF_ERROR(CheckRequestSize(request));
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session()));
  const pb::TransactionSelector& selector = request.transaction();
  if (!selector.has_begin() && selector.id().empty()) return errors::PartitionInSingleUse();
  if (selector.has_begin() && !selector.begin().has_read_only()) {
    return errors::PartitionNeedsReadOnly();
  }
  KS_ASSIGN_OR_RETURN(auto scope, ReadScope::Open(call, {session, selector, std::nullopt}));
  if (!scope->read_only()) return errors::PartitionNeedsReadOnly();
  return scope;
}

void Fill(const ReadScope& scope, pb::PartitionResponse* response) {
  pb::Transaction transaction;
  if (scope.FillTransaction(&transaction)) *response->mutable_transaction() = transaction;
}

void AddPartitions(std::vector<std::vector<KeySpan>> parts, PartitionToken token,
                   pb::PartitionResponse* response) {
  for (std::vector<KeySpan>& spans : parts) {
    token.spans = std::move(spans);
    response->add_partitions()->set_partition_token(PrintPartitionToken(token));
  }
}

absl::Status ReadPartitions(const pb::PartitionReadRequest& request, ReadScope& scope,
                            pb::PartitionResponse* response) {
  const std::shared_ptr<const Schema> schema = scope.source().schema();
  pb::ReadRequest read;
  read.set_table(request.table());
  read.set_index(request.index());
  *read.mutable_columns() = request.columns();
  *read.mutable_key_set() = request.key_set();
  KS_ASSIGN_OR_RETURN(const ScanSpec spec, ResolveRead(*schema, read));
  KS_RETURN_IF_ERROR(CheckReadAccess(*schema, scope.session().spec().creator_role, spec));
  KS_ASSIGN_OR_RETURN(auto parts, CutIntoPartitions(scope.source(), spec,
                                                    request.partition_options().max_partitions()));
  AddPartitions(std::move(parts), {FingerprintRead(request), scope.transaction()->id(), "", {}},
                response);
  return absl::OkStatus();
}

// The scan of a query that may be cut by rows of one table: filters and projections over it,
// nothing else.
const sql::ScanRel* OnlyScan(const sql::ResolvedRel* rel) {
  while (rel != nullptr) {
    switch (rel->kind) {
      case sql::RelKind::kFilter:
        rel = static_cast<const sql::FilterRel*>(rel)->input.get();
        break;
      case sql::RelKind::kProject:
        rel = static_cast<const sql::ProjectRel*>(rel)->input.get();
        break;
      case sql::RelKind::kScan:
        return static_cast<const sql::ScanRel*>(rel);
      default:
        return nullptr;
    }
  }
  return nullptr;
}

absl::Status QueryPartitions(Call& call, const pb::PartitionQueryRequest& request, ReadScope& scope,
                             pb::PartitionResponse* response) {
  const Statement::Text text{request.sql(),         request.params(),
                             request.param_types(), StatementMode::kNormal,
                             std::nullopt,          scope.session().spec().creator_role};
  KS_ASSIGN_OR_RETURN(auto statement, Statement::Prepare(call, scope.source(), text));
  if (statement->is_dml()) return errors::NotPartitionable();
  const sql::ScanRel* scan = OnlyScan(statement->analyzed().query->rel.get());
  const auto* table = scan == nullptr ? nullptr : dynamic_cast<const TableAdapter*>(scan->table);
  if (table == nullptr || !scan->force_index.empty()) return errors::NotPartitionable();
  ScanSpec spec;
  spec.table = &table->table();
  spec.spans.push_back(SpaceSpan(spec.table->space));
  KS_ASSIGN_OR_RETURN(auto parts, CutIntoPartitions(scope.source(), spec,
                                                    request.partition_options().max_partitions()));
  AddPartitions(std::move(parts),
                {FingerprintQuery(request), scope.transaction()->id(), spec.table->name, {}},
                response);
  return absl::OkStatus();
}

}  // namespace

absl::Status SpannerRpcs::PartitionRead(Call& call, const pb::PartitionReadRequest& request,
                                        pb::PartitionResponse* response) {
  KS_ASSIGN_OR_RETURN(auto scope, OpenScope(call, request));
  const absl::Status status = ReadPartitions(request, *scope, response);
  if (!status.ok()) scope->ForgetIfBegun();
  Fill(*scope, response);
  return status;
}

absl::Status SpannerRpcs::PartitionQuery(Call& call, const pb::PartitionQueryRequest& request,
                                         pb::PartitionResponse* response) {
  KS_ASSIGN_OR_RETURN(auto scope, OpenScope(call, request));
  const absl::Status status = QueryPartitions(call, request, *scope, response);
  if (!status.ok()) scope->ForgetIfBegun();
  Fill(*scope, response);
  return status;
}

}  // namespace ks::local
