// kafka-spanner serve: many pipelines, and the control plane that governs them.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/pipeline_process.h"
#include "cli/policy.h"
#include "cli/signals.h"
#include "cli/traces.h"
#include "control/errors.h"
#include "control/governor.h"
#include "control/http_api.h"
#include "control/recent_connections.h"
#include "control/serve_file.h"
#include "control/sightings.h"
#include "control/store.h"
#include "control/supervisor.h"
#include "env/environment.h"
#include "governance/hash.h"
#include "identity/object_store.h"
#include "observe/log.h"

namespace ks::cli {
namespace {

struct ServeOptions {
  std::string file;
  std::string endpoint;
  MetricsPage page;
  bool create = false;
};

// A path in the serve file is relative to it.
std::string Beside(const std::string& file, const std::string& path) {
  return (std::filesystem::path(file).parent_path() / path).string();
}

// What is missing of the control plane's own tables.
absl::Status PrepareTables(const Connection& connection, const std::string& database, bool create,
                           bool* opened) {
  if (create) {
    KS_ASSIGN_OR_RETURN(*opened,
                        governance::CreateAuditTable(*connection.client, *connection.admin));
  }
  KS_ASSIGN_OR_RETURN(const auto missing, control::MissingDdl(*connection.client));
  if (missing.empty()) return absl::OkStatus();
  if (!create) return control::NoTables(missing.size());
  return connection.admin->UpdateDdl(database, missing);
}

// Runs one pipeline as `run` does.
control::Supervisor::Run RunnerOf(const ServeOptions& options, identity::ConnectionLog& log,
                                  observe::Metrics& metrics, observe::TraceExporter* traces) {
  return [&options, &log, &metrics, traces](pipeline::PipelineSpec spec,
                                            const std::stop_token& stop) -> absl::Status {
    const runtime::StartWait wait{runtime::kStartTimeoutMillis, stop};
    auto ready = Prepare(std::move(spec), options.endpoint, options.create, wait, &log, &metrics);
    if (stop.stop_requested()) return absl::OkStatus();
    KS_RETURN_IF_ERROR(ready.status());
    runtime::PipelineRunnerOptions runner;
    runner.writer = WriterName();
    runner.wait = wait;
    runner.identity = ready->connection.identity.get();
    runner.traces = traces;
    return runtime::PipelineRunner(*ready->spec, *ready->plan, *ready->connection.client, metrics,
                                   std::move(runner))
        .Run();
  };
}

absl::StatusOr<control::GovernorOptions> GovernorOf(const ServeOptions& options,
                                                    const control::ServeFile& file,
                                                    const Connection& connection,
                                                    identity::ConnectionLog* log) {
  control::GovernorOptions governor;
  governor.client = connection.client.get();
  const std::string path = Beside(options.file, file.policy);
  KS_ASSIGN_OR_RETURN(governor.policy, ReadPolicyFile(path));
  KS_ASSIGN_OR_RETURN(const std::string text, env::RealEnvironment().ReadFile(path));
  governor.policy_sha256 = governance::Sha256Hex(text);
  governor.connections = file.connections;
  governor.replica = WriterName();
  governor.open_target = [endpoint = options.endpoint, log](
                             pipeline::PipelineSpec spec,
                             bool admin) -> absl::StatusOr<operations::Target> {
    const auto held = std::make_shared<OpenedPipeline>();
    held->spec = std::move(spec);
    ConnectTo to = cli::TargetOf(held->spec, endpoint, log);
    to.admin = admin;
    KS_ASSIGN_OR_RETURN(held->connection, Connect(to));
    operations::Target target = TargetOn(held->spec, held->connection);
    target.held = held;
    return target;
  };
  pipeline::AuditSpec audit = file.audit;
  if (!audit.checkpoints.empty() && !identity::IsBucketPlace(audit.checkpoints))
    audit.checkpoints = Beside(options.file, audit.checkpoints);
  KS_ASSIGN_OR_RETURN(governor.sinks,
                      OpenCheckpointSinks(audit, file.database, *connection.identity));
  return governor;
}

absl::Status Serve(const ServeOptions& options, const GlobalOptions& global) {
  StopSignal stop;  // before any other thread starts: the signals are blocked in all of them
  KS_ASSIGN_OR_RETURN(std::string text, env::RealEnvironment().ReadFile(options.file));
  KS_ASSIGN_OR_RETURN(const control::ServeFile file,
                      control::ParseServeFile(options.file, std::move(text)));
  observe::Metrics metrics;
  control::RecentConnections connections(global.connection_log.get());
  ConnectTo to{.database = file.database,
               .endpoint = options.endpoint,
               .log = &connections,
               .metrics = &metrics,
               .admin = options.create};
  KS_ASSIGN_OR_RETURN(const Connection connection, Connect(to));
  KS_ASSIGN_OR_RETURN(const auto secret, connection.identity->secrets().Resolve(file.audit.key));
  KS_ASSIGN_OR_RETURN(auto key,
                      governance::AuditKey::Private(secret.value.Reveal(), file.audit.key.text));
  KS_ASSIGN_OR_RETURN(control::GovernorOptions governed,
                      GovernorOf(options, file, connection, &connections));
  bool opened = false;
  KS_RETURN_IF_ERROR(PrepareTables(connection, file.database, options.create, &opened));
  if (opened) {
    governance::AuditLog log({.client = connection.client.get(), .actor = {"serve", WriterName()}},
                             key, governed.sinks);
    KS_RETURN_IF_ERROR(log.Open());
  }
  KS_ASSIGN_OR_RETURN(const auto traces, OpenTraces(&connections, metrics));
  KS_ASSIGN_OR_RETURN(const auto page, ServeMetrics(options.page, metrics, &connections));
  env::Clock& clock = env::RealClock();
  control::Issuers issuers(file.issuers, connection.identity->http(), clock);
  control::Governor governor(std::move(governed), std::move(key));
  control::Sightings sightings(*connection.client, metrics, WriterName());
  control::Supervisor supervisor(*connection.client, file.connections,
                                 RunnerOf(options, connections, metrics, traces.get()), sightings);
  control::HttpApi api({.governor = &governor,
                        .client = connection.client.get(),
                        .issuers = &issuers,
                        .http = &connection.identity->http(),
                        .secrets = &connection.identity->secrets(),
                        .clock = &clock},
                       file.page, supervisor, connections);
  identity::HttpServerOptions listen = file.listen;
  listen.log = &connections;
  if (!listen.tls.certificate.empty()) {
    listen.told = &metrics.Credential("certificate of the control plane");
  }
  KS_RETURN_IF_ERROR(api.Start(std::move(listen)));
  std::cout << "serves on " << api.address() << std::endl;
  stop.Wait();
  return absl::OkStatus();
}

}  // namespace

void AddServeCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command = app.add_subcommand("serve", "many pipelines, and the control plane");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("FILE", options->file, "serve file")->required();
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  AddMetricsOptions(*command, &options->page);
  command->add_flag("--create", options->create,
                    "create the control plane's tables, and those of pipelines where they are "
                    "missing");
  OnChosen(*command, global, [options, &global] {
    const absl::Status status = Serve(*options, global);
    return status.ok() ? kExitOk : Fail(global, status);
  });
}

}  // namespace ks::cli
