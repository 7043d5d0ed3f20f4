// kafka-spanner dev: everything on this machine: embedded Kafka, local Spanner, and a pipeline
// between them.
#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/dev/check.h"
#include "cli/dev/dev_file.h"
#include "cli/dev/loader.h"
#include "cli/dev/progress_bar.h"
#include "cli/exit_code.h"
#include "cli/local_database.h"
#include "cli/pipeline_file.h"
#include "cli/pipeline_process.h"
#include "cli/result_table.h"
#include "cli/signals.h"
#include "cli/traces.h"
#include "env/clock.h"
#include "kafka/admin.h"
#include "kafka/embedded_broker.h"
#include "observe/log.h"

namespace ks::cli {
namespace {

constexpr char kDatabase[] = "projects/local/instances/local/databases/local";
constexpr char kMarker[] = "made-by-kafka-spanner-dev";

struct DevOptions {
  std::string file;
  std::string data_dir;
  std::string listen = "127.0.0.1:0";
  MetricsPage page;
  bool once = false;
};

// The directory is made anew: the embedded broker remembers nothing, so neither may the
// checkpoints. Only a directory that an earlier `dev` made is emptied.
absl::Status MakeFresh(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(directory) && !fs::is_empty(directory, error) &&
      !fs::exists(fs::path(directory) / kMarker)) {
    return absl::FailedPreconditionError(StrCat(
        directory, " holds files that `dev` did not make; name another directory with --data"));
  }
  fs::remove_all(directory, error);
  fs::create_directories(directory, error);
  std::ofstream(fs::path(directory) / kMarker)
      << "kafka-spanner dev empties this directory when it starts.\n";
  if (error || !fs::exists(fs::path(directory) / kMarker)) {
    return absl::PermissionDeniedError(StrCat("cannot write to ", directory));
  }
  return absl::OkStatus();
}

// One `dev`: the parts, from the ground up.
class Dev {
 public:
  Dev(DevOptions options, const GlobalOptions& global)
      : options_(std::move(options)), global_(global) {}

  int Run() {
    OnStopSignal([this] { stop_ = true; });
    absl::Status status = SetUp();
    if (!status.ok()) return Fail(global_, status);
    const auto started = env::RealClock().MonotonicNanos();
    status = Serve();
    seconds_ = env::SecondsSince(started);
    if (!status.ok()) return Fail(global_, status);
    return Conclude();
  }

 private:
  absl::Status SetUp();
  absl::Status Serve();
  void Watch();
  void SayAddresses();
  int Conclude();
  void SayNext();
  std::string DatabaseName() const { return ready_.spec->target.database; }

