// The form of a pipeline file as JSON Schema, for editors, and as a page of the documentation.
// pipeline.schema.json beside this file is its source; spec.h reads the file and has the last word.
// Thread safety: constants.
#pragma once

#include <string>
#include <string_view>

namespace ks::pipeline {

// JSON Schema 2020-12.
std::string_view PipelineSchema();
// docs/guide/pipeline-file.md.
std::string PipelineFileMarkdown();

}  // namespace ks::pipeline
