// Properties: librdkafka's configuration, built from the pipeline's and our own.
// Thread safety: none needed; built before any thread starts.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

struct rd_kafka_conf_s;

namespace ks::kafka {

using Properties = std::vector<std::pair<std::string, std::string>>;

struct ConfDeleter {
  void operator()(rd_kafka_conf_s* conf) const;
};
using ConfPtr = std::unique_ptr<rd_kafka_conf_s, ConfDeleter>;

// `user` are passed through as they are, except those that `ours` sets: an error that names the
// property.
absl::StatusOr<ConfPtr> MakeConf(const Properties& ours, const Properties& user);

}  // namespace ks::kafka
