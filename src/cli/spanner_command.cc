// kafka-spanner spanner: the local Spanner alone, a drop-in behind SPANNER_EMULATOR_HOST.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/signals.h"
#include "local/spanner/limits.h"
#include "local/spanner/rest/rest_gateway.h"
#include "local/spanner/server/server.h"

namespace ks::cli {
namespace {

struct SpannerOptions {
  local::ServerOptions server;
  std::string rest;  // empty: no REST API
  bool in_memory = false;
};

std::string Limits() {
  std::string text;
  for (const local::limits::Limit* limit : local::limits::All()) {
    StrAppend(&text, "  ", limit->name(), "=", static_cast<int64_t>(*limit), "  ", limit->what(),
              "\n");
  }
  return text;
}

int Serve(const SpannerOptions& options, const GlobalOptions& global) {
  if (options.server.data_dir.empty() && !options.in_memory) {
    return Fail(
        global,
        absl::InvalidArgumentError(
            "say where the data is kept: --data DIR, or --in-memory to forget it at the end"));
  }
  StopSignal stop;
  auto server = local::LocalSpannerServer::Start(options.server);
  if (!server.ok()) return Fail(global, server.status());
  std::unique_ptr<local::RestGateway> rest;
  if (!options.rest.empty()) {
    auto started = local::RestGateway::Start(options.rest, (*server)->address());
    if (!started.ok()) return Fail(global, started.status());
    rest = *std::move(started);
  }
  if (global.json) {
    nlohmann::json said = {{"address", (*server)->address()}};
    if (rest != nullptr) said["rest"] = rest->address();
    std::cout << said.dump() << std::endl;
  } else {
    std::cout << "Spanner listens on " << (*server)->address() << "\n"
              << "  export SPANNER_EMULATOR_HOST=" << (*server)->address() << "\n";
    if (rest != nullptr) {
      std::cout << "  gcloud config set api_endpoint_overrides/spanner http://" << rest->address()
                << "/\n";
    }
    std::cout << std::flush;
  }
  stop.Wait();
  (*server)->Shutdown();  // first: its end is that of the calls which requests over REST wait for
  return kExitOk;
}

}  // namespace

void AddSpannerCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command = app.add_subcommand("spanner", "a local Spanner for development and tests");
  auto options = std::make_shared<SpannerOptions>();
  command
      ->add_option("--listen", options->server.listen_address, "HOST:PORT (port 0: any free one)")
      ->capture_default_str();
  CLI::Option* rest = command->add_option(
      "--rest", options->rest, "HOST:PORT: serve the REST API there, too, for `gcloud spanner`");
  CLI::Option* data =
      command->add_option("--data", options->server.data_dir, "directory that keeps the data");
  command->add_flag("--in-memory", options->in_memory, "forget everything at the end")
      ->excludes(data);
  command->add_flag("--auto-create", options->server.auto_create,
                    "make databases that are asked for and missing");
  command->add_option("--database", options->server.databases,
                      "make this database (and its instance) at start");
  local::ServerSecurity& security = options->server.security;
  CLI::Option* tls = command->add_option("--tls-certificate", security.certificate_file,
                                         "serve over TLS: certificate chain, PEM");
  command->add_option("--tls-private-key", security.private_key_file, "its private key, PEM")
      ->needs(tls);
  tls->needs("--tls-private-key")->excludes(rest);
  command
      ->add_option(
          "--access-tokens", security.tokens_file,
          "answer only calls with one of this file's tokens, one a line; read anew at each "
          "call")
      ->needs(tls);
  command->add_flag("!--no-sync", options->server.sync, "answer before the log is on disk");
  command->add_option("--limit", options->server.limits,
                      "NAME=VALUE: refuse later than production does (names below)");
  command->add_option("--fault", options->server.faults,
                      "METHOD:KIND:RATE: let calls fail on purpose (docs/guide/faults.md)");
  command->add_option("--fault-seed", options->server.fault_seed,
                      "the same faults for the same seed");
  command->footer(StrCat("Clients find it through SPANNER_EMULATOR_HOST.\n\nLimits:\n", Limits()));
  OnChosen(*command, global, [options, &global] { return Serve(*options, global); });
}

}  // namespace ks::cli
