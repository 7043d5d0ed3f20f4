// The errors of this module that a user can see, one function each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ks::kafka {

// librdkafka refused a property: `reason` is its own text.
absl::Status BadProperty(std::string_view name, std::string_view value, std::string_view reason);
// The same for a value that must not be shown.
absl::Status BadSecretProperty(std::string_view name, std::string_view reference);
absl::Status TokenNotTaken(std::string_view reason);
absl::Status NewCredentialsRefused(std::string_view version, std::string_view reason);
absl::Status BadClientCertificate();
// TLS or SASL did not come to an end; `reason` is librdkafka's.
absl::Status LoginRefused(std::string_view broker, std::string_view how, std::string_view who,
                          std::string_view reason);
// A property that the product sets itself, because a guarantee hangs on it.
absl::Status ReservedProperty(std::string_view name);
// UNAVAILABLE: some of the topic's partitions cannot be asked now.
absl::Status PartitionsWithoutLeader(std::string_view topic, size_t count);
// DEADLINE_EXCEEDED: a consumer could not say good-bye in time.
absl::Status GroupNotLeft(std::string_view group, std::string_view brokers);
absl::Status TopicMissing(std::string_view topic, std::string_view brokers);
// A librdkafka error code (rd_kafka_resp_err_t) as a status: transport trouble UNAVAILABLE, refused
// credentials UNAUTHENTICATED, missing rights PERMISSION_DENIED, unknown topics NOT_FOUND, and so
// on.
absl::Status FromCode(int code, std::string_view what);

}  // namespace ks::kafka
