#include "cli/command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"

namespace ks::cli {

int Fail(const GlobalOptions& options, const absl::Status& status) {
  const std::string message(status.message());
  if (options.json) {
    const nlohmann::json error = {
        {"error", {{"code", absl::StatusCodeToString(status.code())}, {"message", message}}}};
    std::cerr << error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    std::cerr << "kafka-spanner: " << message << "\n";
  }
  return ExitCodeOf(status);
}

void OnChosen(CLI::App& command, GlobalOptions& options, std::function<int()> body) {
  command.callback([&options, body = std::move(body)] { options.exit_code = body(); });
}

bool ColorWanted() { return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

bool SomebodyWatches() { return isatty(STDERR_FILENO) != 0; }

}  // namespace ks::cli
