// kafka-spanner: keeps Google Cloud Spanner tables true to Apache Kafka topics.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "env/core_dumps.h"
#include "env/scheduling.h"
#include "observe/log.h"

namespace {

// Ends the process without the destructors of statics: a thread of gRPC may still be in the last
// lines of a callback that is answered already, and must not find its statics gone.
[[noreturn]] void End(int code) {
  std::cout.flush();
  std::cerr.flush();
  std::_Exit(code);
}

// What options of logs say, until all of them are read.
struct Logs {
  std::string output = "text";
  std::string connection_log;
  std::string connection_topic;
  std::optional<ks::kafka::LogTopicOptions> to;  // of connection_topic
  ks::kafka::ConnectionLogTopic* topic = nullptr;
};

void SetUpLogs(ks::cli::GlobalOptions& options, Logs& logs) {
  options.json = logs.output == "json";
  ks::observe::SetUpLog(
      options.quiet ? ks::observe::LogLevel::kError : ks::observe::LogLevel::kInfo,
      options.log_format == "json" ? ks::observe::LogFormat::kJson : ks::observe::LogFormat::kText);
  if (!logs.to.has_value()) return;
  auto topic = ks::kafka::ConnectionLogTopic::Open(*logs.to, std::move(options.connection_log));
  logs.topic = topic.get();
  options.connection_log = std::move(topic);
}

void AddLogOptions(CLI::App& app, ks::cli::GlobalOptions& options, Logs& logs) {
  app.add_option("--output", logs.output,
                 "text, or json: one JSON document on standard output, logs on standard error")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--log-format", options.log_format, "text or json lines on standard error")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--connection-log", logs.connection_log,
                 "append every attempt to connect to this file, as JSON lines")
      ->check([&options](const std::string& path) {
        auto log = ks::identity::OpenConnectionLog(path);
        if (!log.ok()) return std::string(log.status().message());
        options.connection_log = *std::move(log);
        return std::string();
      });
  app.add_option("--connection-log-topic", logs.connection_topic,
                 "send them to a Kafka topic too: a file with `kafka: {brokers, topic, …}`")
      ->check([&logs](const std::string& path) {
        auto to = ks::cli::ReadLogTopicFile(path);
        if (!to.ok()) return std::string(to.status().message());
        logs.to = *std::move(to);
        return std::string();
      });
  app.add_flag("--quiet,-q", options.quiet, "say nothing but results and errors");
  app.parse_complete_callback([&options, &logs] { SetUpLogs(options, logs); });
}

}  // namespace

int main(int argc, char** argv) {
  // Debian's Abseil looks for cycles in the order of locks, under one lock of its own, whenever a
  // mutex is locked, gRPC's too. Tests keep that.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  ks::env::AskForShortTurns();
  if (const char* wanted = std::getenv("KAFKA_SPANNER_CORE_DUMPS"); wanted == nullptr) {
    ks::env::ForbidCoreDumps();
  }

  CLI::App app{
      "Keeps Google Cloud Spanner tables true to Apache Kafka topics: exactly once, in "
      "milliseconds.",
      "kafka-spanner"};
  app.require_subcommand(1);
  app.fallthrough();  // global options may stand after the command
  app.footer(
      "Try it:  kafka-spanner dev --once examples/flights/pipeline.yaml\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage or pipeline file, 3 Kafka or Spanner is out "
      "of\n            reach or refuses the identity,\n"
      "            4 stopped at a record (a person must decide), 5 check failed, 130 interrupted "
      "twice");

  ks::cli::GlobalOptions options;
  Logs logs;
  AddLogOptions(app, options, logs);
  for (const auto add :
       {ks::cli::AddDevCommand,     ks::cli::AddRunCommand,     ks::cli::AddServeCommand,
        ks::cli::AddSchemaCommand,  ks::cli::AddInitCommand,    ks::cli::AddPlanCommand,
        ks::cli::AddPreviewCommand, ks::cli::AddVerifyCommand,  ks::cli::AddReplayCommand,
        ks::cli::AddTestCommand,    ks::cli::AddDoctorCommand,  ks::cli::AddStatusCommand,
        ks::cli::AddOffsetsCommand, ks::cli::AddDlqCommand,     ks::cli::AddAuditCommand,
        ks::cli::AddLoginCommand,   ks::cli::AddRemoteCommand,  ks::cli::AddPolicyCommand,
        ks::cli::AddSqlCommand,     ks::cli::AddSpannerCommand, ks::cli::AddDocCommand})
    add(app, options);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // CLI11's way of saying so, and of --help
    const int code = app.exit(error);
    End(code == 0 ? ks::cli::kExitOk : ks::cli::kExitUsage);
  }
  if (logs.topic != nullptr) logs.topic->Flush();
  End(options.exit_code);
}
