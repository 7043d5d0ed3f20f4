// The errors of this module that a user can see, one function each.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace ks::runtime {

// Cannot be reached at start: said once while it is waited for, and when that was in vain.
absl::Status KafkaIsDown(std::string_view brokers, const absl::Status& reason);
// It lets us in, and lets us not do what a pipeline must.
absl::Status KafkaForbids(std::string_view brokers, const absl::Status& reason);
absl::Status SpannerIsDown(std::string_view database, const absl::Status& reason);
// The first chains of a topic could not be read or made. UNAVAILABLE where waiting may help.
absl::Status ChainsUnreachable(std::string_view topic, const absl::Status& reason);
// A partition's records wait for a schema that cannot be had now.
absl::Status SchemaAwaited(std::string_view topic, int32_t partition, const absl::Status& reason);
// What was in flight did not finish in time after a request to stop; nothing is lost.
absl::Status StopTookTooLong();

// What the tables hold came of another topic of the same name.
absl::Status TopicCreatedAgain(std::string_view topic);

}  // namespace ks::runtime
