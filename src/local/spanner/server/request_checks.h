// Checks that several RPCs make of their requests. Pure functions.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
}
namespace google::spanner::v1 {
class RequestOptions;
}

namespace ks::local {

// INVALID_ARGUMENT when it is longer than kRequestBytes.
absl::Status CheckRequestSize(const google::protobuf::Message& request);
// Tags are cut to 50 characters by Spanner where they are longer; only ASCII is allowed.
absl::Status CheckRequestOptions(const google::spanner::v1::RequestOptions& options);

}  // namespace ks::local
