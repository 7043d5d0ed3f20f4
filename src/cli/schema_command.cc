// kafka-spanner schema: the JSON Schema of a pipeline file, for editors.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "pipeline/pipeline_schema.h"

namespace ks::cli {

void AddSchemaCommand(CLI::App& app, GlobalOptions& options) {
  CLI::App* command =
      app.add_subcommand("schema", "print the JSON Schema of a pipeline file, for editors");
  OnChosen(*command, options, [] {
    std::cout << pipeline::PipelineSchema();
    return kExitOk;
  });
}

}  // namespace ks::cli
