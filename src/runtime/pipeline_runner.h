// PipelineRunner: runs one pipeline in this process until it is told to stop, has reached the end
// (--once), or fails.
//
// It owns the threads: one control thread (the caller's, in Run), and data threads ("shards") that
// share the partitions out. Thread safety: RequestStop and snapshot may be called from any thread,
// also from a signal's handler thread; Run once.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "env/clock.h"
#include "identity/services.h"
#include "observe/metrics.h"
#include "observe/trace_exporter.h"
#include "pipeline/memory_budget.h"
#include "pipeline/plan.h"
#include "pipeline/spec.h"
#include "runtime/source_runner.h"
#include "runtime/start_wait.h"
#include "spanner/client.h"

namespace ks::runtime {

struct PipelineRunnerOptions {
  std::string writer;  // names this worker in the checkpoints: host and process
  StartWait wait;      // its stop token asks the runner to stop, at any time
  bool once = false;
  bool topic_ids = true;                     // false: the embedded broker, which has none
  int shards = 0;                            // 0: as many as there are cores
  identity::Services* identity = nullptr;    // for sources that prove who they are
  observe::TraceExporter* traces = nullptr;  // null: no batch is traced; outlives the runner
  // How often partitions report what is committed, and `on_progress` is called on the control
  // thread.
  int report_every_millis = 1'000;
  std::function<void(const std::vector<PartitionProgress>&)> on_progress;
};

class PipelineRunner {
 public:
  // `plan` was made for `spec`; both outlive the runner, as do client and metrics.
  PipelineRunner(const pipeline::PipelineSpec& spec, const pipeline::Plan& plan,
                 spanner::Client& client, observe::Metrics& metrics, PipelineRunnerOptions options);
  ~PipelineRunner();

  // OK after a stop or when --once is done. Everything taken is then committed, or the status says
  // what is not.
  absl::Status Run();
  void RequestStop() { stop_ = true; }

 private:
  bool stop_wanted() const { return stop_ || options_.wait.stop.stop_requested(); }
  absl::Status Serve();
  absl::Status Finish();

  const pipeline::PipelineSpec& spec_;
  const pipeline::Plan& plan_;
  observe::Metrics& metrics_;
  const PipelineRunnerOptions options_;
  env::Clock& clock_;
  pipeline::MemoryBudget memory_;  // half of `memory:`; the rest is for what is fetched ahead
  std::atomic<bool> stop_{false};
  SpannerPort port_;
  std::vector<std::unique_ptr<SourceRunner>> sources_;  // outlive the shards
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace ks::runtime
