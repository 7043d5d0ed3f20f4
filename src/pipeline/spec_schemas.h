// The columns of formats whose schema lies outside the pipeline file: read once, before planning.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "formats/registry.h"
#include "formats/schema_store.h"
#include "pipeline/spec.h"

namespace ks::pipeline {

// The way to schemas outside: files beside the pipeline's, and registries.
class SchemaDoor {
 public:
  virtual ~SchemaDoor() = default;
  virtual absl::StatusOr<std::string> ReadFile(const std::string& path) = 0;
  virtual absl::StatusOr<std::shared_ptr<formats::SchemaStore>> OpenRegistry(
      const formats::RegistrySettings& settings) = 0;
};

// Fills in what the spec leaves to schemas, and checks what it declares against them. Errors have
// the form of SourceText::Error. Blocks while a registry is asked.
absl::Status ResolveSchemas(SchemaDoor& door, PipelineSpec* spec);

}  // namespace ks::pipeline
