// kafka-spanner run: one or more pipelines in the foreground.
#include <CLI/CLI.hpp>
#include <iostream>
#include <stop_token>
#include <thread>

#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/pipeline_process.h"
#include "cli/signals.h"
#include "cli/traces.h"
#include "env/clock.h"
#include "observe/log.h"

namespace ks::cli {
namespace {

struct RunOptions {
  std::vector<std::string> files;
  std::string endpoint;
  MetricsPage page;
  bool once = false;
  bool create = false;
  int threads = 0;
  int wait_seconds = 120;
};

// Runs all; the first that ends with an error stops the others.
absl::Status RunAll(std::vector<std::unique_ptr<runtime::PipelineRunner>>& runners) {
  std::vector<std::thread> threads;
  std::vector<absl::Status> statuses(runners.size());
  for (size_t i = 0; i < runners.size(); ++i) {
    threads.emplace_back([&, i] {
      statuses[i] = runners[i]->Run();
      if (statuses[i].ok()) return;
      for (const auto& other : runners) other->RequestStop();
    });
  }
  for (std::thread& thread : threads) thread.join();
  absl::Status first;
  for (const absl::Status& status : statuses) first.Update(status);
  return first;
}

int RunPipelines(const RunOptions& options, const GlobalOptions& global) {
  observe::Metrics metrics;
  std::unique_ptr<observe::TraceExporter> traces;  // outlives the runners
  std::vector<ReadyPipeline> pipelines;
  std::vector<std::unique_ptr<runtime::PipelineRunner>> runners;
  std::stop_source stop;
  const runtime::StartWait wait{options.wait_seconds * int64_t{1000}, stop.get_token()};
  // Before any other thread starts: the signals are blocked in all of them.
  OnStopSignal([stop]() mutable {
    observe::LogInfo("stopping: committing what is in flight (a second signal ends at once)");
    stop.request_stop();
  });
  auto opened = OpenTraces(global.connection_log.get(), metrics);
  if (!opened.ok()) return Fail(global, opened.status());
  traces = *std::move(opened);
  for (const std::string& file : options.files) {
    auto spec = ReadPipelineFile(file, global.connection_log.get());
    if (!spec.ok()) return Fail(global, spec.status());
    auto ready = Prepare(*std::move(spec), options.endpoint, options.create, wait,
                         global.connection_log.get(), &metrics);
    if (!ready.ok()) return stop.stop_requested() ? kExitOk : Fail(global, ready.status());
    pipelines.push_back(*std::move(ready));
  }
  for (const ReadyPipeline& ready : pipelines) {
    runtime::PipelineRunnerOptions runner;
    runner.writer = WriterName();
    runner.wait = wait;
    runner.once = options.once;
    runner.shards = options.threads;
    runner.identity = ready.connection.identity.get();
    runner.traces = traces.get();
    runners.push_back(std::make_unique<runtime::PipelineRunner>(
        *ready.spec, *ready.plan, *ready.connection.client, metrics, std::move(runner)));
  }
  const auto page = ServeMetrics(options.page, metrics, global.connection_log.get());
  if (!page.ok()) return Fail(global, page.status());
  if (*page != nullptr) observe::LogInfo(StrCat("metrics at ", (*page)->url(), "/metrics"));
  for (const ReadyPipeline& ready : pipelines) {
    observe::LogInfo(
        StrCat("pipeline ", ready.spec->name, " runs into ", ready.spec->target.database));
  }
  const int64_t started = env::RealClock().MonotonicNanos();
  const absl::Status status = RunAll(runners);
  const double seconds = env::SecondsSince(started);
  if (!status.ok() && metrics.Total(observe::MetricId::kCommits) == 0) return Fail(global, status);
  if (global.json) {
    std::cout << SummaryJson(metrics, seconds) << "\n";
  } else if (!global.quiet) {
    std::cout << SummaryText(metrics, seconds);
  }
  return status.ok() ? kExitOk : Fail(global, status);
}

}  // namespace

void AddRunCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command =
      app.add_subcommand("run", "run pipelines until a signal, or to the end of their topics");
  auto options = std::make_shared<RunOptions>();
  command->add_option("FILE", options->files, "pipeline files")->required();
  command->add_flag("--once", options->once,
                    "stop when every partition has reached the end it had at start");
  AddMetricsOptions(*command, &options->page);
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  command->add_flag(
      "--create", options->create,
      "create tables that are missing first, in a local Spanner (elsewhere: plan --apply)");
  command
      ->add_option("--wait", options->wait_seconds,
                   "seconds to wait for a Kafka or a Spanner that is down at start")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
  command->add_option("--threads", options->threads, "data threads (default: the number of cores)")
      ->check(CLI::Range(1, 256));
  command->footer(
      "SIGTERM or SIGINT: commits what is in flight and leaves the group; a second one ends at "
      "once.");
  OnChosen(*command, global, [options, &global] { return RunPipelines(*options, global); });
}

}  // namespace ks::cli
