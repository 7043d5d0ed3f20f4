// kafka-spanner doc: prints pages of the documentation that are made from tables in the code.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "governance/audit/events.h"
#include "observe/metrics.h"
#include "pipeline/pipeline_schema.h"

namespace ks::cli {

void AddDocCommand(CLI::App& app, GlobalOptions& options) {
  static const std::map<std::string, std::string (*)()> kPages = {
      {"metrics", observe::MetricsMarkdown},
      {"audit-events", governance::EventsMarkdown},
      {"pipeline-file", pipeline::PipelineFileMarkdown}};
  CLI::App* command = app.add_subcommand("doc", "print a page that is made from the code");
  auto page = std::make_shared<std::string>();
  command->add_option("PAGE", *page)->required()->check(CLI::IsMember(kPages));
  command->group("");  // for developers
  OnChosen(*command, options, [page] {
    std::cout << kPages.at(*page)();
    return kExitOk;
  });
}

}  // namespace ks::cli
