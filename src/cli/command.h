// What commands share: one file per command adds itself to the command line (commands.h) and fills
// in what it needs here.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "identity/connection_log.h"

namespace CLI {
class App;
}

namespace ks::cli {

// The options that stand before or after any command.
struct GlobalOptions {
  bool json = false;       // --output json
  bool quiet = false;      // --quiet
  std::string log_format;  // text | json
  // --connection-log; null: attempts to connect are not recorded.
  std::unique_ptr<identity::ConnectionLog> connection_log;
  int exit_code = 0;  // what the command that ran wants to end with
};

// Prints an error for a person (or as JSON on standard error) and gives the exit code that goes
// with it.
int Fail(const GlobalOptions& options, const absl::Status& status);

// Runs `body` when the command was chosen; its exit code becomes the program's.
void OnChosen(CLI::App& command, GlobalOptions& options, std::function<int()> body);

// Standard output is a terminal and NO_COLOR is not set.
bool ColorWanted();
// Somebody is watching standard error.
bool SomebodyWatches();

}  // namespace ks::cli
