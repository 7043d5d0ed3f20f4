// The larger sections of a pipeline file, for spec.cc alone.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "pipeline/spec.h"
#include "pipeline/yaml_reader.h"

namespace ks::pipeline {

// `from:`, with the settings that a `kafka:` section at the top (or null) gives all sources.
absl::Status ReadSources(const SourceText& file, const ObjectReader::Entry* shared,
                         const ObjectReader::Entry& from, std::vector<SourceSpec>* sources);

}  // namespace ks::pipeline
