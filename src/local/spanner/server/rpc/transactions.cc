#include "base/status_macros.h"
#include "env/clock.h"
#include "google/protobuf/empty.pb.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/mutation_decode.h"
#include "local/spanner/server/request_checks.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/spanner_rpcs.h"
#include "local/spanner/server/timestamps.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

// The mutation by which Spanner finds a place for a transaction that has only mutations. A value of
// it that does not fit is a wrong argument here, not a failed commit: system-test/spanner.ts of
// Google's Node client says so.
absl::Status CheckMutationKey(const Session& session, const pb::BeginTransactionRequest& request) {
  if (!request.has_mutation_key()) return absl::OkStatus();
  MutationList list(session.database().schema());
  const std::string wire = request.mutation_key().SerializeAsString();
  const absl::Status status = MutationDecoder(list).Add(wire);
  return absl::IsFailedPrecondition(status) ? absl::InvalidArgumentError(status.message()) : status;
}

}  // namespace

absl::Status SpannerRpcs::BeginTransaction(Call& call, const pb::BeginTransactionRequest& request,
                                           pb::Transaction* response) {
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session()));
  KS_RETURN_IF_ERROR(CheckRequestOptions(request.request_options()));
  KS_ASSIGN_OR_RETURN(TransactionSpec spec, ParseTransactionOptions(request.options(), false));
  KS_RETURN_IF_ERROR(CheckMutationKey(*session, request));
  KS_ASSIGN_OR_RETURN(auto transaction,
                      session->Begin(std::move(spec), call.server().clock.NowNanos(), call));
  response->set_id(transaction->id());
  CallGateLock lock(&transaction->mu());
  if (transaction->read_only() != nullptr && transaction->spec().return_read_timestamp) {
    SetTimestamp(transaction->read_only()->timestamp(), response->mutable_read_timestamp());
  }
  if (transaction->needs_precommit_token() && request.has_mutation_key()) {
    transaction->FillPrecommitToken(response->mutable_precommit_token());
  }
  return absl::OkStatus();
}

absl::Status SpannerRpcs::Rollback(Call& call, const pb::RollbackRequest& request,
                                   google::protobuf::Empty*) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.session()));
  if (request.transaction_id().empty()) {
    return errors::MissingField("RollbackRequest.transaction_id");
  }
  KS_ASSIGN_OR_RETURN(auto transaction,
                      session->Find(request.transaction_id(), call.server().clock.NowNanos()));
  KS_RETURN_IF_ERROR(transaction->mu().LockWithin(call));
  CallGateLock lock(&transaction->mu(), std::adopt_lock);
  return transaction->Rollback();
}

}  // namespace ks::local
