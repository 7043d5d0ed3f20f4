// Policies of instances and databases: kept and given back, and enforced by nobody, since the local
// Spanner does not know who calls.
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "google/iam/v1/iam_policy.pb.h"
#include "google/iam/v1/policy.pb.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/server_state.h"
#include "sql/functions/farm_hash.h"

namespace ks::local {

namespace pb = google::iam::v1;

namespace {

// An etag is of the policy's contents: equal policies have equal ones, in every run. That of a
// policy without bindings is Google's "ACAB".
pb::Policy Stamped(pb::Policy policy) {
  policy.clear_etag();
  if (policy.bindings().empty()) {
    policy.set_etag(std::string("\x00 \x01", 3));
    return policy;
  }
  const uint64_t hash = sql::FarmFingerprint(policy.SerializeAsString());
  policy.set_etag(absl::StrCat(absl::Hex(hash, absl::kZeroPad16)));
  return policy;
}

absl::StatusOr<pb::Policy> PolicyOf(Call& call, std::string_view resource) {
  KS_ASSIGN_OR_RETURN(const std::string bytes, call.server().registry->GetPolicy(resource));
  pb::Policy policy;
  policy.ParseFromString(bytes);
  return Stamped(std::move(policy));
}

}  // namespace

absl::Status IamRpcs::SetIamPolicy(Call& call, const pb::SetIamPolicyRequest& request,
                                   pb::Policy* response) {
  KS_ASSIGN_OR_RETURN(const pb::Policy before, PolicyOf(call, request.resource()));
  if (!request.policy().etag().empty() && request.policy().etag() != before.etag()) {
    return errors::PolicyChanged();
  }
  *response = Stamped(request.policy());
  return call.server().registry->SetPolicy(request.resource(), response->SerializeAsString());
}

absl::Status IamRpcs::GetIamPolicy(Call& call, const pb::GetIamPolicyRequest& request,
                                   pb::Policy* response) {
  KS_ASSIGN_OR_RETURN(*response, PolicyOf(call, request.resource()));
  return absl::OkStatus();
}

absl::Status IamRpcs::TestIamPermissions(Call& call, const pb::TestIamPermissionsRequest& request,
                                         pb::TestIamPermissionsResponse* response) {
  KS_RETURN_IF_ERROR(call.server().registry->GetPolicy(request.resource()).status());
  *response->mutable_permissions() = request.permissions();
  return absl::OkStatus();
}

}  // namespace ks::local
