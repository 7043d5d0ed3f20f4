// Reads a pipeline file from disk, and the schemas it leaves to other files and to registries;
// errors name file, line and column.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "identity/connection_log.h"
#include "pipeline/spec.h"

namespace ks::cli {

// `log`, where not null, is told of requests to registries, for as long as the process lives.
absl::StatusOr<pipeline::PipelineSpec> ReadPipelineFile(const std::string& path,
                                                        identity::ConnectionLog* log);

}  // namespace ks::cli
