// kafka-spanner doc: prints pages of the documentation that are made from tables in the code.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "observe/metrics.h"

namespace ks::cli {

void AddDocCommand(CLI::App& app, GlobalOptions& options) {
  CLI::App* command = app.add_subcommand("doc", "print a page that is made from the code: metrics");
  auto* page = new std::string;
  command->add_option("PAGE", *page)->required()->check(CLI::IsMember({"metrics"}));
  command->group("");  // for developers
  OnChosen(*command, options, [] {
    std::cout << observe::MetricsMarkdown();
    return kExitOk;
  });
}

}  // namespace ks::cli
