#include <algorithm>
#include <array>

#include "base/status_macros.h"
#include "env/clock.h"
#include "google/protobuf/wrappers.pb.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/message_writer.h"

namespace ks::local {

using google::protobuf::Int32Value;
using google::protobuf::StringValue;

namespace {

// HealthCheckResponse.ServingStatus
constexpr int kServing = 1, kServiceUnknown = 3;

constexpr std::array<std::string_view, 5> kServices = {
    "",  // the server as a whole
    "google.spanner.v1.Spanner", "google.spanner.admin.database.v1.DatabaseAdmin",
    "google.spanner.admin.instance.v1.InstanceAdmin", "google.longrunning.Operations"};

bool Known(std::string_view service) {
  return std::find(kServices.begin(), kServices.end(), service) != kServices.end();
}

}  // namespace

absl::Status HealthRpcs::Check(Call&, const StringValue& service, Int32Value* serving) {
  if (!Known(service.value())) return errors::ServiceUnknown(service.value());
  serving->set_value(kServing);
  return absl::OkStatus();
}

// Says it once, since what is served stays so, and keeps the stream open.
absl::Status HealthRpcs::Watch(Call& call, const StringValue& service, MessageWriter& writer) {
  call.BeforeWait();
  Int32Value status;
  status.set_value(Known(service.value()) ? kServing : kServiceUnknown);
  KS_RETURN_IF_ERROR(writer.Write(status.SerializeAsString()));
  while (true) {
    KS_RETURN_IF_ERROR(call.Check());
    env::SleepFor(call.NapNanos());
  }
}

}  // namespace ks::local
