#include <algorithm>

#include "base/status_macros.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/empty.pb.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/list_filter.h"
#include "local/spanner/server/paging.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"

namespace ks::local {

namespace lro = google::longrunning;

namespace {

absl::StatusOr<std::shared_ptr<OperationState>> Find(Call& call, const std::string& name) {
  KS_RETURN_IF_ERROR(ParseOperation(name).status());
  return call.server().operations.Find(name);
}

constexpr int64_t kWaitMostNanos = int64_t{30} * 1'000'000'000;

}  // namespace

absl::Status OperationRpcs::ListOperations(Call& call, const lro::ListOperationsRequest& request,
                                           lro::ListOperationsResponse* response) {
  constexpr std::string_view kSuffix = "/operations";
  std::string_view resource = request.name();
  if (resource.size() > kSuffix.size() &&
      resource.substr(resource.size() - kSuffix.size()) == kSuffix) {
    resource.remove_suffix(kSuffix.size());
  }
  std::vector<lro::Operation> operations = call.server().operations.List(resource);
  KS_RETURN_IF_ERROR(KeepMatching(request.filter(), &operations));
  KS_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                      EmitPage(
                          operations, request.page_token(), request.page_size(),
                          [](const auto& o) { return o.name(); },
                          [&](const auto& o) { *response->add_operations() = o; }));
  return absl::OkStatus();
}

absl::Status OperationRpcs::GetOperation(Call& call, const lro::GetOperationRequest& request,
                                         lro::Operation* response) {
  KS_ASSIGN_OR_RETURN(auto operation, Find(call, request.name()));
  *response = operation->Snapshot();
  return absl::OkStatus();
}

absl::Status OperationRpcs::DeleteOperation(Call& call, const lro::DeleteOperationRequest& request,
                                            google::protobuf::Empty*) {
  KS_RETURN_IF_ERROR(ParseOperation(request.name()).status());
  return call.server().operations.Forget(request.name());
}

absl::Status OperationRpcs::CancelOperation(Call& call, const lro::CancelOperationRequest& request,
                                            google::protobuf::Empty*) {
  KS_ASSIGN_OR_RETURN(auto operation, Find(call, request.name()));
  operation->RequestCancel();
  return absl::OkStatus();
}

absl::Status OperationRpcs::WaitOperation(Call& call, const lro::WaitOperationRequest& request,
                                          lro::Operation* response) {
  KS_ASSIGN_OR_RETURN(auto operation, Find(call, request.name()));
  const int64_t asked = request.timeout().seconds() * 1'000'000'000 + request.timeout().nanos();
  operation->Wait(request.has_timeout() ? std::clamp<int64_t>(asked, 0, kWaitMostNanos)
                                        : kWaitMostNanos);
  *response = operation->Snapshot();
  return absl::OkStatus();
}

}  // namespace ks::local
