// Statuses on the wire: absl::Status with typed payloads <-> grpc::Status with google.rpc.Status as
// its details.
//
// A payload's URL is the message's type URL ("type.googleapis.com/google.rpc.RetryInfo") and its
// bytes are the message. gRPC sends the details as the trailer grpc-status-details-bin, where
// Google's clients look for RetryInfo and ResourceInfo. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace grpc {
class Status;
}
namespace google::rpc {
class Status;
}

namespace ks::local {

inline constexpr std::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";
inline constexpr std::string_view kResourceInfoUrl = "type.googleapis.com/google.rpc.ResourceInfo";

grpc::Status ToGrpc(const absl::Status& status);
void ToRpcStatus(const absl::Status& status, google::rpc::Status* out);

// Adds google.rpc.ResourceInfo, as Google's clients expect on NOT_FOUND of sessions, databases and
// instances.
void AttachResource(std::string_view type, std::string_view name, std::string_view description,
                    absl::Status* status);
// Adds google.rpc.RetryInfo unless there is one.
void AttachRetry(int64_t delay_millis, absl::Status* status);

}  // namespace ks::local
