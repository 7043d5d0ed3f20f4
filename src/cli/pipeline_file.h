// Reads a pipeline file from disk, and the schemas it leaves to other files and to registries;
// errors name file, line and column.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipeline/spec.h"

namespace ks::cli {

absl::StatusOr<pipeline::PipelineSpec> ReadPipelineFile(const std::string& path);

}  // namespace ks::cli