  const DevOptions options_;
  const GlobalOptions& global_;
  std::atomic<bool> stop_{false};
  DevFile file_;
  std::string data_dir_;
  std::unique_ptr<kafka::EmbeddedBroker> broker_;
  std::unique_ptr<LocalDatabase> spanner_;
  std::unique_ptr<kafka::Producer> producer_;
  ReadyPipeline ready_;
  observe::Metrics metrics_;
  std::unique_ptr<observe::TraceExporter> traces_;
  std::unique_ptr<identity::HttpServer> page_;
  std::unique_ptr<Loader> loader_;
  std::unique_ptr<runtime::PipelineRunner> runner_;
  double seconds_ = 0;
};

absl::Status Dev::SetUp() {
  KS_ASSIGN_OR_RETURN(pipeline::PipelineSpec spec,
                      ReadPipelineFile(options_.file, global_.connection_log.get()));
  KS_ASSIGN_OR_RETURN(file_, ReadDevFile(options_.file));
  data_dir_ =
      options_.data_dir.empty() ? StrCat(".kafka-spanner/dev/", spec.name) : options_.data_dir;
  KS_RETURN_IF_ERROR(MakeFresh(data_dir_));
  KS_ASSIGN_OR_RETURN(broker_, kafka::EmbeddedBroker::Start());
  KS_ASSIGN_OR_RETURN(spanner_, LocalDatabase::Open(data_dir_ + "/spanner", options_.listen));

  // The pipeline is the user's; only where it reads from and writes to is here instead of there.
  spec.target.database = kDatabase;
  spec.target.endpoint = spanner_->address();
  spec.target.role.clear();
  for (auto& source : spec.sources) {
    source.brokers = broker_->address();
    source.properties.clear();
    source.security = {};
    for (const std::string& topic : source.topics) {
      int partitions = 3;
      for (const LoadSpec& load : file_.loads) {
        if (load.topic == topic) partitions = load.partitions;
      }
      KS_RETURN_IF_ERROR(broker_->CreateTopic(topic, partitions));
    }
  }
  KS_RETURN_IF_ERROR(spanner_->Ensure(kDatabase));
  KS_ASSIGN_OR_RETURN(ready_, Prepare(std::move(spec), spanner_->address(), /*create=*/true));
  KS_ASSIGN_OR_RETURN(producer_, kafka::Producer::Create({.brokers = broker_->address(),
                                                          .properties = {{"linger.ms", "5"}}}));
  KS_ASSIGN_OR_RETURN(traces_, OpenTraces(/*log=*/nullptr, metrics_));
  KS_ASSIGN_OR_RETURN(page_, ServeMetrics(options_.page, metrics_, /*log=*/nullptr));
  loader_ = std::make_unique<Loader>(file_, *ready_.spec, *producer_);
  runtime::PipelineRunnerOptions options;
  options.writer = WriterName();
  options.topic_ids = false;
  options.traces = traces_.get();
  options.report_every_millis = 50;  // the loader waits for it
  options.on_progress = [this](const std::vector<runtime::PartitionProgress>& partitions) {
    for (const auto& p : partitions) loader_->OnCommitted(p.partition, p.committed.value());
  };
  runner_ = std::make_unique<runtime::PipelineRunner>(
      *ready_.spec, *ready_.plan, *ready_.connection.client, metrics_, std::move(options));
  if (!global_.quiet && !global_.json) SayAddresses();
  return absl::OkStatus();
}

void Dev::SayAddresses() {
  std::cout << "pipeline " << ready_.spec->name << "\n"
            << "  Kafka    " << broker_->address()
            << "  (embedded; keeps the newest 5 MiB of each partition)\n"
            << "  Spanner  " << spanner_->address() << "  (local; data in " << data_dir_
            << "/spanner)\n"
            << "  database " << kDatabase << "\n";
  if (page_ != nullptr) std::cout << "  metrics  " << page_->url() << "/metrics\n";
  std::cout << std::endl;
}

// Runs loader and pipeline until everything is in (--once) or a signal comes.
absl::Status Dev::Serve() {
  absl::Status loaded;
  absl::Status ran;
  std::atomic<bool> runner_ended{false};
  std::thread loading([&] {
    loaded = loader_->Run();
    if (!loaded.ok()) stop_ = true;
  });
  std::thread running([&] {
    ran = runner_->Run();
    runner_ended = true;
  });
  ProgressBar bar(SomebodyWatches() && !global_.quiet);
  const int64_t started = env::RealClock().MonotonicNanos();
  bool told = false;
  while (!stop_ && !runner_ended) {
    env::SleepFor(50 * env::kNanosPerMilli);
    const double seconds = env::SecondsSince(started);
    const int64_t committed = loader_->records_committed();
    if (!loader_->done()) {
      bar.Draw(loader_->share_loaded(),
               StrCat(WithThousands(committed), " records committed, ",
                      WithThousands(static_cast<int64_t>(static_cast<double>(committed) / seconds)),
                      "/s"));
      continue;
    }
    bar.Clear();
    if (options_.once) break;
    if (!std::exchange(told, true)) {
      std::cout << "everything loaded is in Spanner; still running, stop with Ctrl-C\n"
                << std::endl;
      SayNext();
    }
  }
  bar.Clear();
  loader_->Cancel();
  loading.join();
  runner_->RequestStop();
  running.join();
  return loaded.ok() ? ran : loaded;
}

int Dev::Conclude() {
  absl::StatusOr<std::vector<CheckedTable>> checked = std::vector<CheckedTable>();
  const bool complete = loader_->done();
  if (complete && !file_.check.empty()) checked = RunCheck(file_, *ready_.connection.client);
  if (!checked.ok()) return Fail(global_, checked.status());
  int64_t different = 0;
  nlohmann::ordered_json tables = nlohmann::ordered_json::array();
  for (const CheckedTable& table : *checked) {
    different += table.different;
    tables.push_back({{"sql", table.sql},
                      {"rows", table.rows},
                      {"different", table.different},
                      {"examples", table.examples}});
  }
  if (global_.json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::parse(SummaryJson(metrics_, seconds_));
    all["checked"] = tables;
    std::cout << all.dump(2) << "\n";
  } else {
    std::cout << SummaryText(metrics_, seconds_) << "\n";
    TextTable table{{"checked against an independent computation", "rows", "different"},
                    {false, true, true},
                    {}};
    for (const CheckedTable& t : *checked) {
      const std::string sql = t.sql.size() <= 60 ? t.sql : t.sql.substr(0, 57) + "...";
      table.rows.push_back({sql, WithThousands(t.rows), WithThousands(t.different)});
    }
    if (!table.rows.empty()) PrintTable(table, std::cout);
    for (const CheckedTable& t : *checked) {
      for (const std::string& example : t.examples)
        std::cout << "  " << t.sql << "\n    " << example << "\n";
    }
    if (options_.once && complete) SayNext();
  }
  if (different > 0) return kExitCheckFailed;
  return options_.once && !complete ? kExitFailed : kExitOk;
}

void Dev::SayNext() {
  const std::string sql = file_.try_sql.empty() ? "SELECT 1" : file_.try_sql;
  const std::string where = options_.once ? StrCat("--data ", data_dir_, "/spanner")
                                          : StrCat("--endpoint ", spanner_->address());
  std::cout << "\nNext, try:\n  build/release/kafka-spanner sql " << where << " -e \"" << sql
            << "\"" << std::endl;
}

}  // namespace

void AddDevCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command =
      app.add_subcommand("dev", "everything on this machine: Kafka, Spanner and the pipeline");
  auto options = std::make_shared<DevOptions>();
  command
      ->add_option("FILE", options->file,
                   "pipeline file; dev.yaml beside it says what to load and to check")
      ->required();
  command->add_flag("--once", options->once,
                    "load, wait until all of it is in Spanner, check, and stop");
  command->add_option(
      "--data", options->data_dir,
      "where the local Spanner keeps its data (default .kafka-spanner/dev/PIPELINE)");
  command->add_option("--listen", options->listen,
                      "HOST:PORT of the local Spanner (default: any free port)");
  AddMetricsOptions(*command, &options->page);
  OnChosen(*command, global, [options, &global] { return Dev(*options, global).Run(); });
}

}  // namespace ks::cli
